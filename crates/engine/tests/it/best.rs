//! What is learned of channels, variants and hours, beside a slow model of it; and choices after a restart.

use crate::story::{Story, apply_filled, programme};
use engine::at::{At, Span};
use engine::best::{Arm, Choice, How, Tally};
use engine::engine::{Engine, Outcome};
use engine::limits::{BEST_EXPLAINED_MAX, BEST_LATELY};
use engine::outbox::{Decision, Status};
use engine::programme::{
    Best, Channel, Choices, EmailMessage, InAppMessage, Journey, Message, OptIn, Programme, Purpose,
    QuietHours, Reenter, Response, Step, Variant, VariantChoice,
};
use engine::record::{
    Attempted, DeliveryOutcome, Engaged, Engagement, ProfileErased, ProfilesMerged, Record, Settled,
};
use engine::{ProfileId, SendId};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn shop(best: Best) -> Programme {
    let purpose =
        Purpose { channels: vec![Channel::Email, Channel::InApp], opt_in: OptIn::None, ..Purpose::default() };
    let mut email = EmailMessage::default();
    email.subject.insert("en".into(), "Hello".into());
    let mut in_app = InAppMessage::default();
    in_app.blocks.title.insert("en".into(), "Hello".into());
    let variant = |share| Variant {
        share_permille: share,
        subject: [("en".to_owned(), "Hi".to_owned())].into(),
        ..Variant::default()
    };
    let hello = Message {
        email: Some(email),
        in_app: Some(in_app),
        variants: [("brief".to_owned(), variant(Some(300))), ("warm".to_owned(), variant(None))].into(),
        ..Message::default()
    };
    let choices =
        Choices { channel: true, variant: VariantChoice::Best, hour_within: Some(Span::HOUR.times(6)) };
    let step = Step::Send { message: "hello".into(), channels: Vec::new(), choices };
    let journey = Journey {
        purpose: "offers".into(),
        enter: r#"did "Visited""#.into(),
        reenter: Reenter::Always,
        steps: vec![step],
        ..Journey::default()
    };
    Programme {
        purposes: [("offers".to_owned(), purpose)].into(),
        messages: [("hello".to_owned(), hello)].into(),
        journeys: [("hello".to_owned(), journey)].into(),
        best,
        ..programme()
    }
}

/// What was left open, the message, and the arm.
type Tried = (Choice, String, String);

/// What a slow reader of the records would count.
#[derive(Default)]
struct Model {
    tallies: BTreeMap<(Choice, String, String), Tally>,
    /// Those that arrived: when they left, and for what they count.
    trials: BTreeMap<SendId, (At, Vec<Tried>)>,
    answered: Vec<SendId>,
    /// Those that somebody opened or clicked before they were known to have arrived, and when first.
    early: BTreeMap<(SendId, Engagement), At>,
}

impl Model {
    fn arrived(&mut self, engine: &Engine, id: SendId, zone_hours: i64, within: Span) {
        let send = engine.send(id).unwrap();
        let left_at = send.attempted_at.unwrap();
        let hour = (left_at.0 / Span::HOUR.0 + zone_hours).rem_euclid(24);
        let channel = send.channel.unwrap().name().to_owned();
        let message = send.message.to_string();
        let mut arms = vec![
            (Choice::Channel, message.clone(), channel.clone()),
            (Choice::Hour, channel, format!("{hour:02}:00")),
        ];
        if send.channel == Some(Channel::Email) {
            arms.push((Choice::Variant, message, send.variant.to_string()));
        }
        for arm in &arms {
            self.tallies.entry(arm.clone()).or_default().trials += 1;
        }
        self.trials.insert(id, (left_at, arms));
        let early = self.early.iter().filter(|((send, _), at)| *send == id && **at >= left_at);
        let early: Vec<(Engagement, At)> = early.map(|((_, what), at)| (*what, *at)).collect();
        early.into_iter().for_each(|(what, at)| self.engaged(id, what, at, within));
    }

    fn engaged(&mut self, id: SendId, what: Engagement, at: At, within: Span) {
        let Some((left_at, arms)) = self.trials.get(&id) else {
            self.early.entry((id, what)).or_insert(at);
            return;
        };
        if at < left_at.plus(within) && !self.answered.contains(&id) {
            self.answered.push(id);
            for arm in arms {
                self.tallies.get_mut(arm).unwrap().responses += 1;
            }
        }
    }
}

fn told(engine: &Engine) -> BTreeMap<(Choice, String, String), Tally> {
    let sets = engine.arms();
    let arms = sets.iter().flat_map(|set| {
        set.arms.iter().map(|one| ((set.choice, set.of.to_string(), one.arm.to_string()), one.tally))
    });
    arms.filter(|(_, tally)| tally.trials > 0).collect()
}

#[derive(Clone, Debug)]
enum Move {
    Visit(u8),
    Wait(u16),
    HandOver { outcome: u8 },
    Click { back: u8, machine: bool },
    Open { back: u8 },
    Merge(u8, u8),
    Erase(u8),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        6 => (0..6_u8).prop_map(Move::Visit),
        4 => (1..2_000_u16).prop_map(Move::Wait),
        8 => (0..8_u8).prop_map(|outcome| Move::HandOver { outcome }),
        5 => (0..8_u8, prop::bool::weighted(0.2)).prop_map(|(back, machine)| Move::Click { back, machine }),
        2 => (0..8_u8).prop_map(|back| Move::Open { back }),
        1 => (0..6_u8, 0..6_u8).prop_map(|(one, other)| Move::Merge(one, other)),
        1 => (0..6_u8).prop_map(Move::Erase),
    ];
    prop::collection::vec(one, 0..160)
}

const PEOPLE: [&str; 6] = ["ada", "bob", "cleo", "dan", "eve", "fay"];

fn zone(person: usize) -> (&'static str, i64) {
    [("UTC", 0), ("Asia/Tokyo", 9), ("America/Bogota", -5)][person % 3]
}

/// Plays moves on the engine and the model; gives both.
fn play(best: &Best, moves: &[Move]) -> (Story, Model) {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop(best.clone())), Outcome::Applied);
    for (number, person) in PEOPLE.into_iter().enumerate() {
        let traits = json!({ "email": format!("{person}@shop.example"), "timezone": zone(number).0 });
        story.identify(person, &traits);
    }
    let mut model = Model::default();
    let engaged = |story: &mut Story, model: &mut Model, back: u8, engagement, machine| {
        let Some(id) = story.engine.sends().len().checked_sub(1 + usize::from(back)) else { return };
        let (send, occurred_at) = (SendId(id as u64), story.now());
        let record = Engaged { send, engagement, machine, occurred_at, url: "" };
        let counts = match engagement {
            Engagement::Opened => best.responses.contains(&Response::Open),
            _ => best.responses.contains(&Response::Click),
        };
        if story.apply(&Record::Engaged(record)) == Outcome::Applied && counts && !machine {
            model.engaged(send, engagement, occurred_at, best.within);
        }
    };
    for one in moves {
        match *one {
            Move::Visit(person) => {
                let person = PEOPLE[usize::from(person)];
                story.track(person, "Visited", story.now(), &json!({}));
            }
            Move::Wait(minutes) => story.wait_until(story.now().plus(Span::MINUTE.times(minutes.into()))),
            Move::HandOver { outcome } => hand_over(&mut story, &mut model, outcome),
            Move::Click { back, machine } => {
                engaged(&mut story, &mut model, back, Engagement::Clicked, machine);
            }
            Move::Open { back } => engaged(&mut story, &mut model, back, Engagement::Opened, false),
            Move::Merge(one, other) => {
                let id = |place: u8| {
                    story.identifier(engine::identifier::IdentifierKind::UserId, PEOPLE[usize::from(place)])
                };
                let (from, into) = (id(one), id(other));
                let merged_at = story.now();
                let record = ProfilesMerged { from, into, merged_at, operator: "test" };
                story.apply(&Record::ProfilesMerged(record));
            }
            Move::Erase(person) => {
                let profile = ProfileId(person.into());
                let erased_at = story.now();
                story.apply(&Record::ProfileErased(ProfileErased { profile, erased_at, operator: "test" }));
            }
        }
    }
    (story, model)
}

/// Hands over the oldest send that waits for it.
fn hand_over(story: &mut Story, model: &mut Model, outcome: u8) {
    let queued = story.engine.sends().find(|send| send.status == Status::Queued && send.retry_at.is_none());
    let Some(send) = queued else { return };
    let (id, attempt, attempted_at) = (send.id, send.attempts + 1, story.now());
    story.apply(&Record::Attempted(Attempted { send: id, attempt, attempted_at }));
    if story.engine.send(id).unwrap().status != Status::Attempted {
        return;
    }
    let outcome = match outcome {
        0 => DeliveryOutcome::Permanent,
        1 => DeliveryOutcome::Unknown,
        2 => DeliveryOutcome::Transient,
        _ => DeliveryOutcome::Accepted,
    };
    let settled_at = story.now();
    story.apply(&Record::Settled(Settled { send: id, attempt, outcome, settled_at, reply: "" }));
    let profile = story.engine.canonical(send.profile);
    if outcome == DeliveryOutcome::Accepted
        && let Some(profile) = story.engine.profile(profile)
    {
        let zone = profile.traits().find(|(name, _)| *name == "timezone");
        let zone = zone.and_then(|(_, value)| value.to_json().as_str().map(str::to_owned));
        let hours = (0..3).map(self::zone).find(|(name, _)| Some(*name) == zone.as_deref());
        model.arrived(&story.engine, id, hours.map_or(0, |(_, hours)| hours), Span::DAY);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_is_learned_is_what_a_slow_reader_counts(
        moves in moves(),
        opens in any::<bool>(),
        after in 1..6_u32,
        explore in prop::sample::select(vec![10, 300, 1_000_u16]),
    ) {
        let responses = if opens { [Response::Click, Response::Open].into() } else { [Response::Click].into() };
        let best = Best { responses, within: Span::DAY, explore_permille: explore, after };
        let (story, model) = play(&best, &moves);
        prop_assert_eq!(told(&story.engine), model.tallies);
        for send in story.engine.sends() {
            prop_assert_eq!(send.responded, model.answered.contains(&send.id));
            prop_assert_eq!(send.hour.is_some(), model.trials.contains_key(&send.id));
            let is_email = send.channel == Some(Channel::Email);
            prop_assert_eq!(!send.variant.is_empty(), is_email);
        }
        // Told again, and told from a snapshot, it is the same.
        let mut again = Engine::new();
        let mut effects = Vec::new();
        for (place, (at, bytes)) in story.log.iter().enumerate() {
            apply_filled(&mut again, &story.log[..place], (*at, bytes), &mut effects);
            if place % 37 == 36 {
                again = Engine::restore(&again.snapshot()).unwrap();
            }
        }
        prop_assert_eq!(again.hash(), story.engine.hash());
        prop_assert_eq!(effects, story.effects);
    }
}

fn visit(story: &mut Story, person: &str) -> SendId {
    story.track(person, "Visited", story.now(), &json!({}));
    // An hour that is best is waited for.
    story.wait_until(story.now().plus(Span::HOUR.times(6)));
    SendId(story.engine.sends().len() as u64 - 1)
}

fn deliver(story: &mut Story, send: SendId, clicks: bool) {
    let (attempt, now) = (1, story.now());
    story.apply(&Record::Attempted(Attempted { send, attempt, attempted_at: now }));
    let outcome = DeliveryOutcome::Accepted;
    story.apply(&Record::Settled(Settled { send, attempt, outcome, settled_at: now, reply: "" }));
    if clicks {
        let engagement = Engagement::Clicked;
        let engaged = Engaged { send, engagement, machine: false, occurred_at: now, url: "" };
        assert_eq!(story.apply(&Record::Engaged(engaged)), Outcome::Applied);
    }
}

fn story(best: Best) -> Story {
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop(best)), Outcome::Applied);
    story.identify("ada", &json!({ "email": "ada@shop.example" }));
    story
}

#[test]
fn a_click_before_the_receipt_counts_with_it() {
    let mut story = story(Best::default());
    let send = visit(&mut story, "ada");
    let now = story.now();
    story.apply(&Record::Attempted(Attempted { send, attempt: 1, attempted_at: now }));
    let engagement = Engagement::Clicked;
    story.apply(&Record::Engaged(Engaged { send, engagement, machine: false, occurred_at: now, url: "" }));
    assert!(told(&story.engine).is_empty());
    let outcome = DeliveryOutcome::Accepted;
    story.apply(&Record::Settled(Settled { send, attempt: 1, outcome, settled_at: now, reply: "" }));
    let all: Vec<Tally> = told(&story.engine).into_values().collect();
    assert_eq!(all, [Tally { trials: 1, responses: 1 }; 3], "of its channel, variant and hour");
}

#[test]
fn a_choice_says_what_was_known_then() {
    let mut story = story(Best { after: 2, explore_permille: 10, ..Best::default() });
    for clicks in [true, true] {
        let send = visit(&mut story, "ada");
        let found = story.engine.send(send).unwrap();
        assert_eq!((found.decision, found.channel), (Decision::Send, Some(Channel::Email)));
        assert_eq!(found.chosen.channel, How::Order);
        deliver(&mut story, send, clicks);
    }
    let send = visit(&mut story, "ada");
    let found = story.engine.send(send).unwrap();
    assert_eq!(found.chosen.channel, How::Learned);
    let before = story.engine.choices_of(&story.engine.send(SendId(1)).unwrap())[0].known.unwrap().responses;
    assert_eq!(before, 1, "one of two, when the second was chosen");
    let restored = Engine::restore(&story.engine.snapshot()).unwrap();
    let choices = restored.choices_of(&found);
    assert_eq!(choices.iter().map(|one| one.choice).collect::<Vec<_>>(), Choice::ALL);
    let known = choices[0].known.unwrap();
    assert_eq!((known.responses, known.after), (2, 2));
    // Both were answered of everybody, and so were both of hers: (10 × 3/4 + 2) / (10 + 2). Nobody was sent it in the app.
    let arms = [(Arm::Channel(Channel::Email), 7_916), (Arm::Channel(Channel::InApp), 5_000)];
    assert_eq!(known.arms, arms);
    let erased = ProfileErased { profile: ProfileId(0), erased_at: story.now(), operator: "test" };
    let figures = told(&story.engine);
    assert_eq!(story.apply(&Record::ProfileErased(erased)), Outcome::Applied);
    let gone = story.engine.send(send).unwrap();
    assert!(
        story.engine.choices_of(&gone).iter().all(|one| one.known.is_none()),
        "why it was chosen is gone"
    );
    assert_eq!(told(&story.engine), figures, "what it counted for is not");
}

#[test]
fn as_many_choices_are_remembered_as_the_limits_say() {
    let mut story = story(Best::default());
    for _ in 0..=BEST_EXPLAINED_MAX {
        story.track("ada", "Visited", story.now(), &json!({}));
    }
    let known = |send: u64| {
        let send = story.engine.send(SendId(send)).unwrap();
        story.engine.choices_of(&send).iter().filter(|one| one.known.is_some()).count()
    };
    assert_eq!((known(0), known(BEST_EXPLAINED_MAX as u64)), (0, 3));
    let sets = story.engine.arms();
    assert_eq!(sets.len(), 3);
    assert!(sets.iter().all(|set| set.lately == BEST_LATELY));
}

#[test]
fn variants_are_split_by_their_shares_and_a_person_keeps_theirs() {
    let mut shop = shop(Best::default());
    let steps = &mut shop.journeys.get_mut("hello").unwrap().steps;
    let send = |step: u8| Step::Send {
        message: "hello".into(),
        channels: if step == 0 { vec![Channel::Email] } else { Vec::new() },
        choices: Choices::default(),
    };
    *steps = vec![send(0), send(1)];
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop), Outcome::Applied);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..600 {
        let person = format!("p{number}");
        story.identify(&person, &json!({ "email": format!("{person}@shop.example") }));
        story.track(&person, "Visited", story.now(), &json!({}));
        let profile = story.engine.find(engine::identifier::IdentifierKind::UserId, &person).unwrap();
        let variants: Vec<_> = story.engine.sends_of(profile).map(|send| send.variant.to_string()).collect();
        assert!(variants.len() == 2 && variants[0] == variants[1], "{variants:?}");
        *counts.entry(variants[0].clone()).or_default() += 1;
    }
    for (name, expected) in [("original", 210), ("brief", 180), ("warm", 210)] {
        assert!(counts[name].abs_diff(expected) < 45, "{counts:?}");
    }
}

#[test]
fn what_cannot_be_chosen_is_named() {
    let mut wrong = shop(Best { responses: [].into(), within: Span(0), explore_permille: 0, after: 0 });
    let choices = |variant| Choices { channel: true, variant, hour_within: Some(Span::HOUR) };
    let send = |message: &str, variant| Step::Send {
        message: message.into(),
        channels: vec![Channel::Email],
        choices: choices(variant),
    };
    let plain = Message { variants: BTreeMap::new(), ..wrong.messages["hello"].clone() };
    wrong.messages.insert("plain".into(), plain);
    let only = Message { email: None, ..wrong.messages["hello"].clone() };
    wrong.messages.insert("page".into(), only);
    let hello = wrong.messages.get_mut("hello").unwrap();
    hello.email.as_mut().unwrap().subject.insert("it".into(), "Ciao".into());
    hello.variants.insert("empty".into(), Variant { share_permille: Some(800), ..Variant::default() });
    hello.variants.insert("best".into(), hello.variants["warm"].clone());
    wrong.journeys.get_mut("hello").unwrap().steps =
        vec![send("hello", VariantChoice::Named("worm".into())), send("plain", VariantChoice::Best)];
    let mistakes: Vec<String> = wrong.mistakes().iter().map(ToString::to_string).collect();
    for expected in [
        "best.responses: without responses nothing is learned",
        "best.within: a response is waited for up to 30 days",
        "best.explore: at least 1% of the choices are for finding out",
        "best.after: nothing is learned of no responses",
        "messages.hello.variants.best: a variant cannot be called \"best\"",
        "messages.hello.variants.empty: the variant is not another one than the original",
        "messages.hello.variants.warm.subject: the original speaks \"it\", and this variant does not",
        "messages.hello.variants: the shares of the variants come to more than 100%",
        "messages.page.variants: a variant is another wording of an email, and there is none",
        "journeys.hello.steps[0].channels: of one channel there is no best",
        "journeys.hello.steps[0].at: a best hour is found within 2 to 24 hours",
        "journeys.hello.steps[0].variant: the message \"hello\" has no variant \"worm\" (did you mean \"warm\"?)",
        "journeys.hello.steps[1].variant: the message \"plain\" has no variants",
    ] {
        assert!(mistakes.iter().any(|one| one.starts_with(expected)), "{expected}\n{mistakes:#?}");
    }
}

#[test]
fn an_hour_of_the_night_is_not_waited_for() {
    let mut shop = shop(Best { after: 1, explore_permille: 1_000, ..Best::default() });
    let choices = Choices { hour_within: Some(Span::DAY), ..Choices::default() };
    let send = |choices| Step::Send { message: "hello".into(), channels: vec![Channel::Email], choices };
    shop.journeys.get_mut("hello").unwrap().steps = vec![send(choices), send(Choices::default())];
    shop.purposes.get_mut("offers").unwrap().contact_policy = Some(true);
    shop.contact_policy.quiet_hours = Some(QuietHours { from: 21 * 60, to: 8 * 60, ..QuietHours::default() });
    let mut story = Story::new();
    assert_eq!(story.apply_programme(&shop), Outcome::Applied);
    story.identify("ada", &json!({ "email": "ada@shop.example" }));
    let mut chosen: BTreeMap<u8, u32> = BTreeMap::new();
    for visit in 0..200 {
        story.track("ada", "Visited", story.now(), &json!({}));
        story.wait_until(story.now().plus(Span::HOUR.times(24 + visit % 5)));
        let id = SendId(story.engine.sends().len() as u64 - 2);
        let after = story.engine.send(SendId(id.0 + 1)).unwrap();
        assert_eq!(after.chosen.hour, How::Stated, "the next send of the run waits for no hour");
        let send = story.engine.send(id).unwrap();
        if visit == 0 {
            // While nothing is known it is sent at once, as far as the night allows.
            assert_eq!(send.chosen.hour, How::Order);
            deliver(&mut story, id, true);
            continue;
        }
        assert_eq!(send.chosen.hour, How::Explored);
        match story.engine.choices_of(&send).pop().unwrap().arm {
            Some(Arm::Hour(hour)) => *chosen.entry(hour).or_default() += 1,
            other => panic!("{other:?}"),
        }
    }
    let expected: Vec<u8> = (8..21).collect();
    assert_eq!(
        chosen.keys().copied().collect::<Vec<_>>(),
        expected,
        "every hour of the day, and none of the night"
    );
}
