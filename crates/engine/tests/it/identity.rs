//! How much one profile may have, and which names are nobody's, as stories.

use crate::story::{Story, Told, programme};
use engine::at::Span;
use engine::engine::{Outcome, Refusal};
use engine::identifier::IdentifierKind::{self, AnonymousId, Email, External, UserId};
use engine::limits::{EMAILS_MAX, IDENTIFIER_USERS_MAX};
use engine::programme::{Channel, IdentifierLimit, Identity, Programme, Purpose};
use engine::record::{
    ConsentSource, ConsentState, ConsentStated, EventKind, IdentifierLifted, Record, Subject,
};
use engine::{ProfileId, Seq};
use serde_json::json;

fn track(story: &mut Story, names: &[(IdentifierKind, &str)]) {
    let (occurred_at, nothing) = (story.now(), json!({}));
    let told = Told {
        kind: EventKind::Track,
        name: "Seen",
        occurred_at,
        properties: &nothing,
        traits: &nothing,
        context: &nothing,
    };
    assert_eq!(story.say(names, &told), Outcome::Applied);
}

fn with(identity: Identity) -> Story {
    let mut story = Story::new();
    let purpose = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    let programme = Programme { identity, purposes: [("offers".into(), purpose)].into(), ..programme() };
    assert_eq!(story.apply_programme(&programme), Outcome::Applied);
    story
}

fn limited(name: &str, at_most: u32, within: Option<Span>) -> Story {
    let limits = [(name.to_owned(), IdentifierLimit { at_most, within })].into();
    with(Identity { limits, ..Identity::default() })
}

fn found(story: &Story, kind: IdentifierKind, value: &str) -> Option<u32> {
    story.engine.find(kind, value).map(|id| id.0)
}

#[test]
fn one_email_too_many_is_another_person() {
    let mut story = with(Identity::default());
    for number in 0..EMAILS_MAX {
        track(&mut story, &[(Email, &format!("p{number}@example.com")), (AnonymousId, "a1")]);
    }
    assert_eq!(story.engine.counts().profiles, 1);
    track(&mut story, &[(Email, "eve@example.com"), (AnonymousId, "a1")]);
    assert_eq!(found(&story, Email, "eve@example.com"), Some(1), "a new profile");
    assert_eq!(found(&story, AnonymousId, "a1"), Some(0), "the browser's name was left out");
    track(&mut story, &[(Email, "p3@example.com"), (AnonymousId, "a1")]);
    assert_eq!(
        story.engine.timeline(ProfileId(0), 100).len(),
        EMAILS_MAX as usize + 1,
        "what is known counts on"
    );
}

#[test]
fn a_limit_with_a_window_lets_years_pass() {
    let mut story = limited("anonymous_id", 2, Some(Span::DAY.times(30)));
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a1")]);
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a2")]);
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a3")]);
    assert_eq!(found(&story, AnonymousId, "a3"), None, "left out, and the event is the user's");
    assert_eq!(story.engine.timeline(ProfileId(0), 100).len(), 3);
    track(&mut story, &[(AnonymousId, "a3")]);
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a3")]);
    assert_eq!(found(&story, AnonymousId, "a3"), Some(1), "nor are they merged");
    story.wait_until(story.now().plus(Span::DAY.times(30)));
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a3")]);
    assert_eq!(found(&story, AnonymousId, "a3"), Some(0));
}

#[test]
fn a_shared_device_does_not_move_to_whom_it_would_be_too_much() {
    let mut story = limited("anonymous_id", 1, None);
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a1")]);
    track(&mut story, &[(UserId, "u2"), (AnonymousId, "a2")]);
    track(&mut story, &[(UserId, "u2"), (AnonymousId, "a1")]);
    assert_eq!(found(&story, AnonymousId, "a1"), found(&story, UserId, "u1"));
    track(&mut story, &[(UserId, "u3"), (AnonymousId, "a1")]);
    assert_eq!(found(&story, AnonymousId, "a1"), found(&story, UserId, "u3"));
}

#[test]
fn a_companys_own_types_count_each_for_itself() {
    let mut story = limited("external", 1, None);
    track(&mut story, &[(UserId, "u1"), (External, "card:1"), (External, "crm:1")]);
    track(&mut story, &[(UserId, "u1"), (External, "card:2")]);
    assert_eq!(found(&story, External, "crm:1"), Some(0));
    assert_eq!(found(&story, External, "card:2"), None);
}

#[test]
fn a_stricter_limit_leaves_whom_it_finds() {
    let mut story = with(Identity::default());
    for number in 0..5 {
        track(&mut story, &[(UserId, "u1"), (AnonymousId, &format!("a{number}"))]);
    }
    let limits = [("anonymous_id".to_owned(), IdentifierLimit { at_most: 2, within: None })].into();
    let identity = Identity { limits, ..Identity::default() };
    story.apply_programme(&Programme { identity, ..programme() });
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a4"), (AnonymousId, "a3")]);
    let profile = story.engine.profile(ProfileId(0)).unwrap();
    assert_eq!(profile.identifiers().len(), 6);
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a9")]);
    assert_eq!(found(&story, AnonymousId, "a9"), None);
    track(&mut story, &[(Email, "u1@example.com")]);
    track(&mut story, &[(UserId, "u1"), (Email, "u1@example.com")]);
    assert_eq!(found(&story, Email, "u1@example.com"), Some(0), "a merge that adds none of what is too much");
}

#[test]
fn a_record_gives_a_profile_one_user_id() {
    let mut story = with(Identity::default());
    track(&mut story, &[(UserId, "u1"), (UserId, "u2"), (AnonymousId, "a1")]);
    assert_eq!(found(&story, UserId, "u2"), None);
    track(&mut story, &[(UserId, "u2")]);
    assert_eq!(found(&story, UserId, "u2"), Some(1));
    track(&mut story, &[(UserId, "u1"), (UserId, "u2")]);
    assert_eq!(story.engine.counts().profiles, 2);
}

#[test]
fn a_blocked_value_names_nobody() {
    let blocked = vec!["kiosk-1".to_owned(), "email:Info@Shop.Example".to_owned(), "card:0".to_owned()];
    let mut story = with(Identity { blocked, ..Identity::default() });
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "kiosk-1")]);
    track(&mut story, &[(UserId, "u2"), (Email, "info@shop.example"), (External, "card:0")]);
    track(&mut story, &[(AnonymousId, "info@shop.example")]);
    track(&mut story, &[(AnonymousId, "kiosk-1")]);
    track(&mut story, &[(External, "card:0"), (AnonymousId, "kiosk-1")]);
    let counts = story.engine.counts();
    assert_eq!((counts.events, counts.profiles, counts.nameless), (5, 3, 2));
    assert_eq!(found(&story, AnonymousId, "kiosk-1"), None);
    assert_eq!(found(&story, AnonymousId, "info@shop.example"), Some(2), "blocked as an email alone");
    let restored = engine::engine::Engine::restore(&story.engine.snapshot()).unwrap();
    story.engine = restored;
    track(&mut story, &[(AnonymousId, "kiosk-1")]);
    assert_eq!(story.engine.counts().nameless, 3, "a snapshot knows the rules");
}

#[test]
fn a_consent_about_a_blocked_value_is_one_about_who_has_it() {
    let mut story = with(Identity::default());
    track(&mut story, &[(UserId, "u1"), (Email, "info@shop.example")]);
    let identity = Identity { blocked: vec!["info@shop.example".to_owned()], ..Identity::default() };
    let purpose = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    let purposes = [("offers".into(), purpose)].into();
    story.apply_programme(&Programme { identity, purposes, ..programme() });
    let state = |story: &mut Story, kind, value, granted| {
        let subject = Subject::Identifier(story.identifier(kind, value));
        story.apply(&Record::ConsentStated(ConsentStated {
            subject,
            purpose: "offers",
            channel: "",
            granted,
            source: ConsentSource::Api,
            stated_at: story.now(),
            wording: "",
            language: "",
            proof: "",
        }))
    };
    assert_eq!(state(&mut story, Email, "info@shop.example", false), Outcome::Applied);
    let profile = story.engine.profile(ProfileId(0)).unwrap();
    assert_eq!(profile.consent("offers", Channel::Email), Some(ConsentState::Withdrawn));
    for (before, granted) in [(false, true), (true, false)] {
        assert_eq!(state(&mut story, UserId, "u1", before), Outcome::Applied);
        story.wait_until(story.now().plus(Span::MINUTE));
        let (nothing, context) =
            (json!({}), json!({ "consent": { "categoryPreferences": { "offers": granted } } }));
        let told = Told {
            kind: EventKind::Identify,
            name: "Identified",
            occurred_at: story.now(),
            properties: &nothing,
            traits: &nothing,
            context: &context,
        };
        story.say(&[(Email, "info@shop.example")], &told);
        let profile = story.engine.profile(ProfileId(0)).unwrap();
        let found = profile.consent("offers", Channel::Email);
        assert_eq!(found, Some(ConsentState::Withdrawn), "by an event with no other name: {granted}");
    }
    let nobody = state(&mut story, AnonymousId, "info@shop.example", false);
    assert_eq!(nobody, Outcome::Refused(Refusal::Nobody));
}

/// As many registered people as that, one after the other, with the same other name.
fn come(story: &mut Story, kind: IdentifierKind, value: &str, people: std::ops::Range<usize>) {
    for number in people {
        track(story, &[(UserId, &format!("u{number}")), (kind, value)]);
    }
}

#[test]
fn what_too_many_come_with_is_nobodys_until_it_is_lifted() {
    for (kind, value) in [(AnonymousId, "a1"), (Email, "till@shop.example"), (External, "card:7")] {
        let mut story = with(Identity::default());
        come(&mut story, kind, value, 0..IDENTIFIER_USERS_MAX);
        come(&mut story, kind, value, 0..IDENTIFIER_USERS_MAX);
        let whose = found(&story, kind, value);
        assert_eq!(story.engine.blocked_identifiers().count(), 0, "as many as may");
        come(&mut story, kind, value, IDENTIFIER_USERS_MAX..IDENTIFIER_USERS_MAX + 1);
        let seq = story.engine.seq();
        let blocked = story.engine.blocked_identifier(kind, value).unwrap();
        assert_eq!((blocked.users as usize, blocked.seq), (IDENTIFIER_USERS_MAX + 1, seq));
        assert_eq!(found(&story, kind, value), whose, "it does not move any more");
        track(&mut story, &[(kind, value)]);
        track(&mut story, &[(AnonymousId, "a9"), (kind, value)]);
        assert_eq!(story.engine.counts().nameless, 1);
        assert_ne!(found(&story, AnonymousId, "a9"), whose, "the other name counts");
        assert_eq!(story.engine.counts().merges, 0);

        let identifier = story.identifier(kind, value);
        let lifted = IdentifierLifted { identifier, lifted_at: story.now(), operator: "ada" };
        assert_eq!(story.apply(&Record::IdentifierLifted(lifted)), Outcome::Applied);
        assert_eq!(story.apply(&Record::IdentifierLifted(lifted)), Outcome::Refused(Refusal::NotBlocked));
        let before = story.engine.counts().nameless;
        come(&mut story, kind, value, 0..IDENTIFIER_USERS_MAX);
        assert_eq!(story.engine.counts().nameless, before);
        assert_eq!(story.engine.blocked_identifiers().count(), 0, "counted anew");
    }
}

#[test]
fn one_person_with_many_names_shares_nothing() {
    let mut story = with(Identity::default());
    for number in 0..50 {
        track(&mut story, &[(UserId, "u1"), (AnonymousId, &format!("a{number}")), (Email, "u1@example.com")]);
    }
    come(&mut story, AnonymousId, "a0", 0..1);
    assert_eq!(story.engine.blocked_identifiers().count(), 0);
    assert_eq!(story.engine.seq(), Seq(53));
}

#[test]
fn a_programme_says_what_is_wrong_with_its_rules_of_identity() {
    let limit = |at_most, days: Option<i64>| IdentifierLimit {
        at_most,
        within: days.map(|days| Span::DAY.times(days)),
    };
    for (name, limit, expected) in [
        ("email", limit(3, None), None),
        ("anonymous_id", limit(3, Some(7)), None),
        ("user_id", limit(1, None), None),
        ("user_id", limit(2, None), Some("identity.limits.user_id: a profile has one `user_id`, ever")),
        ("user_id", limit(1, Some(1)), Some("identity.limits.user_id: a profile has one `user_id`, ever")),
        (
            "emial",
            limit(3, None),
            Some("identity.limits.emial: there is no type of identifier \"emial\" (did you mean `email`?)"),
        ),
        (
            "phone",
            limit(0, None),
            Some("identity.limits.phone: a profile may have between 1 and 1000 of a type"),
        ),
        (
            "phone",
            limit(1_001, None),
            Some("identity.limits.phone: a profile may have between 1 and 1000 of a type"),
        ),
        ("phone", limit(5, Some(0)), Some("identity.limits.phone: a time without length holds nothing")),
    ] {
        let identity = Identity { limits: [(name.to_owned(), limit)].into(), ..Identity::default() };
        let mistakes = Programme { identity, ..programme() }.mistakes();
        let found = mistakes.first().map(ToString::to_string);
        let agrees =
            found.as_deref().zip(expected).is_some_and(|(found, expected)| found.starts_with(expected));
        assert!(agrees || (found.is_none() && expected.is_none()), "{name}: {found:?}");
    }
    let blocked = ["a", " ", "a"].map(str::to_owned).to_vec();
    let identity = Identity { blocked, ..Identity::default() };
    let mistakes = Programme { identity, ..programme() }.mistakes();
    let places: Vec<_> = mistakes.iter().map(|one| one.place.0.as_str()).collect();
    assert_eq!(places, ["identity.blocked[1]", "identity.blocked[2]"]);
}

#[test]
fn a_definition_without_rules_of_identity_is_as_it_was() {
    let definition = serde_json::to_string(&programme()).unwrap();
    assert!(!definition.contains("identity"), "{definition}");
    let limits = [("email".to_owned(), IdentifierLimit { at_most: 3, within: Some(Span::DAY) })].into();
    let programme = Programme { identity: Identity { limits, blocked: vec!["a".into()] }, ..programme() };
    let definition = serde_json::to_string(&programme).unwrap();
    assert!(definition.contains(r#""limits":{"email":{"at_most":3,"within":86400000}}"#), "{definition}");
    assert_eq!(serde_json::from_str::<Programme>(&definition).unwrap(), programme);
}
