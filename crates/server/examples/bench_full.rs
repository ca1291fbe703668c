//! An installation that is full, through its own doors: many people and events come by `trama import`, ten million rows
//! a file; then the server starts on them, and events come through HTTP, alone and while previews are asked for. It tells
//! the rate of each file, how long the start took, the memory of the process and the rate through HTTP.
//!
//! The peer in the same run is an installation with nothing in it, at the same load: what is there already should cost little.
//! `cargo run --release -p server --example bench_full -- [people] [events] [connections]`, with the release binary built;
//! a hundred million events take 12 GB of disk.

mod live;

use live::load::{DIGITS, Load, PERSON_FIRST, Run, post};
use live::previews::ask;
use live::{Server, binary};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROWS_A_FILE: u64 = 10_000_000;
/// The history of so many days ends now.
const DAYS: i64 = 300;
const PHASE: Duration = Duration::from_secs(20);
const NAMES: [&str; 4] = ["Page Viewed", "Product Viewed", "Product Added", "Order Completed"];

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let people = arguments.next().unwrap_or(1_000_000);
    let events = arguments.next().unwrap_or(100_000_000);
    let connections = arguments.next().unwrap_or(32);
    let load = Load { people, ..Load::of(connections) };
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");
    let programme = Path::new("examples/bottega");

    let blank = folder.path().join("blank");
    std::fs::create_dir(&blank).expect("a folder");
    print("nothing there before", &post(&Server::start(&blank, programme, None), load, PHASE));
    std::fs::remove_dir_all(blank).expect("ours");

    // It is killed, and leaves an installation.
    drop(Server::start(folder.path(), programme, None));
    for first in (0..events).step_by(ROWS_A_FILE as usize) {
        import(folder.path(), first..events.min(first + ROWS_A_FILE), people, events);
    }
    let begin = Instant::now();
    let server = Server::start(folder.path(), programme, None);
    let counts = &server.status()["counts"];
    println!(
        "{} people, {} events: ready after {:.1} s",
        counts["profiles"],
        counts["events"],
        seconds(begin)
    );
    memory(&server);
    print("alone", &post(&server, load, PHASE));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| ask(&server, &is_over));
        print("beside previews", &post(&server, load, PHASE));
        is_over.store(true, Ordering::Relaxed);
    });
    memory(&server);
}

fn print(what: &str, run: &Run) {
    let (rate, p50, p99) = (run.rate(), run.percentile(0.50), run.percentile(0.99));
    println!("{what}: {rate:.0} events/s, acknowledged p50 {p50:.1} ms, p99 {p99:.1} ms");
}

fn seconds(begin: Instant) -> f64 {
    begin.elapsed().as_secs_f64()
}

fn memory(server: &Server) {
    let (now, most) = server.memory();
    println!("memory {:.2} GB, {:.2} GB at most", now as f64 / 1e9, most as f64 / 1e9);
}

/// Writes rows to a file, and brings them in.
fn import(folder: &Path, rows: std::ops::Range<u64>, people: u64, events: u64) {
    let file = folder.join("rows.jsonl");
    let mut out = BufWriter::new(File::create(&file).expect("a file"));
    let begin = jiff::Timestamp::now().as_millisecond() - DAYS * 86_400_000;
    for number in rows.clone() {
        let mixed =
            number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
        let at = begin + (i128::from(number) * i128::from(DAYS * 86_400_000) / i128::from(events)) as i64;
        let (who, what) = (PERSON_FIRST + mixed % people, NAMES[(mixed / people % 4) as usize]);
        writeln!(
            out,
            "{{\"type\":\"track\",\"userId\":\"{who:0width$}\",\"event\":\"{what}\",\"timestamp\":\"{}\",\
             \"properties\":{{\"total\":{}.{:02},\"currency\":\"EUR\",\"sku\":\"SKU-{}\",\"quantity\":{}}}}}",
            jiff::Timestamp::from_millisecond(at).expect("in range"),
            mixed % 10_000 / 100,
            mixed % 100,
            number % 1_000,
            number % 5 + 1,
            width = DIGITS,
        )
        .expect("room");
    }
    out.flush().expect("room");
    drop(out);
    let begin = Instant::now();
    let mut command = Command::new(binary());
    command.arg("import").arg(&file).arg("--data").arg(folder.join("data")).env("TRAMA_TRACE", "error");
    let output = command.output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (count, took) = (rows.end - rows.start, seconds(begin));
    println!(
        "rows up to {:>11}: {:>7.0} rows/s, start and end of the importer included",
        rows.end,
        count as f64 / took
    );
    std::fs::remove_file(file).expect("ours");
}
