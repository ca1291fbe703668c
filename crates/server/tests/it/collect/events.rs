//! The rules for one event: names, properties, times, what is rejected, and what the connection adds.

use super::{BROWSER, NOW, decoded, door, one, read};
use engine::record::EventKind;
use serde_json::{Value, json};
use server::collect::door::Arrival;
use server::collect::endpoint::Endpoint;
use server::collect::envelope::Envelope;
use server::collect::visitor::Peer;
use server::limits::{BATCH_EVENTS_MAX, EVENT_BYTES_MAX, REJECTED_PAYLOAD_BYTES_MAX};

#[test]
fn each_type_has_its_name_and_keeps_its_fields() {
    for (call, name, properties, traits) in [
        (
            json!({"type": "track", "event": " Order Completed ", "properties": {"total": 19.90, "n": 3}}),
            "Order Completed",
            json!({"total": 19.9, "n": 3}),
            json!({}),
        ),
        (json!({"type": "Track", "event": 404}), "404", json!({}), json!({})),
        (
            json!({"type": "identify", "traits": {"plan": "pro"}}),
            "Identified",
            json!({}),
            json!({"plan": "pro"}),
        ),
        (
            json!({"type": "page", "name": "Home", "category": "Docs", "properties": {"url": "/"}}),
            "Page Viewed",
            json!({"url": "/", "name": "Home", "category": "Docs"}),
            json!({}),
        ),
        (
            json!({"type": "page", "name": "Home", "properties": {"name": "Own"}}),
            "Page Viewed",
            json!({"name": "Own"}),
            json!({}),
        ),
        (
            json!({"type": "screen", "name": null, "category": "Main"}),
            "Screen Viewed",
            json!({"category": "Main"}),
            json!({}),
        ),
        (
            json!({"type": "group", "groupId": 7, "traits": {"name": "Initech"}}),
            "Group Joined",
            json!({"name": "Initech", "groupId": "7"}),
            json!({}),
        ),
        (json!({"type": "alias", "previousId": "a1"}), "Aliased", json!({"previousId": "a1"}), json!({})),
        // RudderStack's SDKs keep traits in the context; PHP writes an empty map as a list.
        (
            json!({"type": "identify", "traits": [], "context": {"traits": {"plan": "pro"}, "locale": "it"}}),
            "Identified",
            json!({}),
            json!({"plan": "pro"}),
        ),
        (
            json!({"type": "identify", "traits": {"plan": "pro"}, "context": {"traits": {"plan": "free", "age": 3}}}),
            "Identified",
            json!({}),
            json!({"plan": "pro", "age": 3}),
        ),
        (
            json!({"type": "track", "event": "Seen", "properties": null, "context": {"traits": {"plan": "pro"}}}),
            "Seen",
            json!({}),
            json!({"plan": "pro"}),
        ),
    ] {
        let mut call = call;
        call["userId"] = json!("u1");
        let record = one(&call);
        assert_eq!(
            (&record["name"], &record["properties"], &record["traits"]),
            (&json!(name), &properties, &traits),
            "{call}"
        );
        assert_eq!((&record["source"], &record["flags"]), (&json!("shop"), &json!([])), "{call}");
    }
}

#[test]
fn a_path_says_the_type_and_the_field_does_not_matter() {
    for kind in EventKind::ALL {
        let call =
            json!({"type": "nonsense", "event": "Seen", "userId": "u1", "groupId": "g1", "previousId": "a1"});
        let (reading, records) = read(Endpoint::Single(kind), &call);
        assert_eq!(reading.accepted, 1, "{records:?}");
        assert_eq!(records[0]["type"], kind.name());
    }
}

#[test]
fn what_is_wrong_is_rejected_with_its_field_and_a_sentence() {
    let deep = (0..40).fold(json!(1), |inner, _| json!({ "deeper": inner }));
    let long = "x".repeat(300);
    for (call, code, field) in [
        (json!(7), "not_an_object", ""),
        (json!("track"), "not_an_object", ""),
        (json!([{"type": "page"}]), "not_an_object", ""),
        (json!(null), "not_an_object", ""),
        (json!({"userId": "u1"}), "missing_type", "type"),
        (json!({"userId": "u1", "type": "merge"}), "unknown_type", "type"),
        (json!({"userId": "u1", "type": {}}), "wrong_type", "type"),
        (json!({"userId": "u1", "type": "track"}), "missing_event", "event"),
        (json!({"userId": "u1", "type": "track", "event": " "}), "missing_event", "event"),
        (json!({"userId": "u1", "type": "track", "event": ["a"]}), "wrong_type", "event"),
        (json!({"userId": "u1", "type": "track", "event": long}), "event_name_too_long", "event"),
        (json!({"userId": "u1", "type": "group", "groupId": ""}), "missing_group_id", "groupId"),
        (json!({"userId": "u1", "type": "alias", "previousId": null}), "missing_previous_id", "previousId"),
        (json!({"userId": {"id": 1}, "type": "page"}), "wrong_type", "userId"),
        (json!({"userId": long, "type": "page"}), "identifier_too_long", "userId"),
        (json!({"userId": "u1", "anonymousId": long, "type": "page"}), "identifier_too_long", "anonymousId"),
        (
            json!({"userId": "u1", "type": "page", "messageId": "é".repeat(101)}),
            "message_id_too_long",
            "messageId",
        ),
        (json!({"userId": "u1", "type": "page", "properties": "none"}), "wrong_type", "properties"),
        (json!({"userId": "u1", "type": "page", "properties": [1]}), "wrong_type", "properties"),
        (json!({"userId": "u1", "type": "identify", "traits": 3}), "wrong_type", "traits"),
        (json!({"userId": "u1", "type": "page", "context": true}), "wrong_type", "context"),
        (json!({"userId": "u1", "type": "page", "context": {"traits": 1}}), "wrong_type", "context.traits"),
        (json!({"userId": "u1", "type": "page", "properties": deep}), "too_deep", "properties"),
        (json!({"userId": "u1", "type": "page", "context": deep}), "too_deep", "context"),
        (
            json!({"userId": "u1", "type": "page", "properties": {"a": "x".repeat(EVENT_BYTES_MAX)}}),
            "event_too_large",
            "",
        ),
        (
            json!({"userId": "u1", "type": "page", "name": "x".repeat(EVENT_BYTES_MAX + 1)}),
            "event_too_large",
            "",
        ),
    ] {
        let good = json!({"type": "page", "userId": "u1"});
        let (reading, records) = read(Endpoint::Batch, &json!({"batch": [good, call, good]}));
        let [rejection] = &reading.rejections[..] else { panic!("{call}: {:?}", reading.rejections) };
        assert_eq!((rejection.index, rejection.code, rejection.field), (1, code, field), "{call}");
        assert!(rejection.message.len() > 15, "{}", rejection.message);
        assert_eq!((reading.accepted, reading.count), (2, 3));
        assert_eq!(records[1]["kind"], "rejected");
        assert_eq!((&records[1]["code"], &records[1]["field"]), (&json!(code), &json!(field)));
        let payload = records[1]["payload"].as_str().unwrap();
        assert!(
            call.to_string().starts_with(payload) && payload.len() <= REJECTED_PAYLOAD_BYTES_MAX,
            "{payload}"
        );
    }
}

#[test]
fn what_is_unusual_and_harmless_is_taken() {
    for call in [
        json!({"messageId": "é".repeat(100)}),
        json!({"properties": {"a": "x".repeat(EVENT_BYTES_MAX - 100)}}),
        json!({"properties": (0..30).fold(json!(1), |inner, _| json!({ "deeper": inner }))}),
        json!({"properties": {"": {"": []}}, "integrations": 3, "_metadata": [], "version": {}, "more": "of it"}),
        json!({"timestamp": {}, "sentAt": [], "context": {"ip": 7, "direct": "?", "userAgent": {}}}),
    ] {
        let mut call = call;
        call["type"] = json!("page");
        call["userId"] = json!("u1");
        assert_eq!(one(&call)["kind"], "event", "{call}");
    }
}

#[test]
fn a_batch_beyond_its_limit_loses_only_what_is_beyond() {
    let batch = |length: usize| json!({"batch": vec![json!({"type": "page", "userId": "u1"}); length]});
    let (reading, records) = read(Endpoint::Batch, &batch(BATCH_EVENTS_MAX));
    assert_eq!(
        (reading.accepted, records.len(), reading.rejections.len()),
        (BATCH_EVENTS_MAX, BATCH_EVENTS_MAX, 0)
    );
    let (reading, records) = read(Endpoint::Batch, &batch(BATCH_EVENTS_MAX + 3));
    assert_eq!((reading.accepted, records.len()), (BATCH_EVENTS_MAX, BATCH_EVENTS_MAX + 1));
    assert_eq!(records.last().unwrap()["code"], "batch_too_long");
    let beyond: Vec<_> = reading.rejections.iter().map(|one| (one.index, one.code)).collect();
    let expected: Vec<_> = (0..3).map(|n| (BATCH_EVENTS_MAX + n, "batch_too_long")).collect();
    assert_eq!(beyond, expected);
}

#[test]
fn what_surrounds_a_batch_counts_for_each_of_its_calls() {
    let (_, records) = read(
        Endpoint::Batch,
        &json!({
            "context": {"locale": "it", "app": {"name": "shop"}, "ip": "198.51.100.1", "traits": {"plan": "pro"}},
            "sentAt": "2026-11-23T13:00:00Z",
            "batch": [
                {"type": "page", "userId": "u1", "timestamp": "2026-11-23T12:59:00Z"},
                {"type": "page", "userId": "u1", "timestamp": "2026-11-23T12:59:00Z", "sentAt": "2026-11-23T12:59:30Z",
                    "context": {"locale": "en", "traits": {"plan": "free"}}},
            ]
        }),
    );
    assert_eq!(records[0]["context"], json!({"locale": "it", "app": {"name": "shop"}, "ip": "198.51.100.1"}));
    assert_eq!(records[0]["traits"], json!({"plan": "pro"}));
    assert_eq!(records[0]["occurred_at"], "2026-11-23T11:59:00.000Z");
    assert_eq!(records[1]["context"], json!({"locale": "en", "app": {"name": "shop"}, "ip": "198.51.100.1"}));
    assert_eq!(records[1]["traits"], json!({"plan": "free"}));
    assert_eq!(records[1]["occurred_at"], "2026-11-23T11:59:30.000Z");
}

#[test]
fn history_is_marked_and_live_events_of_old_sdks_are_not() {
    let batch = json!({"batch": [
        {"type": "page", "userId": "u1", "timestamp": "2024-01-02T03:04:05Z"},
        {"type": "page", "userId": "u1", "timestamp": "2026-11-23T11:59:00Z"},
    ]});
    let flags = |endpoint| {
        read(endpoint, &batch).1.into_iter().map(|record| record["flags"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(flags(Endpoint::Import), [json!(["late", "imported"]), json!([])]);
    assert_eq!(flags(Endpoint::Batch), [json!(["late"]), json!([])]);
}

#[test]
fn an_event_without_an_id_gets_one_that_no_other_has() {
    let call = json!({"type": "page", "userId": "u1"});
    let (_, records) = read(
        Endpoint::Batch,
        &json!({"batch": [call, call, {"type": "page", "userId": "u1", "messageId": " "}]}),
    );
    let ids: std::collections::BTreeSet<_> =
        records.iter().map(|record| record["message_id"].to_string()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert_eq!(one(&json!({"type": "page", "userId": "u1", "messageId": 12}))["message_id"], "12");
}

#[test]
fn texts_are_stored_without_nul_and_without_secrets() {
    let record = one(&json!({
        "type": "page", "userId": "u1",
        "properties": {"a\u{0}b": "c\u{0}d", "url": "https://x.test/?email=ada%40x.test&utm_source=g", "list": ["/p?token=1"]},
        "context": {"page": {"search": "?password=1&gclid=2", "referrer": "$direct"}},
    }));
    assert_eq!(
        record["properties"],
        json!({"ab": "cd", "url": "https://x.test/?utm_source=g", "list": ["/p"]})
    );
    assert_eq!(record["context"]["page"], json!({"search": "?gclid=2", "referrer": "$direct"}));
}

#[test]
fn broken_texts_are_mended_and_nothing_else_is_lost() {
    let body = br#"{"batch":[{"type":"page","userId":"u1","properties":{"half":"a\ud83d","low":"\udc00b","raw":"c\xffd"}}]}"#;
    let mut body = body.to_vec();
    let raw = body.windows(4).position(|window| window == b"\\xff").unwrap();
    body.splice(raw..raw + 4, [0xff]);
    let envelope = Envelope::read(&body, Endpoint::Batch).unwrap();
    let arrival = Arrival { source: "shop", received_at: NOW, serial: 1, peer: Peer::default() };
    let records = decoded(&door().read(&envelope, &arrival).records);
    assert_eq!(
        records[0]["properties"],
        json!({"half": "a\u{fffd}", "low": "\u{fffd}b", "raw": "c\u{fffd}d"})
    );
}

/// What becomes of `context.ip` and the bot flag with this connection.
fn seen_from(user_agent: &str, prefetch: bool, context: &Value) -> (Value, bool) {
    let body = json!({"type": "page", "userId": "u1", "context": context}).to_string();
    let envelope = Envelope::read(body.as_bytes(), Endpoint::Single(EventKind::Page)).unwrap();
    let peer = Peer { ip: Some([203, 0, 113, 9].into()), user_agent, prefetch, privacy_signal: false };
    let reading = door().read(&envelope, &Arrival { source: "shop", received_at: NOW, serial: 1, peer });
    let record = decoded(&reading.records).remove(0);
    (record["context"]["ip"].clone(), record["flags"].to_string().contains("bot"))
}

#[test]
fn the_connection_speaks_for_devices_and_not_for_servers() {
    const SERVER: &str = "analytics-node-next/latest";
    const CRAWLER: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let (own, none) = (json!("203.0.113.9"), json!(null));
    for (user_agent, prefetch, context, ip, bot) in [
        (BROWSER, false, json!({}), own.clone(), false),
        (BROWSER, false, json!(null), own.clone(), false),
        (BROWSER, false, json!({"ip": ""}), own.clone(), false),
        (BROWSER, false, json!({"ip": "198.51.100.1"}), json!("198.51.100.1"), false),
        (BROWSER, true, json!({}), own.clone(), true),
        (SERVER, false, json!({}), none.clone(), false),
        (SERVER, false, json!({"direct": true}), own.clone(), false),
        (SERVER, false, json!({"userAgent": CRAWLER}), none.clone(), true),
        (SERVER, false, json!({"userAgent": BROWSER}), none.clone(), false),
        ("python-requests/2.32", false, json!({}), none, false),
        (CRAWLER, false, json!({}), own.clone(), true),
        (CRAWLER, false, json!({"userAgent": BROWSER}), own.clone(), false),
        ("Dalvik/2.1.0 (Linux; U; Android 15)", false, json!({}), own, false),
    ] {
        assert_eq!(seen_from(user_agent, prefetch, &context), (ip, bot), "{user_agent} {context}");
    }
}

#[test]
fn a_call_leaves_nothing_behind_for_the_next() {
    let (_, records) = read(
        Endpoint::Batch,
        &json!({"batch": [
            {"type": "page", "userId": "u1", "name": "Home", "context": {"userAgent": "curl/8", "traits": {"a": 1}}},
            {"type": "page", "userId": "u2"},
        ]}),
    );
    assert_eq!((&records[1]["properties"], &records[1]["traits"]), (&json!({}), &json!({})));
    assert_eq!((&records[1]["flags"], &records[1]["context"]), (&json!([]), &json!({"ip": "203.0.113.9"})));
}
