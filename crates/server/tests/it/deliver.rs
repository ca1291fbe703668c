//! From a decision to a relay and back: what the relay says is what the ledger shows.

use crate::house::{House, Shop};
use engine::effect::{Effect, Prepare};
use engine::outbox::Status;
use engine::programme;
use engine::record::{DeliveryOutcome, ProgrammeApplied, Record};
use serde_json::{Value, json};
use server::clock;
use server::collect::endpoint::Endpoint;
use server::deliver::backlog::Backlog;
use server::deliver::channel::{self, HandOver, Receipt};
use server::deliver::dispatch::{Channels, Dispatcher};
use server::limits::{SENDS_IN_HAND_MAX, SENDS_WAITING_MAX};
use server::mailbox::Mailbox;
use server::mailbox::rule::{Act, Moment, Rule};
use server::metrics::Metrics;
use server::runtime::{self, Entrance};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// A programme that sends one message for each order.
const RECEIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios/receipt");

#[tokio::test]
async fn what_the_relay_says_is_what_the_ledger_shows() {
    let reply = |reply: &str| Act::Reply(reply.to_owned());
    for (rule, status, said, suppressed) in [
        (Rule::refuse("ada@*", "550 5.1.1 No such user"), "bounced", "No such user", true),
        (Rule::refuse("ada@*", "554 5.7.1 Not welcome"), "failed", "Not welcome", false),
        (Rule::refuse("ada@*", "451 4.3.0 Come back"), "queued", "Come back", false),
        (Rule::new(Moment::Message, "ada@*", reply("552 5.3.4 Too big")), "failed", "Too big", false),
        (Rule::new(Moment::Message, "ada@*", Act::KeepAndDrop), "unknown", "perhaps handed over", false),
    ] {
        let shop = Shop::open().await;
        shop.mailbox.set_rules(vec![rule]);
        shop.ada_says_yes_and_orders().await;
        let send = shop.answered("user_id:ada").await;
        assert_eq!(send["status"], status, "{send}");
        assert!(send["reply"].as_str().unwrap().contains(said), "{send}");
        assert_eq!(send["attempts"], 1);
        assert_eq!(
            send["retry_at"].is_null(),
            status != "queued",
            "only what is for now is tried again: {send}"
        );
        let fates = shop.house.get("/api/v1/sends/channels").await;
        let email = &fates["channels"][0];
        assert_eq!(
            (&fates["sends"], &email["channel"], &email["messages"]),
            (&json!(1), &json!("email"), &json!(1))
        );
        assert_eq!(email["statuses"], json!({ status: 1 }), "{fates}");
        let lost = if status == "queued" { Value::Null } else { send["reply"].clone() };
        assert_eq!(email["lost"]["reply"], lost, "{fates}");
        let suppressions = shop.house.get("/api/v1/suppressions").await;
        assert_eq!(suppressions["suppressions"].as_array().unwrap().len(), usize::from(suppressed));
        shop.house.server.stop().await;
    }
}

#[tokio::test]
async fn a_stop_waits_for_the_relay_and_a_start_sends_what_is_owed() {
    let shop = Shop::open().await;
    shop.mailbox.set_rules(vec![Rule::new(Moment::Message, "*", Act::Delay(Duration::from_millis(300)))]);
    shop.ada_says_yes_and_orders().await;
    shop.newest_send("user_id:ada", |send| send["status"] == "attempted").await;
    let Shop { house, mailbox } = shop;
    let house = house.restart().await;
    let shop = Shop { house, mailbox };
    let send = shop.answered("user_id:ada").await;
    assert_eq!((&send["status"], &send["attempts"]), (&json!("accepted"), &json!(1)), "{send}");
    assert_eq!(shop.mailbox.received(), 1);
    shop.house.server.stop().await;
}

#[tokio::test]
async fn a_wave_larger_than_the_backlog_arrives_whole_and_once_with_a_stop_in_the_middle() {
    const ORDERS: usize = SENDS_WAITING_MAX + SENDS_WAITING_MAX / 2;
    let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let settings = format!("programme = {RECEIPT:?}\nsmtp_url = \"smtp://{}\"\n", mailbox.addr);
    let house = House::start_in(tempfile::tempdir().unwrap(), &settings).await;
    let arrived = async |count: usize| {
        let waiting = tokio::time::timeout(Duration::from_secs(60), mailbox.wait_for(count as u64));
        waiting.await.unwrap_or_else(|_| panic!("{} of {count} came", mailbox.received()))
    };

    // One batch, so that all of it is asked for at once.
    house.track(json!((0..ORDERS).map(order).collect::<Vec<_>>())).await;
    arrived(ORDERS).await;
    house.track(json!((ORDERS..2 * ORDERS).map(order).collect::<Vec<_>>())).await;
    arrived(ORDERS + SENDS_IN_HAND_MAX).await;
    let house = house.restart().await;
    assert!(mailbox.received() < 2 * ORDERS as u64, "nothing was left for after the stop");
    let mails = arrived(2 * ORDERS).await;
    let recipients: BTreeSet<&String> = mails.iter().map(|mail| &mail.recipients[0]).collect();
    assert_eq!((mails.len(), recipients.len()), (2 * ORDERS, 2 * ORDERS));
    house.server.stop().await;
    assert_eq!(mailbox.received(), 2 * ORDERS as u64);
}

#[tokio::test]
async fn a_host_with_a_slow_pace_holds_up_nobody_else_and_loses_nothing() {
    let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let settings = format!(
        "programme = {RECEIPT:?}\n[[routes]]\nname = \"only\"\nurl = \"smtp://{}\"\npaces = {{ google = 0.001 }}\n",
        mailbox.addr
    );
    let house = House::start_in(tempfile::tempdir().unwrap(), &settings).await;
    // More than the backlog has room for, and in front of the others.
    let slow = (0..SENDS_WAITING_MAX + 100).map(|number| order_of(number, "gmail.com"));
    house.track(slow.collect()).await;
    house.track((5000..5020).map(|number| order_of(number, "other.example")).collect()).await;
    let mails = tokio::time::timeout(Duration::from_secs(60), mailbox.wait_for(21)).await.expect("21 come");
    let to = |domain: &str| mails.iter().filter(|mail| mail.recipients[0].ends_with(domain)).count();
    assert_eq!((to("@gmail.com"), to("@other.example")), (1, 20));
    let send = house.get("/api/v1/sends?profile=user_id:u1").await;
    assert_eq!((&send["sends"][0]["status"], &send["sends"][0]["attempts"]), (&json!("queued"), &json!(0)));
    house.server.stop().await;
}

#[tokio::test]
async fn the_first_route_that_takes_a_purpose_and_a_sender_takes_the_send() {
    let start = || Mailbox::start(([127, 0, 0, 1], 0).into());
    let (other, own, rest) = (start().await.unwrap(), start().await.unwrap(), start().await.unwrap());
    let route = |name: &str, to: &Mailbox, more: &str| {
        format!("[[routes]]\nname = \"{name}\"\nurl = \"smtp://{}\"\n{more}\n", to.addr)
    };
    for (domain, expected) in [("example.com", [0, 1, 0]), ("elsewhere.example", [0, 1, 1])] {
        let routes = [
            route("other", &other, "purposes = [\"nothing\"]"),
            route("own", &own, &format!("from = [\"{domain}\"]")),
            route("rest", &rest, ""),
        ];
        let settings = format!("programme = {RECEIPT:?}\n{}", routes.concat());
        let house = House::start_in(tempfile::tempdir().unwrap(), &settings).await;
        house.track(json!([order(1)])).await;
        let expected_in_all: u64 = expected.iter().sum();
        while [&other, &own, &rest].iter().map(|mailbox| mailbox.received()).sum::<u64>() < expected_in_all {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!([&other, &own, &rest].map(Mailbox::received), expected);
        house.server.stop().await;
    }
}

fn order_of(number: usize, domain: &str) -> Value {
    let mut order = order(number);
    order["context"]["traits"]["email"] = json!(format!("u{number}@{domain}"));
    order
}

fn order(number: usize) -> Value {
    json!({"type": "track", "userId": format!("u{number}"), "event": "Order Completed",
        "context": {"traits": {"email": format!("u{number}@example.com")}}})
}

/// A channel that is asked for the same send again while it gets that ready.
struct Twice {
    backlog: Arc<Backlog>,
    prepared: AtomicU32,
    handed_over: Arc<AtomicU32>,
}

impl channel::Channel for Twice {
    fn prepare(&self, prepare: &Prepare) -> Result<HandOver, String> {
        if self.prepared.fetch_add(1, Ordering::Relaxed) == 0 {
            self.backlog.put(vec![Effect::Prepare(Box::new(prepare.clone()))]);
        }
        let handed_over = Arc::clone(&self.handed_over);
        Ok(Box::pin(async move {
            handed_over.fetch_add(1, Ordering::Relaxed);
            Receipt { outcome: DeliveryOutcome::Accepted, reply: String::new() }
        }))
    }
}

#[tokio::test]
async fn a_send_that_is_asked_for_twice_is_handed_over_once() {
    let dir = tempfile::tempdir().unwrap();
    let backlog = Arc::new(Backlog::new(SENDS_WAITING_MAX));
    let metrics = Arc::new(Metrics::default());
    let (runtime, threads, _) =
        runtime::start(dir.path(), Arc::clone(&metrics), Arc::clone(&backlog)).unwrap();
    let handed_over = Arc::new(AtomicU32::new(0));
    let twice = Twice {
        backlog: Arc::clone(&backlog),
        prepared: AtomicU32::new(0),
        handed_over: Arc::clone(&handed_over),
    };
    let channels = Channels::from([(programme::Channel::Email, Arc::new(twice) as Arc<_>)]);
    let dispatcher = Dispatcher::new(runtime.clone(), channels, metrics, backlog);
    let (stop, stopped) = oneshot::channel();
    let dispatching = tokio::spawn(dispatcher.run(Vec::new(), stopped));

    let (programme, _) = server::programme::load(Path::new(RECEIPT)).unwrap();
    let definition = serde_json::to_string(&programme).unwrap();
    let applied = ProgrammeApplied { applied_at: clock::now(), operator: "test", definition: &definition };
    runtime.record(&Record::ProgrammeApplied(applied)).await.unwrap();
    let ordered = crate::collect::read(Endpoint::Batch, &json!({"batch": [order(1)]})).0;
    runtime.submit(Entrance::Outside, ordered.records, ordered.count).unwrap().await.unwrap();
    let accepted = || runtime.read(|engine| engine.sends().all(|send| send.status == Status::Accepted));
    for _ in 0..500 {
        if accepted().await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(accepted().await, "the send is not settled");
    assert_eq!(handed_over.load(Ordering::Relaxed), 1);
    stop.send(()).unwrap();
    dispatching.await.unwrap();
    threads.stop();
}

#[tokio::test]
async fn without_a_relay_a_send_fails_and_says_why() {
    let house = House::start().await;
    let programme = json!({"name": "x", "languages": ["en"], "timezone": "UTC",
        "purposes": {"orders": {"title": {"en": "Orders"}, "channels": ["email"], "opt_in": "none"}},
        "messages": {"thanks": {"email": {"from": "a@b.example", "subject": {"en": "Hi"},
            "templates": {"en": {"text": "Hi"}}}}},
        "journeys": {"thanks": {"purpose": "orders", "enter": "did \"Order Completed\"",
            "steps": [{"send": {"message": "thanks", "channels": []}}]}}});
    let applied = house.ask("PUT", "/api/v1/programme", Some(programme)).await;
    assert_eq!(applied.status, 200, "{applied:?}");
    house
        .track(json!([{"type": "track", "userId": "ada", "event": "Order Completed",
            "context": {"traits": {"email": "ada@example.com"}}}]))
        .await;
    let mailbox = Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let shop = Shop { house, mailbox };
    let send = shop.answered("user_id:ada").await;
    assert_eq!(send["status"], "failed");
    assert!(send["reply"].as_str().unwrap().contains("no settings for the channel email"), "{send}");
    shop.house.server.stop().await;
}
