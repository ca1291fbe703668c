//! What every handler of a request has at hand.

use crate::api::Told;
use crate::audit;
use crate::defined::Definitions;
use crate::deliver::email::Email;
use crate::deliver::link::SignedLinks;
use crate::deliver::trials::Trials;
use crate::demo::Stage;
use crate::editorial::Readers;
use crate::figures::kept::Figures;
use crate::keys::{Holder, Keys};
use crate::lake::Keeper;
use crate::metrics::Metrics;
use crate::operators::Operators;
use crate::patience::PatientThreads;
use crate::problem::Problem;
use crate::public::clicks::Clicks;
use crate::public::hosted::Hosted;
use crate::returns::proof::Proofs;
use crate::runtime::Runtime;
use crate::site::Site;
use crate::sizes::Sizes;
use crate::steps::Steps;
use crate::webhooks::post::Post;
use engine::Seq;
use engine::engine::Engine;
use engine::record::Record;
use eventlog::sequencer::Outcome;
use eventlog::sqlite::SqliteReader;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, watch};

/// The parts of one running server, shared by everything that answers requests.
pub struct Hub {
    pub runtime: Runtime,
    /// Reads what is on the disk.
    pub log: SqliteReader,
    pub keys: Keys,
    pub operators: Operators,
    /// Of the demonstration only.
    pub stage: Option<Stage>,
    pub metrics: Arc<Metrics>,
    /// How browsers and mail clients reach this server; without a slash at the end.
    pub public_url: String,
    /// Signs and checks the links in messages.
    pub links: SignedLinks,
    /// What pages and inboxes show, ready to be filled in.
    pub site: Site,
    /// Of the last moments, to tell scanners from readers.
    pub clicks: Clicks,
    /// Of links, pages and forms.
    pub hosted: Hosted,
    /// Set when the server begins to stop: whoever balances load sends nobody here any more, and what has no end ends.
    pub stopping: watch::Sender<bool>,
    /// Room for those that follow changes as they happen.
    pub followers: Arc<Semaphore>,
    /// Threads for what reads much of the log.
    pub(crate) patient: PatientThreads,
    /// Held while the whole log is read for one question.
    pub reading: Arc<tokio::sync::Mutex<()>>,
    /// Speaks to webhooks.
    pub post: Post,
    /// The turn of whoever tells of changes beside the log.
    pub telling: tokio::sync::Mutex<()>,
    /// The data directory.
    pub data: PathBuf,
    /// As they are written, and the turn to change one.
    pub definitions: Arc<Definitions>,
    /// The turn of whoever has history told again.
    pub dry_runs: Arc<Semaphore>,
    /// How people went through journeys, as far as it was counted.
    pub steps: Steps,
    /// By which reports leave; nothing where there is no route for email.
    pub email: OnceLock<Arc<Email>>,
    /// Messages that were sent on trial.
    pub trials: Trials,
    /// Looks at what providers sign.
    pub proofs: Proofs,
    /// How large segments were.
    pub sizes: Sizes,
    /// Who read the spaces of the editorial plan.
    pub readers: Readers,
    /// What key figures are made of, as far as it was read.
    pub figures: Figures,
    /// Keeps the lake.
    pub lake: Keeper,
    /// Today, as far as it was read from the log.
    pub told: Told,
}

impl Hub {
    /// Asks the whole log, beside a copy of the engine that says whose a record is: one question at a time, and no longer than
    /// somebody waits for the answer.
    pub async fn read_log<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Engine, &SqliteReader) -> T + Send + 'static,
    ) -> T {
        let turn = Arc::clone(&self.reading).lock_owned().await;
        let engine = self.runtime.read(Engine::clone).await;
        self.runtime.durable_to(engine.seq()).await;
        let asker = Arc::new(());
        let log = self.log.asked_by(&asker);
        let reading = self.patient.spawn_blocking(move || {
            let answer = ask(&engine, &log);
            drop(turn);
            answer
        });
        let answer = reading.await.expect("invariant: a reader of the log does not panic");
        drop(asker);
        answer
    }

    /// Records what an operator states, with who it was; its place in the log, or why the engine does not take it.
    pub async fn act(&self, holder: &Holder, record: &Record<'_>) -> Result<Seq, Problem> {
        match audit::recorded(&self.runtime, holder, record).await? {
            Outcome::Applied(seq) => Ok(seq),
            Outcome::Refused(refusal) => Err(refusal.into()),
            other => panic!("invariant: the record was checked before it was made, {other:?}"),
        }
    }

    /// Records what a client stated; its place in the log, or why the engine does not take it.
    pub async fn record(&self, record: &Record<'_>) -> Result<Seq, Problem> {
        match self.runtime.record(record).await? {
            Outcome::Applied(seq) => Ok(seq),
            Outcome::Refused(refusal) => Err(refusal.into()),
            other => panic!("invariant: the record was checked before it was made, {other:?}"),
        }
    }
}
