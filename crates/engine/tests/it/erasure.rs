//! Erasing a person, as stories: what goes, what stays and names nobody, and what the log is told to take out.

use crate::story::{Story, Told, programme};
use engine::at::Span;
use engine::backfill::Property;
use engine::engine::Engine;
use engine::engine::{MergeRefusal, Outcome, Refusal};
use engine::erasure::Redaction;
use engine::identifier::IdentifierKind::{self, AnonymousId, Email, UserId};
use engine::limits::IDENTIFIER_USERS_MAX;
use engine::outbox::{Decision, Reason, Status};
use engine::programme::{
    Channel, Choices, EmailMessage, EmailTemplate, Journey, Message, Programme, Purpose, Step,
};
use engine::record::{
    Attempted, ConsentSource, ConsentStated, DeliveryOutcome, Engaged, Engagement, EventKind, LogRedacted,
    Malformed, MergeUndone, OperatorActed, ProfileErased, Record, Rejected, Settled, Subject,
    SuppressionStated,
};
use engine::{MergeId, ProfileId, SendId, Seq};
use serde_json::{Value as Json, json};

type Name<'a> = (IdentifierKind, &'a str);

const ADA: Name<'_> = (UserId, "ada-7");
const ADAS_EMAIL: Name<'_> = (Email, "ada@secret.example");
const BOB: Name<'_> = (UserId, "bob-8");

/// What of Ada must be found nowhere once she is erased.
const TRACES: [&str; 8] = [
    "ada-7",
    "ada@secret.example",
    "adas-phone",
    "Lovelace",
    "Analytical Street",
    "adas-page",
    "difference engine",
    "550 no such",
];

fn shop() -> Programme {
    let template = EmailTemplate { text: Some("Hello".to_owned()), ..EmailTemplate::default() };
    let email = EmailMessage {
        from: "Shop <shop@example.com>".to_owned(),
        subject: [("en".to_owned(), "Hello".to_owned())].into(),
        templates: [("en".to_owned(), template)].into(),
        ..EmailMessage::default()
    };
    let journey = Journey {
        purpose: "offers".into(),
        enter: r#"did "Started""#.into(),
        steps: vec![
            Step::Send {
                message: "hello".into(),
                channels: vec![Channel::Email],
                choices: Choices::default(),
            },
            Step::Wait(Span::DAY),
        ],
        ..Journey::default()
    };
    let segments = [
        ("buyers", r#"did "Bought" (what contains "engine")"#),
        ("cheap", r#"did "Bought" (what = "pen") within 2 days"#),
        ("reached", "reachable by email"),
    ];
    Programme {
        purposes: [("offers".into(), Purpose { channels: Channel::ALL.to_vec(), ..Purpose::default() })]
            .into(),
        segments: segments.map(|(name, text)| (name.into(), text.into())).into(),
        messages: [("hello".to_owned(), Message { email: Some(email), ..Message::default() })].into(),
        journeys: [("follow".into(), journey)].into(),
        ..programme()
    }
}

fn say(story: &mut Story, names: &[Name<'_>], name: &str, properties: &Json, traits: &Json) {
    let proof =
        if names.iter().any(|name| name.0 == BOB.0 && name.1 == BOB.1) { "bobs-page" } else { "adas-page" };
    let context = json!({ "consent": { "categoryPreferences": { "offers": true }, "proof": proof } });
    let kind = if name == "Identified" { EventKind::Identify } else { EventKind::Track };
    let told = Told { kind, name, occurred_at: story.now(), properties, traits, context: &context };
    assert_eq!(story.say(names, &told), Outcome::Applied);
    story.wait_until(story.now().plus(Span::MINUTE));
}

fn erase(story: &mut Story, profile: ProfileId) -> Outcome {
    let erased = ProfileErased { profile, erased_at: story.now(), operator: "eve" };
    story.apply(&Record::ProfileErased(erased))
}

fn settle(story: &mut Story, send: SendId, outcome: DeliveryOutcome, reply: &str) -> Outcome {
    story.apply(&Record::Settled(Settled { send, attempt: 1, outcome, settled_at: story.now(), reply }))
}

fn attempt(story: &mut Story, send: SendId) -> Outcome {
    story.apply(&Record::Attempted(Attempted { send, attempt: 1, attempted_at: story.now() }))
}

/// Ada, who came as a visitor first and lent her device to Bob, and what is known of her.
fn ada_and_bob() -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop()), Outcome::Applied);
    say(
        &mut story,
        &[(AnonymousId, "adas-phone")],
        "Bought",
        &json!({ "what": "difference engine" }),
        &json!({}),
    );
    let traits =
        json!({ "last_name": "Lovelace", "email": "Ada@Secret.example", "street": "Analytical Street" });
    say(&mut story, &[ADA, ADAS_EMAIL, (AnonymousId, "adas-phone")], "Identified", &json!({}), &traits);
    say(&mut story, &[ADA], "Started", &json!({ "from": "adas-page" }), &json!({}));
    say(&mut story, &[ADA], "Bought", &json!({ "what": "pen" }), &json!({}));
    say(&mut story, &[BOB, (Email, "bob@example.com")], "Bought", &json!({ "what": "pen" }), &json!({}));
    let consent = ConsentStated {
        subject: Subject::Identifier(story.identifier(Email, "ada@secret.example")),
        purpose: "offers",
        channel: "email",
        granted: true,
        source: ConsentSource::Api,
        stated_at: story.now(),
        wording: "1",
        language: "",
        proof: "adas-page",
    };
    story.apply(&Record::ConsentStated(consent));
    let rejected = |payload| Rejected {
        received_at: story.now(),
        source: "shop",
        code: "bad_time",
        field: "timestamp",
        message: "not a time",
        payload,
    };
    let (hers, his) =
        (rejected(r#"{"userId":"ada-7","name":"Lovelace"}"#), rejected(r#"{"userId":"bob-8","name":"Bob"}"#));
    story.apply(&Record::Rejected(hers));
    story.apply(&Record::Rejected(his));
    story
}

fn id(story: &Story, name: Name<'_>) -> Option<ProfileId> {
    story.engine.find(name.0, name.1)
}

/// All that can be seen of a profile.
fn seen(story: &Story, id: ProfileId) -> String {
    let profile = story.engine.profile(id).unwrap();
    let traits: Vec<_> = profile.traits().map(|(name, value)| (name.to_owned(), value.to_json())).collect();
    format!(
        "{:?} {traits:?} {:?} {:?} {:?} {:?}",
        profile.identifiers(),
        profile.consents(),
        story.engine.timeline(id, 1_000),
        story.engine.memberships(id),
        story.engine.runs_of(id)
    )
}

fn traces(bytes: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    TRACES.into_iter().filter(|trace| text.contains(&trace.to_lowercase())).collect()
}

fn traces_in(engine: &Engine) -> Vec<&'static str> {
    let sections = engine.snapshot().into_iter().filter_map(|section| section.bytes);
    traces(&sections.flatten().collect::<Vec<u8>>())
}

#[test]
fn whoever_is_erased_is_found_nowhere_in_the_state() {
    let mut story = ada_and_bob();
    let owed = story.engine.outstanding();
    assert!(!owed.prepare.is_empty());
    assert_eq!(Engine::restore(&story.engine.snapshot()).unwrap().outstanding(), owed);
    assert_eq!(attempt(&mut story, SendId(0)), Outcome::Applied);
    assert_eq!(
        settle(&mut story, SendId(0), DeliveryOutcome::InvalidRecipient, "550 no such"),
        Outcome::Applied
    );
    assert_eq!(traces_in(&story.engine), TRACES);
    let (bob, before) = (id(&story, BOB).unwrap(), seen(&story, id(&story, BOB).unwrap()));
    let ada = id(&story, ADA).unwrap();
    assert_eq!(erase(&mut story, ada), Outcome::Applied);
    assert_eq!(traces_in(&story.engine), [""; 0]);
    assert_eq!(seen(&story, bob), before);
    for name in [ADA, ADAS_EMAIL, (AnonymousId, "adas-phone")] {
        assert_eq!(id(&story, name), None, "{name:?}");
    }
    let counts = story.engine.counts();
    assert_eq!((counts.profiles, counts.identified, counts.erased), (1, 1, 1));
    for (name, count) in [("buyers", 0), ("cheap", 1), ("reached", 1)] {
        assert_eq!(story.engine.segment(name).unwrap().count, count, "{name}");
        let expression = story.engine.segment(name).unwrap().expression.to_owned();
        assert_eq!(story.preview(&expression).unwrap().count, count, "{name}");
    }
    let journey = &story.engine.journeys()[0];
    assert_eq!((journey.entered, journey.active, journey.finished), (1, 0, 1));
    let listed: Vec<&str> = story.engine.rejects().map(|one| one.payload.as_str()).collect();
    assert_eq!(listed, ["", r#"{"userId":"bob-8","name":"Bob"}"#]);
    let send = story.engine.send(SendId(0)).unwrap();
    assert_eq!((&*send.message, send.status, &*send.address), ("hello", Status::Bounced, ""));
    assert!(story.engine.profile(send.profile).is_none());
    assert_eq!(story.engine.profiles().count(), 1);
    story.wait_until(story.now().plus(Span::DAY.times(3)));
    assert_eq!(story.engine.segment("cheap").unwrap().count, 0);
    let replayed = Engine::restore(&story.engine.snapshot()).unwrap();
    assert_eq!(replayed.hash(), story.engine.hash());
}

#[test]
fn whoever_comes_back_is_somebody_new_whom_we_still_must_not_write_to() {
    let mut story = ada_and_bob();
    let stated = SuppressionStated {
        identifier: story.identifier(Email, "ada@secret.example"),
        lifted: false,
        stated_at: story.now(),
        reason: "Lovelace called",
    };
    story.apply(&Record::SuppressionStated(stated));
    let ada = id(&story, ADAS_EMAIL).unwrap();
    assert_eq!(erase(&mut story, ada), Outcome::Applied);
    assert_eq!(traces_in(&story.engine), [""; 0]);
    assert_eq!(erase(&mut story, ada), Outcome::Refused(Refusal::Erased));
    assert_eq!(erase(&mut story, ProfileId(99)), Outcome::Refused(Refusal::Erased));
    say(&mut story, &[ADA, ADAS_EMAIL], "Started", &json!({}), &json!({}));
    let again = id(&story, ADA).unwrap();
    assert_ne!(again, ada);
    assert_eq!(story.engine.timeline(again, 10).len(), 1);
    let send = story.engine.sends_of(again).next().unwrap();
    assert_eq!(send.decision, Decision::Drop { reason: Reason::Suppressed });
}

#[test]
fn what_is_owed_is_dropped_and_what_is_in_flight_is_settled_without_a_word() {
    let mut story = ada_and_bob();
    say(&mut story, &[BOB], "Started", &json!({}), &json!({}));
    let [ada, bob] = [ADA, BOB].map(|name| id(&story, name).unwrap());
    assert_eq!(attempt(&mut story, SendId(1)), Outcome::Applied);
    assert_eq!(erase(&mut story, ada), Outcome::Applied);
    assert_eq!(erase(&mut story, bob), Outcome::Applied);
    let send = |story: &Story, number| {
        let send = story.engine.send(SendId(number)).unwrap();
        (send.status, send.decision)
    };
    let erased = Decision::Drop { reason: Reason::Erased };
    assert_eq!(send(&story, 0), (Status::Dropped, erased));
    assert_eq!(send(&story, 1), (Status::Attempted, Decision::Send));
    assert_eq!(attempt(&mut story, SendId(0)), Outcome::Refused(Refusal::OutOfTurn));
    let refused = Outcome::Refused(Refusal::Erased);
    assert_eq!(settle(&mut story, SendId(1), DeliveryOutcome::Transient, "450 bob is busy"), refused);
    assert_eq!(settle(&mut story, SendId(1), DeliveryOutcome::Transient, ""), Outcome::Applied);
    assert_eq!(send(&story, 1), (Status::Dropped, erased), "there is nobody to try again for");
    let (send, occurred_at) = (SendId(1), story.now());
    let engaged =
        Engaged { send, engagement: Engagement::Clicked, machine: false, occurred_at, url: "https://a" };
    assert_eq!(story.apply(&Record::Engaged(engaged)), refused);
    let consent = ConsentStated {
        subject: Subject::Send(send),
        purpose: "offers",
        channel: "email",
        granted: false,
        source: ConsentSource::OneClick,
        stated_at: story.now(),
        wording: "",
        language: "",
        proof: "",
    };
    assert_eq!(story.apply(&Record::ConsentStated(consent)), refused);
    assert!(story.engine.outstanding().prepare.is_empty() && story.engine.in_flight().is_empty());
    story.wait_until(story.now().plus(Span::DAY.times(3)));
    assert_eq!(story.engine.sends().len(), 2);
}

#[test]
fn a_merge_of_somebody_erased_cannot_be_undone() {
    let mut story = ada_and_bob();
    say(&mut story, &[(AnonymousId, "bobs-phone")], "Bought", &json!({}), &json!({}));
    say(&mut story, &[BOB, (AnonymousId, "bobs-phone")], "Bought", &json!({}), &json!({}));
    let merges = story.engine.merges().len() as u32;
    let (_, merge) = story.engine.merges().next_back().unwrap();
    let from = merge.from;
    assert_eq!(erase(&mut story, from), Outcome::Applied, "under the number of a profile that was taken in");
    assert_eq!(id(&story, BOB), None);
    let undone = MergeUndone { merge: MergeId(merges - 1), undone_at: story.now(), operator: "eve" };
    let refused = Outcome::Refused(Refusal::Merge(MergeRefusal::Erased));
    assert_eq!(story.apply(&Record::MergeUndone(undone)), refused);
    let (_, merge) = story.engine.merges().next_back().unwrap();
    assert_eq!((story.engine.events_of(merge), story.engine.identifiers_of(merge).count()), (0, 0));
}

/// What the log holds when it has been redacted, or what it held before.
fn redacted(story: &Story, redaction: &Redaction) -> Vec<Vec<u8>> {
    let places = (1..).map(Seq);
    let redact = |(seq, (_, bytes)): (Seq, &(_, Vec<u8>))| {
        let record = Record::decode(bytes).unwrap();
        redaction.redact(seq, &record).unwrap_or_else(|| bytes.clone())
    };
    places.zip(&story.log).map(redact).collect()
}

#[test]
fn the_log_is_told_which_records_are_theirs_and_whose_are_not() {
    let mut story = ada_and_bob();
    // A device that was Ada's, and then Bob's.
    say(
        &mut story,
        &[(AnonymousId, "tablet")],
        "Identified",
        &json!({}),
        &json!({ "last_name": "Lovelace" }),
    );
    say(&mut story, &[ADA, (AnonymousId, "tablet")], "Looked", &json!({}), &json!({}));
    say(&mut story, &[BOB, (AnonymousId, "tablet")], "Looked", &json!({}), &json!({}));
    say(&mut story, &[(AnonymousId, "tablet")], "Bought", &json!({ "what": "pen" }), &json!({}));
    // An address of Ada's that came with Bob.
    say(&mut story, &[BOB, ADAS_EMAIL], "Looked", &json!({}), &json!({}));
    attempt(&mut story, SendId(0));
    settle(&mut story, SendId(0), DeliveryOutcome::Accepted, "250 ada@secret.example");
    let bobs = story.engine.timeline(id(&story, BOB).unwrap(), 100).len();
    let ada = id(&story, ADA).unwrap();
    erase(&mut story, ada);
    say(&mut story, &[ADA], "Looked", &json!({}), &json!({}));
    let redaction = story.engine.redaction().unwrap();
    let log = redacted(&story, &redaction);
    let to = redaction.to().0 as usize;
    // What the device said when it was Bob's stays.
    let hers: Vec<_> = TRACES.into_iter().filter(|trace| *trace != "adas-page").collect();
    let before = traces(&story.log.iter().flat_map(|one| one.1.clone()).collect::<Vec<_>>());
    assert!(
        hers.iter().filter(|trace| !trace.starts_with("550")).all(|trace| before.contains(trace)),
        "{before:?}"
    );
    for (seq, bytes) in log[..to].iter().enumerate().skip(2) {
        let found: Vec<_> = traces(bytes).into_iter().filter(|trace| *trace != "adas-page").collect();
        assert_eq!(found, [""; 0], "at {} in {}", seq + 1, String::from_utf8_lossy(bytes));
    }
    assert_eq!(
        log[to..],
        story.log[to..].iter().map(|one| one.1.clone()).collect::<Vec<_>>(),
        "what came after"
    );
    let readable = |seq: Seq| match Record::decode(&log[seq.0 as usize - 1]) {
        Ok(_) => true,
        Err(Malformed::Sealed) => false,
        Err(other) => panic!("{other}"),
    };
    let timeline = story.engine.timeline(id(&story, BOB).unwrap(), 100);
    assert_eq!((timeline.len(), timeline.iter().filter(|one| readable(one.seq)).count()), (bobs, bobs));
    let whole = (1..=log.len() as u64).filter(|seq| !readable(Seq(*seq))).count();
    // Four events of her own, one of the tablet with hers, one by which it was named, what she consented to, what was
    // refused, and what became of her message.
    assert_eq!(whole, 9);
}

#[test]
fn once_the_log_is_redacted_nothing_is_remembered_for_it() {
    let mut story = ada_and_bob();
    let [ada, bob] = [ADA, BOB].map(|name| id(&story, name).unwrap());
    erase(&mut story, ada);
    let to = story.engine.redaction().unwrap().to();
    erase(&mut story, bob);
    assert_eq!(story.engine.erasures().len(), 2);
    story.apply(&Record::LogRedacted(LogRedacted { to, redacted_at: story.now() }));
    assert_eq!(story.engine.erasures().iter().map(|one| one.profile).collect::<Vec<_>>(), [bob]);
    let to = story.engine.redaction().unwrap().to();
    story.apply(&Record::LogRedacted(LogRedacted { to, redacted_at: story.now() }));
    assert!(story.engine.redaction().is_none());
}

#[test]
fn a_filling_that_goes_on_meanwhile_is_right_for_everybody_else() {
    let mut story = Story::new();
    let buy = |story: &mut Story, who: &str, note: &str| {
        story.track(who, "Bought", story.now(), &json!({ "note": note }));
    };
    buy(&mut story, "ada", "Analytical Street");
    buy(&mut story, "ada", "gift");
    // So many that Bob's turn comes in a later step than Ada's.
    (0..1_100).for_each(|number| buy(&mut story, &format!("u{number}"), "plain"));
    buy(&mut story, "bob", "gift");
    let path = vec!["note".to_owned()];
    let mut backfill = story.engine.begin_backfill(vec![Property { event: "Bought".to_owned(), path }]);
    for (seq, (at, bytes)) in (1..).map(Seq).zip(&story.log) {
        backfill.read(seq, *at, &Record::decode(bytes).unwrap(), |_, _| None);
    }
    assert!(story.engine.step_backfill(&mut backfill));
    assert_eq!(traces_in(&story.engine), ["Analytical Street"], "she is filled");
    let ada = id(&story, (UserId, "ada")).unwrap();
    assert_eq!(erase(&mut story, ada), Outcome::Applied);
    assert_eq!(traces_in(&story.engine), [""; 0]);
    while story.engine.step_backfill(&mut backfill) {}
    for (note, count) in [("gift", 1), ("plain", 1_100), ("Analytical Street", 0)] {
        let found = story.engine.preview(&format!(r#"did "Bought" (note = "{note}")"#));
        assert_eq!(found.unwrap().count, count, "{note}");
    }
    buy(&mut story, "eve", "gift");
    assert_eq!(story.preview(r#"did "Bought" (note = "gift")"#).unwrap().count, 2);
    assert_eq!(traces_in(&story.engine), [""; 0]);
}

#[test]
fn whoever_is_erased_no_longer_counts_against_a_name_that_many_share() {
    let mut story = Story::new();
    let visit = |story: &mut Story, number: usize| {
        let user = format!("user-{number}");
        say(story, &[(UserId, &user), (AnonymousId, "tablet")], "Looked", &json!({}), &json!({}));
    };
    (0..IDENTIFIER_USERS_MAX).for_each(|number| visit(&mut story, number));
    let fifth = id(&story, (UserId, "user-5")).unwrap();
    assert_eq!(erase(&mut story, fifth), Outcome::Applied);
    visit(&mut story, 100);
    assert!(story.engine.blocked_identifier(AnonymousId, "tablet").is_none(), "one of them is nobody now");
    let last = id(&story, (AnonymousId, "tablet"));
    visit(&mut story, 101);
    assert!(story.engine.blocked_identifier(AnonymousId, "tablet").is_some());
    assert_eq!(erase(&mut story, last.unwrap()), Outcome::Applied);
    let blocked = story.engine.blocked_identifier(AnonymousId, "tablet").unwrap();
    assert_eq!((blocked.value.as_str(), blocked.users), ("", 11), "it still names nobody");
}

#[test]
fn an_address_that_only_a_trait_gave_is_known_as_theirs() {
    let mut story = Story::new();
    for address in ["ada@secret.example", "ada@old.example", "ada@secret.example"] {
        story.identify("ada", &json!({ "email": address }));
        story.wait_until(story.now().plus(Span::MINUTE));
    }
    for address in ["ada@secret.example", "ada@old.example", "bob@example.com"] {
        let identifier = story.identifier(Email, address);
        let stated = SuppressionStated { identifier, lifted: false, stated_at: story.now(), reason: "asked" };
        story.apply(&Record::SuppressionStated(stated));
    }
    let ada = id(&story, (UserId, "ada")).unwrap();
    assert_eq!(erase(&mut story, ada), Outcome::Applied);
    let shown: Vec<&str> = story.engine.suppressions().map(|one| one.value.as_str()).collect();
    assert_eq!(shown.iter().filter(|value| value.is_empty()).count(), 2, "{shown:?}");
    assert!(shown.contains(&"bob@example.com"));
}

/// What of the acts in a log is about whom, and what they tell; `None` where nothing can be read.
fn acts_in(log: &[Vec<u8>]) -> Vec<(String, String, bool)> {
    let acts = log.iter().filter_map(|bytes| match Record::decode(bytes) {
        Ok(Record::OperatorActed(acted)) => {
            let people: Vec<&str> = acted.people.iter().map(|one| one.value).collect();
            let told = format!("{}{}", acted.before, acted.after);
            assert_eq!((acted.operator, acted.act), ("eve", "profile.change"), "who did what stays");
            Some((people.join(" "), told, acted.is_blank()))
        }
        _ => None,
    });
    acts.collect()
}

#[test]
fn an_operators_act_about_somebody_erased_names_them_no_longer() {
    let mut story = ada_and_bob();
    let act = |story: &mut Story, names: &[Name<'_>], before: &str, after: &str| {
        let people = names.iter().map(|(kind, value)| story.identifier(*kind, value)).collect();
        let (acted_at, operator, role) = (story.now(), "eve", "marketer");
        let (act, subject) = ("profile.change", "");
        let acted = OperatorActed { acted_at, operator, role, act, subject, people, before, after };
        assert_eq!(story.apply(&Record::OperatorActed(acted)), Outcome::Applied);
    };
    act(&mut story, &[ADAS_EMAIL], "", r#"{"proof":"adas-page"}"#);
    act(&mut story, &[BOB], r#"{"state":"open"}"#, "");
    act(&mut story, &[BOB, ADA], "", r#"{"name":"Lovelace"}"#);
    act(
        &mut story,
        &[],
        r#"{"segments.vip":"trait.email = \"ada@secret.example\""}"#,
        r#"{"segments.vip":"did \"X\""}"#,
    );
    act(&mut story, &[], "", r#"{"segments.vip":"did \"Y\""}"#);
    assert_eq!(traces_in(&Engine::restore(&story.engine.snapshot()).unwrap()), traces_in(&story.engine));
    let acts: Vec<Seq> = story.engine.acts_before(Seq(u64::MAX)).collect();
    let restored = Engine::restore(&story.engine.snapshot()).unwrap();
    assert_eq!(acts, restored.acts_before(Seq(u64::MAX)).collect::<Vec<_>>());
    assert_eq!(acts.len(), 5);

    let ada = id(&story, ADA).unwrap();
    assert_eq!(erase(&mut story, ada), Outcome::Applied);
    assert_eq!(story.engine.acts_before(Seq(u64::MAX)).count(), 5, "that it was done is no secret");
    let redaction = story.engine.redaction().unwrap();
    let log = redacted(&story, &redaction);
    let nothing = |blank| (String::new(), String::new(), blank);
    let told = |people: &str, told: &str| (people.to_owned(), told.to_owned(), false);
    let expected = [
        nothing(true),
        told("bob-8", r#"{"state":"open"}"#),
        (" ".to_owned(), String::new(), true),
        nothing(false),
        told("", r#"{"segments.vip":"did \"Y\""}"#),
    ];
    assert_eq!(acts_in(&log), expected);
    // Once more, and it stays as it is.
    for (place, bytes) in log.iter().enumerate() {
        if let Ok(record @ Record::OperatorActed(_)) = Record::decode(bytes) {
            assert!(redaction.redact(Seq(place as u64 + 1), &record).is_none(), "{record:?}");
        }
    }
}
