//! Journeys and broadcasts on a running server: requests, commands, and where people are, by API and command line.

use crate::house::{House, today};
use serde_json::{Value, json};
use std::process::Command;

/// The programme with a journey that waits for an hour, and another wait behind it.
fn programme(on_change: &str, hours: i64) -> Value {
    json!({
        "name": "shop", "languages": ["en"], "timezone": "Europe/Rome",
        "purposes": {"orders": {"channels": ["email"], "opt_in": "none"}},
        "messages": {"hello": {"email": {
            "from": "a@shop.example", "subject": {"en": "Hello"}, "templates": {"en": {"text": "Hello"}},
        }}},
        "journeys": {"hello": {
            "purpose": "orders", "enter": "did \"Signed Up\"", "on_change": on_change,
            "for": "not trait.blocked = true",
            "steps": [{"wait": hours * 3_600_000}, {"send": {"message": "hello", "channels": []}}],
        }},
        "broadcasts": {"spring": {
            "message": "hello", "purpose": "orders", "to": "trait.member = true", "at": "2999-01-01T10:00:00Z",
        }},
    })
}

async fn apply(house: &House, programme: Value) {
    let answer = house.ask("PUT", "/api/v1/programme", Some(programme)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn refused(house: &House, path: &str, body: Option<Value>) -> (u16, String) {
    let answer = house.ask("POST", path, body).await;
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

const HELLO: &str = "/api/v1/journeys/hello";
const SPRING: &str = "/api/v1/broadcasts/spring";

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_requested_and_journeys_are_stopped() {
    let house = House::start().await;
    apply(&house, programme("finish", 1)).await;
    let known = |user: &str, traits: Value| json!({"type": "identify", "userId": user, "traits": traits});
    house
        .track(json!([
            known("ada", json!({})),
            known("bob", json!({"blocked": true})),
            known("cleo", json!({}))
        ]))
        .await;
    let runs = format!("{HELLO}/runs");
    let asked = |user: &str| Some(json!({"profile": format!("user_id:{user}"), "data": {"total": 3}}));
    assert_eq!(house.ask("POST", &runs, asked("ada")).await.status, 200);
    for (path, body, status, code) in [
        (runs.as_str(), asked("ada"), 409, "inside"),
        (&runs, asked("bob"), 409, "not_for_them"),
        (&runs, asked("dan"), 404, "not_found"),
        ("/api/v1/journeys/hallo/runs", asked("ada"), 404, "not_found"),
        ("/api/v1/journeys/hallo/pause", None, 404, "not_found"),
        ("/api/v1/journeys/hello/resume", None, 409, "already_so"),
        ("/api/v1/broadcasts/autumn/pause", None, 404, "not_found"),
    ] {
        assert_eq!(refused(&house, path, body.clone()).await, (status, code.to_owned()), "{path} {body:?}");
    }
    let shown = house.get(HELLO).await;
    let positions =
        json!([{"version": 1, "live": true, "active": 1, "positions": [{"step": "1", "people": 1}]}]);
    assert_eq!((&shown["standing"], &shown["versions"]), (&json!("open"), &positions), "{shown}");

    assert_eq!(house.ask("POST", &format!("{HELLO}/drain"), None).await.status, 200);
    assert_eq!(refused(&house, &runs, asked("cleo")).await, (409, "draining".to_owned()));
    assert_eq!(house.ask("POST", &format!("{HELLO}/pause"), None).await.status, 200);
    assert_eq!(refused(&house, &runs, asked("cleo")).await, (409, "paused".to_owned()));
    // It stands so after a restart, and whatever is applied.
    let house = house.restart().await;
    apply(&house, programme("finish", 2)).await;
    assert_eq!(house.get(HELLO).await["standing"], "paused");
    assert_eq!(house.ask("POST", &format!("{HELLO}/resume"), None).await.status, 200);
    assert_eq!(house.ask("POST", &runs, asked("cleo")).await.status, 200);
    let shown = house.get(HELLO).await;
    assert_eq!((&shown["active"], &shown["versions"][1]["active"]), (&json!(2), &json!(1)), "{shown}");
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_what_the_api_says() {
    let house = House::start().await;
    apply(&house, programme("finish", 1)).await;
    house.track(json!([{"type": "track", "userId": "ada", "event": "Signed Up"}])).await;
    let data = house.dir.path().to_owned();
    let told = tokio::task::spawn_blocking(move || {
        let run = |words: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
            let output =
                command.args(words).arg("--data").arg(&data).env_remove("TRAMA_TOKEN").output().unwrap();
            String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
        };
        for (words, expected) in [
            (
                &["journeys", "list"][..],
                "hello  version 1  1 entered  1 active  0 finished  0 held out  0 converted\n",
            ),
            (&["journeys", "pause", "hello"], "hello is paused\n"),
            (&["journeys", "drain", "hello"], "hello is draining\n"),
            (&["journeys", "resume", "hello"], "hello goes on\n"),
            (&["broadcasts", "list"], "spring  scheduled  starts 2999-01-01T10:00:00.000Z\n"),
            (&["broadcasts", "pause", "spring"], "spring is paused\n"),
            (&["broadcasts", "resume", "spring"], "spring goes on\n"),
            (&["broadcasts", "cancel", "spring"], "spring is cancelled\n"),
            (&["broadcasts", "show", "spring"], "spring  cancelled  audience 0\n"),
        ] {
            assert_eq!(run(words), expected, "{words:?}");
        }
        let shown = run(&["journeys", "show", "hello"]);
        assert!(shown.ends_with("  version 1  live  1 active\n    1 at step 1\n"), "{shown}");
        let refused = run(&["broadcasts", "resume", "spring"]);
        assert!(refused.contains("the broadcast is over"), "{refused}");
    });
    told.await.unwrap();
    assert_eq!(refused(&house, &format!("{SPRING}/pause"), None).await, (409, "over".to_owned()));
    let shown = house.get(SPRING).await;
    assert_eq!((&shown["state"], &shown["sends"]), (&json!("cancelled"), &json!({})), "{shown}");
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_what_becomes_of_those_who_are_inside() {
    let house = House::start().await;
    apply(&house, programme("finish", 1)).await;
    house.track(json!([{"type": "track", "userId": "ada", "event": "Signed Up"}])).await;
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "programme.yaml",
        "programme: shop\nlanguages: [en]\npurposes: { orders: { channels: [email], opt_in: none } }\n",
    );
    write("messages/hello/message.yaml", "message: hello\nemail: { from: a@shop.example, subject: Hello }\n");
    write("messages/hello/email.en.txt", "Hello");
    for (rule, steps, expected) in [
        ("finish", "[{ wait: 2 hours }]", "1 at step 1: finish as they began"),
        ("exit", "[{ wait: 2 hours }]", "1 at step 1: end"),
        ("move", "[{ wait: 2 hours }]", "1 at step 1: move to step 1 of the new version"),
        (
            "move",
            "[{ wait: 2 hours, name: first }]",
            "1 at step 1: finish as they began, since the new version has no such step",
        ),
    ] {
        let journey = "journey: hello\npurpose: orders\nenter: did \"Signed Up\"\n";
        write("journeys/hello.yaml", &format!("{journey}on change: {rule}\nsteps: {steps}\n"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
        command
            .arg("plan")
            .arg(dir.path())
            .args(["--server", &house.url("")])
            .env("TRAMA_TOKEN", &house.admin_token);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let lines = format!("      1 person is on the way through it:\n        {expected}\n");
        assert!(told.contains(&lines), "{lines}\n{told}");
    }
    house.server.stop().await;
}

/// A version, as the API tells of its steps.
fn version(told: &Value, number: u64) -> &Value {
    let mut versions = told["versions"].as_array().unwrap().iter();
    versions.find(|one| one["version"] == number).unwrap_or_else(|| panic!("no version {number}: {told}"))
}

fn step<'a>(told: &'a Value, number: u64, name: &str) -> &'a Value {
    let steps = version(told, number)["steps"].as_array().unwrap();
    steps.iter().find(|one| one["step"] == name).unwrap_or_else(|| panic!("no step {name}: {told}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_says_who_came_in_went_on_left_and_is_there() {
    let house = House::start().await;
    let mut with = programme("move", 1);
    with["journeys"]["hello"] = json!({
        "purpose": "orders", "enter": "did \"Signed Up\"", "on_change": "move", "exit": "did \"Ordered\"",
        "goal": {"did": "did \"Ordered\"", "within": 86_400_000},
        "steps": [
            {"branch": [
                {"when": "trait.member = true", "then": [{"send": {"message": "hello", "channels": []}}]},
                {"when": null, "then": [{"wait": 3_600_000}]},
            ]},
            {"wait": 3_600_000},
        ],
    });
    apply(&house, with.clone()).await;
    let signs_up = |user: &str, member: bool| {
        json!([
            {"type": "identify", "userId": user, "traits": {"member": member, "email": format!("{user}@example.com")}},
            {"type": "track", "userId": user, "event": "Signed Up"},
        ])
    };
    for (user, member) in [("ada", true), ("bob", false), ("cleo", false)] {
        house.track(signs_up(user, member)).await;
    }
    house.track(json!([{"type": "track", "userId": "cleo", "event": "Ordered"}])).await;
    house.durable().await;
    let path = "/api/v1/journeys/hello/steps";
    let told = house.get(path).await;
    let first = version(&told, 1);
    assert_eq!(
        (&first["entered"], &first["reached_goal"], &first["live"]),
        (&json!(3), &json!(1), &json!(true)),
        "{told}"
    );
    assert_eq!(step(&told, 1, "1")["went_on"], json!({"1a.1": 1, "1b.1": 2}), "{told}");
    assert_eq!(
        (&step(&told, 1, "1a.1")["message"], &step(&told, 1, "1a.1")["went_on"]),
        (&json!("hello"), &json!({"2": 1}))
    );
    let waits = step(&told, 1, "1b.1");
    assert_eq!(
        (&waits["came_in"], &waits["left"], &waits["here_now"]),
        (&json!(2), &json!({"exit_rule": 1}), &json!(1))
    );
    assert_eq!(waits["reached_goal"], 1, "{waits}");
    assert_eq!((&step(&told, 1, "2")["here_now"], &told["gaps"]), (&json!(1), &Value::Null));

    // A changed journey takes people along, and what is asked again goes on from where it was read to.
    with["journeys"]["hello"]["steps"][1] = json!({"wait": 7_200_000});
    apply(&house, with).await;
    house.track(signs_up("dan", true)).await;
    house.durable().await;
    let again = house.get(path).await;
    assert!(again["seq"].as_u64() > told["seq"].as_u64(), "{again}");
    assert_eq!(step(&again, 1, "2")["left"], json!({"newer": 1}), "{again}");
    assert_eq!((&step(&again, 2, "2")["came_in"], &step(&again, 2, "2")["here_now"]), (&json!(2), &json!(2)));
    assert_eq!(version(&again, 2)["entered"], 1, "whoever was moved had entered before");
    let house = house.restart().await;
    assert_eq!(house.get(path).await["versions"], again["versions"], "counted anew");

    let today = today().await;
    let tomorrow = today.tomorrow().unwrap();
    let of_today = house.get(&format!("{path}?from={}&until={tomorrow}", today.yesterday().unwrap())).await;
    assert_eq!(of_today["versions"], again["versions"]);
    let later = house.get(&format!("{path}?from={tomorrow}")).await;
    assert_eq!((&version(&later, 2)["entered"], &step(&later, 2, "2")["here_now"]), (&json!(0), &json!(2)));
    for (query, field) in [("?from=monday", "from"), ("?from=2026-02-01&until=2026-01-01", "until")] {
        let refused = house.ask("GET", &format!("{path}{query}"), None).await;
        assert_eq!((refused.status, &refused.json()["field"]), (400, &json!(field)), "{refused:?}");
    }
    assert_eq!(house.ask("GET", "/api/v1/journeys/none/steps", None).await.status, 404);
    let mut by_hand = Command::new(env!("CARGO_BIN_EXE_trama"));
    by_hand.args(["journeys", "steps", "hello", "--server", &house.url("")]);
    by_hand.env("TRAMA_TOKEN", &house.admin_token);
    let shown = tokio::task::spawn_blocking(move || by_hand.output().unwrap()).await.unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("version 2  live  1 entered") && shown.contains("1 left by exit_rule"), "{shown}");

    erased_people_leave_gaps(house, path, &again).await;
}

/// Whoever is erased is there no longer, and what was counted stands; a process that starts later counts from there on.
async fn erased_people_leave_gaps(house: House, path: &str, before: &Value) {
    let erased = house.ask("DELETE", "/api/v1/profiles/user_id:bob", None).await;
    assert_eq!(erased.json()["disk"], "done", "{erased:?}");
    let told = house.get(path).await;
    let (was, now) = (step(before, 2, "1b.1"), step(&told, 2, "1b.1"));
    assert_eq!(
        (&was["here_now"], &now["here_now"], &now["came_in"]),
        (&json!(1), &json!(0), &was["came_in"]),
        "{told}"
    );
    assert_eq!(version(&told, 1)["entered"], version(before, 1)["entered"]);
    let house = house.restart().await;
    let told = house.get(path).await;
    assert_eq!(told["gaps"].as_array().unwrap().len(), 1, "{told}");
    assert_eq!(
        (&version(&told, 2)["entered"], &step(&told, 2, "2")["here_now"]),
        (&json!(0), &json!(2)),
        "{told}"
    );
    house.server.stop().await;
}
