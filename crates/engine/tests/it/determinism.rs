//! The same log gives the same state and effects, byte for byte; and a snapshot with its tail equals a replay.

use crate::story::{Story, apply_filled, programme};
use engine::at::{At, Span};
use engine::effect::Effect;
use engine::engine::{Engine, Outcome};
use engine::programme::{
    Channel, Choices, EmailMessage, Journey, Message, Programme, Purpose, Reenter, Step,
};
use engine::section::Section;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn shop() -> Programme {
    let mut shop = programme();
    let offers = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    shop.purposes.insert("offers".into(), offers);
    shop.messages
        .insert("hello".into(), Message { email: Some(EmailMessage::default()), ..Message::default() });
    shop.segments.insert("active".into(), r#"did "A" at least 2 times within 3 hours"#.into());
    shop.journeys.insert(
        "greet".into(),
        Journey {
            purpose: "offers".into(),
            enter: r#"did "A""#.into(),
            reenter: Reenter::After(Span::HOUR),
            exit: Some(r#"did "B""#.into()),
            holdout_permille: 200,
            steps: vec![
                Step::Wait(Span::MINUTE.times(30)),
                Step::Send { message: "hello".into(), channels: vec![], choices: Choices::default() },
            ],
            ..Journey::default()
        },
    );
    shop
}

fn live(deeds: &[(usize, u8, i64)]) -> Story {
    let mut story = Story::new();
    story.apply_programme(&shop());
    for (person, what, minutes) in deeds {
        let name = format!("person {person}");
        let now = story.now();
        match what {
            0 => story.identify(&name, &json!({"email": format!("{person}@example.com")})),
            1 => story.track(&name, "B", now, &json!({})),
            _ => story.track(&name, "A", now, &json!({ "n": minutes })),
        };
        story.wait_until(now.plus(Span::MINUTE.times(*minutes)));
    }
    story
}

fn replay(engine: &mut Engine, log: &[(At, Vec<u8>)]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (at, bytes) in &log[engine.seq().0 as usize..] {
        assert_eq!(apply_filled(engine, log, (*at, bytes), &mut effects), Outcome::Applied);
    }
    effects
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn replay_equals_live_and_snapshot_plus_tail_equals_replay(
        deeds in proptest::collection::vec((0..6usize, 0..5u8, 0..120i64), 1..60),
        cut in 0..200usize,
    ) {
        let story = live(&deeds);
        let mut replayed = Engine::new();
        let effects = replay(&mut replayed, &story.log);
        prop_assert_eq!(replayed.hash(), story.engine.hash());
        prop_assert_eq!(&effects, &story.effects);

        let cut = cut.min(story.log.len());
        let mut front = Engine::new();
        replay(&mut front, &story.log[..cut]);
        let mut restored = Engine::restore(&front.snapshot()).unwrap();
        prop_assert_eq!(restored.hash(), front.hash());
        prop_assert_eq!(restored.outstanding(), front.outstanding());
        replay(&mut restored, &story.log);
        prop_assert_eq!(restored.hash(), story.engine.hash());
    }
}

#[test]
fn a_damaged_snapshot_is_an_error_and_not_a_panic() {
    let sections = live(&[(0, 0, 1), (0, 2, 90), (1, 2, 5)]).engine.snapshot();
    assert!(Engine::restore(&sections).is_ok());
    for place in 0..sections.len() {
        let bytes = sections[place].bytes.as_deref().unwrap();
        for cut in (0..bytes.len()).step_by(7) {
            let mut damaged = sections.clone();
            damaged[place].bytes = Some(bytes[..cut].to_vec());
            assert!(Engine::restore(&damaged).is_err(), "section {place} is cut at {cut}");
        }
        let mut fewer = sections.clone();
        let missing = fewer.remove(place);
        assert!(Engine::restore(&fewer).is_err(), "section {place} is missing");
        let mut more = sections.clone();
        more.push(missing);
        assert!(Engine::restore(&more).is_err(), "section {place} is there twice");
    }
}

/// What is not told since it is known is what was told before: from both together comes the engine as it is.
#[test]
fn a_section_that_was_not_written_to_need_not_be_told_again() {
    let story = live(&[(0, 0, 1), (1, 2, 90), (2, 1, 5), (3, 2, 300), (0, 1, 1)]);
    let mut engine = Engine::new();
    let mut known: BTreeMap<u64, Section> = BTreeMap::new();
    let (mut kept, mut told) = (0, 0);
    for end in 1..=story.log.len() {
        replay(&mut engine, &story.log[..end]);
        let (mut now, mut sections) = (Vec::new(), engine.sections());
        while let Some(section) =
            sections.next(|key, digest| known.get(&key).is_some_and(|known| known.digest == digest))
        {
            let is_told = section.bytes.is_some();
            *(if is_told { &mut told } else { &mut kept }) += 1;
            now.push(if is_told { section } else { known[&section.key].clone() });
        }
        assert_eq!(now, engine.snapshot());
        assert_eq!(Engine::restore(&now).unwrap().hash(), engine.hash());
        assert_eq!(Engine::restore(&now).unwrap().snapshot(), now);
        known.extend(now.into_iter().map(|section| (section.key, section)));
    }
    assert!(kept > told, "{told} sections were told, {kept} were not");
}

#[test]
fn different_histories_have_different_hashes() {
    let one = live(&[(0, 0, 1)]);
    let two = live(&[(0, 0, 2), (0, 1, 0)]);
    assert_ne!(one.engine.hash(), two.engine.hash());
}
