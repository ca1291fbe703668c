//! Merges and their undoing, as stories: what comes back, what stays, what is refused and why.

use crate::story::{Story, Told, programme};
use engine::at::{At, Span};
use engine::engine::{MergeRefusal, Outcome, Refusal};
use engine::identifier::IdentifierKind::{self, AnonymousId, Email, UserId};
use engine::journey::RunState;
use engine::outbox::Reason;
use engine::programme::{
    Channel, Choices, EmailMessage, EmailTemplate, Journey, Message, Programme, Purpose, Reenter, Step,
};
use engine::record::{Attempted, EventKind, MergeUndone, ProfilesMerged, Record, SuppressionStated};
use engine::{Cause, MergeId, ProfileId, SendId};
use serde_json::{Value as Json, json};

type Names<'a> = &'a [(IdentifierKind, &'a str)];

fn track(story: &mut Story, names: Names<'_>, name: &str) {
    say(story, names, name, &json!({}), &json!({}));
}

fn say(story: &mut Story, names: Names<'_>, name: &str, traits: &Json, context: &Json) {
    let (occurred_at, properties) = (story.now(), &json!({}));
    let told = Told { kind: EventKind::Track, name, occurred_at, properties, traits, context };
    assert_eq!(story.say(names, &told), Outcome::Applied);
}

fn prefer(granted: bool) -> Json {
    json!({ "consent": { "categoryPreferences": { "offers": granted } } })
}

fn merge(story: &mut Story, from: (IdentifierKind, &str), into: (IdentifierKind, &str)) -> Outcome {
    let (from, into) = (story.identifier(from.0, from.1), story.identifier(into.0, into.1));
    let merged = ProfilesMerged { from, into, merged_at: story.now(), operator: "ada" };
    story.apply(&Record::ProfilesMerged(merged))
}

fn undo(story: &mut Story, merge: u32) -> Outcome {
    let undone = MergeUndone { merge: MergeId(merge), undone_at: story.now(), operator: "ada" };
    story.apply(&Record::MergeUndone(undone))
}

fn refused(refusal: MergeRefusal) -> Outcome {
    Outcome::Refused(Refusal::Merge(refusal))
}

fn wait(story: &mut Story, span: Span) {
    story.wait_until(story.now().plus(span));
}

fn granted(story: &Story, name: (IdentifierKind, &str)) -> bool {
    let id = story.engine.find(name.0, name.1).unwrap();
    let state = story.engine.profile(id).unwrap().consent("offers", Channel::Email);
    state == Some(engine::record::ConsentState::Granted)
}

/// All that can be seen of a profile.
fn seen(story: &Story, id: ProfileId) -> String {
    let profile = story.engine.profile(id).unwrap();
    let traits: Vec<_> = profile.traits().map(|(name, value)| (name.to_owned(), value.to_json())).collect();
    let timeline = story.engine.timeline(id, 1_000);
    let events: Vec<_> = timeline.iter().map(|one| (one.name, one.seq)).collect();
    let lines = [
        format!("{:?}", profile.identifiers()),
        format!("{traits:?}"),
        format!("{:?}", profile.consents()),
        format!("{} {} {}", profile.first_seen(), profile.last_seen(), profile.language()),
        format!("{events:?}"),
        format!("{:?}", story.engine.memberships(id)),
        format!("{:?}", story.engine.runs_of(id)),
    ];
    lines.join("\n")
}

fn shop() -> Programme {
    let purpose = Purpose { channels: Channel::ALL.to_vec(), ..Purpose::default() };
    let journey = Journey {
        purpose: "offers".into(),
        enter: r#"did "Started""#.into(),
        exit: Some(r#"did "Stopped""#.into()),
        steps: vec![Step::Wait(Span::HOUR), Step::Wait(Span::DAY)],
        ..Journey::default()
    };
    let segments = [
        ("buyers", r#"did "Bought" at least 2 times"#),
        ("italians", r#"trait.country = "IT""#),
        ("reached", "reachable by email"),
        ("recent", r#"did "Bought" within 2 days"#),
    ];
    Programme {
        purposes: [("offers".into(), purpose)].into(),
        segments: segments.map(|(name, text)| (name.into(), text.into())).into(),
        journeys: [("follow".into(), journey)].into(),
        ..programme()
    }
}

/// A visitor, and somebody registered who is somebody else.
fn two() -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop()), Outcome::Applied);
    let traits = json!({ "country": "FR", "plan": "pro", "language": "fr" });
    say(&mut story, &[(AnonymousId, "a1")], "Bought", &traits, &prefer(true));
    track(&mut story, &[(AnonymousId, "a1")], "Started");
    wait(&mut story, Span::MINUTE);
    say(&mut story, &[(UserId, "u1")], "Bought", &json!({ "country": "IT" }), &prefer(false));
    wait(&mut story, Span::MINUTE);
    story
}

const VISITOR: ProfileId = ProfileId(0);
const ADA: ProfileId = ProfileId(1);

#[test]
fn an_undone_merge_leaves_no_trace() {
    let mut story = two();
    let before = [VISITOR, ADA].map(|id| seen(&story, id));
    let counts = story.engine.counts().clone();
    assert_eq!(merge(&mut story, (AnonymousId, "a1"), (UserId, "u1")), Outcome::Applied);
    assert_eq!(story.engine.counts().profiles, 1);
    assert_eq!(story.engine.memberships(ADA), ["buyers", "italians", "recent"]);
    assert_eq!(story.engine.segment("buyers").unwrap().count, 1);
    wait(&mut story, Span::MINUTE);
    assert_eq!(undo(&mut story, 0), Outcome::Applied);
    assert_eq!([VISITOR, ADA].map(|id| seen(&story, id)), before);
    let after = story.engine.counts();
    assert_eq!((after.profiles, after.identified), (counts.profiles, counts.identified));
    assert_eq!((after.merges, after.merges_undone), (1, 1));
    for (name, count) in [("buyers", 0), ("italians", 1), ("recent", 2)] {
        assert_eq!(story.engine.segment(name).unwrap().count, count, "{name}");
    }
    wait(&mut story, Span::DAY.times(2));
    assert_eq!(story.engine.segment("recent").unwrap().count, 0, "time goes on for both");
}

#[test]
fn what_was_said_since_stays_with_whom_it_was_said_of() {
    let mut story = two();
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a1")], "Signed In");
    wait(&mut story, Span::MINUTE);
    // Older than what the visitor said, so that it changes nothing while they are one.
    let told = Told {
        kind: EventKind::Identify,
        name: "Identified",
        occurred_at: At(story.now().0 - 150_000),
        properties: &json!({}),
        traits: &json!({ "plan": "free", "size": 7 }),
        context: &json!({}),
    };
    story.say(&[(UserId, "u1")], &told);
    track(&mut story, &[(AnonymousId, "a1")], "Bought");
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a2")], "Signed In");
    undo(&mut story, 0);
    let ada = story.engine.profile(ADA).unwrap();
    let traits: Vec<_> = ada.traits().map(|(name, value)| format!("{name} {}", value.to_json())).collect();
    assert_eq!(traits, [r#"country "IT""#, r#"plan "free""#, "size 7"], "what it was told itself");
    assert_eq!(story.engine.find(AnonymousId, "a2"), Some(ADA));
    assert_eq!(story.engine.find(AnonymousId, "a1"), Some(VISITOR));
    assert_eq!(story.engine.timeline(VISITOR, 10).len(), 2);
    assert_eq!(story.engine.timeline(ADA, 10).len(), 4);
}

#[test]
fn a_withdrawal_holds_for_both_and_a_grant_for_whose_name_it_came_with() {
    let names: [(Names<'_>, bool, [bool; 2]); 5] = [
        (&[(AnonymousId, "a1")], true, [true, false]),
        (&[(UserId, "u1")], true, [false, true]),
        (&[(UserId, "u1"), (AnonymousId, "a1")], true, [false, true]),
        (&[(AnonymousId, "a1")], false, [false, false]),
        (&[(UserId, "u1")], false, [false, false]),
    ];
    for (names, grants, [visitor, ada]) in names {
        let mut story = Story::new();
        story.apply_programme(&shop());
        say(&mut story, &[(AnonymousId, "a1")], "Seen", &json!({}), &prefer(!grants));
        say(&mut story, &[(UserId, "u1")], "Seen", &json!({}), &prefer(!grants));
        merge(&mut story, (AnonymousId, "a1"), (UserId, "u1"));
        wait(&mut story, Span::MINUTE);
        say(&mut story, names, "Said", &json!({}), &prefer(grants));
        assert_eq!(granted(&story, (UserId, "u1")), grants);
        undo(&mut story, 0);
        let found = [granted(&story, (AnonymousId, "a1")), granted(&story, (UserId, "u1"))];
        assert_eq!(found, [visitor, ada], "{names:?} {grants}");
    }
}

#[test]
fn a_run_goes_on_where_it_stands_and_is_woken() {
    let mut story = two();
    track(&mut story, &[(UserId, "u2")], "Seen");
    let eve = story.engine.find(UserId, "u2").unwrap();
    merge(&mut story, (AnonymousId, "a1"), (UserId, "u2"));
    wait(&mut story, Span::HOUR.times(2));
    let due = story.engine.runs_of(eve)[0].due.unwrap();
    undo(&mut story, 0);
    assert!(story.engine.runs_of(eve).is_empty());
    assert_eq!(story.engine.runs_of(VISITOR)[0].due, Some(due), "the second wait, not the first again");
    story.wait_until(due);
    assert_eq!(story.engine.runs_of(VISITOR)[0].state, RunState::Completed);
}

#[test]
fn merging_and_parting_by_an_operator_start_no_run() {
    let mut shop = shop();
    let journey = shop.journeys.get_mut("follow").unwrap();
    (journey.enter, journey.reenter) = (r#"trait.country = "FR""#.into(), Reenter::Always);
    let mut story = two();
    story.apply_programme(&shop);
    track(&mut story, &[(UserId, "u2")], "Seen");
    let eve = story.engine.find(UserId, "u2").unwrap();
    say(&mut story, &[(UserId, "u3")], "Seen", &json!({ "country": "FR" }), &json!({}));
    let french = story.engine.find(UserId, "u3").unwrap();
    wait(&mut story, Span::DAY.times(2));
    assert_eq!(story.engine.runs_of(french).len(), 1, "a person who says so enters");
    merge(&mut story, (AnonymousId, "a1"), (UserId, "u2"));
    assert_eq!(story.engine.runs_of(eve).len(), 1, "who is found to be French did nothing");
    undo(&mut story, 0);
    assert_eq!(story.engine.runs_of(VISITOR).len(), 1, "nor did who is French again");
}

#[test]
fn an_address_among_the_traits_is_found_when_the_identifier_has_gone() {
    let mut story = two();
    track(&mut story, &[(Email, "ada@example.com"), (AnonymousId, "a1")], "Subscribed");
    merge(&mut story, (AnonymousId, "a1"), (UserId, "u1"));
    say(&mut story, &[(UserId, "u1")], "Said", &json!({ "email": "ada@example.com" }), &json!({}));
    undo(&mut story, 0);
    assert_eq!(story.engine.segment("reached").unwrap().count, 2);
    let identifier = story.identifier(Email, "ada@example.com");
    let stated = SuppressionStated { identifier, lifted: false, stated_at: story.now(), reason: "asked" };
    story.apply(&Record::SuppressionStated(stated));
    assert_eq!(story.engine.segment("reached").unwrap().count, 0);
}

#[test]
fn what_was_to_be_sent_to_the_parted_address_asks_its_consent() {
    let mut shop = shop();
    let template = EmailTemplate { text: Some("hello".into()), ..EmailTemplate::default() };
    let email = EmailMessage {
        from: "Shop <shop@example.com>".into(),
        subject: [("en".into(), "Hello".into())].into(),
        templates: [("en".into(), template)].into(),
        ..EmailMessage::default()
    };
    shop.messages = [("hello".into(), Message { email: Some(email), ..Message::default() })].into();
    let send = Step::Send { message: "hello".into(), channels: Vec::new(), choices: Choices::default() };
    shop.journeys.get_mut("follow").unwrap().steps = vec![send];
    for by_trait in [false, true] {
        let mut story = Story::new();
        story.apply_programme(&shop);
        let named: Names<'_> = &[(Email, "eve@example.com"), (AnonymousId, "a1")];
        let address = json!({ "email": "eve@example.com" });
        match by_trait {
            false => track(&mut story, named, "Seen"),
            true => say(&mut story, &named[1..], "Seen", &address, &json!({})),
        }
        track(&mut story, &[(UserId, "u1")], "Seen");
        merge(&mut story, (AnonymousId, "a1"), (UserId, "u1"));
        say(&mut story, &[(UserId, "u1")], "Started", &json!({}), &prefer(true));
        let sends = |story: &Story, id| story.engine.sends_of(id).map(|send| send.id).collect::<Vec<_>>();
        assert_eq!(sends(&story, ADA), [SendId(0)]);
        undo(&mut story, 0);
        assert_eq!((sends(&story, VISITOR), sends(&story, ADA)), (vec![SendId(0)], vec![]));
        story.apply(&Record::Attempted(Attempted { send: SendId(0), attempt: 1, attempted_at: story.now() }));
        let send = story.engine.send(SendId(0)).unwrap();
        assert_eq!(send.decision.reason(), Some(Reason::NoConsent), "Eve allowed nothing");
    }
}

#[test]
fn an_inner_merge_is_undone_after_the_outer_one_and_siblings_in_any_order() {
    let mut story = two();
    track(&mut story, &[(AnonymousId, "a2")], "Seen");
    merge(&mut story, (AnonymousId, "a2"), (AnonymousId, "a1"));
    merge(&mut story, (AnonymousId, "a1"), (UserId, "u1"));
    assert_eq!(undo(&mut story, 0), refused(MergeRefusal::MergedOn(MergeId(1))));
    assert_eq!(undo(&mut story, 7), refused(MergeRefusal::NoSuchMerge));
    assert_eq!(undo(&mut story, 1), Outcome::Applied);
    assert_eq!(undo(&mut story, 1), refused(MergeRefusal::UndoneBefore));
    assert_eq!(undo(&mut story, 0), Outcome::Applied);
    assert_eq!(story.engine.counts().profiles, 3);
    let ids = |story: &Story| story.engine.merges_of(ADA).into_iter().map(|(id, _)| id.0).collect::<Vec<_>>();
    assert_eq!(ids(&story), [1]);
    merge(&mut story, (AnonymousId, "a1"), (UserId, "u1"));
    merge(&mut story, (AnonymousId, "a2"), (UserId, "u1"));
    assert_eq!(ids(&story), [0, 1, 2, 3]);
    let (_, newest) = story.engine.merges().next_back().unwrap();
    let brought: Vec<_> = story.engine.identifiers_of(newest).map(|one| one.value.to_string()).collect();
    assert_eq!((brought, story.engine.events_of(newest)), (vec!["a2".to_owned()], 1));
    assert_eq!(newest.cause, Cause::Operator("ada".into()));
    assert_eq!(undo(&mut story, 2), Outcome::Applied);
    assert_eq!(undo(&mut story, 3), Outcome::Applied);
}

#[test]
fn who_was_parted_stays_apart_until_an_operator_says_otherwise() {
    let mut story = two();
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a1")], "Signed In");
    undo(&mut story, 0);
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a1")], "Signed In");
    assert_eq!(story.engine.find(AnonymousId, "a1"), Some(VISITOR), "neither merged nor moved");
    // Through a third who is both.
    track(&mut story, &[(AnonymousId, "a3")], "Seen");
    track(&mut story, &[(AnonymousId, "a1"), (AnonymousId, "a3")], "Seen");
    track(&mut story, &[(UserId, "u1"), (AnonymousId, "a3")], "Signed In");
    assert_eq!(story.engine.counts().profiles, 2);
    assert_eq!(merge(&mut story, (AnonymousId, "a3"), (UserId, "u1")), Outcome::Applied);
    undo(&mut story, 2);
    merge(&mut story, (AnonymousId, "a1"), (UserId, "u1"));
    assert_eq!(story.engine.counts().profiles, 1);
}

#[test]
fn an_operators_merge_lifts_what_held_its_parts_apart() {
    let mut story = Story::new();
    for name in [(AnonymousId, "a0"), (AnonymousId, "a1"), (UserId, "u1")] {
        track(&mut story, &[name], "Seen");
    }
    let sign_in: Names<'_> = &[(UserId, "u1"), (AnonymousId, "a1")];
    track(&mut story, sign_in, "Signed In");
    undo(&mut story, 0);
    track(&mut story, &[(AnonymousId, "a0"), (AnonymousId, "a1")], "Seen");
    merge(&mut story, (AnonymousId, "a0"), (UserId, "u1"));
    undo(&mut story, 2);
    undo(&mut story, 1);
    assert_eq!(story.engine.counts().profiles, 3);
    track(&mut story, sign_in, "Signed In");
    assert_eq!(story.engine.find(AnonymousId, "a1"), story.engine.find(UserId, "u1"));
    assert_eq!(story.engine.counts().profiles, 2);
}

#[test]
fn only_an_operator_makes_one_of_two_registered() {
    let mut story = two();
    track(&mut story, &[(UserId, "u2"), (Email, "ada@example.com")], "Seen");
    track(&mut story, &[(UserId, "u1"), (Email, "ada@example.com")], "Seen");
    assert_eq!(story.engine.counts().profiles, 3);
    assert_eq!(merge(&mut story, (UserId, "u9"), (UserId, "u1")), refused(MergeRefusal::Unknown("from")));
    assert_eq!(merge(&mut story, (UserId, "u1"), (UserId, "u9")), refused(MergeRefusal::Unknown("into")));
    assert_eq!(merge(&mut story, (UserId, "u2"), (UserId, "u1")), Outcome::Applied);
    assert_eq!(merge(&mut story, (UserId, "u2"), (UserId, "u1")), refused(MergeRefusal::Same));
    track(&mut story, &[(UserId, "u2")], "Seen");
    assert_eq!(story.engine.find(UserId, "u2"), Some(ADA));
    undo(&mut story, 0);
    track(&mut story, &[(UserId, "u2")], "Seen");
    assert_eq!(story.engine.timeline(ProfileId(2), 10).len(), 2);
}
