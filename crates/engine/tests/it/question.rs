//! A question gives whom a segment of the same words has, at every instant: the two are worked out in different ways.

use crate::story::Story;
use engine::at::Span;
use engine::identifier::IdentifierKind::{self, AnonymousId, UserId};
use engine::record::{Event, EventFlags, EventKind, Identifier, Record};
use engine::value::Map;
use proptest::prelude::*;
use serde_json::json;

/// What a scan has a way of its own for.
const SEGMENTS: &[(&str, &str)] = &[
    ("bought", r#"did "A" within 1 hour"#),
    ("twice", r#"did "A" at least 2 times within 1 hour"#),
    ("thrice big", r#"did "A" (n > 1) at least 3 times within 1 day"#),
    ("at most two", r#"did "A" at most 2 times within 3 hours"#),
    ("exactly one", r#"did "B" exactly 1 times"#),
    ("spent", r#"did "A" with sum(n) > 3 within 1 hour"#),
    ("spent on big ones", r#"did "A" (n > 1) with sum(n) >= 4"#),
    ("usual", r#"did "B" with avg(n) < 1.5 within 1 day"#),
    ("left", r#"did "A" then not "B" within 1 hour"#),
    ("left of late", r#"did "A" within 2 hours then not "B" within 5 seconds"#),
    ("left for good", r#"did "A" within 1 day then not "B""#),
    ("left at once", r#"did "A" then not "B" within 2 seconds"#),
    ("came", r#"did "A" then "B""#),
    ("came soon", r#"did "A" within 3 hours then "B" within 2 seconds"#),
    ("came back", r#"did "A" then "A" within 2 seconds"#),
    ("never came back", r#"did "A" then not "A" within 10 minutes"#),
    ("left or bought", r#"did "A" then not "B" within 1 hour or not did "A" within 1 hour"#),
];

#[derive(Clone, Debug)]
enum Deed {
    Track { person: usize, name: &'static str, seconds_ago: i64, n: i64 },
    Wait { seconds: i64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    // Many in one second, where the order of the log decides.
    let ago = prop_oneof![4 => Just(0_i64), 2 => 0..4_i64, 1 => 0..8_000_i64];
    let track = (0..3_usize, prop_oneof![Just("A"), Just("B")], ago, 0..4_i64)
        .prop_map(|(person, name, seconds_ago, n)| Deed::Track { person, name, seconds_ago, n });
    let wait = prop_oneof![0..4_i64, 0..8_000_i64].prop_map(|seconds| Deed::Wait { seconds });
    prop_oneof![4 => track, 1 => wait]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_question_finds_the_members_of_a_segment_of_its_words(deeds in proptest::collection::vec(deed(), 1..40)) {
        let mut story = Story::with_segments(SEGMENTS);
        for deed in &deeds {
            let now = story.now();
            match deed {
                Deed::Track { person, name, seconds_ago, n } => {
                    let at = now.minus(Span::SECOND.times(*seconds_ago));
                    story.track(["ada", "bob", "cleo"][*person], name, at, &json!({ "n": n }));
                }
                Deed::Wait { seconds } => story.wait_until(now.plus(Span::SECOND.times(*seconds))),
            }
            for (name, text) in SEGMENTS {
                let found = story.preview(text).unwrap().count;
                prop_assert_eq!(found, story.engine.segment(name).unwrap().count, "{}", text);
            }
        }
    }
}

#[test]
fn whoever_became_part_of_another_is_not_counted() {
    let mut story = Story::with_segments(&[]);
    view_page(&mut story, &[(AnonymousId, "a1")]);
    view_page(&mut story, &[(UserId, "ada")]);
    view_page(&mut story, &[(UserId, "bob")]);
    let count = |story: &mut Story, text: &str| story.preview(text).unwrap().count;
    assert_eq!(count(&mut story, r#"not did "B""#), 3);
    view_page(&mut story, &[(UserId, "ada"), (AnonymousId, "a1")]);
    assert_eq!(story.engine.counts().merges, 1);
    assert_eq!(count(&mut story, r#"not did "B""#), 2);
    assert_eq!(count(&mut story, r#"did "Page Viewed" at least 3 times"#), 1);
}

fn view_page(story: &mut Story, identifiers: &[(IdentifierKind, &str)]) {
    let message_id = story.log.len().to_string();
    let identifiers = identifiers.iter().map(|(kind, value)| {
        let hash = story.key.identifier(*kind, value);
        Identifier { kind: *kind, hash, value }
    });
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: story.now(),
        received_at: story.now(),
        source: "test",
        name: "Page Viewed",
        message_id: story.key.message_id("test", &message_id),
        identifiers: identifiers.collect(),
        message_id_text: &message_id,
        properties: Map::default(),
        traits: Map::default(),
        context: Map::default(),
    };
    story.apply(&Record::Event(event));
}

#[test]
fn what_happened_at_the_very_beginning_of_a_window_is_outside() {
    let mut story = Story::with_segments(&[]);
    let at = story.now();
    story.track("ada", "A", at, &json!({}));
    for (span, count) in [(Span::SECOND.times(3_599), 1), (Span::HOUR, 0)] {
        story.wait_until(at.plus(span));
        let found = story.preview(r#"did "A" within 1 hour"#).unwrap().count;
        assert_eq!(found, count, "after {span:?}");
        assert_eq!(story.preview(r#"not did "A" within 1 hour"#).unwrap().count, 1 - count);
    }
}
