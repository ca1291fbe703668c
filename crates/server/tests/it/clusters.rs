//! Clusters on a running server: found when a programme asks for them, shown as segments, kept over a restart, and found
//! anew when an operator asks.

use crate::house::House;
use serde_json::{Value, json};
use std::process::Command;

fn programme(count: u64) -> Value {
    let features = json!({
        "orders": "count of \"Order Completed\" within 365 days",
        "spent": "sum(total) of \"Order Completed\"",
    });
    json!({
        "name": "told-apart", "languages": ["it"], "timezone": "Europe/Rome",
        "segments": {"loved": "in segment \"shoppers/high-orders\""},
        "clusters": {"shoppers": {"features": features, "at_least": count, "at_most": count}},
    })
}

async fn applied(house: &House, count: u64) {
    let answer = house.ask("PUT", "/api/v1/programme", Some(programme(count))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Waits until it is so.
async fn comes_to(house: &House, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..500 {
        last = house.get(path).await;
        if is_so(&last) {
            return last;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never so: {last}");
}

fn order(user: u64, total: u64) -> Value {
    let user = format!("u{user}");
    json!({"type": "track", "userId": user, "event": "Order Completed", "properties": {"total": total}})
}

const SET: &str = "/api/v1/clusters/shoppers";

#[tokio::test(flavor = "multi_thread")]
async fn clusters_are_found_shown_kept_and_found_anew() {
    let house = House::start().await;
    applied(&house, 2).await;
    let lacking = comes_to(&house, SET, |set| set["lack"].is_string()).await;
    let lack =
        "2 clusters need as many people who differ in a feature: 0 take part, and there are 0 kinds of them";
    assert_eq!((&lacking["lack"], &lacking["found"]), (&json!(lack), &Value::Null));
    assert!(lacking["due"].as_str() > lacking["tried_at"].as_str(), "{lacking}");
    assert_eq!(house.get("/api/v1/segments/loved").await["count"], 0);

    // Six who buy little, and four who buy often and much.
    let small = (0..6).map(|user| order(user, 10 + user % 3));
    let large = (6..10).flat_map(|user| (0..5).map(move |_| order(user, 200 + user)));
    house.track(json!(small.chain(large).collect::<Vec<Value>>())).await;
    let refreshed = house.ask("POST", "/api/v1/clusters/shoppers/refresh", None).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let set = refreshed.json();
    assert_eq!(set["lack"], Value::Null, "{set}");
    let found = &set["found"];
    assert_eq!(
        (&found["people"], &found["sampled"], &found["fidelity"]),
        (&json!(10), &json!(10), &json!(1.0))
    );
    let rich =
        found["clusters"].as_array().unwrap().iter().find(|one| one["count"] == 4).expect("four of them");
    assert_eq!(rich["name"], "high-orders", "{found}");
    assert_eq!(rich["segment"], "shoppers/high-orders");
    assert_eq!(rich["centre"], json!({"orders": 5.0, "spent": 1_037.5}));
    assert_eq!(rich["share"], json!({"orders": 0.7692, "spent": 0.9843}));
    let description = "orders 3 or more: 40% of people, 77% of orders, 98% of spent";
    assert_eq!(rich["description"], description);
    let expression = "(did \"Order Completed\") and did \"Order Completed\" at least 3 times within 365 days";
    let expression = expression.replace(['(', ')'], "");
    assert_eq!(rich["expression"], expression.as_str());

    // A segment like others, by name, in lists, in explanations, and in other segments.
    let segment = house.get("/api/v1/segments/shoppers%2Fhigh-orders").await;
    assert_eq!((&segment["count"], &segment["description"]), (&json!(4), &json!(description)));
    assert_eq!(house.get("/api/v1/segments/loved").await["count"], 4);
    house.track(json!([order(0, 1), order(0, 1)])).await;
    assert_eq!(house.get("/api/v1/segments/loved").await["count"], 5, "at once, and by the same line");
    let explained = house.get("/api/v1/profiles/user_id:u0/segments/shoppers%2Fhigh-orders").await;
    assert_eq!(explained["holds"], true, "{explained}");

    let house = house.restart().await;
    assert_eq!(house.get("/api/v1/segments/loved").await["count"], 5);
    assert_eq!(house.get(SET).await["found"]["at"], found["at"], "nothing is due");
    // Another number of clusters is looked for at once, and the command does what the API does.
    applied(&house, 3).await;
    comes_to(&house, SET, |set| set["found"]["clusters"].as_array().is_some_and(|all| all.len() == 3)).await;
    let data = house.dir.path().to_owned();
    let told = tokio::task::spawn_blocking(move || {
        ["list", "refresh"].map(|word| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
            command.args(["clusters", word]).args((word == "refresh").then_some("shoppers"));
            let output = command.arg("--data").arg(&data).env_remove("TRAMA_TOKEN").output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        })
    });
    for told in told.await.unwrap() {
        assert!(told.starts_with("shoppers  found "), "{told}");
        assert!(told.contains("  shoppers/high-orders  "), "{told}");
    }
    for (method, path) in [("GET", "/api/v1/clusters/nobody"), ("POST", "/api/v1/clusters/nobody/refresh")] {
        assert_eq!(house.ask(method, path, None).await.status, 404);
    }
    assert_eq!(house.get("/api/v1/clusters").await["sets"].as_array().unwrap().len(), 1);
    house.server.stop().await;
    let log = eventlog::sqlite::SqliteReader::open(house.dir.path()).unwrap();
    let records = log.read(engine::Seq(1)).unwrap().map(Result::unwrap);
    let lines: Vec<Value> = records
        .flat_map(|batch| {
            let record = |bytes: &[u8]| {
                engine::record::Record::decode(bytes)
                    .map(|record| server::wire::record_json(engine::Seq(0), batch.at, &record))
            };
            batch.records().map(|bytes| record(bytes.unwrap()).unwrap()).collect::<Vec<_>>()
        })
        .filter(|line| line["kind"] == "clusters_stated")
        .collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert_eq!(lines[0]["lack"], lack);
    assert_eq!(lines[1]["tree"]["at_millionths"], "3000000");
}
