//! Random input: nothing panics, what was accepted can be read again, and our parser agrees with the reference one.

use super::{NOW, decoded, door};
use engine::codec::Reader;
use engine::record::{EventKind, Record};
use engine::value::OwnedMap;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use server::collect::door::{Arrival, unreadable};
use server::collect::endpoint::Endpoint;
use server::collect::envelope::{Envelope, EnvelopeError};
use server::collect::visitor::Peer;

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1_000_000i64..1_000_000).prop_map(|cents| json!(cents as f64 / 100.0)),
        ".{0,12}".prop_map(Value::from),
        "(https://|/|\\?)[a-z?&=#]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(("[^\\x00]{0,8}", value), 0..6).prop_map(|entries| entries.into_iter().collect())
}

/// A call whose fields are the API's own, with values that may be anything.
fn call() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec![
        "type",
        "event",
        "name",
        "category",
        "userId",
        "anonymousId",
        "previousId",
        "groupId",
        "messageId",
        "timestamp",
        "originalTimestamp",
        "sentAt",
        "properties",
        "traits",
        "context",
        "integrations",
        "batch",
        "writeKey",
    ]);
    let value = prop_oneof![
        3 => anything(),
        2 => prop::sample::select(vec!["track", "page", "alias", "group", "u1", "2026-11-23T11:00:00Z"]).prop_map(Value::from),
        1 => (anything(), anything()).prop_map(|(traits, device)| json!({"traits": traits, "device": device})),
    ];
    let fields = prop::collection::vec((field, value), 0..8);
    prop_oneof![
        9 => fields.prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        1 => anything(),
    ]
}

fn endpoint() -> impl Strategy<Value = Endpoint> {
    prop_oneof![
        prop::sample::select(EventKind::ALL.to_vec()).prop_map(Endpoint::Single),
        Just(Endpoint::Batch),
        Just(Endpoint::Import),
    ]
}

/// Everything that the door does with a body; gives how many events it accepted.
fn through_the_door(body: &[u8], endpoint: Endpoint) -> usize {
    let arrival = Arrival { source: "shop", received_at: NOW, serial: 1, peer: Peer::default() };
    match Envelope::read(body, endpoint) {
        Ok(envelope) => {
            let reading = door().read(&envelope, &arrival);
            let records = decoded(&reading.records);
            assert_eq!(records.len(), reading.count as usize);
            assert_eq!(records.iter().filter(|record| record["kind"] == "event").count(), reading.accepted);
            reading.accepted
        }
        Err(error) => {
            assert_eq!(decoded(&unreadable(body, &error, "shop", NOW))[0]["code"], error.code());
            0
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200), endpoint in endpoint()) {
        through_the_door(&body, endpoint);
    }

    #[test]
    fn damaged_json_never_panics(calls in prop::collection::vec(call(), 0..4), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = json!({ "batch": calls }).to_string().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        through_the_door(&body, Endpoint::Batch);
        through_the_door(&body[..at], Endpoint::Batch);
    }

    #[test]
    fn random_calls_make_records_that_can_be_read(calls in prop::collection::vec(call(), 0..6), around in call(), endpoint in endpoint()) {
        let mut body = around;
        if let Value::Object(fields) = &mut body {
            fields.insert("batch".to_owned(), Value::from(calls));
        }
        through_the_door(body.to_string().as_bytes(), endpoint);
    }

    /// Properties come out as the engine's own reading of the same JSON would have them, byte for byte.
    #[test]
    fn values_are_those_of_the_reference(properties in object(anything()), pretty in any::<bool>()) {
        let call = json!({"userId": "u1", "event": "Seen", "messageId": "m1", "properties": properties});
        let body = if pretty { serde_json::to_string_pretty(&call) } else { serde_json::to_string(&call) }.unwrap();
        let expected = OwnedMap::from_json(&without_nul(&call["properties"])).unwrap();
        let envelope = Envelope::read(body.as_bytes(), Endpoint::Single(EventKind::Track)).unwrap();
        let arrival = Arrival { source: "shop", received_at: NOW, serial: 1, peer: Peer::default() };
        let reading = door().read(&envelope, &arrival);
        prop_assert!(reading.rejections.is_empty(), "{:?}", reading.rejections);
        let Record::Event(event) = Record::decode(Reader::new(&reading.records).bytes().unwrap()).unwrap() else {
            panic!("an event")
        };
        prop_assert_eq!(event.properties.bytes(), expected.as_map().bytes());
    }

    /// What is JSON to the reference parser is JSON here, and nothing else is.
    #[test]
    fn syntax_is_that_of_the_reference(
        properties in object(anything()),
        at in any::<prop::sample::Index>(),
        byte in prop::sample::select(b" \"{}[]:,0-1.eE+\\untf".to_vec()),
    ) {
        let mut body = json!({ "batch": [{"userId": "u1", "properties": properties}] }).to_string().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        prop_assume!(std::str::from_utf8(&body).is_ok());
        let ours = Envelope::read(&body, Endpoint::Batch);
        let reference = serde_json::from_slice::<Value>(&body);
        prop_assert_eq!(!matches!(ours, Err(EnvelopeError::Json { .. })), reference.is_ok(), "{:?}", reference);
    }
}

/// The strategy makes no secrets, but NUL.
fn without_nul(json: &Value) -> Value {
    match json {
        Value::String(text) => Value::from(text.replace('\0', "")),
        Value::Array(elements) => elements.iter().map(without_nul).collect(),
        Value::Object(entries) => entries
            .iter()
            .map(|(name, value)| (name.clone(), without_nul(value)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

#[test]
fn nesting_beyond_all_measure_is_refused_and_not_followed() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [100, 10_000, 1_000_000] {
            let deep = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for body in [
                deep.clone(),
                format!(
                    "{{\"batch\":[{{\"userId\":\"u1\",\"type\":\"page\",\"properties\":{{\"a\":{deep}}}}}]}}"
                ),
                format!("{{\"batch\":[{{\"userId\":{deep}}}],\"more\":{deep}}}"),
            ] {
                assert_eq!(through_the_door(body.as_bytes(), Endpoint::Batch), 0);
            }
        }
    }
}
