//! Cut-offs on a running server: stated when a programme asks for them, kept over a restart, and asked of a draft anew.

use crate::house::House;
use serde_json::{Value, json};

const BEST: &str = r#"top 50% by sum(total) of "Order Completed""#;

fn programme(segment: &str) -> Value {
    json!({
        "name": "ranked", "languages": ["it"], "timezone": "Europe/Rome", "segments": {"best": segment},
    })
}

async fn applied(house: &House, segment: &str) {
    let answer = house.ask("PUT", "/api/v1/programme", Some(programme(segment))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Waits until the segment has so many people.
async fn count_comes_to(house: &House, count: u64) {
    for _ in 0..500 {
        if house.get("/api/v1/segments/best").await["count"] == count {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the segment never has {count} people: {}", house.get("/api/v1/segments/best").await);
}

fn order(user: &str, total: u64) -> Value {
    json!({"type": "track", "userId": user, "event": "Order Completed", "properties": {"total": total}})
}

#[tokio::test]
async fn everybody_is_ranked_when_a_programme_asks_for_it() {
    let house = House::start().await;
    let orders: Vec<Value> = (1..=4).map(|number| order(&format!("u{number}"), number * 10)).collect();
    house.track(json!(orders)).await;
    applied(&house, BEST).await;
    count_comes_to(&house, 2).await;

    // The next day is far: other people move by the cut-off that stands, and a draft is ranked anew.
    house.track(json!([order("u1", 20), order("u9", 1_000), order("u8", 1_000)])).await;
    count_comes_to(&house, 5).await;
    let preview = house.ask("POST", "/api/v1/segments/preview", Some(json!({"expression": BEST}))).await;
    assert_eq!(preview.json()["count"], 3, "two of 1,000 and one of 40");
    let explained = house.get("/api/v1/profiles/user_id:u1/segments/best").await;
    assert_eq!((&explained["holds"], &explained["whole"]["cutoff"]), (&json!(true), &json!(30.0)));
    let sentence = "sum(total) of \"Order Completed\" is 30; the top 50% is from 30";
    assert_eq!(explained["whole"]["sentence"], sentence);
    let asked = json!({"expression": r#"top 25% by sum(total) of "Order Completed" or rfm.monetary >= 2"#});
    let explained = house.ask("POST", "/api/v1/profiles/user_id:u2/explain", Some(asked)).await.json();
    assert_eq!(explained["whole"]["parts"][0]["cutoff"], 1_000.0, "{explained}");
    assert_eq!(explained["whole"]["parts"][1]["score"], 1, "{explained}");

    let house = house.restart().await;
    count_comes_to(&house, 5).await;
    applied(&house, r#"rfm.monetary = 5"#).await;
    count_comes_to(&house, 2).await;
    house.server.stop().await;
    let log = eventlog::sqlite::SqliteReader::open(house.dir.path()).unwrap();
    let mut shares = Vec::new();
    for batch in log.read(engine::Seq(1)).unwrap() {
        let batch = batch.unwrap();
        for bytes in batch.records() {
            let record = engine::record::Record::decode(bytes.unwrap()).unwrap();
            if let engine::record::Record::CutoffsStated(stated) = record {
                shares.push(stated.cutoffs.len());
            }
        }
    }
    assert_eq!(shares, [1, 4], "once for each programme");
}
