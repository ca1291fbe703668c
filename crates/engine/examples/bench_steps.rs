//! Steps of journeys taken per second on one core: waits, branches, splits and traits, everybody on their way at once.
//!
//! The peer in the same run is the least that any engine of journeys must do: keep one timer a person in a binary heap,
//! and take it out and put it back as often as a run here has to wait.
//! `cargo run --release -p engine --example bench_steps -- [profiles] [rounds]`.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark asks the clock")]

use engine::Seq;
use engine::at::{At, Span};
use engine::engine::{Engine, Outcome};
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::{Arm, Channel, Journey, Programme, Purpose, Step, Way};
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::{Map, ValueWriter};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEY: HashKey = HashKey([5; 16]);
const START: At = At(1_767_600_000_000);
/// Between two instants at which the engine is told that time has passed.
const TICK: Span = Span::MINUTE;
/// A round is a wait, a branch with the step in it, and a split with the wait in it.
const STEPS_IN_ROUND: usize = 5;
const WAITS_IN_ROUND: usize = 2;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let profiles = arguments.next().unwrap_or(200_000);
    let rounds = arguments.next().unwrap_or(10);

    let mut engine = Engine::new();
    let mut effects = Vec::new();
    let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
    apply(&mut engine, START, &Record::Installed(installed), &mut effects);
    let definition = serde_json::to_string(&programme(rounds)).expect("plain JSON");
    let applied = ProgrammeApplied { applied_at: START, operator: "bench", definition: &definition };
    apply(&mut engine, START, &Record::ProgrammeApplied(applied), &mut effects);
    // Over an hour, so that runs are due in every minute of the hours to come.
    for person in 0..profiles {
        let at = START.plus(Span(Span::HOUR.0 * person as i64 / profiles as i64));
        begin(&mut engine, at, person, &mut effects);
    }
    let entered = engine.journeys().iter().map(|journey| journey.entered).sum::<u64>();
    assert_eq!(entered, profiles as u64, "everybody is on their way");

    let begun = Instant::now();
    let mut at = START.plus(Span::HOUR);
    let mut ticks = 0;
    while engine.next_due().is_some() {
        at = at.plus(TICK);
        apply(&mut engine, at, &Record::Tick, &mut effects);
        ticks += 1;
        effects.clear();
    }
    let took = begun.elapsed();
    let finished = engine.journeys().iter().map(|journey| journey.finished).sum::<u64>();
    assert_eq!(finished, profiles as u64, "everybody arrived");
    let noted = engine.profiles().filter(|(_, profile)| profile.trait_value("stage").is_some()).count();
    assert_eq!(noted, profiles, "everybody was noted on the way");

    let steps = profiles * rounds * STEPS_IN_ROUND;
    let fires = profiles * rounds * WAITS_IN_ROUND;
    let heap = in_a_heap(profiles, rounds * WAITS_IN_ROUND);
    let rate = |count: usize, took: Duration| count as f64 / took.as_secs_f64();
    println!("profiles {profiles}, rounds {rounds}: {steps} steps, {fires} of them waits, in {ticks} ticks");
    println!("heap: timers taken out and put back {:>11.0} a second", rate(fires, heap));
    println!("engine: steps                       {:>11.0} a second", rate(steps, took));
    println!(
        "engine: waits that ended            {:>11.0} a second ({:.2} of the heap)",
        rate(fires, took),
        heap.as_secs_f64() / took.as_secs_f64()
    );
}

/// One journey: what a marketer writes as "wait, look, draw lots, note", some times over.
fn programme(rounds: usize) -> Programme {
    let mut programme = Programme {
        name: "bench".into(),
        timezone: "UTC".into(),
        languages: vec!["en".into()],
        ..Default::default()
    };
    let offers = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    programme.purposes.insert("offers".into(), offers);
    let round = |number: usize| {
        let note = Step::Update([("stage".to_owned(), serde_json::json!(number))].into());
        let look = Step::Branch(vec![Arm { when: Some("did \"Signed Up\"".into()), then: vec![note] }]);
        let wait = Step::Wait(Span::HOUR);
        let way = || Way { share_permille: 500, then: vec![wait.clone()] };
        let split = Step::Split { draw: Default::default(), ways: vec![way(), way()] };
        [Step::Wait(Span::HOUR), look, split]
    };
    let journey = Journey {
        purpose: "offers".into(),
        enter: "did \"Signed Up\"".into(),
        steps: (0..rounds).flat_map(round).collect(),
        ..Journey::default()
    };
    programme.journeys.insert("onboarding".into(), journey);
    programme
}

fn begin(engine: &mut Engine, at: At, person: usize, effects: &mut Vec<engine::effect::Effect>) {
    let user = format!("user-{person}");
    let properties = ValueWriter::new().into_bytes();
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: at,
        received_at: at,
        source: "bench",
        name: "Signed Up",
        message_id: KEY.message_id("bench", &user),
        identifiers: vec![Identifier {
            kind: IdentifierKind::UserId,
            hash: KEY.identifier(IdentifierKind::UserId, &user),
            value: &user,
        }],
        message_id_text: &user,
        properties: Map::from_bytes(&properties),
        traits: Map::default(),
        context: Map::default(),
    };
    apply(engine, at, &Record::Event(event), effects);
}

fn apply(engine: &mut Engine, at: At, record: &Record<'_>, effects: &mut Vec<engine::effect::Effect>) {
    let seq = Seq(engine.seq().0 + 1);
    assert_eq!(engine.apply(seq, at, record, effects), Outcome::Applied);
}

/// How long it takes to let as many timers end as often, in the order in which they are due.
fn in_a_heap(profiles: usize, waits: usize) -> Duration {
    let due = |person: usize| Span::HOUR.0 * person as i64 / profiles as i64;
    let mut heap: BinaryHeap<_> =
        (0..profiles).map(|person| Reverse((due(person), person as u32, 0_u32))).collect();
    let begun = Instant::now();
    let mut ended = 0;
    while let Some(Reverse((due, person, waited))) = heap.pop() {
        ended += 1;
        if (waited + 1) < waits as u32 {
            heap.push(Reverse((due + Span::HOUR.0, person, waited + 1)));
        }
    }
    assert_eq!(ended, profiles * waits);
    begun.elapsed()
}
