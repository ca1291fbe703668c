//! Offers through the API, as a till and an operator see them.

use crate::house::House;
use serde_json::{Value, json};
use server::programme::load;

#[tokio::test]
async fn an_offer_is_given_redeemed_and_counted_through_the_api() {
    let house = with_offers().await;
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
    ada_alone_redeemed_it(&house).await;
}

/// The offers of the scenarios, live.
async fn with_offers() -> House {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/offers");
    let (programme, _) = load(std::path::Path::new(scenario)).unwrap();
    let house = House::start().await;
    let definition = serde_json::to_value(&programme).unwrap();
    let (status, body) = ask(&house, "PUT", "/api/v1/programme", definition).await;
    assert_eq!(status, 200, "{body}");
    house
}

async fn ada_alone_redeemed_it(house: &House) {
    let (_, holders) = ask(house, "GET", "/api/v1/offers/gift/people", json!(null)).await;
    let one = &holders["people"][0];
    assert_eq!(
        (&holders["count"], &one["state"], &one["redemptions"]),
        (&json!(1), &json!("redeemed"), &json!(1))
    );
    assert_eq!(one["person"]["address"], "email:ada@example.com", "{holders}");
    assert!(one["redeemed_at"].is_string() && holders["after"].is_null(), "{holders}");
}

/// What an offer is to whom, page by page and by how far it came, adds up to what the offer itself is told with.
#[tokio::test]
async fn who_has_an_offer_is_listed_by_how_far_it_came() {
    let house = House::start().await;
    let programme = json!({
        "name": "shop", "languages": ["en"], "timezone": "Europe/Rome",
        "offers": {"tasting": {"content": {"en": {"title": "A tasting"}}}},
    });
    assert_eq!(ask(&house, "PUT", "/api/v1/programme", programme).await.0, 200);
    for (who, state) in [("a", "given"), ("b", "seen"), ("c", "clicked"), ("d", "given"), ("e", "seen")] {
        let body = json!({"profile": format!("user_id:{who}"), "state": state});
        assert_eq!(ask(&house, "POST", "/api/v1/offers/tasting/people", body).await.0, 200);
    }
    let redeemed = json!({"profile": "user_id:d"});
    assert_eq!(ask(&house, "POST", "/api/v1/offers/tasting/redemptions", redeemed).await.0, 200);
    house.track(json!([{"type": "identify", "userId": "nobody's"}])).await;
    let told = async |query: &str| {
        let (status, page) =
            ask(&house, "GET", &format!("/api/v1/offers/tasting/people{query}"), json!(null)).await;
        assert_eq!(status, 200, "{query}: {page}");
        let people = page["people"].as_array().unwrap().iter();
        let people = people.map(|one| one["person"]["address"].as_str().unwrap().replace("user_id:", ""));
        (people.collect::<Vec<_>>().join(" "), page["count"].as_u64().unwrap(), page["after"].as_u64())
    };
    for (query, people, count) in [
        ("", "e d c b a", 5),
        ("?state=seen", "e b", 2),
        ("?state=redeemed", "d", 1),
        ("?state=given", "a", 1),
        ("?state=expired", "", 0),
    ] {
        assert_eq!(told(query).await, (people.to_owned(), count, None), "{query}");
    }
    let (first, count, after) = told("?limit=3").await;
    assert_eq!((first.as_str(), count), ("e d c", 5));
    assert_eq!(told(&format!("?limit=3&after={}", after.unwrap())).await, ("b a".to_owned(), 5, None));
    let (_, shown) = ask(&house, "GET", "/api/v1/offers/tasting", json!(null)).await;
    assert_eq!(shown["people"], json!({"given": 1, "seen": 2, "clicked": 1, "redeemed": 1, "expired": 0}));
    for (path, status, field) in [
        ("/api/v1/offers/tasting/people?state=sen", 400, json!("state")),
        ("/api/v1/offers/none/people", 404, Value::Null),
    ] {
        let (found, problem) = ask(&house, "GET", path, json!(null)).await;
        assert_eq!((found, &problem["field"]), (status, &field), "{path}: {problem}");
    }
    house.server.stop().await;
}

async fn ask(house: &House, method: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = house.ask(method, path, Some(body).filter(|body| !body.is_null())).await;
    (answer.status, answer.json())
}
