//! Durable ingest through HTTP: the real server with the engine live, bodies of 100 events of about 600 bytes, and the
//! load generator on the same cores. Every event has an id of its own, so none is a duplicate.
//!
//! The peer in the same run is the disk: the same bytes appended to a file with fdatasync, a body at a time from as
//! many threads as there are connections, each waiting for a sync that covers its bytes.
//!
//! `cargo run --release -p server --example bench_ingest -- [connections] [seconds]`, with the release binary built.

mod live;

use live::Server;
use live::load::{Body, Load, PEOPLE, Run, post, run};
use std::io::Write;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let connections = arguments.first().copied().unwrap_or(32);
    let length = Duration::from_secs(arguments.get(1).copied().unwrap_or(5));
    let folder = tempfile::tempdir_in("target").expect("a folder on the disk of this checkout");

    let disk = append(folder.path(), connections, length);
    println!("append + fdatasync   {:>9.0} events/s", disk.rate());
    let server = Server::start(folder.path(), Path::new("examples/bottega"), None);
    let http = post(&server, Load::of(connections), length);
    println!(
        "POST /v1/batch       {:>9.0} events/s ({:.2} of the disk), acknowledged p50 {:.1} ms, p99 {:.1} ms",
        http.rate(),
        http.rate() / disk.rate(),
        http.percentile(0.50),
        http.percentile(0.99),
    );
    let counts = &server.status()["counts"];
    println!("acknowledged {}, counted {}, profiles {}", http.events, counts["events"], counts["profiles"]);
}

/// Appends bodies to one file; a thread's turn ends when a sync covers its bytes.
fn append(folder: &Path, connections: u64, length: Duration) -> Run {
    let file = std::fs::File::create(folder.join("append")).expect("a file");
    let state: &'static _ = Box::leak(Box::new((Mutex::new((file, 0u64, 0u64, false)), Condvar::new())));
    run(connections, length, |_| {
        let mut body = Body::new("", PEOPLE);
        Box::new(move || {
            let (lock, changed) = state;
            let mut guard = lock.lock().expect("no panic");
            guard.0.write_all(body.renew()).expect("the disk takes it");
            guard.1 += 1;
            let mine = guard.1;
            while guard.2 < mine {
                if guard.3 {
                    guard = changed.wait(guard).expect("no panic");
                    continue;
                }
                guard.3 = true;
                let covered = guard.1;
                let file = guard.0.try_clone().expect("a handle");
                drop(guard);
                file.sync_data().expect("the disk syncs");
                guard = lock.lock().expect("no panic");
                guard.2 = guard.2.max(covered);
                guard.3 = false;
                changed.notify_all();
            }
        })
    })
}
