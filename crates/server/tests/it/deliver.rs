//! From a decision to a relay and back: what the relay says is what the ledger shows.

use crate::house::{House, Shop};
use serde_json::json;
use server::mailbox::rule::{Act, Moment, Rule};
use std::time::Duration;

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
    let mailbox = server::mailbox::Mailbox::start(([127, 0, 0, 1], 0).into()).await.unwrap();
    let shop = Shop { house, mailbox };
    let send = shop.answered("user_id:ada").await;
    assert_eq!(send["status"], "failed");
    assert!(send["reply"].as_str().unwrap().contains("no settings for the channel email"), "{send}");
    shop.house.server.stop().await;
}
