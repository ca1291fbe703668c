//! What operators put right of a person, and what they can look up of people.

use crate::house::House;
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
        ("user_id:ada", json!({"traits": {"a\u0007b": 1}}), 400, "bad_name", "traits"),
        ("user_id:ada", json!({"traits": {"x".repeat(257): 1}}), 400, "bad_name", "traits"),
        ("user_id:ada", json!({"traits": {"deep": deep}}), 400, "bad_value", "traits.deep"),
        ("user_id:ada", json!({"traits": {"nul": ["a\u0000"]}}), 400, "bad_value", "traits.nul"),
        ("user_id:ada", json!({"traits": {"long": "x".repeat(40_000)}}), 400, "too_large", "traits"),
        ("user_id:ada", json!({"traits": {"email": "at home"}}), 400, "bad_value", "traits.email"),
        ("user_id:ada", json!({"traits": {"email": "bob@example.com"}}), 409, "address_of_another", "traits.email"),
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
    let many: serde_json::Map<String, Value> = (0..299).map(|number| (format!("t{number}"), json!(1))).collect();
    let answer = house.ask("PATCH", "/api/v1/profiles/user_id:ada", Some(json!({"traits": many}))).await;
    assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("too_many_traits")), "{answer:?}");
    house.server.stop().await;
}
