//! What was spent, through the API and the command line of a running server; and figures that are the same however asked for.

use crate::house::{House, assert_reference};
use serde_json::{Value, json};
use server::programme::load;
use std::path::Path;
use std::process::Command;

async fn ask(house: &House, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let answer = house.ask(method, path, body).await;
    (answer.status, serde_json::from_str(&answer.text).unwrap_or_default())
}

fn trama(args: &[&str], token: &str) -> (bool, String, String) {
    let run =
        Command::new(env!("CARGO_BIN_EXE_trama")).args(args).env("TRAMA_TOKEN", token).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (run.status.success(), text(&run.stdout), text(&run.stderr))
}

#[test]
fn the_table_of_key_figures_is_the_one_in_the_docs() {
    assert_reference("kpis.md", &measure::kpi::table::reference());
}

#[tokio::test]
async fn lines_are_taken_one_by_one_and_counted_once() {
    let house = House::start().await;
    let line = |day: &str, amount: Value| json!({"date": day, "channel": "paid-search", "campaign": "oil", "amount": amount, "currency": "EUR", "clicks": 10});
    let lines = json!({"lines": [
        line("2026-01-05", json!(12.5)),
        line("2026-13-05", json!(1)),
        line("2026-01-05", json!(1)),
        {"from": "2026-01-06", "until": "2026-01-08", "channel": "blog", "hours": 3, "rate": "20", "currency": "EUR"},
        line("2026-01-06", json!("0.1")),
    ]});
    let (status, taken) = ask(&house, "POST", "/api/v1/spend", Some(lines.clone())).await;
    assert_eq!((status, &taken["taken"], &taken["repeated"]), (200, &json!(3), &json!(0)), "{taken}");
    let refused: Vec<(u64, &str)> = taken["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["index"].as_u64().unwrap(), one["field"].as_str().unwrap()))
        .collect();
    assert_eq!(refused, [(1, "date"), (2, "key")]);
    let (_, again) = ask(&house, "POST", "/api/v1/spend", Some(lines)).await;
    assert_eq!((&again["taken"], &again["repeated"]), (&json!(0), &json!(3)));
    let corrected = json!({"lines": [line("2026-01-05", json!(10))]});
    assert_eq!(ask(&house, "POST", "/api/v1/spend", Some(corrected)).await.1["taken"], 1);
    for (query, count, total) in [
        ("", 3, json!({"EUR": "70.10"})),
        ("channel=blog", 1, json!({"EUR": "60.00"})),
        ("channel=blog&from=2026-01-07", 1, json!({"EUR": "40.00"})),
        ("campaign=oil&until=2026-01-05", 1, json!({"EUR": "10.00"})),
        ("campaign=tea", 0, json!({})),
    ] {
        let (_, list) = ask(&house, "GET", &format!("/api/v1/spend?{query}"), None).await;
        assert_eq!((list["count"].as_u64(), &list["totals"]), (Some(count), &total), "{query}: {list}");
    }
    let spot = json!({"flights": [
        {"medium": "radio", "place": "Radio Arno", "from": "2026-01-05T08:15:00Z", "amount": 250, "currency": "EUR", "codes": ["ARNO"]},
        {"medium": "raido", "from": "2026-01-05", "currency": "EUR"},
    ]});
    let (_, taken) = ask(&house, "POST", "/api/v1/flights", Some(spot)).await;
    assert_eq!((&taken["taken"], &taken["refused"][0]["field"]), (&json!(1), &json!("medium")));
    let (_, flights) = ask(&house, "GET", "/api/v1/flights", None).await;
    assert_eq!(flights["flights"][0]["key"], "radio/Radio Arno/2026-01-05T08:15:00.000Z");
    for (path, status) in [
        ("/api/v1/spend?from=soon", 400),
        ("/api/v1/measure/kpis?by=colour", 400),
        ("/api/v1/measure/funnel?steps=One", 400),
        ("/api/v1/measure/uplift?flight=none", 400),
    ] {
        assert_eq!(ask(&house, "GET", path, None).await.0, status, "{path}");
    }
}

#[tokio::test]
async fn figures_are_the_same_by_the_api_the_command_and_the_log() {
    let bottega = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bottega");
    let (programme, _) = load(&bottega).unwrap();
    let house = House::start().await;
    let definition = serde_json::to_value(&programme).unwrap();
    assert_eq!(ask(&house, "PUT", "/api/v1/programme", Some(definition)).await.0, 200);
    let ad = json!({"campaign": {"source": "google", "medium": "cpc", "name": "olio_nuovo"}});
    let order = json!({"total": 40, "currency": "EUR"});
    let told = json!([
        {"type": "page", "messageId": "1", "anonymousId": "a", "context": ad},
        {"type": "identify", "messageId": "2", "anonymousId": "a", "userId": "ada"},
        {"type": "track", "messageId": "3", "userId": "ada", "event": "Order Completed", "properties": order},
        {"type": "page", "messageId": "4", "anonymousId": "b"},
    ]);
    house.track(told).await;
    house.durable().await;
    let dir = house.dir.path().to_str().unwrap().to_owned();
    let file = house.dir.path().join("ads.csv");
    std::fs::write(&file, "Day,Campaign,Currency code,Cost,Impr.,Clicks\n2026-11-03,olio_nuovo,EUR,\"1,000.00\",20000,400\n2026-11-04,olio_nuovo,EUR,much,1,1\nTotal: Account,,EUR,1,1,1\n").unwrap();
    let token = house.admin_token.clone();
    let live = {
        let (dir, file, token) = (dir.clone(), file.clone(), token.clone());
        let story = move || {
            let file = file.to_str().unwrap();
            let (good, told, errors) = trama(&["spend", "import", file, "--data", &dir], &token);
            assert!(!good && errors.contains("line 3: amount"), "{errors}");
            assert_eq!(told, "Google Ads: 1 taken, 0 known already, 1 sums left out, 1 refused\n");
            let (_, again, _) = trama(&["spend", "import", file, "--data", &dir], &token);
            assert!(again.contains("0 taken, 1 known already"), "{again}");
            let (good, told, errors) =
                trama(&["measure", "kpi", "--by", "campaign", "--json", "--data", &dir], &token);
            assert!(good, "{errors}");
            let (_, shown, _) = trama(&["measure", "kpi", "--data", &dir], &token);
            assert!(shown.contains("Return on ad spend") && shown.contains("as of "), "{shown}");
            let held = "target: at most 45.00: 4611 % over so far, behind";
            assert!(shown.contains(held) && shown.contains("the days have no beginning"), "{shown}");
            serde_json::from_str::<Value>(&told).unwrap()
        };
        tokio::task::spawn_blocking(story).await.unwrap()
    };
    let (status, by_api) = ask(&house, "GET", "/api/v1/measure/kpis?by=campaign", None).await;
    assert_eq!((status, &by_api["rows"]), (200, &live["rows"]));
    let oil = by_api["rows"].as_array().unwrap().iter().find(|row| row["group"] == "new-oil").unwrap();
    let kpi =
        |name: &str| oil["kpis"].as_array().unwrap().iter().find(|kpi| kpi["name"] == name).unwrap().clone();
    // 1,000 of ads, 240 of flyers, 24 and 3.5 hours at 32.
    assert_eq!(
        (kpi("spend")["numerator"].clone(), kpi("cpc")["value"].clone()),
        (json!("2120.00"), json!(2.5))
    );
    assert_eq!((kpi("orders")["value"].clone(), kpi("roas")["value"].clone()), (json!(1.0), json!(0.04)));
    assert_eq!(kpi("response_rate")["value"], Value::Null, "undefined is not zero");
    let (_, funnel) =
        ask(&house, "GET", "/api/v1/measure/funnel?steps=Page%20Viewed,Order%20Completed", None).await;
    let people: Vec<u64> =
        funnel["steps"].as_array().unwrap().iter().map(|step| step["people"].as_u64().unwrap()).collect();
    assert_eq!(people, [2, 1]);
    let (_, retention) = ask(&house, "GET", "/api/v1/measure/retention?by=channel", None).await;
    assert_eq!(
        (&retention["cohorts"][0]["channel"], &retention["cohorts"][0]["people"]),
        (&json!("paid-search"), &json!(1))
    );
    let House { dir: kept, server, .. } = house;
    server.stop().await;
    let story = move || {
        let data = kept.path().to_str().unwrap();
        let (good, told, errors) =
            trama(&["measure", "kpi", "--by", "campaign", "--json", "--data", data], &token);
        assert!(good, "{errors}");
        let stopped: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(stopped["rows"], live["rows"], "the log of a stopped server says the same");
        let simple = kept.path().join("simple.csv");
        std::fs::write(&simple, "date,channel,campaign,amount\n2026-11-05,radio,new-oil,300\n").unwrap();
        let (good, told, errors) =
            trama(&["spend", "import", simple.to_str().unwrap(), "--data", data], &token);
        assert!(good && told.contains("1 taken"), "{told}{errors}");
        let (_, told, _) =
            trama(&["measure", "kpi", "--campaign", "new-oil", "--json", "--data", data], &token);
        let told: Value = serde_json::from_str(&told).unwrap();
        let spend = told["rows"][0]["kpis"]
            .as_array()
            .unwrap()
            .iter()
            .find(|kpi| kpi["name"] == "spend")
            .unwrap()
            .clone();
        assert_eq!((&spend["numerator"], &spend["currency"]), (&json!("2420.00"), &json!("EUR")));
    };
    tokio::task::spawn_blocking(story).await.unwrap();
}
