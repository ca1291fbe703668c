//! Events applied per second on one core, with 50 segments and 10 journeys live and timers firing.
//!
//! The peer in the same run is the least that any engine must do: decode the same records and look each of their
//! identifiers up. `cargo run --release -p engine --example bench_apply -- [events] [profiles]`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark asks the clock and compares with a hash map"
)]

mod stream;

use engine::Seq;
use engine::at::At;
use engine::engine::{Engine, Outcome};
use engine::record::{Installed, ProgrammeApplied, Record};
use std::collections::HashMap;
use std::time::Instant;
use stream::{KEY, START, Stream, programme};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records a batch, as the sequencer groups them.
const BATCH: usize = 512;
/// Records that it looks ahead over.
const AHEAD: usize = 128;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let events = arguments.next().unwrap_or(1_000_000);
    let profiles = arguments.next().unwrap_or(100_000);
    let segments = arguments.next().unwrap_or(50);
    let journeys = arguments.next().unwrap_or(10);
    let mut stream = Stream::new(events, profiles);
    let (mut bytes, mut places) = (Vec::new(), Vec::with_capacity(events));
    for _ in 0..events {
        let begin = bytes.len();
        stream.next(&mut bytes);
        places.push((begin, bytes.len()));
    }
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
        for ahead in decoded.chunks(AHEAD) {
            engine.foresee(ahead.iter());
            for record in ahead {
                apply(&mut engine, at, record, &mut effects);
            }
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
