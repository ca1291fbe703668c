//! What a webhook hears of in a record, and what it does not.

use crate::story::{Story, Told, programme};
use engine::SendId;
use engine::Seq;
use engine::at::{At, Span};
use engine::engine::Outcome;
use engine::identifier::IdentifierKind::{AnonymousId, UserId};
use engine::programme::{Programme, Webhook};
use engine::record::{
    DeliveryOutcome, Engaged, Engagement, Event, EventFlags, EventKind, Record, Returned, Settled, Verdict,
};
use engine::value::{Map, OwnedMap};
use engine::webhook::{Ear, Heard};
use jiff::tz::TimeZone;
use serde_json::json;

fn webhook(hears: &[&str]) -> Webhook {
    let hears = hears.iter().map(|one| (*one).to_owned()).collect();
    Webhook { url: "https://erp.example/".to_owned(), hears, fields: Vec::new() }
}

/// What is heard of a record: its place there, and what it is, in words.
fn heard(hears: &[&str], record: &Record<'_>) -> Vec<(u32, String)> {
    let all = Ear::new(&webhook(hears), &TimeZone::UTC).hear(Seq(1), record);
    all.into_iter().map(|(delivery, one)| (delivery.place, in_words(&one))).collect()
}

fn in_words(heard: &Heard<'_>) -> String {
    match heard {
        Heard::Event(event) => event.name.to_owned(),
        Heard::Change { segment, change } => format!("{} {segment} {}", change.kind.name(), change.profile.0),
        Heard::Send { what, .. } => (*what).to_owned(),
        Heard::Consent { purpose, channel, granted, .. } => format!("{purpose} {channel} {granted}"),
        Heard::Erased { profile, .. } => format!("erased {}", profile.0),
    }
}

fn event<'a>(flags: EventFlags, context: &'a OwnedMap, story: &Story) -> Event<'a> {
    Event {
        kind: EventKind::Track,
        flags,
        occurred_at: At(1),
        received_at: At(1),
        source: "shop",
        name: "Bought",
        message_id: story.key.message_id("shop", "1"),
        identifiers: vec![story.identifier(UserId, "ada")],
        message_id_text: "1",
        properties: Map::default(),
        traits: Map::default(),
        context: context.as_map(),
    }
}

#[test]
fn of_an_event_it_hears_unless_it_is_history_or_a_machine_s() {
    let (story, context) = (Story::new(), OwnedMap::default());
    for (flags, is_heard) in [
        (EventFlags::default(), true),
        (EventFlags::LATE, true),
        (EventFlags::IMPORTED, false),
        (EventFlags::BOT, false),
    ] {
        let record = Record::Event(event(flags, &context, &story));
        let expected = if is_heard { vec![(0, "Bought".to_owned())] } else { Vec::new() };
        assert_eq!(heard(&[r#"did "Bought""#], &record), expected, "{flags:?}");
    }
}

#[test]
fn each_consent_in_an_event_is_told_by_itself_and_beside_the_event() {
    let story = Story::new();
    let preferences =
        json!({ "consent": { "categoryPreferences": { "offers": true, "news.email": false } } });
    let context = OwnedMap::from_json(&preferences).unwrap();
    let record = Record::Event(event(EventFlags::default(), &context, &story));
    let told = heard(&[r#"did "Bought""#, "consents"], &record);
    let expected =
        [(0, "Bought".to_owned()), (1, "news email false".to_owned()), (2, "offers  true".to_owned())];
    assert_eq!(told, expected);
    assert_eq!(heard(&["consents"], &record), expected[1..], "under the same names without the event");
}

#[test]
fn of_a_send_it_hears_how_it_ended_and_of_people_s_reactions_alone() {
    let send = SendId(7);
    for outcome in DeliveryOutcome::ALL {
        let record =
            Record::Settled(Settled { send, attempt: 1, outcome, settled_at: At(1), reply: "words" });
        let expected = match outcome {
            DeliveryOutcome::Transient => Vec::new(),
            other => vec![(0, other.name().to_owned())],
        };
        assert_eq!(heard(&["sends"], &record), expected, "{outcome:?}");
        assert_eq!(heard(&["engagement"], &record), []);
    }
    for verdict in Verdict::ALL {
        let record = Record::Returned(Returned { send, verdict, returned_at: At(1), reply: "words" });
        let what = if verdict == Verdict::Refused { "returned" } else { verdict.name() };
        assert_eq!(heard(&["sends"], &record), [(0, what.to_owned())]);
    }
    for (engagement, what) in [
        (Engagement::Opened, "opened"),
        (Engagement::Clicked, "clicked"),
        (Engagement::Dismissed, "dismissed"),
    ] {
        let by = |machine| {
            let engaged = Engaged { send, engagement, machine, occurred_at: At(1), url: "" };
            heard(&["engagement"], &Record::Engaged(engaged))
        };
        assert_eq!((by(false), by(true)), (vec![(0, what.to_owned())], Vec::new()));
    }
}

fn shop() -> Programme {
    let mut shop = programme();
    shop.segments.insert("buyers".to_owned(), r#"did "Bought" at least 2 times within 1 day"#.to_owned());
    let both = webhook(&[r#"entered segment "buyers""#, r#"left segment "buyers""#]);
    shop.webhooks.insert("erp".to_owned(), both);
    shop
}

/// Adds what follows from the records so far, and says what of it is heard.
fn derived(story: &mut Story, hears: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        let mut bytes = Vec::new();
        let Some(derived) = story.engine.derived() else { return told };
        derived.encode(&mut bytes);
        let record = Record::decode(&bytes).unwrap();
        assert_eq!(story.apply(&record), Outcome::Applied);
        told.extend(heard(hears, &record).into_iter().map(|(_, what)| what));
    }
}

/// A visitor who buys twice turns out to be somebody who is known: one enters and the other becomes part of them, which is
/// no entering.
#[test]
fn who_becomes_part_of_another_person_enters_nothing() {
    let entered = [r#"entered segment "buyers""#];
    let left = [r#"left segment "buyers""#];
    for (hears, expected) in [(&entered, "entered buyers 0"), (&left, "merged buyers 1")] {
        let mut story = Story::new();
        assert_eq!(story.apply_programme(&shop()), Outcome::Applied);
        story.track("ada", "Looked", story.now(), &json!({}));
        let (now, none) = (story.now(), json!({}));
        let told = |name| Told {
            kind: EventKind::Track,
            name,
            occurred_at: now,
            properties: &none,
            traits: &none,
            context: &none,
        };
        for _ in 0..2 {
            story.say(&[(AnonymousId, "a1")], &told("Bought"));
        }
        derived(&mut story, hears);
        story.say(&[(UserId, "ada"), (AnonymousId, "a1")], &told("Looked"));
        assert_eq!(derived(&mut story, hears), [expected]);
        story.wait_until(now.plus(Span::DAY));
        let by_time = if hears == &left { vec!["left buyers 0".to_owned()] } else { Vec::new() };
        assert_eq!(derived(&mut story, hears), by_time);
    }
}
