//! What webhooks were told and asked while the process was killed, against what the log says that they should have been.

use super::{KILLS, PATIENCE, Shop};
use crate::webhooks::Receiver;
use engine::record::Record;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// One order of ten is told of, and one of ten asks: each takes a commit of its own, and one delivery follows the other.
pub(super) fn describe(programme: &Path, [told, asked]: [SocketAddr; 2]) {
    let webhooks = format!(
        "webhooks:\n  erp:\n    url: http://{told}/told\n    hears: ['did \"Order Completed\" (tenth = true)']\n    \
         fields: [property.order]\n  score:\n    url: http://{asked}/asked\n"
    );
    std::fs::write(programme.join("webhooks.yaml"), webhooks).unwrap();
    let journey = "\
journey: scored
purpose: orders
enter: did \"Order Completed\" (tenth = true)
reenter: always
steps:
  - webhook: score
    body: { order: \"{{ event.order }}\" }
    at most: 1 day
";
    std::fs::write(programme.join("journeys/scored.yaml"), journey).unwrap();
}

/// Waits until each webhook has heard of everything, and no run waits for an answer.
pub(super) async fn wait_until_all_is_told(shop: &Shop) {
    let token = shop.keys()["admin_token"].as_str().unwrap().to_owned();
    let client = reqwest::Client::new();
    let begun = Instant::now();
    loop {
        let ask = async |path: &str| -> Value {
            let request = client.get(format!("http://{}{path}", shop.address)).bearer_auth(&token);
            request.send().await.unwrap().json().await.unwrap()
        };
        let (webhooks, journeys) = (ask("/api/v1/webhooks").await, ask("/api/v1/journeys").await);
        let of = |list: &Value, name: &str| {
            let mut all = list.as_array().unwrap().iter();
            all.find(|one| one["name"] == name).unwrap().clone()
        };
        let (erp, scored) = (of(&webhooks["webhooks"], "erp"), of(&journeys["journeys"], "scored"));
        let taken = json!([erp["accepted"], erp["waiting"], scored["active"]]);
        if taken == json!([scored["entered"], 0, 0]) {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "webhooks are still to be told: {erp} {scored}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Holds what receivers got against the log. Gives how often something was told and asked twice.
pub(super) fn audit(shop: &Shop, [told, asked]: &[Receiver; 2]) -> [usize; 2] {
    let log = eventlog::sqlite::SqliteLog::open(&shop.data).unwrap();
    let mut orders = BTreeSet::new();
    for batch in eventlog::log::Log::read(&log, engine::Seq(1)).unwrap() {
        for bytes in batch.unwrap().records() {
            if let Record::Event(event) = Record::decode(bytes.unwrap()).unwrap() {
                let id: u64 = event.message_id_text.parse().unwrap();
                orders.extend(id.is_multiple_of(10).then(|| id.to_string()));
            }
        }
    }
    let twice = [(told, "/property.order"), (asked, "/body/order")].map(|(receiver, place)| {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let messages = receiver.messages();
        for (name, message) in &messages {
            let data = &message["data"];
            let order = match place {
                "/property.order" => &data["property.order"],
                place => data.pointer(place).unwrap_or(&Value::Null),
            };
            names.entry(order.as_str().unwrap().to_owned()).or_default().insert(name.clone());
        }
        assert!(orders.iter().eq(names.keys()), "each order is told of, and nothing else");
        assert!(names.values().all(|names| names.len() == 1), "one thing came under several names");
        let different: BTreeSet<&String> = names.values().flatten().collect();
        assert_eq!(different.len(), names.len(), "several things came under one name");
        messages.len() - names.len()
    });
    // One delivery is under way at a time, and so many questions.
    let kills = KILLS as usize;
    assert!(twice[0] <= kills, "{} told twice by {kills} kills", twice[0]);
    assert!(twice[1] <= kills * server::limits::CALLS_IN_HAND_MAX, "{} asked twice", twice[1]);
    twice
}
