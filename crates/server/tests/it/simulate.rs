//! Dry runs on a live server: the same report as from its directory, one at a time, and clear words where there is none.

use crate::house::House;
use serde_json::{Value, json};
use server::clock;
use std::process::{Command, Output};

const FILES: [(&str, &str); 4] = [
    (
        "programme.yaml",
        "programme: shop
timezone: Europe/Rome
languages: [en]
purposes:
  orders: { title: Orders, channels: [email], opt_in: none }
",
    ),
    (
        "journeys/thanks.yaml",
        "journey: thanks\npurpose: orders\nenter: did \"Bought\"\nsteps:\n  - send: thanks\n",
    ),
    (
        "messages/thanks/message.yaml",
        "message: thanks\nemail: { from: shop@shop.example, subject: Thanks }\n",
    ),
    ("messages/thanks/email.en.txt", "Thank you.\n"),
];

async fn house() -> House {
    let dir = tempfile::tempdir().unwrap();
    for (file, text) in FILES {
        let path = dir.path().join("programme").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let settings = format!("programme = {:?}\n", dir.path().join("programme").to_str().unwrap());
    House::start_in(dir, &settings).await
}

async fn buys(house: &House, who: &str) {
    let email = json!({"email": format!("{who}@example.com")});
    house
        .track(json!([
            {"type": "identify", "userId": who, "traits": email},
            {"type": "track", "userId": who, "event": "Bought"},
        ]))
        .await;
}

async fn trama(house: &House, from: &str, place: [&str; 2], more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command
        .arg("simulate")
        .arg(house.dir.path().join("programme"))
        .args(["--from", from])
        .args(place)
        .args(more);
    command.env("TRAMA_TOKEN", &house.admin_token);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_server_tells_its_own_history_again() {
    let house = house().await;
    buys(&house, "ada").await;
    house.durable().await;
    let from = clock::now().to_string();
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    buys(&house, "bob").await;
    house.durable().await;
    let (url, data) = (house.url(""), house.dir.path().to_str().unwrap().to_owned());
    let [by_server, by_data] = [
        trama(&house, &from, ["--server", &url], &["--json"]).await,
        trama(&house, &from, ["--data", &data], &["--json"]).await,
    ];
    assert!(by_server.status.success() && by_data.status.success(), "{}{}", told(&by_server), told(&by_data));
    let reports = [&by_server, &by_data].map(|one| serde_json::from_slice::<Value>(&one.stdout).unwrap());
    assert_eq!(reports[0]["was"], reports[1]["was"]);
    assert_eq!(reports[0]["was"]["journeys"]["thanks"]["entered"], 1, "{}", reports[0]);
    let text = trama(&house, &from, ["--server", &url], &[]).await;
    assert!(told(&text).starts_with("Dry run of shop from "), "{}", told(&text));

    let programme = house.get("/api/v1/programme").await["programme"].clone();
    let ask = async |programme: &Value, more: Value| {
        let mut body = json!({"programme": programme, "from": from});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        house.ask("POST", "/api/v1/simulate", Some(body)).await
    };
    let mut wrong = programme.clone();
    wrong["segments"] = json!({"broken": "did"});
    for (programme, more, code, field) in [
        (&programme, json!({"from": "2999-01-01"}), "bad_window", json!("from")),
        (&programme, json!({"from": "2001-01-01"}), "bad_window", json!("from")),
        (&programme, json!({"from": "monday"}), "bad_window", json!("from")),
        (&programme, json!({"to": "2001-01-01"}), "bad_window", json!("to")),
        (&wrong, json!({}), "programme_mistakes", Value::Null),
    ] {
        let refused = ask(programme, more.clone()).await;
        let told = refused.json();
        assert_eq!(
            (refused.status, &told["code"], &told["field"]),
            (400, &json!(code), &field),
            "{more}: {told}"
        );
    }
    let turn = house.server.hub().dry_runs.acquire().await.unwrap();
    assert_eq!(ask(&programme, json!({})).await.status, 429);
    drop(turn);
    assert_eq!(ask(&programme, json!({})).await.status, 200);
    house.server.stop().await;
}

const WAITS: &str = "journey: thanks
purpose: orders
enter: did \"Bought\"
steps:
  - branch:
      - if: in segment \"ada\"
        then:
          - wait: 1 hour
      - else: []
  - send: thanks
";

/// The journey with a branch in it, and the segment that this asks for.
fn drafts() -> Value {
    json!([
        {"kind": "journey", "name": "thanks", "yaml": WAITS},
        {"kind": "segment", "name": "ada", "definition": "trait.vip = true"},
    ])
}

/// A house in which Ada, who is one of the best customers, and Bob have bought something since an instant.
async fn bought() -> (House, String) {
    let house = house().await;
    house.durable().await;
    let from = clock::now().to_string();
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    house.track(json!([{"type": "identify", "userId": "ada", "traits": {"vip": true}}])).await;
    buys(&house, "ada").await;
    buys(&house, "bob").await;
    house.durable().await;
    (house, from)
}

/// What happened to whoever was followed, each moment in a line.
fn moments(report: &Value, side: &str) -> Vec<String> {
    let line = |moment: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let [what, step, to] = ["what", "step", "to"].map(|field| text(&moment[field]));
        let (code, rule) = (text(&moment["why"]["code"]), text(&moment["why"]["rule"]));
        format!("{what} {step}>{to} {code} {rule}")
    };
    report["followed"][side].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn definitions_are_laid_over_the_live_programme_and_somebody_is_followed() {
    let (house, from) = bought().await;
    let ask = async |body: Value| house.ask("POST", "/api/v1/simulate", Some(body)).await;
    let ran = ask(json!({"definitions": drafts(), "from": from, "follow": "user_id:ada"})).await;
    assert_eq!(ran.status, 200, "{ran:?}");
    let report = ran.json();
    let journey = &report["would"]["journeys"]["thanks"];
    assert_eq!((&journey["entered"], &journey["inside"]), (&json!(2), &json!(1)), "{journey}");
    assert_eq!(journey["people"], json!(["user_id:ada", "user_id:bob"]));
    let steps = &journey["steps"];
    assert_eq!(steps["1"]["came_in"], 2, "{steps}");
    assert_eq!(steps["1"]["went_on"], json!({"1a.1": 1, "2": 1}));
    assert_eq!((&steps["1a.1"]["inside"], &steps["2"]["came_in"]), (&json!(1), &json!(1)));
    assert_eq!((&steps["2"]["sends"]["sent"], &steps["2"]["went_on"]), (&json!(1), &json!({"end": 1})));
    assert_eq!(steps["end"]["left"], json!({"end": 1}));
    assert_eq!(report["followed"]["person"], "user_id:ada");
    let would = moments(&report, "would");
    assert_eq!(would, ["entered >1 rule did \"Bought\"", "went_on 1>1a.1 rule in segment \"ada\""]);
    let was = moments(&report, "was");
    assert_eq!(was[0], "entered >1 rule did \"Bought\"");
    for moment in ["wished 1>  ", "sent 1>  ", "went_on 1>end  ", "left end> steps_over "] {
        assert!(was.iter().any(|one| one == moment), "{moment}: {was:?}");
    }
    let text = json!({"definitions": drafts(), "from": from, "follow": "user_id:ada", "as": "text"});
    let text = ask(text).await.text;
    assert!(text.contains("user_id:ada, step by step"), "{text}");
    assert!(text.contains("went on at 1 to 1a.1; in segment"), "{text}");

    let removed = json!([{"kind": "journey", "name": "thanks", "removed": true}]);
    let without = ask(json!({"definitions": removed, "from": from})).await.json();
    let (was, would) = (&without["was"]["messages"], &without["would"]["messages"]);
    assert_eq!((&was["thanks"]["sent"], would), (&json!(2), &json!({})));
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_that_do_not_fit_are_told_with_their_place_and_nothing_is_kept() {
    let (house, from) = bought().await;
    let programme = house.get("/api/v1/programme").await["programme"].clone();
    let one = |kind: &str, more: Value| {
        let mut draft = json!({"kind": kind, "name": "thanks"});
        draft.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "definitions": [draft] })
    };
    let unknown =
        json!({"yaml": "journey: thanks\npurpose: orders\nenter: did \"Bought\"\nsteps: [{send: tanks}]\n"});
    for (body, code, place) in [
        (one("journey", unknown), "programme_mistakes", "journeys.thanks"),
        (one("message", json!({"removed": true})), "in_use", "journeys.thanks"),
        (json!({"definitions": drafts(), "programme": programme}), "bad_json", ""),
        (json!({}), "bad_json", ""),
        (one("journey", json!({"removed": true, "yaml": WAITS})), "bad_json", ""),
        (json!({"definitions": drafts(), "follow": "ada"}), "bad_address", ""),
    ] {
        let mut asked = body.clone();
        asked["from"] = json!(from);
        let refused = house.ask("POST", "/api/v1/simulate", Some(asked)).await;
        let told = refused.json();
        assert_eq!(told["code"], code, "{body}: {told}");
        let found = told["findings"][0]["place"].as_str().unwrap_or_default();
        assert!(found.starts_with(place), "{body}: {told}");
    }
    assert_eq!(house.get("/api/v1/programme").await["revision"], 1);
    house.server.stop().await;
}
