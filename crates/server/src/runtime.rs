//! The one place where the clock, threads and the engine meet.
//!
//! The *engine thread* takes everything that waits, stages it in memory and hands it to the *writer thread*, which
//! makes it durable and only then lets acknowledgements and effects leave. While the writer is at the disk the engine
//! works on what came meanwhile, so the size of a batch finds itself and no timer delays anybody. The engine thread
//! wakes for a submission, for the engine's next due instant, and for the stop; nothing is polled. The *snapshot
//! thread* writes states down, so that a recovery is short.
//!
//! The engine stands behind a lock that is held for writing while a batch is staged, and for reading by the API. What
//! is read may be ahead of the disk by a batch or two (decision 0002).

mod backfill;
mod chore;
pub mod clusters;
pub mod cutoffs;
mod intake;
mod queue;
pub mod redaction;
pub mod scan;
mod snapshots;
mod staging;
mod start;
mod writer;

pub use backfill::{NotAnswered, Reading};
pub use queue::{Entrance, NotTaken};
pub(crate) use start::draw_installation;
pub use start::{InFlight, Threads, recover, start};

use crate::limits::ENGINE_HELD_USUAL;
use crate::metrics::Metrics;
use backfill::Backfills;
use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use engine::programme::Programme;
use engine::record::Record;
use eventlog::log::Batches;
use eventlog::sequencer::Outcome;
use queue::{Queue, Submission};
use std::sync::{Arc, RwLock};
use std::time::Instant;
use tokio::sync::{Semaphore, oneshot, watch};

/// The way to the engine and the log, for everybody else in the server. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

struct Shared {
    queue: Queue,
    engine: RwLock<Engine>,
    /// Place of the newest record on the disk.
    durable: watch::Sender<Seq>,
    /// The programme that is live, apart from the engine: whoever renders a message need not wait for a batch.
    programme: RwLock<Arc<Programme>>,
    /// When cut-offs are to be stated.
    cutoffs_due: watch::Sender<Option<At>>,
    /// The oldest erasure of somebody whom the disk still has.
    pending: watch::Sender<Option<Seq>>,
    /// When clusters are to be looked for.
    clusters_due: watch::Sender<Option<At>>,
    /// When the next report was to leave as the programme changed last.
    reports_due: watch::Sender<Option<At>>,
    /// The turns of those who walk over a copy of the engine.
    walks: Arc<Semaphore>,
    /// Held by whoever looks for clusters: it takes all cores.
    search: tokio::sync::Mutex<()>,
    metrics: Arc<Metrics>,
    /// Streams what is on the disk, from a place on.
    read_log: ReadLog,
    backfills: Backfills,
}

type ReadLog = Box<dyn Fn(Seq) -> Result<Batches<'static>, eventlog::Error> + Send + Sync>;

impl Shared {
    fn new(engine: Engine, metrics: Arc<Metrics>, read_log: ReadLog) -> Arc<Self> {
        Arc::new(Self {
            queue: Queue::default(),
            durable: watch::Sender::new(engine.seq()),
            programme: RwLock::new(Arc::clone(engine.programme())),
            cutoffs_due: watch::Sender::new(engine.cutoffs_due()),
            pending: watch::Sender::new(oldest_erasure(&engine)),
            clusters_due: watch::Sender::new(engine.clusters_due()),
            reports_due: watch::Sender::new(engine.reports_due()),
            walks: Arc::new(Semaphore::new(walks_together())),
            search: tokio::sync::Mutex::default(),
            engine: RwLock::new(engine),
            metrics,
            read_log,
            backfills: Backfills::default(),
        })
    }

    #[cfg(test)]
    fn of(engine: Engine, read_log: ReadLog) -> Arc<Self> {
        Self::new(engine, Arc::new(Metrics::default()), read_log)
    }
}

/// One core is left to everybody else.
fn walks_together() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() - 1).max(1))
}

fn oldest_erasure(engine: &Engine) -> Option<Seq> {
    engine.erasures().first().map(|erasure| erasure.seq)
}

/// How far the log and the engine have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub durable: Seq,
    pub applied: Seq,
    /// Bytes of records that wait for the engine.
    pub waiting_bytes: usize,
}

impl Progress {
    /// Records applied in memory that are not on the disk yet.
    pub fn lag(&self) -> u64 {
        self.applied.0.saturating_sub(self.durable.0)
    }
}

impl Runtime {
    /// Hands over framed records. The answers come when all of them are durable.
    pub fn submit(
        &self,
        entrance: Entrance,
        records: Vec<u8>,
        count: u32,
    ) -> Result<oneshot::Receiver<Vec<Outcome>>, NotTaken> {
        let (ack, answers) = oneshot::channel();
        self.shared.queue.push(entrance, Submission { records, count, ack })?;
        Ok(answers)
    }

    /// Hands over one record.
    pub fn submit_record(
        &self,
        entrance: Entrance,
        record: &Record<'_>,
    ) -> Result<oneshot::Receiver<Vec<Outcome>>, NotTaken> {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let mut framed = Vec::with_capacity(bytes.len() + 4);
        eventlog::frame::push_record(&mut framed, &bytes);
        self.submit(entrance, framed, 1)
    }

    /// Submits one record of our own and waits until it is durable.
    pub async fn record(&self, record: &Record<'_>) -> Result<Outcome, NotTaken> {
        self.record_by(Entrance::Inside, record).await
    }

    /// The same by another entrance.
    pub async fn record_by(&self, entrance: Entrance, record: &Record<'_>) -> Result<Outcome, NotTaken> {
        let answers = self.submit_record(entrance, record)?;
        // Only a stop drops the question.
        let mut outcomes = answers.await.map_err(|_| NotTaken::Stopping)?;
        Ok(outcomes.pop().expect("invariant: one outcome a record"))
    }

    /// Reads the engine away from the threads that serve connections, since staging may hold the lock for a while. For what
    /// is told at once: nobody stages meanwhile.
    pub async fn read<T: Send + 'static, R: FnOnce(&Engine) -> T + Send + 'static>(&self, read: R) -> T {
        let shared = Arc::clone(&self.shared);
        let reading = tokio::task::spawn_blocking(move || {
            let engine = shared.engine.read().expect(UNPOISONED);
            let begin = Instant::now();
            let told = read(&engine);
            drop(engine);
            let held = begin.elapsed();
            if held > ENGINE_HELD_USUAL {
                tracing::debug!(reader = std::any::type_name::<R>(), ?held, "nobody could stage meanwhile");
            }
            told
        });
        reading.await.expect("invariant: a reader of the engine does not panic")
    }

    /// Walks over many people or sends, on a copy of the engine, which copies nothing at once: whatever happens meanwhile
    /// does not wait for it. A few at a time, and whoever no longer waits for their turn gives it up.
    pub async fn walk<T: Send + 'static>(&self, walk: impl FnOnce(&Engine) -> T + Send + 'static) -> T {
        let turn =
            Arc::clone(&self.shared.walks).acquire_owned().await.expect("invariant: it is never closed");
        let engine = self.read(Engine::clone).await;
        let walking = tokio::task::spawn_blocking(move || {
            let told = walk(&engine);
            drop(turn);
            told
        });
        walking.await.expect("invariant: a reader of the engine does not panic")
    }

    /// Reads the engine on this thread, for those that may block.
    pub fn read_blocking<T>(&self, read: impl FnOnce(&Engine) -> T) -> T {
        read(&self.shared.engine.read().expect(UNPOISONED))
    }

    /// The programme that is live; an empty one before the first.
    pub fn programme(&self) -> Arc<Programme> {
        Arc::clone(&self.shared.programme.read().expect(UNPOISONED))
    }

    /// Wakes whoever sends reports when the programme changes.
    pub fn reports_due(&self) -> watch::Receiver<Option<At>> {
        self.shared.reports_due.subscribe()
    }

    /// How far everything has come, for a reader that has the engine in hand.
    pub fn progress_of(&self, engine: &Engine) -> Progress {
        let durable = *self.shared.durable.borrow();
        Progress { durable, applied: engine.seq(), waiting_bytes: self.shared.queue.bytes() }
    }

    /// The place of the newest record on the disk, for whoever waits for more.
    pub fn durable(&self) -> watch::Receiver<Seq> {
        self.shared.durable.subscribe()
    }

    /// Waits until the disk has what is applied up to a place.
    pub async fn durable_to(&self, seq: Seq) {
        let mut durable = self.shared.durable.subscribe();
        durable.wait_for(|durable| *durable >= seq).await.expect("invariant: we hold its sender");
    }

    pub fn is_overloaded(&self) -> bool {
        self.shared.queue.is_overloaded()
    }
}

const UNPOISONED: &str = "invariant: a panic with the engine in hand ends the process";
