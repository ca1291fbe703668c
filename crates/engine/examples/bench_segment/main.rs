//! Segments that nobody asked for before, put to everybody at once, beside DuckDB and ClickHouse on the same events.
//!
//! The engine takes the events as it does live, and a programme keeps three properties hot; the questions are none of its
//! segments. The peers then read the same events into tables of their own. Counts must be equal, or the run fails.
//! `cargo run --release -p engine --example bench_segment -- [profiles] [events]`. The peers need python3 and its `venv`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark asks the clock and starts threads"
)]

mod shop;

use engine::Seq;
use engine::at::At;
use engine::engine::{Engine, Outcome};
use engine::identifier::{HashKey, IdentifierKind};
use engine::programme::Programme;
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::segment::scan::Scan;
use engine::value::{Map, ValueWriter};
use serde_json::{Value, json};
use shop::{Happening, NAMES, ORDER_COMPLETED, PAGE_VIEWED, Shop};
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const KEY: HashKey = HashKey([5; 16]);
/// Records a batch, as the sequencer groups them.
const BATCH: usize = 512;
const THREADS: usize = 2;
const RUNS: usize = 15;
/// Three times the machine's largest cache.
const SWEPT_BYTES: usize = 96 << 20;

/// What is asked; `peers.py` has the same in SQL, by the same names.
const QUESTIONS: [(&str, &str); 7] = [
    ("q1", r#"did "Order Completed" at least 2 times within 30 days"#),
    ("q2", r#"did "Order Completed" within 365 days and not did "Email Opened" within 90 days"#),
    ("q3", r#"did "Order Completed" with sum(total) > 300 within 180 days"#),
    ("q4", r#"did "Page Viewed" within 7 days and not did "Order Completed""#),
    ("q5", r#"did "Product Added" within 30 days then not "Order Completed" within 1 hour"#),
    ("q6", r#"did "Page Viewed" (section = 7) at least 3 times within 90 days"#),
    ("q7", r#"did "Page Viewed" at least 20 times within 30 days"#),
];
/// The segments of the programme: what they mention is kept beside the times.
const SEGMENTS: [&str; 3] = [
    r#"did "Order Completed" (total > 150)"#,
    r#"did "Order Completed" (currency = "EUR")"#,
    r#"did "Page Viewed" (section = 1)"#,
];

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let profiles = arguments.next().unwrap_or(100_000);
    let events = arguments.next().unwrap_or(10_000_000);
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench/segment"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder for the events");

    let idle = resident();
    let begin = Instant::now();
    let engine = feed(profiles, events, &folder.join("events.csv"));
    let (held, known) = (resident() - idle, engine.counts().profiles);
    println!(
        "{known} profiles and {events} events in {:.0} s; resident {:.2} GB: {:.1} bytes an event, {:.0} a profile",
        begin.elapsed().as_secs_f64(),
        held as f64 / 1e9,
        held as f64 / events as f64,
        held as f64 / known as f64
    );
    let answers: Vec<Value> = QUESTIONS.iter().map(|(name, text)| answer(&engine, name, text)).collect();
    let now = engine.at().0 / 1_000;
    // The peers get the memory for themselves.
    drop(engine);
    let asked =
        json!({ "now": now, "threads": THREADS, "names": NAMES.map(|name| name.0), "answers": answers });
    fs::write(folder.join("asked.json"), asked.to_string()).expect("the answers are written");
    peers(&folder);
    fs::remove_dir_all(&folder).expect("the events are removed");
}

/// Asks one question again and again: its count, and how long it took, in milliseconds.
fn answer(engine: &Engine, name: &str, text: &str) -> Value {
    let mut swept = vec![1_u8; SWEPT_BYTES];
    let count = ask(engine, text, 1);
    let mut times = |threads: usize, sweep: bool| {
        let mut times: Vec<f64> = (0..RUNS)
            .map(|_| {
                if sweep {
                    swept.iter_mut().step_by(64).for_each(|byte| *byte = byte.wrapping_add(1));
                    black_box(&swept);
                }
                let begin = Instant::now();
                assert_eq!(ask(engine, text, threads), count, "{name} on {threads} threads");
                begin.elapsed().as_secs_f64() * 1_000.0
            })
            .collect();
        times.sort_by(f64::total_cmp);
        json!({ "best": times[0], "median": times[RUNS / 2] })
    };
    let answer = json!({
        "name": name,
        "text": text,
        "count": count,
        "1 thread": times(1, false),
        "2 threads": times(THREADS, false),
        "1 swept": times(1, true),
        "2 swept": times(THREADS, true),
    });
    println!("{answer}");
    answer
}

/// From the text to the count, as a preview does it.
fn ask(engine: &Engine, text: &str, threads: usize) -> u64 {
    let question = engine.question(text).expect("a question");
    let scan = engine.scan(&question, engine.at());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(|| take_slices(&scan, &next))).collect();
        let own = take_slices(&scan, &next);
        own + others.into_iter().map(|other| other.join().expect("a scan does not panic")).sum::<u64>()
    })
}

fn take_slices(scan: &Scan<'_>, next: &AtomicUsize) -> u64 {
    let mut found = 0;
    loop {
        let slice = next.fetch_add(1, Ordering::Relaxed);
        if slice >= scan.slices() {
            return found;
        }
        found += scan.slice(slice).count();
    }
}

/// An engine that took all events, each of them also written down for the peers.
fn feed(profiles: usize, events: usize, path: &Path) -> Engine {
    let mut engine = Engine::new();
    let mut shop = Shop::new(profiles, events).enumerate().peekable();
    let at = shop.peek().expect("at least one event").1.at;
    let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
    apply(&mut engine, at, &Record::Installed(installed));
    let mut programme = Programme { name: "bench".into(), timezone: "UTC".into(), ..Programme::default() };
    for (number, text) in SEGMENTS.iter().enumerate() {
        programme.segments.insert(format!("segment {number}"), (*text).to_owned());
    }
    programme.languages = vec!["en".into()];
    let definition = serde_json::to_string(&programme).expect("plain JSON");
    let applied = ProgrammeApplied { applied_at: at, operator: "bench", definition: &definition };
    apply(&mut engine, at, &Record::ProgrammeApplied(applied));

    let mut file = BufWriter::with_capacity(1 << 20, File::create(path).expect("a file for the events"));
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    while shop.peek().is_some() {
        bytes.clear();
        ends.clear();
        let mut at = At::MIN;
        for (number, happening) in shop.by_ref().take(BATCH) {
            at = happening.at;
            encode(number, &happening, &mut bytes);
            ends.push(bytes.len());
            write_row(number, &happening, &mut file);
        }
        if engine.next_due().is_some_and(|due| due <= at) {
            apply(&mut engine, at, &Record::Tick);
        }
        let begins = [0].iter().chain(&ends);
        let decoded: Vec<_> = begins
            .zip(&ends)
            .map(|(begin, end)| Record::decode(&bytes[*begin..*end]).expect("a record"))
            .collect();
        engine.foresee(decoded.iter());
        for record in &decoded {
            apply(&mut engine, at, record);
        }
    }
    file.flush().expect("the events are written");
    engine
}

fn apply(engine: &mut Engine, at: At, record: &Record<'_>) {
    let seq = Seq(engine.seq().0 + 1);
    assert_eq!(engine.apply(seq, at, record, &mut Vec::new()), Outcome::Applied);
}

fn encode(number: usize, happening: &Happening, bytes: &mut Vec<u8>) {
    let user = format!("user-{}", happening.person);
    let hash = KEY.identifier(IdentifierKind::UserId, &user);
    let mut properties = ValueWriter::new();
    if happening.name == ORDER_COMPLETED {
        properties.key("total");
        properties.decimal(happening.total as i64 * 10_000);
        properties.key("currency");
        properties.text("EUR");
    }
    if happening.name == PAGE_VIEWED {
        properties.key("section");
        properties.int(happening.section as i64);
    }
    let properties = properties.into_bytes();
    let message_id = number.to_string();
    let event = Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: happening.at,
        received_at: happening.at,
        source: "bench",
        name: NAMES[happening.name].0,
        message_id: KEY.message_id("bench", &message_id),
        identifiers: vec![Identifier { kind: IdentifierKind::UserId, hash, value: &user }],
        message_id_text: &message_id,
        properties: Map::from_bytes(&properties),
        traits: Map::default(),
        context: Map::default(),
    };
    Record::Event(event).encode(bytes);
}

/// The peers know whole seconds as the engine does, and the order in which events came.
fn write_row(number: usize, happening: &Happening, file: &mut impl std::io::Write) {
    let Happening { at, person, name, total, section } = happening;
    let currency = if *name == ORDER_COMPLETED { "EUR" } else { "" };
    writeln!(file, "{number},{},{person},{},{total},{currency},{section}", at.0 / 1_000, NAMES[*name].0)
        .expect("the events are written");
}

fn peers(folder: &Path) {
    let venv = folder.join("../venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "duckdb", "chdb"]));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bench_segment/peers.py");
    run(Command::new(&python).arg(script).arg(folder));
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(status.success(), "{command:?} ended with {status}");
}

/// Bytes of memory that this process holds.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages");
    pages * 4_096
}
