//! The contact policy where a story cannot look: devices that say where they are, people who are erased while something
//! waits for them, and a process that begins again in the middle of a night.

use crate::story::{Story, Told, programme};
use engine::at::{At, Span};
use engine::engine::{Engine, Outcome};
use engine::identifier::IdentifierKind::{Email, UserId};
use engine::outbox::{Decision, Reason, Status};
use engine::programme::{
    Cap, Channel, Choices, ContactPolicy, EmailMessage, Journey, Message, Programme, Purpose, QuietHours,
    Reenter, Step,
};
use engine::record::{Attempted, EventKind, ProfileErased, Record};
use engine::{ProfileId, SendId};
use serde_json::json;

/// Says hello at each visit, and nothing from nine in the evening until eight, nor twice in two days.
fn shop() -> Programme {
    let mut shop = programme();
    shop.purposes.insert("offers".into(), Purpose { channels: vec![Channel::Email], ..Purpose::default() });
    let message = Message { email: Some(EmailMessage::default()), ..Message::default() };
    shop.messages.insert("hello".into(), message);
    let hello = Journey {
        purpose: "offers".into(),
        enter: r#"did "Visited""#.into(),
        reenter: Reenter::Always,
        steps: vec![Step::Send {
            message: "hello".into(),
            channels: Vec::new(),
            choices: Choices::default(),
        }],
        ..Journey::default()
    };
    shop.journeys.insert("hello".into(), hello);
    shop.contact_policy = ContactPolicy {
        caps: vec![Cap { at_most: 1, within: Span::DAY.times(2), ..Cap::default() }],
        quiet_hours: Some(QuietHours { from: 21 * 60, to: 8 * 60, ..QuietHours::default() }),
        ..ContactPolicy::default()
    };
    shop
}

fn story(shop: &Programme) -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(shop), Outcome::Applied);
    story
}

fn visit(story: &mut Story, at: &str, context: &serde_json::Value) {
    story.wait_until(At::parse(at).unwrap());
    let told = Told {
        kind: EventKind::Track,
        name: "Visited",
        occurred_at: story.now(),
        properties: &json!({}),
        traits: &json!({}),
        context,
    };
    let names = [(UserId, "ada"), (Email, "ada@example.com")];
    assert_eq!(story.say(&names, &told), Outcome::Applied);
}

fn from(zone: &str) -> serde_json::Value {
    json!({ "timezone": zone, "consent": { "categoryPreferences": { "offers": true } } })
}

fn decision(engine: &Engine, send: u64) -> (Decision, Status) {
    let send = engine.send(SendId(send)).unwrap();
    (send.decision, send.status)
}

fn waits_until(at: &str, reason: Reason) -> (Decision, Status) {
    (Decision::Defer { until: At::parse(at).unwrap(), reason }, Status::Deferred)
}

#[test]
fn a_device_says_where_somebody_is() {
    let mut story = story(&shop());
    for (send, (at, zone, until)) in [
        ("2026-02-01T23:00Z", "Asia/Tokyo", None),
        ("2026-02-04T23:00Z", "Europe/Rome", Some("2026-02-05T07:00Z")),
        // A place that nobody knows says nothing new.
        ("2026-02-08T23:00Z", "Mars/Olympus", Some("2026-02-09T07:00Z")),
    ]
    .into_iter()
    .enumerate()
    {
        visit(&mut story, at, &from(zone));
        let expected =
            until.map_or((Decision::Send, Status::Queued), |until| waits_until(until, Reason::QuietHours));
        assert_eq!(decision(&story.engine, send as u64), expected, "{zone}");
        story.wait_until(story.now().plus(Span::HOUR.times(12)));
        let attempted = Attempted { send: SendId(send as u64), attempt: 1, attempted_at: story.now() };
        assert_eq!(story.apply(&Record::Attempted(attempted)), Outcome::Applied);
    }
    let ada = story.engine.profile(ProfileId(0)).unwrap();
    let zone = ada.traits().find(|(name, _)| *name == "timezone").map(|(_, value)| value.to_json());
    assert_eq!(zone, Some(json!("Europe/Rome")));
}

#[test]
fn nobody_asks_where_devices_are_without_quiet_hours() {
    let mut story = story(&Programme { contact_policy: ContactPolicy::default(), ..shop() });
    visit(&mut story, "2026-02-01T23:00Z", &from("Asia/Tokyo"));
    assert_eq!(decision(&story.engine, 0), (Decision::Send, Status::Queued));
    assert_eq!(story.engine.profile(ProfileId(0)).unwrap().traits().count(), 0);
}

#[test]
fn what_waits_is_dropped_with_whom_it_is_for() {
    let mut story = story(&shop());
    visit(&mut story, "2026-02-01T23:00Z", &from("Europe/Rome"));
    assert_eq!(decision(&story.engine, 0), waits_until("2026-02-02T07:00Z", Reason::QuietHours));
    let erased = ProfileErased { profile: ProfileId(0), erased_at: story.now(), operator: "eve" };
    assert_eq!(story.apply(&Record::ProfileErased(erased)), Outcome::Applied);
    let dropped = (Decision::Drop { reason: Reason::Erased }, Status::Dropped);
    assert_eq!(decision(&story.engine, 0), dropped);
    story.wait_until(At::parse("2026-02-03T00:00Z").unwrap());
    assert_eq!(decision(&story.engine, 0), dropped);
    assert!(story.effects.is_empty());
}

#[test]
fn a_night_outlasts_the_process() {
    let mut story = story(&shop());
    visit(&mut story, "2026-02-01T23:00Z", &from("Europe/Rome"));
    let before = story.engine.outstanding();
    assert!(before.prepare.is_empty(), "nothing is owed to the world while it waits");
    story.engine = Engine::restore(&story.engine.snapshot()).unwrap();
    story.wait_until(At::parse("2026-02-02T06:59:59Z").unwrap());
    assert!(story.effects.is_empty());
    story.wait_until(At::parse("2026-02-02T07:00Z").unwrap());
    assert_eq!(decision(&story.engine, 0), (Decision::Send, Status::Queued));
    let sent = story.engine.send(SendId(0)).unwrap();
    assert_eq!((sent.wished_at.to_string(), sent.decided_at.to_string()), {
        ("2026-02-01T23:00:00.000Z".to_owned(), "2026-02-02T07:00:00.000Z".to_owned())
    });
    assert_eq!(story.engine.outstanding().prepare.len(), 1);
    // The next one counts it, although nobody attempted it yet, and although the process began again.
    story.engine = Engine::restore(&story.engine.snapshot()).unwrap();
    visit(&mut story, "2026-02-02T12:00Z", &from("Europe/Rome"));
    assert_eq!(decision(&story.engine, 1), waits_until("2026-02-04T12:00Z", Reason::FrequencyCap));
}
