//! From a data directory to running threads, and back to none.

use super::{Runtime, Shared, snapshots, staging, writer};
use crate::clock;
use crate::deliver::backlog::Backlog;
use crate::limits::{SNAPSHOTS_WAITING, STAGED_AHEAD};
use crate::metrics::Metrics;
use anyhow::Context;
use engine::SendId;
use engine::identifier::HashKey;
use engine::record::Installed;
use eventlog::log::Log;
use eventlog::recovery;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

/// Attempts that an earlier process left without a receipt: the dispatcher's first work.
pub type InFlight = Vec<(SendId, u8)>;

/// The running threads. Dropping it does not stop them; [`Threads::stop`] does.
pub struct Threads {
    shared: Arc<Shared>,
    running: Vec<JoinHandle<()>>,
}

/// Recovers the engine of a data directory and starts its threads. Effects go to the backlog.
pub fn start(
    data: &Path,
    metrics: Arc<Metrics>,
    backlog: Arc<Backlog>,
) -> anyhow::Result<(Runtime, Threads, InFlight)> {
    let mut log = SqliteLog::open(data).context("the log cannot be opened")?;
    let recovered = recover(data, &mut log)?;
    let engine = recovered.engine;
    let in_flight = engine.in_flight();
    let reader = log.reader();
    let newest = recovered.snapshot.unwrap_or_default();
    let shared = Shared::new(engine, metrics, Box::new(move |from| Ok(Box::new(reader.read(from)?))));
    let snapshots = Snapshots::open(data)?;
    let (to_writer, staged) = mpsc::sync_channel(STAGED_AHEAD);
    let (to_snapshots, orders) = mpsc::sync_channel(SNAPSHOTS_WAITING);
    let (staging_shared, writer_shared) = (Arc::clone(&shared), Arc::clone(&shared));
    let running = vec![
        thread("engine", move || staging::run(&staging_shared, &to_writer, newest))?,
        thread("writer", move || writer::run(&writer_shared, log, &staged, &to_snapshots, &backlog))?,
        thread("snapshots", move || snapshots::run(snapshots, &orders))?,
    ];
    let threads = Threads { shared: Arc::clone(&shared), running };
    Ok((Runtime { shared }, threads, in_flight))
}

/// The engine of a data directory as it is at the end of its log. An empty log gets its first record.
pub fn recover(data: &Path, log: &mut impl Log) -> anyhow::Result<recovery::Recovered> {
    let begun = Instant::now();
    let mut snapshots = Snapshots::open(data)?;
    let recovered = recovery::recover(log, &mut snapshots, &draw_installation(), clock::now())
        .context("the engine cannot be recovered from the log")?;
    for (seq, error) in &recovered.discarded {
        tracing::warn!(%seq, %error, "a snapshot cannot be used and is set aside");
    }
    tracing::info!(
        seq = %recovered.engine.seq(),
        replayed = recovered.replayed,
        took_ms = begun.elapsed().as_millis() as u64,
        "recovered"
    );
    Ok(recovered)
}

impl Threads {
    /// Takes nothing more, makes durable what was taken, leaves a snapshot and waits for the threads to end.
    pub fn stop(self) {
        self.shared.queue.stop();
        for thread in self.running {
            thread.join().expect("invariant: a panic of these threads ends the process");
        }
    }
}

/// The keys and the seed of a new installation.
pub(crate) fn draw_installation() -> Installed {
    let mut drawn = [0; 64];
    getrandom::fill(&mut drawn).expect("invariant: the operating system gives random bytes");
    let (installation, rest) = drawn.split_first_chunk().expect("8 of 64 bytes");
    let (seed, rest) = rest.split_first_chunk().expect("8 of 56 bytes");
    let (hash_key, rest) = rest.split_first_chunk().expect("16 of 48 bytes");
    Installed {
        installation: u64::from_le_bytes(*installation),
        hash_key: HashKey(*hash_key),
        seed: u64::from_le_bytes(*seed),
        link_key: rest.try_into().expect("32 of 32 bytes"),
    }
}

/// A thread whose panic ends the process: half of the runtime would take submissions that nobody ever answers, and
/// whatever the panic left in memory must not become durable. The log is intact, and the next start replays it.
pub(super) fn thread(
    name: &'static str,
    run: impl FnOnce() + Send + 'static,
) -> anyhow::Result<JoinHandle<()>> {
    let guarded = move || {
        let _guard = AbortOnPanic(name);
        run();
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(guarded)
        .with_context(|| format!("no thread {name}"))
}

struct AbortOnPanic(&'static str);

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "trama: the {} thread met a bug (see above) and Trama stops. Nothing that was acknowledged is lost: \
                 start it again to recover from the log.",
                self.0
            );
            std::process::abort();
        }
    }
}
