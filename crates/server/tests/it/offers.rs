//! Offers through the API, as a till and an operator see them.

use crate::house::House;
use serde_json::{Value, json};
use server::programme::load;

#[tokio::test]
async fn an_offer_is_given_redeemed_and_counted_through_the_api() {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/offers");
    let (programme, _) = load(std::path::Path::new(scenario)).unwrap();
    let house = House::start().await;
    let definition = serde_json::to_value(&programme).unwrap();
    let (status, body) = ask(&house, "PUT", "/api/v1/programme", definition).await;
    assert_eq!(status, 200, "{body}");
    let table = [
        (
            "POST",
            "/api/v1/offers/gift/people",
            json!({"profile": "email:ada@example.com"}),
            200,
            "",
            json!(null),
        ),
        ("POST", "/api/v1/offers/gift/people", json!({"profile": "user_id:bob"}), 200, "", json!(null)),
        (
            "POST",
            "/api/v1/offers/gone/people",
            json!({"profile": "user_id:bob"}),
            404,
            "/code",
            json!("not_found"),
        ),
        (
            "POST",
            "/api/v1/offers/gift/people",
            json!({"profile": "user_id:bob"}),
            409,
            "/code",
            json!("out_of_stock"),
        ),
        (
            "POST",
            "/api/v1/offers/gift/people",
            json!({"profile": "user_id:bob", "state": "lost"}),
            400,
            "/field",
            json!("state"),
        ),
        ("GET", "/api/v1/offers/gift", json!(null), 200, "/left_to_give", json!(0)),
        ("GET", "/api/v1/offers/gift", json!(null), 200, "/people/given", json!(1)),
        ("GET", "/api/v1/offers/gift", json!(null), 200, "/denied/out_of_stock", json!(1)),
        ("GET", "/api/v1/offers/gone", json!(null), 404, "/code", json!("not_found")),
        ("GET", "/api/v1/offers", json!(null), 200, "/offers/0/value", json!("4,90 EUR")),
        ("GET", "/api/v1/profiles/user_id:bob/offers", json!(null), 200, "/offers", json!([])),
        ("GET", "/api/v1/profiles/user_id:eve/offers", json!(null), 404, "/code", json!("not_found")),
        ("POST", "/api/v1/offers/gift/redemptions", json!({}), 400, "/code", json!("nobody_named")),
        ("POST", "/api/v1/offers/gift/redemptions", json!({"code": "AAAA"}), 404, "/field", json!("code")),
        (
            "POST",
            "/api/v1/offers/gift/redemptions",
            json!({"profile": "user_id:bob"}),
            409,
            "/code",
            json!("not_given"),
        ),
        (
            "POST",
            "/api/v1/offers/price/redemptions",
            json!({"code": "DIECI"}),
            400,
            "/field",
            json!("profile"),
        ),
        ("POST", "/api/v1/offers/gift/codes", json!({"codes": ["X-1"]}), 409, "/code", json!("no_list")),
    ];
    for (method, path, body, expected, at, value) in table {
        let (status, answer) = ask(&house, method, path, body.clone()).await;
        assert_eq!(status, expected, "{method} {path} {body}: {answer}");
        assert!(at.is_empty() || answer.pointer(at) == Some(&value), "{method} {path} {at}: {answer}");
    }
    let (_, held) = ask(&house, "GET", "/api/v1/profiles/email:ada@example.com/offers", json!(null)).await;
    assert_eq!((&held["offers"][0]["state"], &held["offers"][0]["live"]), (&json!("given"), &json!(true)));
    let preview = "/api/v1/messages/gift/preview?profile=email:ada@example.com";
    let (status, shown) = ask(&house, "GET", preview, json!(null)).await;
    let code = held["offers"][0]["code"].as_str().unwrap();
    let text = format!("Una ciotola 4,90 EUR: {code} (Uno a testa)");
    assert!(status == 200 && shown.to_string().contains(&text), "{text} is not in {shown}");
    let code = json!({"code": held["offers"][0]["code"]});
    assert_eq!(ask(&house, "POST", "/api/v1/offers/gift/redemptions", code.clone()).await.0, 200);
    let (status, twice) = ask(&house, "POST", "/api/v1/offers/gift/redemptions", code).await;
    assert_eq!((status, &twice["code"]), (409, &json!("redeemed")));
    let (_, held) = ask(&house, "GET", "/api/v1/profiles/email:ada@example.com/offers", json!(null)).await;
    assert_eq!(
        (&held["offers"][0]["state"], &held["offers"][0]["live"]),
        (&json!("redeemed"), &json!(false))
    );
}

async fn ask(house: &House, method: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = house.ask(method, path, Some(body).filter(|body| !body.is_null())).await;
    (answer.status, answer.json())
}
