//! The forms of an expression, text and JSON: every tree comes back from both as it was, and no text breaks the parser.

use crate::tree::expression;
use engine::segment::json::{from_json, to_json};
use engine::segment::parse::parse;
use engine::segment::{Expression, Owner};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// What somebody wrote, and the canonical text of it; one text where they are the same.
const WRITTEN: &[(&str, &str)] = &[
    (r#"did 'Order Completed'"#, r#"did "Order Completed""#),
    (r#"did "A" at least 1 times"#, r#"did "A""#),
    (r#"did "A" at most 1 times"#, r#"did "A" at most 1 time"#),
    (r#"did "A" exactly 0 times within 2 weeks"#, r#"did "A" exactly 0 times within 14 days"#),
    (
        r#"did "A"(n>5,c = "EUR")at least 2 times within 90m"#,
        r#"did "A" (n > 5, c = "EUR") at least 2 times within 90 minutes"#,
    ),
    (r#"did "A" with avg("unit price") >= -1_000.50"#, r#"did "A" with avg("unit price") >= -1000.5"#),
    (r#"did "A" since "2026-01-31""#, ""),
    (r#"did "A" before "2026-01-31T10:00:00+01:00""#, r#"did "A" before "2026-01-31T09:00:00Z""#),
    (r#"did "A" between "2026-01-01" and "2026-02-01""#, ""),
    (r#"did "A" since entry"#, ""),
    (r#"did "A" within 3 days then "B" (n = 1) within 1 hour then "C" then not "D" within 1 day"#, ""),
    (r#"did "A" then not "B""#, ""),
    (r#"did "A (\"x\")" (a.b exists)"#, ""),
    (r#"did "A" ("first name" = "Ad\\a")"#, ""),
    (r#"did "A" ("sku" = true, "2nd" = false)"#, r#"did "A" (sku = true, "2nd" = false)"#),
    (r#"trait."first name" = "Ada""#, ""),
    (r#"trait."country" = 'IT'"#, r#"trait.country = "IT""#),
    (r#"trait.2nd in []"#, ""),
    (r#"trait.plan in ["pro", 3, true,]"#, r#"trait.plan in ["pro", 3, true]"#),
    (r#"trait.plan contains "pro" or trait.plan starts with "p" or trait.plan ends with "o""#, ""),
    (r#"trait.born before "2000-01-01" and trait.born after "1990-01-01T00:00:00Z""#, ""),
    (r#"trait.born on "2000-02-29""#, ""),
    (r#"trait.renews in the next 2 weeks"#, r#"trait.renews in the next 14 days"#),
    (r#"trait.renews in the last 24 hours"#, r#"trait.renews in the last 1 day"#),
    (r#"trait.born anniversary in the next 7 days"#, ""),
    (r#"trait.born anniversary in the next 1 day"#, r#"trait.born anniversary today"#),
    (r#"in segment "vip" and consented to "newsletter" by email and reachable by web_push"#, ""),
    (r#"consented to "offers""#, ""),
    (r#"first seen within 7 days or last seen before "2026-01-01""#, ""),
    (r#"rfm.recency >= 4 and rfm.frequency = 5 and rfm.monetary != 1"#, ""),
    (r#"top 10% by count of "Order Completed" (total > 10) within 365 days"#, ""),
    (
        r#"bottom 0.25 % by sum(total) of "Order Completed""#,
        r#"bottom 0.25% by sum(total) of "Order Completed""#,
    ),
    (r#"((did "A"))"#, r#"did "A""#),
    (r#"not (did "A")"#, r#"not did "A""#),
    (r#"not (not did "A")"#, r#"not not did "A""#),
    (r#"not (did "A" and did "B")"#, ""),
    (r#"(did "A" and did "B") or did "C""#, r#"did "A" and did "B" or did "C""#),
    (r#"(did "A" or did "B") and not (did "C" or did "D")"#, ""),
    (r#"did "A" and (did "B" and did "C")"#, ""),
    (r#"did "A" or (did "B" or did "C")"#, ""),
];

#[test]
fn a_text_is_written_in_one_way_and_means_the_same() {
    for (written, canonical) in WRITTEN {
        let canonical = if canonical.is_empty() { written } else { canonical };
        let tree = parse(written).unwrap_or_else(|wrong| panic!("{written}: {wrong:?}"));
        assert_eq!(&tree.to_string(), canonical, "{written}");
        assert_eq!(parse(canonical).as_ref(), Ok(&tree), "{canonical}");
    }
}

#[test]
fn a_number_is_a_json_number_where_a_double_holds_it() {
    use serde_json::json;
    for (written, expected) in [
        ("50", json!(50)),
        ("19.90", json!(19.9)),
        ("-0.000001", json!(-0.000001)),
        ("9000000000000", json!(9_000_000_000_000i64)),
        ("9000000000000.000001", json!({"decimal": "9000000000000.000001"})),
    ] {
        let tree = to_json(&parse(&format!("trait.n = {written}")).unwrap());
        assert_eq!(tree["trait"]["test"]["="], expected, "{written}");
    }
}

/// Bytes that are words of the language, and bytes that are not.
fn soup() -> impl Strategy<Value = String> {
    let words = WRITTEN.iter().flat_map(|(text, _)| text.split_inclusive([' ', '(', ')', ',', '"']));
    let words: Vec<String> = words.map(str::to_owned).collect();
    let piece = prop_oneof![
        8 => proptest::sample::select(words),
        1 => any::<String>(),
        1 => proptest::collection::vec(any::<u8>(), 0..6)
            .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

/// A valid text with a few characters taken out, put in, or doubled.
fn mutated() -> impl Strategy<Value = String> {
    let change = (0..10_000usize, 0..3u8, any::<char>());
    (expression(), proptest::collection::vec(change, 1..4)).prop_map(|(tree, changes)| {
        let mut text: Vec<char> = tree.to_string().chars().collect();
        for (place, change, character) in changes {
            let place = place % text.len().max(1);
            match change {
                0 if !text.is_empty() => drop(text.remove(place)),
                1 => text.insert(place, character),
                _ => text.extend_from_within(place..),
            }
        }
        text.into_iter().collect()
    })
}

/// What holds for whatever comes in: a tree that is stable, or a mistake inside the text.
fn parses_or_says_where(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(tree) => there_and_back(&tree),
        Err(wrong) => {
            prop_assert!(text.is_char_boundary(wrong.offset), "{:?}", wrong);
            prop_assert!(!wrong.message.is_empty());
            Ok(())
        }
    }
}

fn there_and_back(tree: &Expression) -> Result<(), TestCaseError> {
    let text = tree.to_string();
    let again = parse(&text);
    prop_assert_eq!(again.as_ref(), Ok(tree), "{}", text);
    prop_assert_eq!(&again.unwrap().to_string(), &text);
    let json = to_json(tree).to_string();
    let read = from_json(&serde_json::from_str(&json).unwrap(), Owner::Journey);
    prop_assert_eq!(read.as_ref(), Ok(tree), "{}", json);
    prop_assert_eq!(&to_json(&read.unwrap()).to_string(), &json);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn every_tree_comes_back_from_its_text_and_its_json(tree in expression()) {
        there_and_back(&tree)?;
    }

    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof![soup(), mutated(), any::<String>()]) {
        parses_or_says_where(&text)?;
    }
}

/// Parentheses that could be left out are there to be read, so each of them is tried: without it the tree is another.
#[test]
fn no_parenthesis_is_written_in_vain() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut tried = 0;
    for _ in 0..500 {
        let tree = expression().new_tree(&mut runner).unwrap().current();
        let text = tree.to_string();
        for (open, close) in groups(&text) {
            let without = format!("{}{}{}", &text[..open], &text[open + 1..close], &text[close + 1..]);
            assert_ne!(parse(&without).as_ref(), Ok(&tree), "{text}");
            tried += 1;
        }
    }
    assert!(tried > 100, "there are parentheses: {tried}");
}

/// Pairs of parentheses around conditions: those that stand where a condition begins, outside quotes.
fn groups(text: &str) -> Vec<(usize, usize)> {
    let (mut open, mut groups) = (Vec::new(), Vec::new());
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => {
                let before = text[..at].trim_end();
                let begins = before.is_empty() || before.ends_with('(');
                open.push((at, begins || ["not", "and", "or"].iter().any(|word| before.ends_with(word))));
            }
            ')' if !quoted => {
                let (begin, is_group) = open.pop().unwrap();
                groups.extend(is_group.then_some((begin, at)));
            }
            _ => {}
        }
    }
    groups
}
