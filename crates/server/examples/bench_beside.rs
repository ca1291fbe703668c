//! Durable ingest through HTTP while others ask for previews of segments and snapshots are written, beside the same
//! ingest alone, before and after, in the same run.
//!
//! An analyst asks every tenth of a second, which is more than a person types; a snapshot is written when the server
//! finds that it is time, which the second phase waits for.
//! `cargo run --release -p server --example bench_beside -- [connections]`, with the release binary built.

mod live;

use live::Server;
use live::load::{Load, Run, post};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// When the second phase begins, after the start of the server: its first snapshot comes after a minute.
const BESIDE_FROM: Duration = Duration::from_secs(57);
const PHASE: Duration = Duration::from_secs(20);
/// How long a snapshot may still be written after the second phase.
const REST: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_millis(100);
const QUESTIONS: [&str; 4] = [
    "did \"Order Completed\" at least 2 times within 30 days",
    "did \"Product Added\" and not did \"Order Completed\" within 1 day",
    "did \"Order Completed\" with sum(total) > 300 within 180 days",
    "did \"Page Viewed\" within 7 days and not in segment \"vip\"",
];

fn main() {
    let load = Load::of(std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(32));
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");
    let server = Server::start(folder.path(), Path::new("examples/bottega"), None);
    let started = Instant::now();
    // The first seconds make the profiles.
    post(&server, load, BESIDE_FROM - PHASE - Duration::from_secs(2));
    let before = alone("before", &server, load);
    let snapshots = server.snapshots();
    std::thread::sleep(BESIDE_FROM.saturating_sub(started.elapsed()));

    let is_over = AtomicBool::new(false);
    let (beside, mut asked) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(&server, &is_over));
        let run = post(&server, load, PHASE);
        is_over.store(true, Ordering::Relaxed);
        (run, asking.join().expect("it does not panic"))
    });
    print("beside", &beside);
    asked.sort_by(f64::total_cmp);
    println!(
        "  {} previews, p50 {:.0} ms, p99 {:.0} ms",
        asked.len(),
        asked[asked.len() / 2],
        asked[asked.len() * 99 / 100]
    );
    std::thread::sleep(REST);
    let new = server.snapshots().into_iter().filter(|name| !snapshots.contains(name)).count();
    println!("  {new} snapshots written");
    assert!(new > 0, "no snapshot was written: the phase says nothing");
    let after = alone("after", &server, load);
    println!(
        "beside previews and snapshots: {:.2} of the rate alone",
        beside.rate() / f64::midpoint(before.rate(), after.rate())
    );
}

fn alone(what: &str, server: &Server, load: Load) -> Run {
    let run = post(server, load, PHASE);
    print(what, &run);
    run
}

fn print(what: &str, run: &Run) {
    println!(
        "{what:>7} {:>9.0} events/s, acknowledged p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        run.rate(),
        run.percentile(0.50),
        run.percentile(0.99),
        run.percentile(1.0)
    );
}

/// Asks until it is over; how long each answer took, in milliseconds.
fn ask(server: &Server, is_over: &AtomicBool) -> Vec<f64> {
    let mut took = Vec::new();
    for question in QUESTIONS.iter().cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        let path = format!("/api/v1/segments/preview?expression={}", escaped(question));
        let begin = Instant::now();
        let answer = server.read(&path);
        took.push(begin.elapsed().as_secs_f64() * 1e3);
        assert!(answer["count"].is_u64(), "{question}: {answer}");
        std::thread::sleep(PAUSE);
    }
    took
}

/// As a query wants it.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
