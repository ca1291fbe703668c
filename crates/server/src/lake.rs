//! The lake of an installation: where it lies, who brings it up to the log, and who asks it.
//!
//! Its keeper has threads of its own, two and no more, so that neither what is written there nor a question that takes long is
//! in the way of what comes in. A task of the server wakes the keeper in turn; a question does when the lake is behind, and so
//! does an erasure, which is not over before the lake has lost the person. What goes wrong is told in the status and tried
//! again: the lake can always be made anew of the log.

pub mod place;
pub mod task;
pub(crate) mod tell;

use crate::limits::{LAKE_ASKERS, LAKE_PATIENCE, LAKE_PROMPT, LAKE_REST, LAKE_REST_FACTOR};
use crate::patience::PatientThreads;
use crate::runtime::Runtime;
use engine::engine::Engine;
use eventlog::sqlite::SqliteReader;
use measure::lake::{Answer, Check, Counted, Lake, LakeError, SqlError, verify};
use measure::limits::{SQL_PARTITIONS, SQL_STACK_BYTES};
use place::LakePlace;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tell::Untold;
use tokio::sync::{OnceCell, Semaphore};

/// Keeps the lake of a server.
pub struct Keeper {
    place: LakePlace,
    threads: PatientThreads,
    lake: OnceCell<Arc<Lake>>,
    /// Of whoever writes to the lake.
    turn: tokio::sync::Mutex<()>,
    /// Of those who ask.
    askers: Semaphore,
    is_stopping: Arc<AtomicBool>,
    noted: Mutex<Noted>,
}

/// What came of the newest refresh.
#[derive(Clone, Default)]
struct Noted {
    took: Duration,
    /// Why it failed, if it did.
    failure: Option<String>,
    /// Of the records to be read, those that were, while one is under way.
    percent: Option<u8>,
}

/// Why a question has no answer.
pub(crate) enum Unanswered {
    Off,
    /// It is being made: so much of the log was read.
    Making(u8),
    Failed(String),
    Sql(SqlError),
}

/// The lake in the status of a server.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LakeStatus {
    /// `following`, `making` before it is whole for the first time, `failing`, or `off`.
    pub state: &'static str,
    /// Where it lies; null where it is switched off.
    pub place: Option<String>,
    /// The record as of which it stands; 0 before it is whole for the first time.
    pub seq: u64,
    /// Its instant.
    pub as_of: Option<String>,
    /// Records on the disk that it does not have yet.
    pub lag: u64,
    pub rows: u64,
    pub bytes: u64,
    pub files: usize,
    /// Why it does not get on; it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// Threads for a lake.
pub(crate) fn threads() -> std::io::Result<PatientThreads> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(SQL_PARTITIONS).thread_stack_size(SQL_STACK_BYTES).thread_name("lake");
    PatientThreads::begin(&mut builder)
}

impl Keeper {
    pub fn new(place: LakePlace) -> std::io::Result<Self> {
        Ok(Self {
            place,
            threads: threads()?,
            lake: OnceCell::new(),
            turn: tokio::sync::Mutex::default(),
            askers: Semaphore::new(LAKE_ASKERS),
            is_stopping: Arc::default(),
            noted: Mutex::default(),
        })
    }

    pub fn follows(&self) -> bool {
        self.place != LakePlace::Off
    }

    /// How long until the next refresh: most of the time the machine is for others.
    pub(crate) fn rest(&self) -> Duration {
        LAKE_REST.max(self.noted().took * LAKE_REST_FACTOR)
    }

    /// From now on nothing is begun.
    pub fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().expect("invariant: nobody panics with it in hand")
    }

    async fn lake(&self) -> Result<&Arc<Lake>, String> {
        let open = || async {
            let store = self.place.store().map_err(|error| format!("{error:#}"))?;
            let opening = self.threads.handle().spawn(Lake::open(store));
            let opened = opening.await.map_err(|_| STOPPING.to_owned())?;
            opened.map(Arc::new).map_err(|error| error.to_string())
        };
        self.lake.get_or_try_init(open).await
    }

    /// Brings the lake to where the engine is.
    pub(crate) async fn refresh(&self, runtime: &Runtime, log: &SqliteReader) -> Result<(), String> {
        if !self.follows() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let begun = Instant::now();
        let refreshed = self.refresh_now(runtime, log).await;
        let mut noted = self.noted();
        noted.took = begun.elapsed();
        noted.percent = None;
        noted.failure = refreshed.as_ref().err().filter(|why| *why != STOPPING).cloned();
        refreshed.map(|_| ())
    }

    /// The engine as of which the lake is then.
    async fn refresh_now(&self, runtime: &Runtime, log: &SqliteReader) -> Result<Engine, String> {
        let lake = Arc::clone(self.lake().await?);
        let engine = runtime.read(Engine::clone).await;
        runtime.durable_to(engine.seq()).await;
        self.noted().percent = Some(0);
        let (threads, log) = (self.threads.handle().clone(), log.clone());
        let (is_stopping, (progress, mut told)) =
            (Arc::clone(&self.is_stopping), tokio::sync::watch::channel(0));
        let refreshing = self.threads.spawn_blocking(move || {
            let goes_on = |percent| {
                progress.send_replace(percent);
                !is_stopping.load(Ordering::Relaxed)
            };
            tell::refresh(&lake, &engine, &log, &threads, goes_on).map(|()| engine)
        });
        let refreshing = async {
            let refreshed = refreshing.await.map_err(|error| match error.is_panic() {
                true => "a bug is in the way (see the trace)".to_owned(),
                false => STOPPING.to_owned(),
            })?;
            refreshed.map_err(|untold| match untold {
                Untold::Stopped => STOPPING.to_owned(),
                other => other.to_string(),
            })
        };
        tokio::pin!(refreshing);
        loop {
            tokio::select! {
                refreshed = &mut refreshing => return refreshed,
                Ok(()) = told.changed() => self.noted().percent = Some(*told.borrow_and_update()),
            }
        }
    }

    /// Sees to it that the lake has nothing of whoever was erased.
    pub(crate) async fn forget(&self, runtime: &Runtime, log: &SqliteReader) -> Result<(), String> {
        if !self.follows() || self.lake().await?.manifest().seq == 0 {
            return Ok(());
        }
        self.refresh(runtime, log).await
    }

    /// Answers a question as of now, where the lake can be brought there soon; else as of when it was last refreshed.
    pub(crate) async fn ask(
        &self,
        runtime: &Runtime,
        log: &SqliteReader,
        question: String,
        most: Option<usize>,
    ) -> Result<Answer, Unanswered> {
        let lake = self.fresh(runtime, log).await?;
        let _turn = self.askers.acquire().await.expect("invariant: it is never closed");
        let asking = self.threads.handle().spawn(async move { lake.ask(&question, most).await });
        let answered = asking.await.map_err(|_| Unanswered::Failed(STOPPING.to_owned()))?;
        answered.map_err(Unanswered::Sql)
    }

    async fn fresh(&self, runtime: &Runtime, log: &SqliteReader) -> Result<Arc<Lake>, Unanswered> {
        if !self.follows() {
            return Err(Unanswered::Off);
        }
        let lake = Arc::clone(self.lake().await.map_err(Unanswered::Failed)?);
        let applied = runtime.read(Engine::seq).await;
        let stands_at = || lake.manifest().stated_seq;
        if stands_at() < applied.0 && (stands_at() == 0 || self.noted().took < LAKE_PROMPT) {
            let refreshed = tokio::time::timeout(LAKE_PATIENCE, self.refresh(runtime, log)).await;
            match (refreshed, stands_at()) {
                (Err(_), 0) => return Err(Unanswered::Making(self.noted().percent.unwrap_or(0))),
                (Ok(Err(why)), 0) => return Err(Unanswered::Failed(why)),
                _ => {}
            }
        }
        Ok(lake)
    }

    /// Compares the lake with the log, both as of now.
    pub(crate) async fn verify(
        &self,
        runtime: &Runtime,
        log: &SqliteReader,
    ) -> Result<Vec<Check>, Unanswered> {
        if !self.follows() {
            return Err(Unanswered::Off);
        }
        let lake = Arc::clone(self.lake().await.map_err(Unanswered::Failed)?);
        let _turn = self.turn.lock().await;
        let engine = self.refresh_now(runtime, log).await.map_err(Unanswered::Failed)?;
        let (threads, log) = (self.threads.handle().clone(), log.clone());
        let verifying = self.threads.spawn_blocking(move || compared(&lake, &engine, &log, &threads));
        let verified = verifying.await.map_err(|_| Unanswered::Failed(STOPPING.to_owned()))?;
        verified.map_err(Unanswered::Sql)
    }

    /// How the lake stands beside a log that goes up to a place.
    pub(crate) fn status(&self, durable: engine::Seq) -> LakeStatus {
        let manifest = self.lake.get().map(|lake| lake.manifest());
        let seq = manifest.as_ref().map_or(0, |manifest| manifest.stated_seq);
        let Noted { failure, .. } = self.noted().clone();
        let files = || manifest.iter().flat_map(|manifest| manifest.all_files());
        LakeStatus {
            state: match (self.follows(), &failure, seq) {
                (false, ..) => "off",
                (true, Some(_), _) => "failing",
                (true, None, 0) => "making",
                (true, None, _) => "following",
            },
            place: self.follows().then(|| self.place.to_string()),
            seq,
            as_of: manifest.as_ref().filter(|_| seq > 0).map(|manifest| manifest.as_of.clone()),
            lag: if self.follows() { durable.0.saturating_sub(seq) } else { 0 },
            rows: files().map(|file| file.rows).sum(),
            bytes: files().map(|file| file.bytes).sum(),
            files: files().count(),
            failure,
        }
    }
}

/// What the keeper says where the server stops meanwhile.
const STOPPING: &str = "the server is stopping";

/// Compares a lake with the log that it was told from.
pub(crate) fn compared(
    lake: &Lake,
    engine: &Engine,
    log: &SqliteReader,
    threads: &tokio::runtime::Handle,
) -> Result<Vec<Check>, SqlError> {
    let mut counted = Counted::new(engine);
    let observed = tell::each(engine, log, engine::Seq(1), |seq, at, bytes| {
        counted.observe(seq, at, bytes);
        Ok(())
    });
    observed.map_err(|untold| SqlError::Lake(LakeError::Other(untold.to_string())))?;
    threads.block_on(verify(lake, counted))
}
