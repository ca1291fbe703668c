//! Whom a call speaks of: which identifiers are taken, and in which order.

use super::{one, read};
use engine::limits::RECORD_IDENTIFIERS_MAX;
use serde_json::{Value, json};
use server::collect::endpoint::Endpoint;

/// The identifiers of a call as `type:value`.
fn identifiers(call: &Value) -> Vec<String> {
    let record = one(call);
    let list = record["identifiers"].as_array().unwrap_or_else(|| panic!("rejected: {record}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter().map(|one| format!("{}:{}", text(&one["type"]), text(&one["value"]))).collect()
}

#[test]
fn every_usable_identifier_is_taken_highest_trust_first() {
    let external = |list: Value| json!({"type": "page", "context": {"externalIds": list}});
    for (call, expected) in [
        (json!({"userId": "u1", "anonymousId": "a1"}), vec!["user_id:u1", "anonymous_id:a1"]),
        (json!({"userId": " u1 ", "anonymousId": null}), vec!["user_id:u1"]),
        (json!({"userId": "", "anonymousId": "a1"}), vec!["anonymous_id:a1"]),
        (json!({"userId": "  ", "anonymousId": "a1"}), vec!["anonymous_id:a1"]),
        (json!({"userId": "null", "anonymousId": "a1"}), vec!["anonymous_id:a1"]),
        (json!({"userId": "u1", "anonymousId": "anonymousId"}), vec!["user_id:u1"]),
        (json!({"userId": "u1", "anonymousId": "00000000-0000-0000-0000-000000000000"}), vec!["user_id:u1"]),
        (json!({"userId": 42}), vec!["user_id:42"]),
        (json!({"userId": 9_007_199_254_740_993i64}), vec!["user_id:9007199254740993"]),
        (json!({"userId": "u\u{0}1"}), vec!["user_id:u1"]),
        // A call of one person whose two names are the same value keeps both, as they are of two kinds.
        (json!({"userId": "x", "anonymousId": "x"}), vec!["user_id:x", "anonymous_id:x"]),
        (
            json!({"type": "identify", "anonymousId": "a1", "traits": {"email": " Ada@Example.com ", "phone": "+39 02 1234567"}}),
            vec!["email:ada@example.com", "phone:+39021234567", "anonymous_id:a1"],
        ),
        (json!({"type": "identify", "traits": {"email": "ada@example.com"}}), vec!["email:ada@example.com"]),
        (
            json!({"type": "identify", "userId": "u1", "traits": {"email": "no", "phone": 391234567}}),
            vec!["user_id:u1", "phone:391234567"],
        ),
        (
            json!({"userId": "u1", "context": {"traits": {"email": "a@b.example"}}}),
            vec!["user_id:u1", "email:a@b.example"],
        ),
        (
            json!({"anonymousId": "a1", "context": {"device": {"token": "tok"}}}),
            vec!["device_token:tok", "anonymous_id:a1"],
        ),
        (json!({"anonymousId": "a1", "context": {"device": "x"}}), vec!["anonymous_id:a1"]),
        // The traits of a group are the group's, and its address is not the person's.
        (
            json!({"type": "group", "userId": "u1", "groupId": "g1", "traits": {"email": "info@group.example"}}),
            vec!["user_id:u1"],
        ),
        (
            external(json!([{"id": "7", "type": "crm_id", "collection": "users", "encoding": "none"}])),
            vec!["external:crm_id:7"],
        ),
        (
            external(json!([{"id": "7", "type": "user_id"}, {"id": "t", "type": "ios.push_token"}])),
            vec!["user_id:7", "device_token:t"],
        ),
        (
            external(
                json!([{"id": "7", "type": "crm"}, {"id": "acme", "type": "crm", "collection": "accounts"}, {"id": "null", "type": "crm"}, 3]),
            ),
            vec!["external:crm:7"],
        ),
        (json!({"type": "alias", "userId": "u1", "previousId": "a1"}), vec!["user_id:u1", "anonymous_id:a1"]),
        (
            json!({"type": "alias", "userId": "u1", "previousId": "a1", "anonymousId": "a1"}),
            vec!["user_id:u1", "anonymous_id:a1"],
        ),
        // What Segment's browser SDK sends for an alias after an identify: nothing to join, and no error.
        (json!({"type": "alias", "userId": "u1", "previousId": "u1"}), vec!["user_id:u1"]),
    ] {
        let mut call = call;
        if call.get("type").is_none() {
            call["type"] = json!("page");
        }
        assert_eq!(identifiers(&call), expected, "{call}");
    }
}

#[test]
fn a_call_without_anybody_is_rejected_and_the_rest_of_its_batch_kept() {
    let nobody = [
        json!({}),
        json!({"userId": null, "anonymousId": ""}),
        json!({"userId": "undefined", "anonymousId": "  "}),
        json!({"userId": true}),
        json!({"context": {"traits": {"email": "no address"}}}),
        json!({"traits": {"phone": "n/a"}}),
    ];
    let mut calls: Vec<Value> = nobody.into_iter().collect();
    for call in &mut calls {
        call["type"] = json!("page");
        call["messageId"] = json!("m1");
    }
    calls.push(json!({"type": "page", "userId": "u1"}));
    let (reading, records) = read(Endpoint::Batch, &json!({ "batch": calls }));
    assert_eq!(reading.accepted, 1);
    assert_eq!(records.last().unwrap()["kind"], "event");
    assert_eq!(reading.rejections.len(), calls.len() - 1);
    for (index, (rejection, record)) in reading.rejections.iter().zip(&records).enumerate() {
        assert_eq!(
            (rejection.index, rejection.code, rejection.field),
            (index, "missing_identifier", "userId")
        );
        assert_eq!(rejection.message_id.as_deref(), Some("m1"));
        assert_eq!(record["code"], "missing_identifier");
        assert_eq!(serde_json::from_str::<Value>(record["payload"].as_str().unwrap()).unwrap(), calls[index]);
    }
}

#[test]
fn a_call_names_only_so_many() {
    let ids: Vec<_> = (0..40).map(|n| json!({"id": n.to_string(), "type": "crm"})).collect();
    let found = identifiers(
        &json!({"type": "page", "userId": "u1", "anonymousId": "a1", "context": {"externalIds": ids}}),
    );
    assert_eq!(found.len(), RECORD_IDENTIFIERS_MAX);
    assert_eq!(found[0], "user_id:u1");
}
