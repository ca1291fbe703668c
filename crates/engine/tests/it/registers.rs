//! Opt-out registers: who is listed from when to when, which looks count, and what follows for whom.

use crate::story::{Story, Told, apply_filled, programme};
use engine::SendId;
use engine::at::{At, Span};
use engine::engine::{Engine, Outcome, Refusal};
use engine::identifier::IdentifierKind::{Email, UserId};
use engine::limits::REGISTERS_MAX;
use engine::outbox::{Reason, Status};
use engine::programme::{
    Channel, Choices, ContactPolicy, EmailMessage, Journey, Message, OptIn, Programme, Purpose, QuietHours,
    Reenter, Step,
};
use engine::record::{Attempted, EventKind, Record, RegisterChecked, RegisterListed};
use engine::register::Register;
use serde_json::json;

const RPO: &str = "rpo";

/// Writes to everybody who visits, and to nobody in the night.
fn shop() -> Programme {
    let mut shop = programme();
    let offers = Purpose { channels: vec![Channel::Email], opt_in: OptIn::None, ..Purpose::default() };
    shop.purposes.insert("offers".into(), Purpose { contact_policy: Some(true), ..offers });
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
    shop.segments.insert("reached".into(), "reachable by email".into());
    shop.contact_policy = ContactPolicy {
        quiet_hours: Some(QuietHours { from: 21 * 60, to: 8 * 60, ..QuietHours::default() }),
        ..ContactPolicy::default()
    };
    shop
}

fn story() -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop()), Outcome::Applied);
    for person in ["ada", "bob"] {
        visit(&mut story, person, "Seen");
    }
    story
}

fn visit(story: &mut Story, person: &str, name: &str) {
    let (now, none, email) = (story.now(), json!({}), format!("{person}@example.com"));
    let told = Told {
        kind: EventKind::Track,
        name,
        occurred_at: now,
        properties: &none,
        traits: &none,
        context: &none,
    };
    assert_eq!(story.say(&[(UserId, person), (Email, &email)], &told), Outcome::Applied);
}

/// A slice of a look with these people's addresses.
fn list(
    story: &mut Story,
    register: &str,
    edition: u32,
    channels: &[&'static str],
    people: &[&str],
) -> Outcome {
    let hash = |person: &&str| story.key.identifier(Email, &format!("{person}@example.com"));
    let (channels, hashes) = (channels.to_vec(), people.iter().map(hash).collect());
    story.apply(&Record::RegisterListed(RegisterListed { register, edition, channels, hashes }))
}

fn check(story: &mut Story, register: &str, edition: u32, channels: &[&'static str]) -> Outcome {
    let (channels, checked_at, valid_for) = (channels.to_vec(), story.now(), Span::DAY.times(15));
    let operator = "ada";
    let checked = RegisterChecked { register, edition, channels, checked_at, valid_for, operator };
    story.apply(&Record::RegisterChecked(checked))
}

fn look(story: &mut Story, register: &str, edition: u32, channels: &[&'static str], people: &[&str]) {
    assert_eq!(list(story, register, edition, channels, people), Outcome::Applied);
    assert_eq!(check(story, register, edition, channels), Outcome::Applied);
}

/// What became of the message that somebody gets for a visit now.
fn greeted(story: &mut Story, person: &str) -> (Status, Option<Reason>) {
    visit(story, person, "Visited");
    let send = story.engine.sends().next_back().unwrap();
    (send.status, send.decision.reason())
}

const SENT: (Status, Option<Reason>) = (Status::Queued, None);
const BARRED: (Status, Option<Reason>) = (Status::Dropped, Some(Reason::Suppressed));

fn register<'a>(engine: &'a Engine, name: &str) -> &'a Register {
    engine.registers().iter().find(|one| one.name == name).unwrap()
}

fn listing(story: &Story, person: &str) -> Vec<String> {
    let email = format!("{person}@example.com");
    let with = story.engine.registers_with(Email, &email);
    with.map(|one| one.name.clone()).collect()
}

#[test]
fn who_is_listed_is_barred_at_once_and_free_once_a_whole_look_leaves_them_out() {
    let mut story = story();
    assert_eq!(greeted(&mut story, "ada"), SENT);
    assert_eq!(list(&mut story, RPO, 1, &["email"], &["ada", "bob"]), Outcome::Applied);
    assert_eq!((greeted(&mut story, "ada"), greeted(&mut story, "bob")), (BARRED, BARRED));
    assert_eq!(check(&mut story, RPO, 1, &["email"]), Outcome::Applied);
    // Another look that has not come to its end frees nobody.
    assert_eq!(list(&mut story, RPO, 2, &["email"], &["bob"]), Outcome::Applied);
    assert_eq!((greeted(&mut story, "ada"), listing(&story, "ada")), (BARRED, vec![RPO.to_owned()]));
    assert_eq!(check(&mut story, RPO, 2, &["email"]), Outcome::Applied);
    assert_eq!((greeted(&mut story, "ada"), greeted(&mut story, "bob")), (SENT, BARRED));
    assert_eq!(listing(&story, "ada"), [""; 0]);
    let mut again = Engine::new();
    for (place, (at, bytes)) in story.log.iter().enumerate() {
        apply_filled(&mut again, &story.log[..place], (*at, bytes), &mut Vec::new());
    }
    assert_eq!(again.hash(), story.engine.hash());
    let restored = Engine::restore(&story.engine.snapshot()).unwrap();
    assert_eq!(restored.hash(), story.engine.hash());
    let bob = restored.registers_with(Email, "bob@example.com").map(|one| one.name.as_str());
    assert_eq!(bob.collect::<Vec<_>>(), [RPO]);
}

#[test]
fn a_register_speaks_of_the_channels_that_it_names_as_its_newest_look_says() {
    let mut story = story();
    look(&mut story, "calls", 1, &[Channel::Call.name(), "sms"], &["ada"]);
    assert_eq!(greeted(&mut story, "ada"), SENT, "nobody calls by email");
    assert_eq!(list(&mut story, RPO, 1, &["email"], &["ada"]), Outcome::Applied);
    assert_eq!(greeted(&mut story, "ada"), BARRED, "before the look is whole");
    assert_eq!(check(&mut story, RPO, 1, &[Channel::Call.name()]), Outcome::Applied);
    assert_eq!(greeted(&mut story, "ada"), SENT, "it was a mistake, and the end of the look says so");
    assert_eq!(listing(&story, "ada"), ["calls", RPO]);
}

#[test]
fn a_look_follows_the_one_before_and_what_is_out_of_turn_changes_nothing() {
    let mut story = story();
    let out_of_turn = || Outcome::Refused(Refusal::OutOfTurn);
    let (email, ada) = (["email"], ["ada"]);
    assert_eq!(check(&mut story, RPO, 1, &email), out_of_turn(), "nothing was listed");
    assert_eq!(list(&mut story, RPO, 2, &email, &ada), out_of_turn(), "the first look is number one");
    assert_eq!(list(&mut story, RPO, 1, &email, &ada), Outcome::Applied);
    assert_eq!(list(&mut story, RPO, 1, &email, &["bob"]), Outcome::Applied, "another slice");
    assert_eq!(list(&mut story, RPO, 3, &email, &ada), out_of_turn());
    assert_eq!(check(&mut story, RPO, 2, &email), out_of_turn());
    assert_eq!(check(&mut story, RPO, 1, &email), Outcome::Applied);
    assert_eq!(check(&mut story, RPO, 1, &email), out_of_turn(), "it is whole already");
    assert_eq!(list(&mut story, RPO, 1, &email, &ada), out_of_turn());
    assert_eq!(list(&mut story, RPO, 2, &email, &ada), Outcome::Applied);
    assert_eq!(list(&mut story, RPO, 3, &email, &ada), Outcome::Applied, "the second was given up");
    assert_eq!(check(&mut story, RPO, 2, &email), out_of_turn());
    assert_eq!(check(&mut story, RPO, 3, &email), Outcome::Applied);
    for number in 1..REGISTERS_MAX {
        assert_eq!(list(&mut story, &number.to_string(), 1, &email, &ada), Outcome::Applied);
    }
    let full = Outcome::Refused(Refusal::TooManyRegisters);
    assert_eq!(list(&mut story, "one more", 1, &email, &ada), full);
    assert_eq!(list(&mut story, "7", 1, &email, &["bob"]), Outcome::Applied, "those that are known go on");
}

#[test]
fn each_register_counts_its_own_and_everybody_once() {
    let mut story = story();
    let listed = |story: &Story, name| register(&story.engine, name).listed;
    list(&mut story, RPO, 1, &["email"], &["ada", "bob"]);
    list(&mut story, RPO, 1, &["email"], &["ada"]);
    assert_eq!(listed(&story, RPO), 2);
    check(&mut story, RPO, 1, &["email"]);
    look(&mut story, "robinson", 1, &["email"], &["ada", "eve", "zoe"]);
    assert_eq!((listed(&story, RPO), listed(&story, "robinson")), (2, 3));
    list(&mut story, RPO, 2, &["email"], &["ada", "eve"]);
    assert_eq!(listed(&story, RPO), 3, "until the look is whole, those of before are listed too");
    check(&mut story, RPO, 2, &["email"]);
    assert_eq!((listed(&story, RPO), listed(&story, "robinson")), (2, 3));
    assert_eq!(listing(&story, "bob"), [""; 0]);
    assert_eq!(listing(&story, "ada"), [RPO, "robinson"]);
}

#[test]
fn a_look_is_good_for_its_time_and_not_before_it_is_whole() {
    let mut story = story();
    let now = story.now();
    list(&mut story, RPO, 1, &["email"], &["ada"]);
    let is_stale = |story: &Story, at| register(&story.engine, RPO).is_stale(at);
    assert!(is_stale(&story, now) && is_stale(&story, At(0)));
    check(&mut story, RPO, 1, &["email"]);
    let end = now.plus(Span::DAY.times(15));
    let stale = [now, end.minus(Span(1)), end].map(|at| is_stale(&story, at));
    assert_eq!(stale, [false, false, true]);
}

/// Nobody can tell whom it lists before an address is at hand: whoever is written to is asked for, and no segment is.
#[test]
fn a_register_that_names_nobody_is_asked_when_somebody_is_written_to() {
    let mut story = story();
    story.wait_until(At::parse("2026-01-05T22:00Z").unwrap());
    assert_eq!(greeted(&mut story, "ada"), (Status::Deferred, Some(Reason::QuietHours)));
    // printf ada@example.com | sha256sum
    let ada = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72";
    let ada: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&ada[2 * at..2 * at + 2], 16).unwrap()).collect();
    let hashes = vec![story.key.digest(&ada.try_into().unwrap())];
    let (register, edition, channels) = (RPO, 1, vec!["email"]);
    let listed = Record::RegisterListed(RegisterListed { register, edition, channels, hashes });
    assert_eq!(story.apply(&listed), Outcome::Applied);
    assert_eq!((listing(&story, "ada"), listing(&story, "bob")), (vec![RPO.to_owned()], Vec::new()));
    let reached = |story: &Story| {
        let ada = story.engine.find(UserId, "ada").unwrap();
        story.engine.memberships(ada).contains(&"reached")
    };
    assert!(reached(&story), "as far as anybody can tell");
    story.wait_until(At::parse("2026-01-06T08:00Z").unwrap());
    let waited = story.engine.send(SendId(0)).unwrap();
    assert_eq!((waited.status, waited.decision.reason()), BARRED);
    assert_eq!((greeted(&mut story, "ada"), greeted(&mut story, "bob")), (BARRED, SENT));
    check(&mut story, RPO, 1, &["email"]);
    // Who was let go before somebody was listed is asked for again at the hand-over.
    look(&mut story, RPO, 2, &["email"], &[]);
    assert_eq!(greeted(&mut story, "ada"), SENT);
    let send = story.engine.sends().next_back().unwrap().id;
    let Record::RegisterListed(again) = listed else { unreachable!() };
    story.apply(&Record::RegisterListed(RegisterListed { edition: 3, ..again }));
    let attempted = Attempted { send, attempt: 1, attempted_at: story.now() };
    assert_eq!(story.apply(&Record::Attempted(attempted)), Outcome::Applied);
    let send = story.engine.send(send).unwrap();
    assert_eq!((send.status, send.decision.reason()), BARRED);
}

/// Whoever is listed leaves segments and loses what waits for them at once, and comes back as soon as they are free.
#[test]
fn what_follows_for_people_follows_at_once() {
    let mut story = story();
    let reached = |story: &Story| {
        let ada = story.engine.find(UserId, "ada").unwrap();
        story.engine.memberships(ada).contains(&"reached")
    };
    assert!(reached(&story));
    story.wait_until(At::parse("2026-01-05T22:00Z").unwrap());
    assert_eq!(greeted(&mut story, "ada"), (Status::Deferred, Some(Reason::QuietHours)));
    list(&mut story, RPO, 1, &["email"], &["ada"]);
    let waited = story.engine.send(SendId(0)).unwrap();
    assert_eq!((waited.status, waited.decision.reason()), BARRED);
    assert!(!reached(&story));
    check(&mut story, RPO, 1, &["email"]);
    look(&mut story, RPO, 2, &["email"], &[]);
    assert!(reached(&story));
}
