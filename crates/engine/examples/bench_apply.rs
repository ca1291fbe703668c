//! Events applied per second on one core, with 50 segments and 10 journeys live and timers firing.
//!
//! The peer in the same run is the least that any engine must do: decode the same records and look each of their
//! identifiers up. `cargo run --release -p engine --example bench_apply -- [events] [profiles]`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark asks the clock and compares with a hash map"
)]

use engine::Seq;
use engine::at::{At, Span};
use engine::engine::{Engine, Outcome};
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::{Channel, EmailMessage, Journey, Message, Programme, Purpose, Reenter, Step};
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::{Map, ValueWriter};
use std::collections::HashMap;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const NAMES: [&str; 8] = [
    "Page Viewed",
    "Product Viewed",
    "Product Added",
    "Order Completed",
    "Email Opened",
    "Search",
    "Login",
    "Share",
];
const KEY: HashKey = HashKey([5; 16]);
const START: At = At(1_767_600_000_000);
/// Records a batch, as the sequencer groups them.
const BATCH: usize = 512;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let events = arguments.next().unwrap_or(1_000_000);
    let profiles = arguments.next().unwrap_or(100_000);
    let segments = arguments.next().unwrap_or(50);
    let journeys = arguments.next().unwrap_or(10);
    let (bytes, places) = make(events, profiles);
    let record = |number: usize| &bytes[places[number].0..places[number].1];

    let floor = Instant::now();
    let mut table: HashMap<u128, u32> = HashMap::with_capacity(profiles);
    for number in 0..events {
        let Ok(Record::Event(event)) = Record::decode(record(number)) else { panic!("an event") };
        let next = table.len() as u32;
        *table.entry(event.identifiers[0].hash.0).or_insert(next) += 1;
    }
    let floor = floor.elapsed();

    let mut engine = Engine::new();
    let mut effects = Vec::new();
    let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
    apply(&mut engine, START, &Record::Installed(installed), &mut effects);
    let definition = serde_json::to_string(&programme(segments, journeys)).expect("plain JSON");
    let applied = ProgrammeApplied { applied_at: START, operator: "bench", definition: &definition };
    apply(&mut engine, START, &Record::ProgrammeApplied(applied), &mut effects);

    let (begin, begin_cpu) = (Instant::now(), cpu());
    let mut prepared = 0;
    for first in (0..events).step_by(BATCH) {
        let last = (first + BATCH).min(events);
        let Ok(Record::Event(newest)) = Record::decode(record(last - 1)) else { panic!("an event") };
        let at = newest.received_at;
        if engine.next_due().is_some_and(|due| due <= at) {
            apply(&mut engine, at, &Record::Tick, &mut effects);
        }
        let decoded: Vec<_> =
            (first..last).map(|number| Record::decode(record(number)).expect("a record")).collect();
        engine.foresee(decoded.iter());
        for record in &decoded {
            apply(&mut engine, at, record, &mut effects);
        }
        prepared += effects.len();
        effects.clear();
    }
    let (took, took_cpu) = (begin.elapsed(), cpu() - begin_cpu);

    let counts = engine.counts();
    let per_event = |count: u64| count as f64 / events as f64;
    println!(
        "events {events}, profiles {}, bytes a record {:.0}",
        counts.profiles,
        bytes.len() as f64 / events as f64
    );
    println!("floor: decode and look up   {:>10.0} events/s", events as f64 / floor.as_secs_f64());
    println!(
        "engine: 50 segments, 10 journeys {:>10.0} events/s ({:.2} of the floor)",
        events as f64 / took.as_secs_f64(),
        floor.as_secs_f64() / took.as_secs_f64()
    );
    println!("on the processor: {:.0} ns an event", took_cpu as f64 / events as f64);
    println!(
        "an event: {:.2} timer fires, {:.2} membership changes, {:.3} sends",
        per_event(counts.timer_fires),
        per_event(counts.membership_changes),
        prepared as f64 / events as f64
    );
}

fn apply(engine: &mut Engine, at: At, record: &Record<'_>, effects: &mut Vec<engine::effect::Effect>) {
    let seq = Seq(engine.seq().0 + 1);
    assert_eq!(engine.apply(seq, at, record, effects), Outcome::Applied);
}

/// Nanoseconds that this thread has run for, which is what counts while others use the cores too.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// A small linear generator: the same events on every machine.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() as usize) % bound
    }
}

/// The events of 37 days, most of them of few people, encoded one after the other.
fn make(events: usize, profiles: usize) -> (Vec<u8>, Vec<(usize, usize)>) {
    let mut draw = Draw(1);
    let mut bytes = Vec::new();
    let mut places = Vec::with_capacity(events);
    let step = Span::DAY.times(37).0 / events as i64;
    for number in 0..events {
        let uniform = (draw.next() % 1_000_000) as f64 / 1_000_000.0;
        let person = ((uniform * uniform) * profiles as f64) as usize;
        let user = format!("user-{person}");
        let hash = KEY.identifier(IdentifierKind::UserId, &user);
        let mut properties = ValueWriter::new();
        properties.key("total");
        properties.decimal(draw.below(20_000) as i64 * 10_000);
        properties.key("currency");
        properties.text("EUR");
        properties.key("sku");
        properties.text(["A1", "B2", "C3", "D4"][draw.below(4)]);
        let properties = properties.into_bytes();
        let at = START.plus(Span(step * number as i64));
        let message_id = number.to_string();
        let event = Event {
            kind: EventKind::Track,
            flags: EventFlags::default(),
            occurred_at: at,
            received_at: at,
            source: "bench",
            name: NAMES[draw.below(NAMES.len())],
            message_id: KEY.message_id("bench", &message_id),
            identifiers: vec![Identifier { kind: IdentifierKind::UserId, hash, value: &user }],
            message_id_text: &message_id,
            properties: Map::from_bytes(&properties),
            traits: Map::default(),
            context: Map::default(),
        };
        let begin = bytes.len();
        Record::Event(event).encode(&mut bytes);
        places.push((begin, bytes.len()));
    }
    (bytes, places)
}

/// 50 segments over 8 event names, and 10 journeys.
fn programme(segments: usize, journeys: usize) -> Programme {
    let mut programme = Programme {
        name: "bench".into(),
        timezone: "UTC".into(),
        languages: vec!["en".into()],
        ..Default::default()
    };
    let offers = Purpose { channels: vec![Channel::Email], ..Purpose::default() };
    programme.purposes.insert("offers".into(), offers);
    programme.messages.insert("hello".into(), Message { email: Some(EmailMessage::default()) });
    for number in 0..segments {
        let name = NAMES[number % NAMES.len()];
        let days = [1, 3, 7, 14, 30][number % 5];
        let text = match number % 6 {
            0 => format!("did \"{name}\" within {days} days"),
            1 => format!("did \"{name}\" at least 2 times within {days} days"),
            2 => format!("did \"{name}\" and not did \"{}\" within {days} days", NAMES[(number + 3) % 8]),
            3 => format!("did \"{name}\" (total > 100) within {days} days"),
            4 => format!("did \"{name}\" with sum(total) > 300 within {days} days"),
            _ => format!("not did \"{name}\" within {days} days"),
        };
        programme.segments.insert(format!("segment {number}"), text);
    }
    for number in 0..journeys {
        let journey = Journey {
            purpose: "offers".into(),
            enter: format!("did \"{}\"", NAMES[number % NAMES.len()]),
            reenter: Reenter::After(Span::DAY.times(7)),
            exit: Some("did \"Order Completed\"".into()),
            steps: vec![
                Step::Wait(Span::HOUR.times(number as i64 + 1)),
                Step::Send { message: "hello".into(), channels: vec![] },
            ],
            ..Journey::default()
        };
        programme.journeys.insert(format!("journey {number}"), journey);
    }
    programme
}
