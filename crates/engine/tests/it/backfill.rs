//! What was not kept is brought in from the log while life goes on, and is then what it would be had it always been kept.

use crate::story::{Story, programme};
use engine::at::Span;
use engine::engine::{Outcome, Refusal, Unanswered};
use engine::identifier::IdentifierKind;
use engine::programme::Programme;
use engine::record::{Event, EventFlags, EventKind, Identifier, Record};
use engine::value::{Map, OwnedMap};
use engine::{Seq, backfill::Property};
use proptest::prelude::*;
use serde_json::json;

const SEGMENT: &str = r#"did "Bought" (total >= 3) at least 2 times and did "Bought" with sum(total) > 9"#;

/// Somebody buys; an anonymous one who has a name as well becomes one with whom that name belongs to.
#[derive(Clone, Debug)]
struct Bought {
    anonymous: u8,
    user: Option<u8>,
    seconds_ago: i64,
    total: Option<i64>,
}

fn bought() -> impl Strategy<Value = Bought> {
    (0..30_u8, proptest::option::weighted(0.3, 0..6_u8), 0..50_i64, proptest::option::weighted(0.8, 0..8_i64))
        .prop_map(|(anonymous, user, seconds_ago, total)| Bought { anonymous, user, seconds_ago, total })
}

fn happen(story: &mut Story, bought: &Bought) {
    story.wait_until(story.now().plus(Span::SECOND));
    let (anonymous, user) = (format!("a{}", bought.anonymous), bought.user.map(|user| format!("u{user}")));
    let named = user.as_deref().map(|user| (IdentifierKind::UserId, user));
    let identifiers = named.into_iter().chain([(IdentifierKind::AnonymousId, anonymous.as_str())]);
    let identifiers = identifiers.map(|(kind, value)| {
        let hash = story.key.identifier(kind, value);
        Identifier { kind, hash, value }
    });
    let message_id = story.log.len().to_string();
    let properties = match bought.total {
        Some(total) => OwnedMap::from_json(&json!({ "total": total })).unwrap(),
        None => OwnedMap::default(),
    };
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: story.now().minus(Span::SECOND.times(bought.seconds_ago)),
        received_at: story.now(),
        source: "test",
        name: "Bought",
        message_id: story.key.message_id("test", &message_id),
        identifiers: identifiers.collect(),
        message_id_text: &message_id,
        properties: properties.as_map(),
        traits: Map::default(),
        context: Map::default(),
    };
    assert_eq!(story.apply(&Record::Event(event)), Outcome::Applied);
}

fn with_segment() -> Programme {
    let mut programme = programme();
    programme.segments.insert("buyers".to_owned(), SEGMENT.to_owned());
    programme
}

fn total() -> Property {
    Property { event: "Bought".to_owned(), path: vec!["total".to_owned()] }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_column_that_fills_while_people_buy_and_merge_is_whole_in_the_end(
        before in proptest::collection::vec(bought(), 1..60),
        meanwhile in proptest::collection::vec(bought(), 0..40),
        restarts in any::<bool>(),
    ) {
        let (mut always, mut late) = (Story::new(), Story::new());
        always.apply_programme(&with_segment());
        for bought in &before {
            happen(&mut always, bought);
            happen(&mut late, bought);
        }
        let mut backfill = late.engine.begin_backfill(vec![total()]);
        prop_assert_eq!(backfill.to(), Seq(late.log.len() as u64));
        let mut meanwhile = meanwhile.iter();
        // The log is read and the steps are taken in between what people go on doing.
        let past = late.log.clone();
        for (number, (at, bytes)) in past.iter().enumerate() {
            let record = Record::decode(bytes).unwrap();
            backfill.read(Seq(number as u64 + 1), *at, &record, |_, _| None);
            if number % 3 == 0 && let Some(bought) = meanwhile.next() {
                happen(&mut late, bought);
                happen(&mut always, bought);
            }
        }
        if restarts {
            late.engine = engine::engine::Engine::restore(&late.engine.snapshot()).unwrap();
        }
        while late.engine.step_backfill(&mut backfill) {
            if let Some(bought) = meanwhile.next() {
                happen(&mut late, bought);
                happen(&mut always, bought);
            }
        }
        prop_assert!(late.engine.preview(SEGMENT).is_ok(), "the column is whole");
        let definition = serde_json::to_string(&with_segment()).unwrap();
        prop_assert!(late.engine.check(&applied(&definition)).is_ok());
        prop_assert_eq!(late.apply_programme(&with_segment()), Outcome::Applied);
        let count = |story: &Story| story.engine.segment("buyers").unwrap().count;
        prop_assert_eq!(count(&late), count(&always));
        prop_assert_eq!(late.engine.preview(SEGMENT).unwrap(), always.engine.preview(SEGMENT).unwrap());
    }
}

fn applied(definition: &str) -> Record<'_> {
    let applied_at = engine::at::At(0);
    Record::ProgrammeApplied(engine::record::ProgrammeApplied { applied_at, operator: "test", definition })
}

#[test]
fn what_is_not_kept_is_named_before_anything_is_answered() {
    let mut story = Story::new();
    let definition = serde_json::to_string(&with_segment()).unwrap();
    assert_eq!(story.engine.check(&applied(&definition)), Ok(()), "nobody bought anything yet");
    happen(&mut story, &Bought { anonymous: 1, user: None, seconds_ago: 0, total: Some(5) });
    let refused = story.engine.check(&applied(&definition)).unwrap_err();
    assert_eq!(refused, Refusal::Unkept(vec![total()]));
    assert_eq!(
        refused.to_string(),
        "the programme asks for what is still to be read from the log: `total` of \"Bought\""
    );
    assert_eq!(story.engine.preview(SEGMENT), Err(Unanswered::Unkept(vec![total()])));
    assert_eq!(story.preview(r#"did "Bought" (total = 5)"#).unwrap().count, 1);
    assert_eq!(story.engine.check(&applied(&definition)), Ok(()), "a question brought it in");
    assert_eq!(story.preview(r#"did "Sold" (total = 5)"#).unwrap().count, 0, "nobody ever did that");
}

#[test]
fn what_is_kept_is_no_part_of_what_the_records_decide() {
    let mut story = Story::new();
    happen(&mut story, &Bought { anonymous: 1, user: None, seconds_ago: 0, total: Some(5) });
    let before = story.engine.hash();
    story.preview(SEGMENT).unwrap();
    assert_eq!(story.engine.hash(), before);
}
