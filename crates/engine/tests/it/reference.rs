//! The reference of the segment language: each of its examples is read, in both forms, and none is missing.

use engine::segment::Owner;
use engine::segment::json::{from_json, to_json};
use engine::segment::parse::parse;
use serde_json::Value as Json;
use std::collections::BTreeSet;

const REFERENCE: &str = include_str!("../../../../docs/reference/segments.md");

/// Every key that a tree may have.
#[rustfmt::skip]
const KEYS: &[&str] = &[
    "and", "or", "not", "did", "sequence", "trait", "in_segment", "consented_to", "reachable_by", "first_seen",
    "last_seen", "score", "top", "bottom", "offer", "name", "is",
    "event", "where", "quantity", "window", "then", "then_not", "path", "test", "purpose", "channel", "of", "percent", "by",
    "at_least", "at_most", "exactly", "sum", "avg", "min", "max", "count",
    "within", "since", "before", "between", "since_entry",
    "=", "!=", "<", "<=", ">", ">=", "in", "contains", "starts_with", "ends_with", "exists", "after", "on",
    "in_the_next", "in_the_last", "anniversary_in_the_next",
];

/// The language and the content of each fenced block.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fenced = REFERENCE.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a fence ends its line")).collect()
}

fn keys(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::Object(fields) => fields.iter().for_each(|(key, value)| {
            found.insert(key.clone());
            keys(value, found);
        }),
        Json::Array(elements) => elements.iter().for_each(|element| keys(element, found)),
        _ => {}
    }
}

#[test]
fn every_example_is_what_it_says_and_none_is_missing() {
    let blocks = blocks();
    let mut found = BTreeSet::new();
    for (index, (language, text)) in blocks.iter().enumerate() {
        if *language != "expression" {
            continue;
        }
        let text = text.trim_end();
        let tree = parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        assert_eq!(tree.to_string(), text, "an example is written as we write it");
        let Some(("json", json)) = blocks.get(index + 1) else { panic!("{text} has no JSON beside it") };
        let json: Json = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(to_json(&tree), json, "{text}");
        assert_eq!(from_json(&json, Owner::Journey), Ok(tree), "{json}");
        keys(&json, &mut found);
    }
    let known: BTreeSet<String> = KEYS.iter().map(|key| (*key).to_owned()).collect();
    assert_eq!(found, known, "each key has an example, and no example another one");
}

#[test]
fn the_example_of_a_mistake_is_the_mistake() {
    let (_, json) =
        blocks().into_iter().find(|(_, text)| text.contains("bad_expression")).expect("an example");
    let json: Json = serde_json::from_str(json).unwrap();
    let wrong = parse(r#"did "Order Completed" at least 2 within 3 days"#).unwrap_err();
    assert_eq!(json["message"], wrong.message.as_str());
    assert_eq!(json["suggestion"], wrong.suggestion.unwrap().as_str());
    assert_eq!(json["offset"], wrong.offset);
}
