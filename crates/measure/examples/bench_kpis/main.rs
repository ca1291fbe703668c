//! Key figures of a month: told from the log, as `trama measure kpi` and the API tell them; by the SQL behind each over the lake; and
//! by DuckDB, which is asked the same SQL of the same files in the same run. All answers must be equal, or it fails.
//!
//! `cargo run --release -p measure --example bench_kpis -- [people] [events]`. The peer needs python3 and its `venv`.

mod shop;

use engine::Seq;
use engine::at::At;
use engine::day::Day;
use engine::engine::Engine;
use engine::record::Record;
use eventlog::sqlite::SqliteReader;
use measure::kpi::people::Gathered;
use measure::kpi::question::{Days, Question};
use measure::kpi::report::Report;
use measure::kpi::table::{DEFINITIONS, Definition};
use measure::lake::Lake;
use measure::limits::{SQL_PARTITIONS, SQL_STACK_BYTES};
use object_store::local::LocalFileSystem;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Times that each question is asked; the best counts, and the first warms the files.
const RUNS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let people = arguments.next().unwrap_or(100_000);
    let events = arguments.next().unwrap_or(10_000_000);
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench/kpis"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("lake")).expect("a folder for log and lake");

    let engine = shop::open(&folder, people, events);
    let log = SqliteReader::open(&folder).expect("the log is there");
    println!("{} people, {events} events, {} records", engine.counts().profiles, engine.seq());
    let threads = threads();
    let store = LocalFileSystem::new_with_prefix(folder.join("lake")).expect("a folder");
    let lake = threads.block_on(Lake::open(Arc::new(store))).expect("a lake");
    let (_, made) = timed(|| refresh(&lake, &engine, &log, &threads));
    let (_, again) = timed(|| refresh(&lake, &engine, &log, &threads));
    let manifest = lake.manifest();
    println!(
        "the lake is made in {made:.1} s, {} files of {} MB; nothing new takes {again:.3} s",
        manifest.all_files().count(),
        manifest.bytes() >> 20
    );

    let timezone = engine.programme().timezone();
    let until = Day::of(engine.at(), &timezone).plus(-1);
    let days = Days { from: until.plus(-29), until };
    let (report, of_log) = timed(|| report(&engine, &log, days));
    println!("all figures from the log: {of_log:.2} s");
    let kpis = &report.rows[0].kpis;
    // Nothing was sent in this shop, so there is no file of sends for anybody to read.
    let asked = DEFINITIONS.iter().zip(kpis).filter(|(one, _)| !one.sql().contains("sends"));
    let figures: Vec<Value> = asked
        .map(|(definition, kpi)| {
            let value = kpi.value.unwrap_or_else(|| panic!("{kpi:?} is undefined here"));
            ask(&lake, &threads, definition, days, value)
        })
        .collect();
    let tables: Vec<&str> = manifest
        .tables
        .iter()
        .filter(|(_, table)| !table.files.is_empty())
        .map(|(name, _)| &**name)
        .collect();
    let asked = json!({"threads": SQL_PARTITIONS, "runs": RUNS, "tables": tables, "figures": figures, "of_log": of_log});
    fs::write(folder.join("asked.json"), asked.to_string()).expect("the answers are written");
    // The peer gets the memory for itself.
    drop(engine);
    peer(&folder);
    fs::remove_dir_all(&folder).expect("log and lake are removed");
}

fn threads() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(SQL_PARTITIONS).thread_stack_size(SQL_STACK_BYTES).enable_time();
    builder.build().expect("threads")
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

fn each(log: &SqliteReader, from: Seq, mut take: impl FnMut(Seq, At, &[u8])) {
    for batch in log.read(from).expect("the log is read") {
        let batch = batch.expect("a whole batch");
        let records = batch.records().map(|bytes| bytes.expect("a whole record"));
        (batch.first.0..).map(Seq).zip(records).for_each(|(seq, bytes)| take(seq, batch.at, bytes));
    }
}

fn refresh(lake: &Lake, engine: &Engine, log: &SqliteReader, threads: &Runtime) {
    let mut refresh = threads.block_on(lake.begin(engine)).expect("a refresh");
    if let Some(from) = refresh.from() {
        each(log, from, |seq, at, bytes| {
            refresh.observe(seq, at, bytes);
            if refresh.is_full() {
                threads.block_on(refresh.flush()).expect("rows are written");
            }
        });
    }
    threads.block_on(refresh.finish()).expect("the lake is whole");
}

/// As the API does it.
fn report(engine: &Engine, log: &SqliteReader, days: Days) -> Report {
    let mut gathered = Gathered::new(engine);
    each(log, Seq(1), |seq, at, bytes| {
        gathered.observe(seq, at, &Record::decode(bytes).expect("a record"));
    });
    gathered.finish();
    Report::of(&gathered, &Question { days, ..Question::default() })
}

/// Asks the lake, which has to say what the report says.
fn ask(lake: &Lake, threads: &Runtime, definition: &Definition, days: Days, value: f64) -> Value {
    let (name, sql) = (definition.name, definition.sql_of(days));
    let mut best = f64::INFINITY;
    for _ in 0..=RUNS {
        let (answer, took) = timed(|| threads.block_on(lake.ask(&sql, None)).expect("an answer"));
        let place = answer.columns.iter().position(|column| column.name == "value").expect("a value");
        let told = answer.rows[0][place].as_f64().unwrap_or(f64::NAN);
        assert!((told - value).abs() <= 1e-12 * value.abs(), "{name}: the report says {value}, SQL {told}");
        best = best.min(took);
    }
    json!({"name": name, "sql": sql, "value": value, "took": best})
}

fn peer(folder: &Path) {
    let venv = folder.join("../venv-kpis");
    let python = venv.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "duckdb"]));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bench_kpis/peer.py");
    run(Command::new(&python).arg(script).arg(folder));
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(status.success(), "{command:?} ended with {status}");
}
