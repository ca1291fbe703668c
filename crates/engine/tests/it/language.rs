//! The expression language: what it means.

use crate::story::{Story, programme};
use engine::engine::Outcome;
use engine::programme::{Channel, Journey, Purpose, Step};
use serde_json::json;

/// Each row: an expression, and the people of the story below who match it.
const MEANINGS: &[(&str, &[&str])] = &[
    (r#"did "Order Completed""#, &["ada", "bob", "cleo"]),
    (r#"not did "Order Completed""#, &["dan"]),
    (r#"did "Order Completed" at least 2 times"#, &["ada", "bob"]),
    (r#"did "Order Completed" exactly 1 time"#, &["cleo"]),
    (r#"did "Order Completed" exactly 0 times"#, &["dan"]),
    (r#"did "Order Completed" at most 1 times"#, &["cleo", "dan"]),
    (r#"did "Order Completed" at least 0 times"#, &["ada", "bob", "cleo", "dan"]),
    (r#"did "Order Completed" (total > 50)"#, &["ada", "bob"]),
    (r#"did "Order Completed" (total > 50, currency = "EUR")"#, &["ada"]),
    (r#"did "Order Completed" (total >= 19.90, total <= 19.9)"#, &["cleo"]),
    (r#"did "Order Completed" (total != 19.9) at least 2 times"#, &["ada", "bob"]),
    (r#"did "Order Completed" (currency in ["USD", "GBP"])"#, &["bob"]),
    (r#"did "Order Completed" (coupon exists)"#, &["bob"]),
    (r#"did "Order Completed" (missing != 3)"#, &[]),
    (r#"did "Order Completed" (products.sku = "B2")"#, &["ada"]),
    (r#"did "Order Completed" (tags contains "gift")"#, &["bob"]),
    (r#"did "Order Completed" with sum(total) > 130"#, &["ada"]),
    (r#"did "Order Completed" with avg(total) = 70"#, &["ada"]),
    (r#"did "Order Completed" with max(total) >= 80"#, &["ada"]),
    (r#"did "Order Completed" with min(total) < 20"#, &["cleo"]),
    (r#"did "Order Completed" with sum(total) < 1000"#, &["ada", "bob", "cleo"]),
    (r#"did "Order Completed" within 2 hours"#, &["cleo"]),
    (r#"did "Order Completed" within 1 hour"#, &[]),
    (r#"did "Order Completed" at least 2 times within 5 days"#, &["ada"]),
    (r#"trait.country = "IT""#, &["ada", "cleo"]),
    (r#"trait.country in ["IT", "FR"] and trait.age >= 18"#, &["ada", "bob"]),
    (r#"trait.age < 18 or trait.plan exists"#, &["cleo", "dan"]),
    (r#"trait.country != "IT""#, &["bob"]),
    (r#"trait.address.city contains "rom""#, &["dan"]),
    (r#"trait.vip = true"#, &["bob"]),
    (r#"(did "Order Completed" or trait.plan exists) and not trait.country = "IT""#, &["bob", "dan"]),
    (r#"in segment "italians" and did "Order Completed" (total > 50)"#, &["ada"]),
    (r#"first seen within 30 days"#, &["ada", "bob", "cleo", "dan"]),
    (r#"last seen within 1 hour"#, &["ada", "bob", "cleo", "dan"]),
    (r#"reachable by email"#, &["ada"]),
    (r#"consented to "offers""#, &[]),
];

fn story() -> Story {
    let mut story = Story::with_segments(&[("italians", r#"trait.country = "IT""#)]);
    let hours = |count: i64| engine::at::At(story_start(&Story::new()).0 - count * 3_600_000);
    let orders = [
        ("ada", 48, json!({"total": 60, "currency": "EUR", "products": [{"sku": "A1"}, {"sku": "B2"}]})),
        ("ada", 96, json!({"total": 80.0, "currency": "EUR"})),
        ("bob", 240, json!({"total": 59.99, "currency": "USD", "coupon": "SUN", "tags": ["gift", "red"]})),
        ("bob", 480, json!({"total": 50, "currency": "USD"})),
        ("cleo", 1, json!({"total": 19.90, "currency": "EUR"})),
    ];
    for (person, ago, properties) in orders {
        story.track(person, "Order Completed", hours(ago), &properties);
    }
    story.identify("ada", &json!({"country": "IT", "age": 36, "email": "ada@example.com"}));
    story.identify("bob", &json!({"country": "FR", "age": 18, "vip": true}));
    story.identify("cleo", &json!({"country": "IT", "age": 17.5}));
    story.identify("dan", &json!({"plan": "pro", "address": {"city": "Roma"}}));
    story
}

fn story_start(story: &Story) -> engine::at::At {
    story.now()
}

#[test]
fn expressions_mean_what_they_say() {
    let mut story = story();
    let people = ["ada", "bob", "cleo", "dan"];
    for (expression, expected) in MEANINGS {
        let preview = story.preview(expression).unwrap_or_else(|wrong| panic!("{expression}: {wrong}"));
        let matching: Vec<&str> = people
            .into_iter()
            .filter(|person| {
                let id = story.engine.find(engine::identifier::IdentifierKind::UserId, person).unwrap();
                preview.sample.contains(&id)
            })
            .collect();
        assert_eq!(&matching, expected, "{expression}");
    }
}

#[test]
fn a_journey_is_entered_by_an_event_with_a_date() {
    let mut story = Story::new();
    let mut programme = programme();
    programme
        .purposes
        .insert("offers".to_owned(), Purpose { channels: vec![Channel::Email], ..Purpose::default() });
    let journey = Journey {
        purpose: "offers".to_owned(),
        enter: r#"did "Booked" (day before "2026-03-01")"#.to_owned(),
        steps: vec![Step::Exit],
        ..Journey::default()
    };
    programme.journeys.insert("stay".to_owned(), journey);
    assert_eq!(story.apply_programme(&programme), Outcome::Applied);
    story.track("ada", "Booked", story.now(), &json!({ "day": "2026-02-28" }));
    story.track("bob", "Booked", story.now(), &json!({ "day": "2026-03-01" }));
    assert_eq!(story.engine.journeys()[0].entered, 1);
}

#[test]
fn what_the_engine_cannot_number_is_refused() {
    let refused = |name: &str, text: String| {
        let mut programme = programme();
        programme.segments.insert(name.to_owned(), text);
        let mistakes = programme.mistakes();
        assert!(matches!(Story::new().apply_programme(&programme), Outcome::Refused(_)), "{name}");
        mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("; ")
    };
    let hidden = refused("journey stay enter", "did \"A\"".to_owned());
    assert!(hidden.contains("does not begin with `journey `"), "{hidden}");
    let filters: Vec<String> = (0..20_000).map(|number| format!("p{number} exists")).collect();
    let many = refused("many", format!("did \"A\" ({})", filters.join(", ")));
    assert!(many.contains("at most 20000 conditions and filters, and this has 20001"), "{many}");
}
