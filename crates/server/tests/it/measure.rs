//! Credit, paths and touchpoints of a running server and of its directory, and of a file.

use crate::house::House;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// So long ago, as the tracking API writes it.
fn ago(minutes: i64) -> String {
    let now = jiff::Timestamp::now().as_second();
    jiff::Timestamp::from_second(now - minutes * 60).unwrap().to_string()
}

const DAY: i64 = 24 * 60;

/// Ada comes by a search before anybody knows her, signs up, is called, comes back by an email and buys, twice in one visit.
/// Bob looks around, and a server of the shop says that Eve bought.
fn story() -> Value {
    let page = |url: &str, referrer: &str| json!({"page": {"url": url, "referrer": referrer}});
    let shop = "https://shop.example/";
    json!([
        {"type": "page", "anonymousId": "a-1", "name": "Home", "timestamp": ago(20 * DAY), "context": page(shop, "https://www.google.it/")},
        {"type": "track", "anonymousId": "a-1", "event": "Product Viewed", "timestamp": ago(20 * DAY - 10), "context": page(shop, shop)},
        {"type": "identify", "anonymousId": "a-1", "userId": "ada", "timestamp": ago(20 * DAY - 11), "traits": {"email": "ada@example.com"}},
        {"type": "track", "userId": "ada", "event": "Call Completed", "timestamp": ago(9 * DAY), "properties": {"outcome": "interested", "channel": "a name of nobody knows what"}},
        {"type": "page", "userId": "ada", "name": "Offer", "timestamp": ago(2 * DAY), "context": page("https://shop.example/o?utm_source=shop&utm_medium=email&utm_campaign=may", "")},
        {"type": "track", "userId": "ada", "event": "Order Completed", "timestamp": ago(2 * DAY - 5), "properties": {"total": 40.5}, "context": page("https://shop.example/thanks", "https://pay.example/")},
        {"type": "track", "userId": "ada", "event": "Order Completed", "timestamp": ago(2 * DAY - 9), "properties": {"total": 9.5}, "context": page("https://shop.example/thanks", "")},
        {"type": "page", "anonymousId": "b-1", "name": "Home", "timestamp": ago(DAY), "context": page(shop, "")},
        {"type": "page", "anonymousId": "b-1", "name": "Home", "timestamp": ago(DAY - 40), "context": page("https://shop.example/?gclid=x", "")},
        {"type": "track", "userId": "eve", "event": "Order Completed", "timestamp": ago(DAY), "properties": {"total": 5}}
    ])
}

async fn told() -> House {
    let house = House::start().await;
    let programme = json!({"name": "measured", "languages": ["it"], "timezone": "Europe/Rome"});
    assert_eq!(house.ask("PUT", "/api/v1/programme", Some(programme)).await.status, 200);
    house.track(story()).await;
    house
}

fn trama(arguments: &[&str], data: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).env_remove("TRAMA_TOKEN").env_remove("TRAMA_DATA");
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// By channel: conversions and value.
fn credit(answer: &Value) -> Vec<(&str, f64, f64)> {
    let channels = answer["channels"].as_array().unwrap().iter();
    let of = |one: &'static str| move |channel: &Value| channel[one].as_f64().unwrap();
    let mut credit: Vec<_> = channels
        .map(|channel| {
            (channel["channel"].as_str().unwrap(), of("conversions")(channel), of("value")(channel))
        })
        .collect();
    credit.sort_by(|one, other| one.0.cmp(other.0));
    credit
}

#[tokio::test]
async fn touches_from_before_the_sign_up_share_in_the_credit() {
    let house = told().await;
    let list = house.get("/api/v1/profiles/email:ada@example.com/touchpoints").await;
    let points: Vec<String> = list["touchpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            let flags = (one["first"] == true, one["paid"] == true, one["online"] == true);
            format!(
                "{} {} {} {} {flags:?}",
                text("occasion"),
                text("channel"),
                text("campaign"),
                text("direction")
            )
        })
        .collect();
    assert_eq!(
        points,
        [
            "visit Organic Search  inbound (true, false, true)",
            "told Call  outbound (false, true, false)",
            "visit Email may outbound (false, false, true)",
        ]
    );
    assert_eq!(house.ask("GET", "/api/v1/profiles/user_id:nobody/touchpoints", None).await.status, 404);

    let first = house.get("/api/v1/measure/attribution?model=first").await;
    let expected = [
        ("Call", 0.0, 0.0),
        ("Direct", 0.0, 0.0),
        ("Email", 0.0, 0.0),
        ("Organic Search", 2.0, 50.0),
        ("Paid Search", 0.0, 0.0),
    ];
    assert_eq!(credit(&first), expected, "{first}");
    assert_eq!(
        (&first["without_touch"], &first["nulls"], &first["paths"]),
        (&json!(1), &json!(1.0), &json!(3))
    );
    // Within ten days there is only the call and the email, and orders are not all that can be asked about.
    let linear = house.get("/api/v1/measure/attribution?model=linear&lookback=10%20days").await;
    let expected =
        [("Call", 1.0, 25.0), ("Direct", 0.0, 0.0), ("Email", 1.0, 25.0), ("Paid Search", 0.0, 0.0)];
    assert_eq!(credit(&linear), expected, "{linear}");
    let viewed = house.get("/api/v1/measure/attribution?model=last&conversion=Product%20Viewed").await;
    assert_eq!(credit(&viewed)[1], ("Organic Search", 1.0, 0.0), "{viewed}");
    let paths = house.get("/api/v1/measure/paths").await;
    assert_eq!(paths["paths"][0]["path"], "Organic Search > Call > Email", "{paths}");
    assert_eq!(paths["paths"][1]["path"], "Direct > Paid Search", "{paths}");
    assert_eq!((&paths["people"], &paths["conversions"]), (&json!(3), &json!(2.0)), "{paths}");
    assert_eq!(paths["touches"], json!({"mean": 3.0, "median": 3.0, "p90": 3.0}), "{paths}");
}

#[tokio::test]
async fn by_what_people_first_came_is_kept_through_their_sign_up_and_a_trait() {
    let house = told().await;
    let told = house.get("/api/v1/measure/acquisition").await;
    let expected = json!([
        {"channel": "direct", "campaign": "", "people": 1},
        {"channel": "organic-search", "campaign": "", "people": 1},
    ]);
    assert_eq!(told["channels"], expected);
    let state = async || house.ask("POST", "/api/v1/measure/acquisition/traits", None).await.json();
    assert_eq!(state().await["people"], 2);
    assert_eq!(state().await["people"], 0, "what is stated is not stated again");
    let count = async |expression: &str| {
        let asked = json!({ "expression": expression });
        house.ask("POST", "/api/v1/segments/preview", Some(asked)).await.json()["count"].clone()
    };
    assert_eq!(count("trait.acquisition.channel = \"organic-search\" and did \"Order Completed\"").await, 1);
    assert_eq!(count("trait.acquisition.channel exists").await, 2);
}

#[tokio::test]
async fn what_was_given_back_is_no_conversion_and_amounts_are_in_one_currency() {
    let house = told().await;
    let programme = json!({
        "name": "measured", "languages": ["it"], "timezone": "Europe/Rome",
        "currency": "EUR", "rates": {"USD": {"2026-01-01": 500_000_000}},
    });
    assert_eq!(house.ask("PUT", "/api/v1/programme", Some(programme)).await.status, 200);
    let order = |event: &str, id: &str, total: f64, currency: &str| json!({"type": "track", "userId": "ada", "event": event, "properties": {"order_id": id, "total": total, "currency": currency}});
    house
        .track(json!([
            order("Order Completed", "usd", 30.0, "USD"),
            order("Order Completed", "gbp", 30.0, "GBP"),
            order("Order Completed", "back", 8.0, "EUR"),
            order("Order Refunded", "back", 8.0, "EUR"),
            order("Order Refunded", "usd", 10.0, "USD"),
        ]))
        .await;
    let last = house.get("/api/v1/measure/attribution?model=last").await;
    // 40.50 and 9.50 of before, half of 30 − 10, nothing of what has no rate, and not what came back.
    assert_eq!((&last["conversions"], &last["value"]), (&json!(4.0), &json!(60.0)), "{last}");
}

#[tokio::test]
async fn a_merge_that_is_undone_gives_the_touches_back() {
    let house = House::start().await;
    let context = json!({"page": {"url": "https://shop.example/", "referrer": "https://www.google.it/"}});
    house
        .track(json!([
            {"type": "page", "anonymousId": "b-1", "name": "Home", "context": context},
            {"type": "track", "userId": "bob", "event": "Seen"},
            {"type": "identify", "anonymousId": "b-1", "userId": "bob"},
        ]))
        .await;
    let count = async |address: &str| {
        let list = house.get(&format!("/api/v1/profiles/{address}/touchpoints")).await;
        list["touchpoints"].as_array().unwrap().len()
    };
    assert_eq!((count("user_id:bob").await, count("anonymous_id:b-1").await), (1, 1));
    let merges = house.get("/api/v1/merges").await;
    let path = format!("/api/v1/merges/{}/undo", merges["merges"][0]["number"]);
    assert_eq!(house.ask("POST", &path, Some(json!({}))).await.status, 200, "{merges}");
    assert_eq!((count("user_id:bob").await, count("anonymous_id:b-1").await), (0, 1));
}

#[tokio::test]
async fn rules_of_the_programme_come_first() {
    let house = told().await;
    let rules = json!({"own_hosts": [], "rules": [
        {"event": "Call Completed", "channel": "Call centre", "direction": "inbound"},
        {"source": "shop", "campaign": "m*", "channel": "Newsletter", "paid": true},
    ]});
    let programme =
        json!({"name": "measured", "languages": ["it"], "timezone": "Europe/Rome", "channels": rules});
    assert_eq!(house.ask("PUT", "/api/v1/programme", Some(programme)).await.status, 200);
    let paths = house.get("/api/v1/measure/paths").await;
    assert_eq!(paths["paths"][0]["path"], "Organic Search > Call centre > Newsletter", "{paths}");
    let wrong = json!({"name": "measured", "languages": ["it"], "timezone": "Europe/Rome", "channels": {"rules": [{"channel": "A > B", "source": "*"}]}});
    let answer = house.ask("PUT", "/api/v1/programme", Some(wrong)).await;
    let places: Vec<Value> = answer.json()["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mistake| mistake["place"].clone())
        .collect();
    assert_eq!(places, ["channels.rules[0].channel", "channels.rules[0].when"], "{answer:?}");
}

#[tokio::test]
async fn a_command_says_the_same_of_a_server_and_of_its_directory() {
    let house = told().await;
    let data = house.dir.path().to_owned();
    let ask = |data: &Path| {
        let commands: [&[&str]; 3] = [
            &["measure", "attribution", "--json"],
            &[
                "measure",
                "attribution",
                "--json",
                "--model",
                "markov",
                "--order",
                "2",
                "--no-null",
                "--lookback",
                "10d",
            ],
            &["measure", "path", "--json", "--limit", "1", "--sends"],
        ];
        commands.map(|command| said(&trama(command, Some(data))))
    };
    let live = tokio::task::spawn_blocking({
        let data = data.clone();
        move || ask(&data)
    });
    let live = live.await.unwrap();
    let House { server, dir: _dir, .. } = house;
    server.stop().await;
    let stopped = ask(&data);
    let parsed =
        |texts: &[String; 3]| texts.clone().map(|text| serde_json::from_str::<Value>(&text).unwrap());
    assert_eq!(parsed(&live), parsed(&stopped));
    assert_eq!(parsed(&live)[2]["paths"].as_array().unwrap().len(), 1);
    let table = said(&trama(&["measure", "attribution"], Some(&data)));
    assert!(
        table.starts_with("2 conversions worth 50.00 at the end of 3 paths; 1 did not convert\n"),
        "{table}"
    );
    assert!(table.contains("1 more conversions had no touch before them"), "{table}");
}

#[tokio::test]
async fn what_is_wrong_with_a_question_names_its_parameter() {
    let house = House::start().await;
    for (query, field) in [
        ("model=best", "model"),
        ("order=4", "order"),
        ("lookback=long", "lookback"),
        ("from=soon", "from"),
        ("from=2026-02-01&to=2026-01-01", "to"),
        ("weights=1,2", "weights"),
        ("weights=0,0,0", "weights"),
        ("half_life=7", "half_life"),
    ] {
        let answer = house.ask("GET", &format!("/api/v1/measure/attribution?{query}"), None).await;
        assert_eq!((answer.status, &answer.json()["field"]), (400, &json!(field)), "{query}");
    }
}

#[test]
fn a_file_is_shared_out_as_the_contract_says() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("paths.csv");
    let table = "path,total_conversions,total_conversion_value,total_null\na > b,1,10,1\nb,1,5,1\na,0,0,1\n";
    std::fs::write(&file, table).unwrap();
    let name = file.to_str().unwrap();
    let ask = |more: &[&str]| trama(&[&["measure", "attribution", "--paths", name], more].concat(), None);
    let answer: Value = serde_json::from_str(&said(&ask(&["--model", "linear", "--json"]))).unwrap();
    assert_eq!(answer["model"], "linear");
    assert_eq!(
        answer["channels"],
        json!([
            {"channel": "a", "conversions": 0.5, "value": 5.0, "share": 0.25},
            {"channel": "b", "conversions": 1.5, "value": 10.0, "share": 0.75},
        ])
    );
    let answer: Value = serde_json::from_str(&said(&ask(&["--model", "markov", "--json"]))).unwrap();
    assert_eq!(
        (&answer["order"], &answer["channels"][1]["removal_effect"]),
        (&json!(1), &json!(1.0)),
        "{answer}"
    );
    let last = said(&ask(&["--model", "position", "--weights", "1,0,0", "--lookback", "1", "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&last).unwrap()["channels"][0]["conversions"], 0.0, "{last}");
    let table = said(&ask(&[]));
    assert!(table.lines().nth(1).unwrap().contains("markov") && table.contains("Models agree on"), "{table}");
    let costs = dir.path().join("costs.csv");
    std::fs::write(&costs, "date,channel,amount,currency\n1,a,2,EUR\n2,a,3.5,EUR\n2,tv,7,EUR\n").unwrap();
    let costs = costs.to_str().unwrap();
    let answer: Value =
        serde_json::from_str(&said(&ask(&["--model", "linear", "--spend", costs, "--json"]))).unwrap();
    let returned = |place: usize| {
        ["channel", "spend", "cpa", "roas"].map(|name| answer["channels"][place][name].clone())
    };
    assert_eq!(returned(0), [json!("a"), json!(5.5), json!(11.0), json!(5.0 / 5.5)]);
    assert_eq!(returned(1), [json!("b"), Value::Null, Value::Null, Value::Null]);
    assert_eq!(returned(2), [json!("tv"), json!(7.0), Value::Null, json!(0.0)]);
    let answer: Value = serde_json::from_str(&said(&ask(&["--spend", costs, "--json"]))).unwrap();
    assert_eq!(answer["channels"][0]["by_model"]["first"]["cpa"], 5.5, "{answer}");
    assert!(
        said(&ask(&["--model", "linear", "--spend", costs])).contains("spend 7.00, CPA undefined, ROAS 0.00")
    );
    std::fs::write(&file, "path,total_conversions\na,x\n").unwrap();
    for (more, complaint) in [
        (&[][..], "line 2, column total_conversions: `x` is no number"),
        (&["--model", "best"], "--model: there is no model \"best\", only first, last"),
        (&["--half-life", "7 days"], "--half-life: 7 days: a file has no times"),
    ] {
        let output = ask(more);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(complaint), "{error}");
    }
}
