//! How cost grows with people, with events and with segments, each alone: the time to apply an event, the memory of all of
//! it, and the time of a question that nobody asked before.
//!
//! Each point is a process of its own, so that memory is its own as well. The result is a table, and with a path the same
//! as a plot. `cargo run --release -p engine --example bench_growth -- [docs/growth.svg]`.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "a benchmark asks the clock")]

mod plot;
#[path = "../bench_apply/stream.rs"]
mod stream;

use engine::Seq;
use engine::at::At;
use engine::engine::{Engine, Outcome};
use engine::record::{Installed, ProgrammeApplied, Record};
use plot::{Line, Panel};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};
use stream::{KEY, START, Stream, programme};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Records a batch, as the sequencer groups them.
const BATCH: usize = 512;
const QUESTION: &str = r#"did "Order Completed" with sum(total) > 300 within 10 days"#;
const QUESTIONS: usize = 15;
const BASE: Size = Size { profiles: 100_000, events: 1_000_000, segments: 10 };

#[derive(Clone, Copy)]
struct Size {
    profiles: usize,
    events: usize,
    segments: usize,
}

/// Nanoseconds an event, megabytes in all, milliseconds a question.
type Cost = [f64; 3];

const COSTS: [&str; 3] = ["ns an event", "MB in all", "ms a question"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [profiles, events, segments] = arguments.as_slice() {
        let number = |text: &String| text.parse().expect("a number");
        let size = Size { profiles: number(profiles), events: number(events), segments: number(segments) };
        let cost = measure(size);
        println!("{} {} {}", cost[0], cost[1], cost[2]);
        return;
    }
    let panels = [
        panel("people", [1, 3, 10], |times| Size { profiles: BASE.profiles * times, ..BASE }),
        panel("events", [1, 3, 10], |times| Size { events: BASE.events * times, ..BASE }),
        panel("segments", [1, 10, 100], |times| Size { segments: times, ..BASE }),
    ];
    if let Some(path) = arguments.first() {
        fs::write(path, plot::svg(&panels)).expect("the plot is written");
    }
}

/// Measures three sizes, and prints them.
fn panel(what: &'static str, factors: [usize; 3], size: impl Fn(usize) -> Size) -> Panel {
    println!("{what:>9} ×{:>16}{:>16}{:>16}", COSTS[0], COSTS[1], COSTS[2]);
    let costs = factors.map(|factor| {
        let cost = apart(size(factor));
        println!("{factor:>11}{:>16.0}{:>16.0}{:>16.2}", cost[0], cost[1], cost[2]);
        cost
    });
    let lines = [0, 1, 2].map(|which| Line { name: COSTS[which], values: costs.map(|cost| cost[which]) });
    Panel { what, factors, lines }
}

/// Measures in a process of its own.
fn apart(size: Size) -> Cost {
    let program = std::env::current_exe().expect("a path");
    let arguments = [size.profiles, size.events, size.segments].map(|number| number.to_string());
    let output = Command::new(program).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().expect("a number")).collect();
    numbers.try_into().expect("three numbers")
}

fn measure(size: Size) -> Cost {
    let idle = resident();
    let mut engine = Engine::new();
    let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
    apply(&mut engine, START, &Record::Installed(installed));
    let mut programme = programme(size.segments, 0);
    // What the question asks is kept, however few the segments.
    let kept = r#"did "Order Completed" (total > 150)"#.to_owned();
    programme.segments.insert("kept".to_owned(), kept);
    let definition = serde_json::to_string(&programme).expect("plain JSON");
    let applied = ProgrammeApplied { applied_at: START, operator: "bench", definition: &definition };
    apply(&mut engine, START, &Record::ProgrammeApplied(applied));

    let mut stream = Stream::new(size.events, size.profiles);
    let mut took = Duration::ZERO;
    for _ in 0..size.events.div_ceil(BATCH) {
        took += batch(&mut engine, &mut stream);
    }
    let applied = engine.counts().events as f64;
    let memory = (resident() - idle) as f64 / 1e6;
    [took.as_nanos() as f64 / applied, memory, ask(&engine)]
}

/// Applies a batch as the sequencer does; how long that took.
fn batch(engine: &mut Engine, stream: &mut Stream) -> Duration {
    let (mut bytes, mut ends, mut at) = (Vec::new(), Vec::new(), START);
    for _ in 0..BATCH {
        at = stream.next(&mut bytes);
        ends.push(bytes.len());
    }
    let began = Instant::now();
    if engine.next_due().is_some_and(|due| due <= at) {
        apply(engine, at, &Record::Tick);
    }
    let begins = std::iter::once(0).chain(ends.iter().copied());
    let decoded: Vec<_> = begins
        .zip(&ends)
        .map(|(begin, end)| Record::decode(&bytes[begin..*end]).expect("a record"))
        .collect();
    engine.foresee(decoded.iter());
    for record in &decoded {
        apply(engine, at, record);
    }
    began.elapsed()
}

fn apply(engine: &mut Engine, at: At, record: &Record<'_>) {
    let seq = Seq(engine.seq().0 + 1);
    assert_eq!(engine.apply(seq, at, record, &mut Vec::new()), Outcome::Applied);
}

/// Median of a question's time on one thread, from the text to the count, in milliseconds.
fn ask(engine: &Engine) -> f64 {
    let mut times: Vec<f64> = (0..QUESTIONS)
        .map(|_| {
            let began = Instant::now();
            let question = engine.question(QUESTION).expect("a question");
            let scan = engine.scan(&question, engine.at());
            let count: u64 = (0..scan.slices()).map(|slice| scan.slice(slice).count()).sum();
            assert!(count > 0, "nobody matches");
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[QUESTIONS / 2]
}

/// Bytes of memory that the process has.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4_096
}
