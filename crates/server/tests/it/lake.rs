//! The lake of a running server and of a stopped one: what SQL says is what the API, reports and commands say.

use crate::house::{Answer, House, Shop, answer, assert_reference};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn trama(arguments: &[&str], data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trama"));
    command.args(arguments).arg("--data").arg(data).env_remove("TRAMA_TOKEN").output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn ask(house: &House, question: &str) -> Answer {
    house.ask("POST", "/api/v1/sql", Some(json!({"sql": question}))).await
}

async fn rows(house: &House, question: &str) -> Value {
    let answer = ask(house, question).await;
    assert_eq!(answer.status, 200, "{question}: {answer:?}");
    answer.json()["rows"].clone()
}

fn order(user: &str, properties: &Value) -> Value {
    json!({"type": "track", "userId": user, "event": "Order Completed", "properties": properties})
}

/// Three orders of two people, one of which is given back in part and another one whole.
fn history() -> Value {
    let refund = |properties: Value| json!({"type": "track", "userId": "ada", "event": "Order Refunded", "properties": properties});
    json!([
        {"type": "page", "anonymousId": "b", "name": "Guide"},
        {"type": "identify", "userId": "bob", "anonymousId": "b"},
        order("ada", &json!({"total": 40.5, "currency": "EUR", "order_id": 1})),
        order("ada", &json!({"total": 30, "currency": "EUR", "order_id": 2})),
        order("bob", &json!({"total": 9.5, "currency": "EUR"})),
        refund(json!({"total": 10.25, "currency": "EUR", "order_id": 1})),
        refund(json!({"order_id": 2})),
    ])
}

#[test]
fn the_tables_are_those_in_the_docs() {
    assert_reference("lake.md", &measure::lake::schema::reference());
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_figures_and_commands_say_the_same() {
    let house = House::start().await;
    house.track(history()).await;
    let spent = json!({"lines": [{"date": "2026-01-05", "channel": "paid-search", "amount": "12.50", "currency": "EUR"}]});
    assert_eq!(house.ask("POST", "/api/v1/spend", Some(spent)).await.status, 200);
    let kpis = house.get("/api/v1/measure/kpis").await;
    let kpi = |name: &str| {
        let kpis = kpis["rows"][0]["kpis"].as_array().unwrap();
        let kpi = kpis.iter().find(|kpi| kpi["name"] == name).unwrap_or_else(|| panic!("no {name}"));
        kpi["value"].as_f64().unwrap_or_else(|| panic!("{kpi}"))
    };
    let cases = [
        ("orders", "SELECT count(*) FROM orders WHERE NOT is_returned"),
        ("revenue", "SELECT sum(net) FROM orders"),
        ("leads", "SELECT count(*) FROM people WHERE stands AND known_at IS NOT NULL"),
        ("new_customers", "SELECT count(DISTINCT profile) FROM orders WHERE NOT is_returned"),
        ("spend", "SELECT sum(amount) FROM spend"),
    ];
    for (name, question) in cases {
        let told = rows(&house, question).await;
        assert_eq!(told[0][0].as_f64(), Some(kpi(name)), "{name}: {told}");
        let by_command = said(&trama(&["sql", question, "--json"], house.dir.path()));
        assert_eq!(serde_json::from_str::<Value>(&by_command).unwrap()["rows"], told, "{name}");
    }
    assert_eq!(kpi("revenue"), 39.75);
    let verified = house.get("/api/v1/lake/verify").await;
    assert_eq!(verified["equal"], true, "{verified}");
    let status = house.get("/api/v1/status").await;
    assert_eq!(status["lake"]["state"], "following", "{status}");
    assert!(status["lake"]["rows"].as_u64().unwrap() > 7 && status["lake"]["bytes"].as_u64().unwrap() > 0);

    let house = house.restart().await;
    house.server.stop().await;
    let stopped = house.dir.path();
    let asked = trama(&["sql", "SELECT sum(net) AS net FROM orders", "--csv"], stopped);
    assert_eq!(said(&asked), "net\n39.75\n");
    assert!(said(&trama(&["lake", "verify"], stopped)).contains("equal      orders       revenue EUR"));
    assert!(said(&trama(&["lake", "refresh"], stopped)).contains("rows in"));
    let wrong = trama(&["sql", "SELECT sum(net) FROM order_s"], stopped);
    let why = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(!wrong.status.success() && why.contains("did you mean orders?"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_bounded_shaped_and_for_those_who_may_analyse() {
    let house = House::start().await;
    house.track(history()).await;
    let asked = json!({"sql": "SELECT seq, name FROM events ORDER BY seq", "limit": 2});
    let some = house.ask("POST", "/api/v1/sql", Some(asked.clone())).await.json();
    assert_eq!((some["rows"].as_array().unwrap().len(), &some["truncated"]), (2, &json!(true)));
    assert_eq!(some["columns"], json!([{"name": "seq", "type": "bigint"}, {"name": "name", "type": "text"}]));
    assert!(some["took_ms"].as_f64().unwrap() > 0.0 && some["seq"].as_u64().unwrap() > 7, "{some}");
    let accepts =
        house.bare("POST", "/api/v1/sql").bearer_auth(&house.admin_token).header("accept", "text/csv");
    let csv = answer(accepts.json(&asked)).await;
    assert!(csv.text.starts_with("seq,name\n") && csv.text.contains(",Page Viewed\n"), "{csv:?}");
    let by_name = house.ask("POST", "/api/v1/sql?format=csv", Some(asked.clone())).await;
    assert_eq!(by_name.text, csv.text);
    for (path, body, field, says) in [
        ("/api/v1/sql?format=xml", asked.clone(), "format", "json or csv"),
        ("/api/v1/sql", json!({"sql": "DROP TABLE events"}), "sql", "only read"),
        ("/api/v1/sql", json!({"sql": "SELECT x FROM events"}), "sql", "x"),
    ] {
        let refused = house.ask("POST", path, Some(body)).await;
        let problem = refused.json();
        assert_eq!((refused.status, &problem["field"]), (400, &json!(field)), "{problem}");
        assert!(problem["message"].as_str().unwrap().contains(says), "{problem}");
    }
    let key =
        house.ask("POST", "/api/v1/keys", Some(json!({"name": "screen", "scope": "read"}))).await.json();
    let reader = key["token"].as_str().or(key["key"].as_str()).unwrap_or_else(|| panic!("{key}")).to_owned();
    let refused = answer(house.bare("POST", "/api/v1/sql").bearer_auth(reader).json(&asked)).await;
    assert_eq!(refused.status, 403, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_is_off_says_so() {
    let house = House::start_in(tempfile::tempdir().unwrap(), "lake = \"off\"").await;
    house.track(history()).await;
    let refused = ask(&house, "SELECT 1").await;
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("lake_off")), "{refused:?}");
    assert_eq!(house.get("/api/v1/status").await["lake"]["state"], "off");
    assert!(!house.dir.path().join("lake").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_cannot_be_written_is_told_and_nothing_else_stops() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("lake"), "a file where the folder should be").unwrap();
    let house = House::start_in(dir, "").await;
    house.track(history()).await;
    let refused = ask(&house, "SELECT 1").await;
    assert_eq!((refused.status, &refused.json()["code"]), (503, &json!("lake_failing")), "{refused:?}");
    house.track(history()).await;
    std::fs::remove_file(house.dir.path().join("lake")).unwrap();
    assert_eq!(rows(&house, "SELECT count(*) FROM events").await, json!([[14]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_and_what_became_of_it_are_in_the_lake() {
    let shop = Shop::open().await;
    shop.ada_orders().await;
    let told = rows(&shop.house, "SELECT message, status, decision FROM sends").await;
    let ledger = shop.house.get("/api/v1/sends?profile=user_id:ada").await;
    let send = &ledger["sends"][0];
    assert_eq!(told, json!([[send["message"], send["status"], send["decision"]]]), "{ledger}");
    let consents = rows(&shop.house, "SELECT purpose, state FROM consents").await;
    assert_eq!(consents[0][1], "granted", "{consents}");
    assert_eq!(shop.house.get("/api/v1/lake/verify").await["equal"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_erased_is_in_the_lake_no_more_when_the_answer_comes() {
    let house = House::start().await;
    house.track(history()).await;
    assert_eq!(rows(&house, "SELECT count(*) FROM events").await, json!([[7]]));
    let erased = house.ask("DELETE", "/api/v1/profiles/user_id:ada", None).await.json();
    assert_eq!(erased["disk"], "done", "{erased}");
    house.server.stop().await;
    let asked = trama(&["sql", "SELECT count(*) AS n FROM events", "--csv"], house.dir.path());
    assert_eq!(said(&asked), "n\n3\n");
    let erased = trama(&["erase", "user_id:bob", "--yes"], house.dir.path());
    assert!(erased.status.success(), "{erased:?}");
    assert_eq!(
        folder(&house.dir.path().join("lake/events")),
        Vec::<String>::new(),
        "nobody's events are left"
    );
    let asked = trama(&["sql", "SELECT count(*) AS n FROM people", "--csv"], house.dir.path());
    assert_eq!(said(&asked), "n\n0\n");
    assert!(trama(&["lake", "verify"], house.dir.path()).status.success());
}

/// The files below a folder.
fn folder(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).into_iter().flatten().map(Result::unwrap) {
        match entry.path().is_dir() {
            true => found.extend(folder(&entry.path())),
            false => found.push(entry.path().display().to_string()),
        }
    }
    found
}
