//! Webhooks: runs that ask one and go on with what it answered, and how far each was told.

use crate::story::{Story, Told, programme};
use engine::at::{At, Span};
use engine::effect::Effect;
use engine::engine::{Engine, Outcome, Refusal};
use engine::identifier::IdentifierKind::UserId;
use engine::limits::{DELIVERIES_LISTED_MAX, DELIVERIES_WAITING_MAX, DELIVERY_ATTEMPTS_MAX, DELIVERY_WAITS};
use engine::programme::{
    Arm, Channel, Journey, OnChange, Programme, Purpose, Reenter, Step, Webhook, WebhookStep,
};
use engine::record::{
    Command, Commandable, Commanded, DeliveryRequested, EventKind, Malformed, ProfileErased, ProfilesMerged,
    Record, WebhookAnswered, WebhookAttempt, WebhookDelivered, WebhookFollowed, WebhookOutcome,
};
use engine::value::{Map, OwnedMap};
use engine::webhook::{Delivery, Ear, Off, WebhookRefusal};
use engine::{ProfileId, Seq};
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

/// A step that notes in a trait where a run came by.
fn note(what: &str) -> Step {
    Step::Update([("went".to_owned(), json!(what))].into())
}

fn shop() -> Programme {
    let mut programme = programme();
    let purpose = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    programme.purposes.insert("offers".to_owned(), purpose);
    programme.segments.insert("buyers".to_owned(), r#"did "Bought" at least 2 times"#.to_owned());
    let hears = [r#"did "Bought" (total > 50)"#, r#"entered segment "buyers""#, "erasures"];
    let webhook = Webhook {
        url: "https://erp.example/hooks".to_owned(),
        hears: hears.map(str::to_owned).into(),
        fields: Vec::new(),
    };
    programme.webhooks.insert("erp".to_owned(), webhook);
    let asked = WebhookStep {
        webhook: "erp".to_owned(),
        body: [("total".to_owned(), "{{ event.total }}".to_owned())].into(),
        name: "loyalty".to_owned(),
        at_most: Span::DAY,
        otherwise: vec![note("without"), Step::Exit],
    };
    let rich = Arm { when: Some("webhook.loyalty.points >= 100".to_owned()), then: vec![note("rich")] };
    let journey = Journey {
        purpose: "offers".to_owned(),
        enter: r#"did "Began""#.to_owned(),
        reenter: Reenter::Always,
        steps: vec![
            Step::Webhook(asked),
            Step::Branch(vec![rich, Arm { when: None, then: vec![note("poor")] }]),
        ],
        ..Journey::default()
    };
    programme.journeys.insert("x".to_owned(), journey);
    programme
}

fn story() -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop()), Outcome::Applied);
    story
}

fn begin(story: &mut Story) -> (ProfileId, u64) {
    story.effects.clear();
    story.track("ada", "Began", story.now(), &json!({ "total": 12.5 }));
    let asked: Vec<(ProfileId, u64)> = calls(story);
    assert_eq!(asked.len(), 1, "the question leaves once");
    asked[0]
}

fn calls(story: &Story) -> Vec<(ProfileId, u64)> {
    let of = |effect: &Effect| match effect {
        Effect::Call { profile, run } => Some((*profile, *run)),
        _ => None,
    };
    story.effects.iter().filter_map(of).collect()
}

fn attempt(attempt: u8, outcome: WebhookOutcome, at: At) -> WebhookAttempt<'static> {
    WebhookAttempt { attempt, outcome, status: 200, ended_at: at, took_ms: 3, not_before: At(0), reason: "" }
}

/// Answers what a run asks now.
fn answer(story: &mut Story, asking: (ProfileId, u64), outcome: WebhookOutcome, answer: &Json) -> Outcome {
    let asked = story.engine.asked_webhook(asking.0, asking.1).expect("it asks");
    let answer = OwnedMap::from_json(answer).unwrap();
    let attempt = attempt(asked.attempt, outcome, story.now());
    story.apply(&Record::WebhookAnswered(WebhookAnswered {
        profile: asked.profile,
        run: asked.run,
        asked: asked.asked,
        attempt,
        answer: answer.as_map(),
    }))
}

fn went(engine: &Engine) -> Option<String> {
    let ada = engine.profile(engine.find(UserId, "ada")?)?;
    let mut traits = ada.traits().filter(|(name, _)| *name == "went");
    traits.next().and_then(|(_, value)| value.text().map(str::to_owned))
}

#[test]
fn a_run_goes_on_with_what_was_answered() {
    for (points, way) in [(120, "rich"), (20, "poor")] {
        let mut story = story();
        let asking = begin(&mut story);
        let asked = story.engine.asked_webhook(asking.0, asking.1).unwrap();
        assert_eq!((asked.webhook.as_str(), asked.attempt, asked.journey.as_str()), ("erp", 1, "x"));
        assert_eq!(asked.event.as_map().to_json(), json!({ "total": 12.5 }));
        assert_eq!(went(&story.engine), None, "it waits");
        assert_eq!(
            answer(&mut story, asking, WebhookOutcome::Accepted, &json!({ "points": points })),
            Outcome::Applied
        );
        assert_eq!(went(&story.engine).as_deref(), Some(way));
        assert!(story.engine.asked_webhook(asking.0, asking.1).is_none());
        assert_eq!(story.engine.owed_calls(ProfileId(0), 10), (vec![], None));
    }
}

#[test]
fn without_an_answer_it_goes_the_other_way_at_once_or_when_the_time_is_over() {
    let mut refused = story();
    let asking = begin(&mut refused);
    answer(&mut refused, asking, WebhookOutcome::Refused, &json!({}));
    assert_eq!(went(&refused.engine).as_deref(), Some("without"));

    let mut silent = story();
    let asking = begin(&mut silent);
    let ends = silent.now().plus(Span::DAY);
    silent.wait_until(At(ends.0 - 1_000));
    assert_eq!(went(&silent.engine), None);
    silent.wait_until(ends);
    assert_eq!(went(&silent.engine).as_deref(), Some("without"));
    let late = WebhookAnswered {
        profile: asking.0,
        run: asking.1,
        asked: Seq(3),
        attempt: attempt(1, WebhookOutcome::Accepted, ends),
        answer: Map::default(),
    };
    let outcome = silent.apply(&Record::WebhookAnswered(late));
    assert_eq!(outcome, Outcome::Refused(Refusal::Webhook(WebhookRefusal::OutOfTurn)));
}

#[test]
fn a_failed_attempt_is_asked_again_and_an_answer_to_the_attempt_before_counts_for_nothing() {
    let mut story = story();
    let asking = begin(&mut story);
    let first = story.engine.asked_webhook(asking.0, asking.1).unwrap();
    answer(&mut story, asking, WebhookOutcome::Failed, &json!({}));
    assert!(story.engine.asked_webhook(asking.0, asking.1).is_none(), "not before the wait is over");
    assert_eq!(calls(&story).len(), 1);
    story.wait_until(story.now().plus(DELIVERY_WAITS[0].times(2)));
    assert_eq!(calls(&story).len(), 2, "asked again");
    assert_eq!(story.engine.owed_calls(ProfileId(0), 10).0, [asking]);
    let again = WebhookAnswered {
        profile: first.profile,
        run: first.run,
        asked: first.asked,
        attempt: attempt(1, WebhookOutcome::Accepted, story.now()),
        answer: Map::default(),
    };
    let outcome = story.apply(&Record::WebhookAnswered(again));
    assert_eq!(outcome, Outcome::Refused(Refusal::Webhook(WebhookRefusal::OutOfTurn)));
    answer(&mut story, asking, WebhookOutcome::Accepted, &json!({ "points": 500 }));
    assert_eq!(went(&story.engine).as_deref(), Some("rich"));
}

#[test]
fn a_question_is_told_with_all_that_is_needed_and_answered_for_that_question_alone() {
    let mut story = story();
    story.identify("ada", &json!({ "plan": "pro" }));
    let asking = begin(&mut story);
    let asked = story.engine.asked_webhook(asking.0, asking.1).unwrap();
    assert_eq!(asked.traits.as_map().to_json(), json!({ "plan": "pro" }));
    assert_eq!((asked.asked_at, asked.ends_at), (story.now(), story.now().plus(Span::DAY)));
    let of_another = WebhookAnswered {
        profile: asked.profile,
        run: asked.run,
        asked: asked.asked.next(),
        attempt: attempt(1, WebhookOutcome::Accepted, story.now()),
        answer: Map::default(),
    };
    let outcome = story.apply(&Record::WebhookAnswered(of_another));
    assert_eq!(outcome, Outcome::Refused(Refusal::Webhook(WebhookRefusal::OutOfTurn)));
    assert_eq!(went(&story.engine), None);
}

#[test]
fn a_question_goes_with_its_person_into_another() {
    let mut story = story();
    let (asking, now, none) = (begin(&mut story), story.now(), json!({}));
    let told = Told {
        kind: EventKind::Track,
        name: "Looked",
        occurred_at: now,
        properties: &none,
        traits: &none,
        context: &none,
    };
    story.say(&[(UserId, "bob")], &told);
    let merged = ProfilesMerged {
        from: story.identifier(UserId, "ada"),
        into: story.identifier(UserId, "bob"),
        merged_at: now,
        operator: "op",
    };
    assert_eq!(story.apply(&Record::ProfilesMerged(merged)), Outcome::Applied);
    let asked = story.engine.asked_webhook(asking.0, asking.1).expect("by the number that it had");
    assert_eq!(Some(asked.profile), story.engine.find(UserId, "bob"));
    let late = WebhookAnswered {
        profile: asking.0,
        run: asking.1,
        asked: asked.asked,
        attempt: attempt(1, WebhookOutcome::Refused, now),
        answer: Map::default(),
    };
    assert_eq!(story.apply(&Record::WebhookAnswered(late)), Outcome::Applied);
    assert_eq!(went(&story.engine).as_deref(), Some("without"));
}

#[test]
fn whoever_looks_for_questions_finds_all_of_them_a_few_people_at_a_time() {
    let mut story = story();
    for person in ["ada", "bob", "eve"] {
        story.track(person, "Began", story.now(), &json!({}));
    }
    let (mut found, mut from) = (Vec::new(), Some(ProfileId(0)));
    while let Some(next) = from {
        let (runs, after) = story.engine.owed_calls(next, 2);
        found.extend(runs.into_iter().map(|(profile, _)| profile.0));
        from = after;
    }
    assert_eq!(found, [0, 1, 2]);
}

#[test]
fn a_question_that_fails_waits_as_long_as_it_is_told_and_is_given_up_in_the_end() {
    let mut shop = shop();
    let Step::Webhook(asked) = &mut shop.journeys.get_mut("x").unwrap().steps[0] else { unreachable!() };
    asked.at_most = Span::DAY.times(7);
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop), Outcome::Applied);
    let asking = begin(&mut story);
    let wanted = story.now().plus(Span::HOUR.times(3));
    let mut failed = attempt(1, WebhookOutcome::Failed, story.now());
    failed.not_before = wanted;
    let asked = story.engine.asked_webhook(asking.0, asking.1).unwrap();
    let answer = WebhookAnswered {
        profile: asked.profile,
        run: asked.run,
        asked: asked.asked,
        attempt: failed,
        answer: Map::default(),
    };
    assert_eq!(story.apply(&Record::WebhookAnswered(answer)), Outcome::Applied);
    story.wait_until(wanted.minus(Span::SECOND));
    assert!(story.engine.asked_webhook(asking.0, asking.1).is_none(), "the other side asked for more time");
    story.wait_until(wanted);
    for number in 2..=DELIVERY_ATTEMPTS_MAX {
        assert_eq!(went(&story.engine), None, "attempt {number}");
        while story.engine.asked_webhook(asking.0, asking.1).is_none() {
            story.wait_until(story.engine.next_due().expect("it is asked again"));
        }
        let attempt = story.engine.asked_webhook(asking.0, asking.1).unwrap().attempt;
        assert_eq!(attempt, number);
        self::answer(&mut story, asking, WebhookOutcome::Failed, &json!({}));
    }
    assert_eq!(went(&story.engine).as_deref(), Some("without"));
}

#[test]
fn a_paused_journey_keeps_the_answer_for_when_it_goes_on() {
    let mut story = story();
    let asking = begin(&mut story);
    let command = |story: &mut Story, command| {
        let commanded = Commanded {
            what: Commandable::Journey,
            name: "x",
            command,
            commanded_at: story.now(),
            operator: "ada",
        };
        assert_eq!(story.apply(&Record::Commanded(commanded)), Outcome::Applied);
    };
    command(&mut story, Command::Pause);
    answer(&mut story, asking, WebhookOutcome::Accepted, &json!({ "points": 500 }));
    assert_eq!(went(&story.engine), None);
    command(&mut story, Command::Resume);
    story.wait_until(story.now().plus(Span::SECOND));
    assert_eq!(went(&story.engine).as_deref(), Some("rich"));
}

#[test]
fn a_run_that_moves_to_a_new_version_asks_anew_and_a_held_out_one_never_asks() {
    let mut story = story();
    let asking = begin(&mut story);
    let mut changed = shop();
    let journey = changed.journeys.get_mut("x").unwrap();
    journey.on_change = OnChange::Move;
    let Step::Webhook(asked) = &mut journey.steps[0] else { unreachable!() };
    asked.body.insert("more".to_owned(), "1".to_owned());
    assert_eq!(story.apply_programme(&changed), Outcome::Applied);
    story.effects.clear();
    story.wait_until(story.now().plus(Span::SECOND));
    assert_eq!(calls(&story), [asking]);
    assert_eq!(story.engine.asked_webhook(asking.0, asking.1).unwrap().body.len(), 2);
    answer(&mut story, asking, WebhookOutcome::Accepted, &json!({ "points": 1 }));
    assert_eq!(went(&story.engine).as_deref(), Some("poor"));

    let mut withheld = Story::new();
    let mut all = shop();
    all.journeys.get_mut("x").unwrap().holdout_permille = 1_000;
    withheld.apply_programme(&all);
    withheld.track("ada", "Began", withheld.now(), &json!({}));
    assert_eq!(calls(&withheld), []);
}

#[test]
fn an_answer_is_erased_with_the_person_and_one_that_comes_later_is_not_taken() {
    let mut story = story();
    let asking = begin(&mut story);
    let asked = story.engine.asked_webhook(asking.0, asking.1).unwrap();
    answer(&mut story, asking, WebhookOutcome::Accepted, &json!({ "name": "Lovelace" }));
    let answered = story.engine.seq();
    let second = begin(&mut story);
    let open = story.engine.asked_webhook(second.0, second.1).unwrap();
    let erased = ProfileErased { profile: asking.0, erased_at: story.now(), operator: "op" };
    assert_eq!(story.apply(&Record::ProfileErased(erased)), Outcome::Applied);
    let redaction = story.engine.redaction().unwrap();
    let (_, bytes) = &story.log[answered.0 as usize - 1];
    let redacted = redaction.redact(answered, &Record::decode(bytes).unwrap()).expect("it is theirs");
    assert_eq!(Record::decode(&redacted).unwrap_err(), Malformed::Sealed);
    assert!(!String::from_utf8_lossy(&redacted).contains("Lovelace"));
    assert_eq!(asked.profile, open.profile);
    let late = OwnedMap::from_json(&json!({ "name": "Lovelace" })).unwrap();
    let late = WebhookAnswered {
        profile: open.profile,
        run: open.run,
        asked: open.asked,
        attempt: attempt(1, WebhookOutcome::Accepted, story.now()),
        answer: late.as_map(),
    };
    let outcome = story.apply(&Record::WebhookAnswered(late));
    assert_eq!(outcome, Outcome::Refused(Refusal::Webhook(WebhookRefusal::OutOfTurn)));
}

#[test]
fn a_question_survives_a_snapshot_and_a_replay() {
    let mut story = story();
    let asking = begin(&mut story);
    answer(&mut story, asking, WebhookOutcome::Failed, &json!({}));
    let copy = Engine::restore(&story.engine.snapshot()).unwrap();
    assert_eq!(copy.hash(), story.engine.hash());
    let mut replayed = Engine::new();
    for (place, (at, bytes)) in story.log.iter().enumerate() {
        replayed.apply(Seq(place as u64 + 1), *at, &Record::decode(bytes).unwrap(), &mut Vec::new());
    }
    assert_eq!(replayed.hash(), story.engine.hash());
    assert!(replayed.webhook("erp").is_some());
}

fn deliver(story: &mut Story, delivery: Delivery, number: u8, outcome: WebhookOutcome) -> Outcome {
    let attempt = attempt(number, outcome, story.now());
    story.apply(&Record::WebhookDelivered(WebhookDelivered { webhook: "erp", delivery, attempt }))
}

fn ahead(story: &Story, by: u64) -> Delivery {
    Delivery { seq: Seq(story.engine.seq().0 + by), place: 0 }
}

#[test]
fn what_fails_waits_longer_each_time_and_is_given_up_in_the_end() {
    let mut story = story();
    let delivery = ahead(&story, 1);
    for number in 1..=DELIVERY_ATTEMPTS_MAX {
        assert_eq!(
            deliver(&mut story, delivery, number, WebhookOutcome::Failed),
            Outcome::Applied,
            "{number}"
        );
        let webhook = story.engine.webhook("erp").unwrap();
        assert_eq!(webhook.told, delivery, "what failed does not hold up those behind it");
        match webhook.next_due() {
            Some((at, due, attempts)) => {
                let stated = DELIVERY_WAITS[usize::from(number) - 1];
                let wait = at.since(story.now());
                assert!(stated <= wait && wait.0 <= stated.0 * 6 / 5, "{number}: {wait:?}");
                assert_eq!((due, attempts), (delivery, number));
                story.wait_until(at);
            }
            None => assert_eq!((number, webhook.counts.given_up), (DELIVERY_ATTEMPTS_MAX, 1)),
        }
    }
    assert_eq!(
        deliver(&mut story, delivery, 1, WebhookOutcome::Accepted),
        Outcome::Refused(Refusal::Webhook(WebhookRefusal::OutOfTurn)),
    );
    // Until somebody asks for it.
    let requested =
        DeliveryRequested { webhook: "erp", delivery, requested_at: story.now(), operator: "ada" };
    assert_eq!(story.apply(&Record::DeliveryRequested(requested)), Outcome::Applied);
    assert_eq!(deliver(&mut story, delivery, 1, WebhookOutcome::Accepted), Outcome::Applied);
    let webhook = story.engine.webhook("erp").unwrap();
    assert_eq!((webhook.waiting.len(), webhook.counts.accepted, webhook.failing_since), (0, 1, None));
    let requested = DeliveryRequested { delivery: ahead(&story, 9), ..requested };
    assert_eq!(
        story.apply(&Record::DeliveryRequested(requested)),
        Outcome::Refused(Refusal::Webhook(WebhookRefusal::NotYet)),
    );
}

#[test]
fn what_fails_comes_no_sooner_than_the_other_side_wants_it_and_not_with_all_others() {
    let mut story = story();
    let wanted = story.now().plus(Span::HOUR.times(3));
    let mut failed = attempt(1, WebhookOutcome::Failed, story.now());
    failed.not_before = wanted;
    let delivery = ahead(&story, 1);
    let delivered = WebhookDelivered { webhook: "erp", delivery, attempt: failed };
    assert_eq!(story.apply(&Record::WebhookDelivered(delivered)), Outcome::Applied);
    assert_eq!(story.engine.webhook("erp").unwrap().next_due().unwrap().0, wanted);
    for place in 1..=20 {
        deliver(&mut story, Delivery { place, ..delivery }, 1, WebhookOutcome::Failed);
    }
    let webhook = story.engine.webhook("erp").unwrap();
    let mut waits: Vec<At> = webhook.waiting.values().map(|one| one.next_at).collect();
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 15, "{} different instants of 21", waits.len());
}

#[test]
fn how_far_a_webhook_was_told_goes_on_only_and_stays_when_it_is_described_anew() {
    let mut story = story();
    let (first, second) = (ahead(&story, 1), ahead(&story, 2));
    deliver(&mut story, first, 1, WebhookOutcome::Failed);
    deliver(&mut story, second, 1, WebhookOutcome::Accepted);
    story.wait_until(story.engine.webhook("erp").unwrap().next_due().unwrap().0);
    assert_eq!(deliver(&mut story, first, 2, WebhookOutcome::Accepted), Outcome::Applied);
    assert_eq!(story.engine.webhook("erp").unwrap().told, second, "what is told again is no step back");
    let followed = WebhookFollowed { webhook: "erp", to: first.seq, followed_at: story.now() };
    assert_eq!(story.apply(&Record::WebhookFollowed(followed)), Outcome::Applied);
    assert_eq!(story.engine.webhook("erp").unwrap().told, second);
    let mut changed = shop();
    changed.webhooks.get_mut("erp").unwrap().url = "https://erp.example/other".to_owned();
    assert_eq!(story.apply_programme(&changed), Outcome::Applied);
    let webhook = story.engine.webhook("erp").unwrap();
    assert_eq!((webhook.told, webhook.counts.accepted), (second, 2));
}

#[test]
fn of_attempts_the_newest_can_be_listed_and_of_a_full_webhook_nothing_more_is_asked() {
    let mut story = story();
    let first = ahead(&story, 1);
    for place in 0..=DELIVERIES_LISTED_MAX as u32 {
        deliver(&mut story, Delivery { place, ..first }, 1, WebhookOutcome::Accepted);
    }
    let webhook = story.engine.webhook("erp").unwrap();
    assert_eq!((webhook.attempts.len(), webhook.attempts[0].delivery.place), (DELIVERIES_LISTED_MAX, 1));
    let second = ahead(&story, 1);
    for place in 0..DELIVERIES_WAITING_MAX as u32 {
        deliver(&mut story, Delivery { place, ..second }, 1, WebhookOutcome::Failed);
    }
    let mut requested =
        DeliveryRequested { webhook: "erp", delivery: first, requested_at: story.now(), operator: "ada" };
    let full = Outcome::Refused(Refusal::Webhook(WebhookRefusal::Full));
    assert_eq!(story.apply(&Record::DeliveryRequested(requested)), full);
    requested.delivery = second;
    assert_eq!(story.apply(&Record::DeliveryRequested(requested)), Outcome::Applied, "it waits already");
}

#[test]
fn one_that_is_gone_or_fails_for_days_is_switched_off_until_it_is_resumed() {
    let resume = |story: &mut Story| {
        let (what, command, commanded_at) = (Commandable::Webhook, Command::Resume, story.now());
        story.apply(&Record::Commanded(Commanded {
            what,
            name: "erp",
            command,
            commanded_at,
            operator: "ada",
        }))
    };
    let mut gone = story();
    assert!(matches!(resume(&mut gone), Outcome::Refused(Refusal::Command(_))), "it is on");
    let delivery = ahead(&gone, 1);
    deliver(&mut gone, delivery, 1, WebhookOutcome::Gone);
    let off = gone.engine.webhook("erp").unwrap().off;
    assert_eq!(off, Some((gone.now(), Off::Gone)));
    gone.wait_until(gone.now().plus(Span::DAY));
    assert_eq!(resume(&mut gone), Outcome::Applied);
    let webhook = gone.engine.webhook("erp").unwrap();
    assert_eq!((webhook.off, webhook.next_due()), (None, Some((gone.now(), delivery, 0))), "nothing is lost");

    let mut failing = story();
    let first = ahead(&failing, 1);
    deliver(&mut failing, first, 1, WebhookOutcome::Failed);
    failing.wait_until(failing.now().plus(Span::DAY.times(5)).minus(Span::SECOND));
    let second = ahead(&failing, 1);
    deliver(&mut failing, second, 1, WebhookOutcome::Failed);
    assert_eq!(failing.engine.webhook("erp").unwrap().off, None);
    failing.wait_until(failing.now().plus(Span::SECOND));
    deliver(&mut failing, second, 2, WebhookOutcome::Refused);
    assert_eq!(failing.engine.webhook("erp").unwrap().off, Some((failing.now(), Off::Failing)));
}

#[test]
fn what_waits_is_bounded_and_a_new_webhook_hears_from_now_on() {
    let mut story = story();
    assert_eq!(story.engine.webhook("erp").unwrap().told, Delivery::end_of(Seq(2)));
    let followed = WebhookFollowed { webhook: "erp", to: Seq(5), followed_at: story.now() };
    assert_eq!(story.apply(&Record::WebhookFollowed(followed)), Outcome::Applied);
    let last = Delivery { seq: Seq(6), place: DELIVERIES_WAITING_MAX as u32 };
    for place in 0..DELIVERIES_WAITING_MAX as u32 {
        let delivery = Delivery { place, ..last };
        assert_eq!(deliver(&mut story, delivery, 1, WebhookOutcome::Failed), Outcome::Applied);
    }
    assert!(!story.engine.webhook("erp").unwrap().has_room());
    let full = Outcome::Refused(Refusal::Webhook(WebhookRefusal::OutOfTurn));
    assert_eq!(deliver(&mut story, last, 1, WebhookOutcome::Failed), full);
    assert_eq!(
        deliver(&mut story, Delivery { place: 3, ..last }, 2, WebhookOutcome::Accepted),
        Outcome::Applied
    );
    assert_eq!(deliver(&mut story, last, 1, WebhookOutcome::Failed), Outcome::Applied);
    let mut without = shop();
    without.webhooks.clear();
    without.journeys.clear();
    assert_eq!(story.apply_programme(&without), Outcome::Applied);
    assert!(story.engine.webhook("erp").is_none());
    assert_eq!(story.apply_programme(&shop()), Outcome::Applied);
    assert_eq!(story.engine.webhook("erp").unwrap().told, Delivery::end_of(story.engine.seq()));
}

/// Adds what follows from the records so far, as the end of a batch does.
fn derive(story: &mut Story) {
    loop {
        let mut bytes = Vec::new();
        let Some(derived) = story.engine.derived() else { return };
        derived.encode(&mut bytes);
        assert_eq!(story.apply(&Record::decode(&bytes).unwrap()), Outcome::Applied);
    }
}

#[test]
fn it_hears_of_what_it_names_and_of_nothing_else() {
    let mut story = story();
    story.track("ada", "Bought", story.now(), &json!({ "total": 60 }));
    story.track("ada", "Bought", story.now(), &json!({ "total": 40 }));
    story.track("ada", "Looked", story.now(), &json!({ "total": 90 }));
    let ada = story.engine.find(UserId, "ada").unwrap();
    let erased = ProfileErased { profile: ada, erased_at: story.now(), operator: "op" };
    derive(&mut story);
    story.apply(&Record::ProfileErased(erased));
    derive(&mut story);
    let ear = Ear::new(&shop().webhooks["erp"], &TimeZone::UTC);
    let mut heard = Vec::new();
    for (place, (_, bytes)) in story.log.iter().enumerate() {
        let record = Record::decode(bytes).unwrap();
        heard.extend(ear.hear(Seq(place as u64 + 1), &record).into_iter().map(|(delivery, one)| {
            let said = format!("{one:?}");
            (delivery.place, said.split([' ', '(']).next().unwrap().to_owned())
        }));
    }
    // Ada enters the segment with her second purchase; leaving it by being erased is not asked for.
    let expected = [(0, "Event"), (0, "Change"), (0, "Erased")];
    assert_eq!(heard, expected.map(|(place, what)| (place, what.to_owned())));
}

#[test]
fn mistakes_name_their_place_and_a_way_out() {
    let changed = |change: &dyn Fn(&mut Programme)| {
        let mut programme = shop();
        change(&mut programme);
        programme.mistakes().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(changed(&|_| {}), Vec::<String>::new());
    let url = |url: &'static str| {
        changed(&move |programme| {
            programme.webhooks.get_mut("erp").unwrap().url = url.to_owned();
        })
    };
    for fine in
        ["https://a.example", "http://erp.internal:8080/x", "http://localhost/", "http://127.0.0.1:1/"]
    {
        assert_eq!(url(fine), Vec::<String>::new(), "{fine}");
    }
    for (wrong, said) in [
        ("http://erp.example/hooks", "encrypted"),
        ("erp.example", "no address of the web"),
        ("ftp://erp.example", "no address of the web"),
        ("https:///hooks", "names no host"),
        ("https://user:word@erp.example/", "password"),
        ("https://erp.example/{{ profile.id }}", "holds what no address does"),
    ] {
        let mistakes = url(wrong);
        assert_eq!(mistakes.len(), 1, "{wrong}: {mistakes:?}");
        assert!(mistakes[0].starts_with("webhooks.erp.url: ") && mistakes[0].contains(said), "{mistakes:?}");
    }
    let hears = |text: &'static str| {
        changed(&move |programme| {
            programme.webhooks.get_mut("erp").unwrap().hears = vec![text.to_owned()];
        })
    };
    for fine in ["sends", "engagement", "consents", "erasures", r#"left segment "buyers""#, r#"did "Any""#] {
        assert_eq!(hears(fine), Vec::<String>::new(), "{fine}");
    }
    for (wrong, said) in [
        ("consent", "did you mean `consents`?"),
        (r#"entered segment "buyer""#, "did you mean \"buyers\"?"),
        (r#"in segment "buyers""#, "make a segment"),
        (r#"did "A" at least 2 times"#, "make a segment"),
        ("every monday at 09:00", "nothing that a webhook can hear of"),
        (r#"did "A" (total >)"#, "webhooks.erp.hears[0]"),
    ] {
        let mistakes = hears(wrong);
        assert_eq!(mistakes.len(), 1, "{wrong}: {mistakes:?}");
        assert!(mistakes[0].contains(said), "{mistakes:?}");
    }
    let fields = changed(&|programme| {
        let fields = ["user_id", "trait.plan", "property.a.b", "properties", "plan", "trait."];
        programme.webhooks.get_mut("erp").unwrap().fields = fields.map(str::to_owned).into();
    });
    assert_eq!(fields.len(), 2, "{fields:?}");
    assert!(fields[0].starts_with("webhooks.erp.fields[4]: \"plan\" is nothing of a person"), "{fields:?}");
    let step = |change: fn(&mut WebhookStep)| {
        changed(&move |programme| {
            let Step::Webhook(asked) = &mut programme.journeys.get_mut("x").unwrap().steps[0] else {
                unreachable!()
            };
            change(asked);
        })
    };
    for (mistakes, said) in [
        (
            step(|asked| asked.webhook = "epr".to_owned()),
            "steps[0].webhook: there is no webhook \"epr\" (did you mean \"erp\"?)",
        ),
        (step(|asked| asked.at_most = Span(0)), "steps[0].at_most"),
        (step(|asked| asked.at_most = Span::DAY.times(8)), "7 days at most"),
        (step(|asked| asked.name = "my points".to_owned()), "steps[0].as"),
        (step(|asked| asked.name = "loyalties".to_owned()), "did you mean `webhook.loyalties`?"),
        (step(|asked| asked.otherwise = vec![Step::Start("y".to_owned())]), "steps[0].else[0].start"),
    ] {
        assert!(mistakes.iter().any(|mistake| mistake.contains(said)), "{said}: {mistakes:?}");
    }
}
