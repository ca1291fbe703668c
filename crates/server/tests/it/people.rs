//! What operators put right of a person, and what they can look up of people.

use crate::house::{House, Shop};
use crate::operators::{add, signed_in};
use serde_json::{Value, json};

async fn known() -> House {
    let house = House::start().await;
    house
        .track(json!([
            {"type": "identify", "userId": "ada", "traits": {"email": "ada@example.com", "city": "Roma", "plan": "pro"}},
            {"type": "identify", "userId": "bob", "traits": {"email": "bob@example.com"}},
            {"type": "track", "anonymousId": "x1", "event": "Seen"}
        ]))
        .await;
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_corrects_a_person_and_the_audit_says_what_was_before() {
    let house = known().await;
    add(&house, "bea", "marketer").await;
    add(&house, "vic", "viewer").await;
    let before = house.get("/api/v1/profiles/user_id:ada").await;
    let path = "/api/v1/profiles/email:Ada@example.com";
    let right = json!({"traits": {"city": "Milano", "plan": null, "shoes": {"size": 38}}});
    assert_eq!(signed_in(&house, "vic").await.ask(&house, "PATCH", path, right.clone()).await.status, 403);
    let answer = signed_in(&house, "bea").await.ask(&house, "PATCH", path, right).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let after = house.get("/api/v1/profiles/user_id:ada").await;
    assert_eq!(after["traits"], json!({"city": "Milano", "email": "ada@example.com", "shoes": {"size": 38}}));
    assert_eq!(after["last_seen"], before["last_seen"], "nobody was seen by it");
    let act = house.get("/api/v1/audit?act=profile&limit=1").await["acts"][0].clone();
    assert_eq!((&act["act"], &act["operator"]), (&json!("profile.correct"), &json!("bea")), "{act}");
    assert_eq!(act["people"], json!([{"type": "email", "value": "ada@example.com"}]));
    assert_eq!(act["before"], json!({"traits": {"city": "Roma", "plan": "pro"}}));
    assert_eq!(act["after"], json!({"traits": {"city": "Milano", "plan": null, "shoes": {"size": 38}}}));

    // Whoever they have become is meant, by any of their names, and a replay says the same.
    let merged = json!({"from": "anonymous_id:x1", "into": "user_id:ada"});
    assert_eq!(house.ask("POST", "/api/v1/merges", Some(merged)).await.status, 200);
    let body = json!({"traits": {"email": "Ada@Rossi.example", "city": "Torino"}});
    assert_eq!(house.ask("PATCH", "/api/v1/profiles/anonymous_id:x1", Some(body)).await.status, 200);
    let house = house.restart().await;
    let told = house.get("/api/v1/profiles/email:ada@rossi.example").await;
    assert_eq!((&told["traits"]["city"], &told["id"]), (&json!("Torino"), &after["id"]), "{told}");
    house.server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_a_trait_is_refused_by_its_field() {
    let house = known().await;
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    let rows: Vec<(&str, Value, u16, &str, &str)> = vec![
        ("user_id:ada", json!({"traits": {}}), 400, "nothing_stated", "traits"),
        ("user_id:ada", json!({"traits": {" ": 1}}), 400, "bad_name", "traits"),
        ("user_id:ada", json!({"traits": {"a\u{7}b": 1}}), 400, "bad_name", "traits"),
        ("user_id:ada", json!({"traits": {("x".repeat(257)): 1}}), 400, "bad_name", "traits"),
        ("user_id:ada", json!({"traits": {"deep": deep}}), 400, "bad_value", "traits.deep"),
        ("user_id:ada", json!({"traits": {"nul": ["a\u{0}"]}}), 400, "bad_value", "traits.nul"),
        ("user_id:ada", json!({"traits": {"long": "x".repeat(40_000)}}), 400, "too_large", "traits"),
        ("user_id:ada", json!({"traits": {"email": "at home"}}), 400, "bad_value", "traits.email"),
        (
            "user_id:ada",
            json!({"traits": {"email": "bob@example.com"}}),
            409,
            "address_of_another",
            "traits.email",
        ),
        ("user_id:ada", json!({"trait": {"a": 1}}), 400, "bad_json", ""),
        ("ada", json!({"traits": {"a": 1}}), 400, "bad_address", "address"),
        ("user_id:eve", json!({"traits": {"a": 1}}), 404, "not_found", ""),
    ];
    let before = house.get("/api/v1/status").await["applied"].clone();
    for (who, body, status, code, field) in rows {
        let answer = house.ask("PATCH", &format!("/api/v1/profiles/{who}"), Some(body.clone())).await;
        let told = answer.json();
        assert_eq!((answer.status, &told["code"]), (status, &json!(code)), "{who} {body}: {told}");
        assert_eq!(told["field"].as_str().unwrap_or_default(), field, "{who} {body}: {told}");
    }
    assert_eq!(house.get("/api/v1/status").await["applied"], before, "nothing of it is on record");
    let many: serde_json::Map<String, Value> =
        (0..299).map(|number| (format!("t{number}"), json!(1))).collect();
    let answer = house.ask("PATCH", "/api/v1/profiles/user_id:ada", Some(json!({"traits": many}))).await;
    assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("too_many_traits")), "{answer:?}");
    house.server.stop().await;
}

#[tokio::test]
async fn older_pages_of_a_timeline_stay_what_they_are_while_new_events_come() {
    let house = known().await;
    let seen = |number: i32, time: &str| json!({"type": "track", "userId": "ada", "event": "Seen", "timestamp": time, "properties": {"number": number}});
    // Several of one second, and one that is told late.
    let times =
        ["10:00:00.100", "10:00:00.300", "10:00:00.200", "10:00:01.000", "09:00:00.000", "10:00:02.000"];
    for (number, time) in (0..).zip(times) {
        house.track(json!([seen(number, &format!("2026-11-01T{time}Z"))])).await;
    }
    let numbers = |page: &Value| -> Vec<i64> {
        let events = page["events"].as_array().unwrap();
        events.iter().map(|one| one["properties"]["number"].as_i64().unwrap()).collect()
    };
    let path = "/api/v1/profiles/user_id:ada/timeline";
    let whole = house.get(path).await;
    assert_eq!((numbers(&whole), &whole["next"]), (vec![5, 3, 1, 2, 0, 4], &Value::Null));
    for limit in 1..7 {
        let (mut told, mut before, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = house.get(&format!("{path}?limit={limit}{before}")).await;
            told.extend(numbers(&page));
            pages += 1;
            // Newer than all, and so on no page that is older.
            let new = seen(100 + limit * 10 + pages, &format!("2026-11-02T10:{limit:02}:{pages:02}Z"));
            house.track(json!([new])).await;
            let Some(next) = page["next"].as_str() else { break };
            before = format!("&before={next}");
        }
        let old: Vec<i64> = told.iter().copied().filter(|number| *number < 100).collect();
        let mut sorted = old.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5], "each once, {limit} at a time: {told:?}");
        assert_eq!((old[0], old[1], old[5]), (5, 3, 4), "{limit} at a time: {told:?}");
    }
    for wrong in ["yesterday", "1.x", "5"] {
        let answer = house.ask("GET", &format!("{path}?before={wrong}"), None).await;
        assert_eq!((answer.status, &answer.json()["field"]), (400, &json!("before")), "{wrong}");
    }
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_filtered_and_read_page_by_page() {
    let shop = Shop::open().await;
    let house = &shop.house;
    shop.ada_orders().await;
    let order = |who: &str| json!({"type": "track", "userId": who, "event": "Order Completed"});
    for _ in 0..3 {
        house.track(json!([order("bob")])).await;
    }
    let sends = |query: String| async move {
        let page = house.get(&format!("/api/v1/sends{query}")).await;
        let ids = page["sends"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap());
        (ids.collect::<Vec<_>>(), page["next"].clone())
    };
    let all = house.get("/api/v1/sends").await;
    let first = &all["sends"].as_array().unwrap().last().unwrap()["wished_at"];
    let (first, all) = (first.as_str().unwrap().to_owned(), sends(String::new()).await.0);
    assert_eq!(all, [3, 2, 1, 0]);
    let rows = [
        ("?journey=thanks".to_owned(), vec![3, 2, 1, 0]),
        ("?journey=thank".to_owned(), vec![]),
        ("?broadcast=thanks".to_owned(), vec![3, 2, 1, 0]),
        ("?message=thanks&channel=email&status=accepted".to_owned(), vec![0]),
        ("?message=confirm".to_owned(), vec![]),
        ("?decision=drop".to_owned(), vec![3, 2, 1]),
        ("?decision=send".to_owned(), vec![0]),
        ("?status=dropped&profile=user_id:bob".to_owned(), vec![3, 2, 1]),
        ("?status=dropped&profile=user_id:ada".to_owned(), vec![]),
        ("?reason=holdout".to_owned(), vec![]),
        (format!("?from={first}"), vec![3, 2, 1, 0]),
        (format!("?to={first}"), vec![]),
        ("?from=2030-01-01T00:00:00Z".to_owned(), vec![]),
        ("?to=2030-01-01T00:00:00Z&decision=drop".to_owned(), vec![3, 2, 1]),
    ];
    for (query, expected) in rows {
        assert_eq!(sends(query.clone()).await, (expected, Value::Null), "{query}");
    }
    let reason = house.get("/api/v1/sends?decision=drop&limit=1").await["sends"][0]["reason"].clone();
    let reason = reason.as_str().unwrap();
    assert_eq!(sends(format!("?reason={reason}")).await.0, [3, 2, 1]);
    for person in ["", "&profile=user_id:bob"] {
        let (one, next) = sends(format!("?decision=drop&limit=2{person}")).await;
        assert_eq!((one, &next), (vec![3, 2], &json!(2)));
        assert_eq!(sends(format!("?decision=drop&limit=2&before={next}{person}")).await.0, [1]);
    }
    for (query, field) in [
        ("?channel=pigeon", "channel"),
        ("?decision=no", "decision"),
        ("?status=lost", "status"),
        ("?reason=freqency_cap", "reason"),
        ("?from=yesterday", "from"),
        ("?to=tomorrow", "to"),
        ("?journey=a&broadcast=b", "broadcast"),
    ] {
        let answer = house.ask("GET", &format!("/api/v1/sends{query}"), None).await;
        assert_eq!((answer.status, &answer.json()["field"]), (400, &json!(field)), "{query}: {answer:?}");
    }
    let near = house.ask("GET", "/api/v1/sends?reason=freqency_cap", None).await.json();
    assert_eq!(near["suggestion"], "did you mean \"frequency_cap\"?");
    shop.house.server.stop().await;
}
