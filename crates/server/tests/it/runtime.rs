//! The runtime under a real server: durable means durable, once means once, and a stop is a stop.

use crate::house::{House, config};
use serde_json::json;
use server::server::Server;

#[tokio::test]
async fn what_was_taken_is_there_after_a_restart_and_counts_once() {
    let house = House::start().await;
    let order = json!({"type": "track", "userId": "u1", "event": "Order Completed", "messageId": "m1",
        "properties": {"total": 20}});
    house.track(json!([order, order])).await;
    house.track(json!([order])).await;
    let before = house.get("/api/v1/status").await;
    assert_eq!(before["counts"]["events"], 1);
    let house = house.restart().await;
    let after = house.get("/api/v1/status").await;
    assert_eq!(after["counts"], before["counts"]);
    assert_eq!((&after["durable_seq"], &after["lag"]), (&before["durable_seq"], &json!(0)));
    house.track(json!([order])).await;
    assert_eq!(house.get("/api/v1/status").await["counts"]["events"], 1);
    house.server.stop().await;
}

#[tokio::test]
async fn one_directory_has_one_server_and_one_port_too() {
    let house = House::start().await;
    let again = Server::start(&config(house.dir.path())).await.err().unwrap();
    assert!(format!("{again:#}").contains("in use by another process"), "{again:#}");
    let other = tempfile::tempdir().unwrap();
    let mut taken = config(other.path());
    taken.listen = house.server.address();
    let taken = Server::start(&taken).await.err().unwrap();
    assert!(format!("{taken:#}").contains("is taken by another program"), "{taken:#}");
    house.server.stop().await;
}

#[tokio::test]
async fn many_senders_at_once_are_each_answered_and_all_there() {
    let house = std::sync::Arc::new(House::start().await);
    let senders = (0..20).map(|sender| {
        let house = std::sync::Arc::clone(&house);
        tokio::spawn(async move {
            for batch in 0..5 {
                let events: Vec<_> = (0..10)
                    .map(|n| {
                        json!({"type": "track", "userId": format!("u{sender}"), "event": "Seen",
                        "messageId": format!("{sender}-{batch}-{n}")})
                    })
                    .collect();
                house.track(json!(events)).await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    let status = house.get("/api/v1/status").await;
    assert_eq!(status["counts"]["events"], 1_000);
    assert_eq!(status["counts"]["profiles"], 20);
    assert_eq!(status["durable_seq"], 1_001, "the installation and every event, once");
}

#[tokio::test]
async fn a_snapshot_shortens_recovery_and_changes_nothing() {
    let house = House::start().await;
    house.track(json!([{"type": "identify", "userId": "u1", "traits": {"plan": "gold"}}])).await;
    let profile = house.get("/api/v1/profiles/user_id:u1").await;
    let house = house.restart().await;
    let snapshots = std::fs::read_dir(house.dir.path().join("state")).unwrap().count();
    assert_eq!(snapshots, 1, "a stop leaves a snapshot");
    assert_eq!(house.get("/api/v1/profiles/user_id:u1").await, profile);
    let house = house.restart().await;
    let again = std::fs::read_dir(house.dir.path().join("state")).unwrap().count();
    assert_eq!(again, 1, "with nothing new in the log there is nothing new to write");
    house.server.stop().await;
}
