//! What a copy of the state costs those who wait: how long it takes, and how much longer batches take while it lives and
//! is written down on the other core.
//!
//! Beside it in the same run: the same batches without a copy. `cargo run --release -p engine --example bench_copy --
//! [events] [profiles] [segments] [journeys]`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark asks the clock and has threads"
)]

#[path = "../bench_apply/stream.rs"]
mod stream;

use engine::Seq;
use engine::at::At;
use engine::engine::{Engine, Outcome};
use engine::record::{Installed, ProgrammeApplied, Record};
use std::time::{Duration, Instant};
use stream::{KEY, START, Stream, programme};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records a batch: what thirty-two connections send at once.
const BATCH: usize = 3_200;
/// Batches that are measured without a copy.
const BATCHES: usize = 400;
const COPIES: usize = 3;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let events = arguments.next().unwrap_or(10_000_000);
    let profiles = arguments.next().unwrap_or(1_000_000);
    let segments = arguments.next().unwrap_or(50);
    let journeys = arguments.next().unwrap_or(10);

    let mut engine = Engine::new();
    let mut effects = Vec::new();
    let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
    apply(&mut engine, START, &Record::Installed(installed), &mut effects);
    let definition = serde_json::to_string(&programme(segments, journeys)).expect("plain JSON");
    let applied = ProgrammeApplied { applied_at: START, operator: "bench", definition: &definition };
    apply(&mut engine, START, &Record::ProgrammeApplied(applied), &mut effects);

    let mut stream = Stream::new(events, profiles);
    (0..events / BATCH).for_each(|_| _ = batch(&mut engine, &mut stream));
    println!("profiles {}, events {}", engine.counts().profiles, engine.counts().events);
    let alone: Vec<Duration> = (0..BATCHES).map(|_| batch(&mut engine, &mut stream)).collect();
    print("no copy", &alone);
    for _ in 0..COPIES {
        let begin = Instant::now();
        let copy = engine.sections();
        println!("copied in {:.2} ms", begin.elapsed().as_secs_f64() * 1e3);
        let writing = std::thread::spawn(move || {
            let begin = Instant::now();
            let bytes: usize = copy.all().filter_map(|section| section.bytes).map(|bytes| bytes.len()).sum();
            (bytes, begin.elapsed())
        });
        let mut beside = Vec::new();
        while !writing.is_finished() {
            beside.push(batch(&mut engine, &mut stream));
        }
        let (bytes, took) = writing.join().expect("it does not panic");
        println!("{} MB written down in {:.2} s", bytes / 1_000_000, took.as_secs_f64());
        println!(
            "first batches: {:.1?} ms",
            beside.iter().take(8).map(|took| took.as_secs_f64() * 1e3).collect::<Vec<_>>()
        );
        print("beside a copy", &beside);
    }
}

fn print(what: &str, batches: &[Duration]) {
    let mut sorted: Vec<f64> = batches.iter().map(|took| took.as_secs_f64() * 1e3).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let seconds: f64 = batches.iter().map(Duration::as_secs_f64).sum();
    println!(
        "{what}: {} batches of {BATCH}, {:.0} events/s, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        sorted.len(),
        (sorted.len() * BATCH) as f64 / seconds,
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// Applies a batch as the sequencer does; how long that took.
fn batch(engine: &mut Engine, stream: &mut Stream) -> Duration {
    let (mut bytes, mut ends, mut at) = (Vec::new(), Vec::new(), At(0));
    for _ in 0..BATCH {
        at = stream.next(&mut bytes);
        ends.push(bytes.len());
    }
    let mut begin = 0;
    let records: Vec<&[u8]> =
        ends.iter().map(|end| &bytes[std::mem::replace(&mut begin, *end)..*end]).collect();
    let mut effects = Vec::new();
    let began = Instant::now();
    if engine.next_due().is_some_and(|due| due <= at) {
        apply(engine, at, &Record::Tick, &mut effects);
    }
    for ahead in records.chunks(512) {
        let decoded: Vec<_> = ahead.iter().map(|bytes| Record::decode(bytes).expect("a record")).collect();
        engine.foresee(decoded.iter());
        for record in &decoded {
            apply(engine, at, record, &mut effects);
        }
    }
    began.elapsed()
}

fn apply(engine: &mut Engine, at: At, record: &Record<'_>, effects: &mut Vec<engine::effect::Effect>) {
    let seq = Seq(engine.seq().0 + 1);
    assert_eq!(engine.apply(seq, at, record, effects), Outcome::Applied);
}
