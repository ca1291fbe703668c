//! Key figures over a small log whose answers are counted by hand.

use engine::SendId;
use engine::at::At;
use engine::identifier::{HashKey, IdentifierKind, KeyedHash};
use engine::record::{
    DeliveryOutcome, Engaged, Engagement, Event, EventFlags, EventKind, Identifier, Record, Settled,
};
use engine::value::{Map, OwnedMap};
use measure::kpi::{Kpis, Period};
use serde_json::json;

fn event<'a>(at: i64, name: &'a str, flags: EventFlags, properties: Map<'a>) -> Record<'a> {
    let hash = HashKey([1; 16]).identifier(IdentifierKind::UserId, "ada");
    Record::Event(Event {
        kind: EventKind::Track,
        flags,
        occurred_at: At(at),
        received_at: At(at),
        source: "shop",
        name,
        message_id: KeyedHash(at as u128),
        identifiers: vec![Identifier { kind: IdentifierKind::UserId, hash, value: "ada" }],
        message_id_text: "m",
        properties,
        traits: Map::default(),
        context: Map::default(),
    })
}

fn settled(at: i64, send: u64, outcome: DeliveryOutcome) -> Record<'static> {
    Record::Settled(Settled { send: SendId(send), attempt: 1, outcome, settled_at: At(at), reply: "" })
}

fn engaged(at: i64, send: u64, engagement: Engagement, machine: bool) -> Record<'static> {
    Record::Engaged(Engaged { send: SendId(send), engagement, machine, occurred_at: At(at), url: "" })
}

#[test]
fn figures_are_those_counted_by_hand() {
    let order = OwnedMap::from_json(&json!({"total": 19.90, "currency": "EUR"})).unwrap();
    let large = OwnedMap::from_json(&json!({"revenue": 100, "currency": "EUR"})).unwrap();
    let foreign = OwnedMap::from_json(&json!({"total": 7, "currency": "USD"})).unwrap();
    let none = EventFlags::default();
    let log = [
        event(10, "Page Viewed", none, Map::default()),
        event(11, "Page Viewed", EventFlags::BOT, Map::default()),
        event(12, "Order Completed", none, order.as_map()),
        event(13, "Order Completed", none, large.as_map()),
        settled(20, 0, DeliveryOutcome::Transient),
        settled(21, 0, DeliveryOutcome::Accepted),
        settled(22, 1, DeliveryOutcome::Accepted),
        settled(23, 2, DeliveryOutcome::InvalidRecipient),
        settled(24, 3, DeliveryOutcome::Unknown),
        engaged(30, 0, Engagement::Opened, false),
        engaged(31, 0, Engagement::Clicked, false),
        engaged(32, 0, Engagement::Clicked, false),
        engaged(33, 1, Engagement::Clicked, true),
        event(100, "Order Completed", none, foreign.as_map()),
    ];
    let mut ever = Kpis::new(Period::EVER);
    let mut early = Kpis::new(Period { from: At(0), to: At(100) });
    for record in &log {
        ever.observe(record);
        early.observe(record);
    }
    assert_eq!((early.events, early.bot_events, early.orders), (3, 1, 2));
    assert_eq!(early.revenue_millionths["EUR"], 119_900_000);
    assert_eq!(early.average_order_millionths("EUR"), Some(59_950_000));
    assert_eq!((early.accepted, early.bounced, early.failed, early.unknown), (2, 1, 0, 1));
    assert_eq!((early.opened, early.clicked), (1, 1), "one person clicked twice, one click was a machine's");
    assert_eq!(early.click_rate(), Some(0.5));
    assert_eq!((ever.orders, ever.revenue_millionths["USD"]), (3, 7_000_000));
    assert_eq!(ever.average_order_millionths("EUR"), None, "orders in two currencies have no one mean");
    assert_eq!(Kpis::new(Period::EVER).click_rate(), None);
}
