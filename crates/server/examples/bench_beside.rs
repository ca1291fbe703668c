//! Durable ingest through HTTP while others ask for previews of segments and snapshots are written, beside the same
//! ingest alone, before and after, in the same run.
//!
//! An analyst asks every tenth of a second, which is more than a person types; a snapshot is written when the server
//! finds that it is time, which the second phase waits for.
//! `cargo run --release -p server --example bench_beside -- [connections]`, with the release binary built.

mod live;

use live::Server;
use live::load::{Load, Run, post};
use live::previews::ask;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// When the second phase begins, after the start of the server: its first snapshot comes after a minute.
const BESIDE_FROM: Duration = Duration::from_secs(57);
const PHASE: Duration = Duration::from_secs(20);
/// How long a snapshot may still be written after the second phase.
const REST: Duration = Duration::from_secs(8);

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
    let beside = std::thread::scope(|scope| {
        scope.spawn(|| ask(&server, &is_over));
        let run = post(&server, load, PHASE);
        is_over.store(true, Ordering::Relaxed);
        run
    });
    print("beside", &beside);
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
