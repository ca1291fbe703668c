//! Taking people who were erased out of what is on the disk, while the server runs. A task of the server, which owns it; it
//! wakes when somebody is erased, at the start where an earlier process left something undone, and for the stop.
//!
//! It goes the way of [`eventlog::redaction`], step by step and beside everything else: the log is read here and written by
//! the writer, snapshots by their own thread. It is not over before the lake has forgotten them too.

use super::chore::{Chore, Kept};
use super::{NotTaken, Runtime};
use crate::clock;
use crate::limits::{ERASURE_WAIT, REDACTION_REST};
use engine::Seq;
use engine::engine::Engine;
use engine::erasure::Redaction;
use engine::record::{LogRedacted, Record};
use eventlog::limits::SNAPSHOTS_KEPT;
use eventlog::log::Batch;
use eventlog::redaction::to_rewrite;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Why it is not over.
enum Unfinished {
    Stopping,
    /// The disk or a reader is in the way; it is tried again.
    InTheWay(String),
}

impl From<NotTaken> for Unfinished {
    fn from(_: NotTaken) -> Self {
        // Our own records and chores are refused at a stop only.
        Self::Stopping
    }
}

/// Redacts until the stop. `forget` sees to it that the lake has nothing of whoever was erased, or says what is in the way.
pub async fn run<F>(runtime: Runtime, forget: impl Fn() -> F, mut stop: oneshot::Receiver<()>)
where
    F: Future<Output = Result<(), String>>,
{
    let mut pending = runtime.shared.pending.subscribe();
    loop {
        let is_pending = pending.borrow_and_update().is_some();
        tokio::select! {
            _ = &mut stop => return,
            changed = pending.changed(), if !is_pending => {
                changed.expect("invariant: the sender lives as long as the runtime");
            }
            done = redact(&runtime, &forget), if is_pending => match done {
                Ok(()) => {}
                Err(Unfinished::Stopping) => return,
                Err(Unfinished::InTheWay(why)) => {
                    tracing::warn!(why, "people who were erased are still on the disk; this is tried again");
                    tokio::select! {
                        _ = &mut stop => return,
                        () = tokio::time::sleep(REDACTION_REST) => {}
                    }
                }
            },
        }
    }
}

async fn redact<F>(runtime: &Runtime, forget: &impl Fn() -> F) -> Result<(), Unfinished>
where
    F: Future<Output = Result<(), String>>,
{
    let Some(redaction) = runtime.read(Engine::redaction).await else { return Ok(()) };
    let redaction = Arc::new(redaction);
    while runtime.snapshots_from(redaction.to()).await? < SNAPSHOTS_KEPT {
        // The next one needs a place of its own.
        runtime.record(&Record::Tick).await?;
    }
    let (mut next, mut count) = (Some(Seq(1)), 0);
    while let Some(from) = next {
        let (batches, place) = runtime.read_for(&redaction, from).await?;
        (next, count) = (place, count + batches.len());
        if !batches.is_empty() {
            let (done, told) = oneshot::channel();
            runtime.shared.queue.push_chore(Chore::Rewrite { batches, done })?;
            told.await.map_err(|_| Unfinished::Stopping)?;
        }
    }
    let (done, told) = oneshot::channel();
    runtime.shared.queue.push_chore(Chore::Scrub { done })?;
    if !told.await.map_err(|_| Unfinished::Stopping)? {
        return Err(Unfinished::InTheWay("somebody reads the log".to_owned()));
    }
    forget().await.map_err(|why| Unfinished::InTheWay(format!("the lake: {why}")))?;
    let redacted = LogRedacted { to: redaction.to(), redacted_at: clock::now() };
    runtime.record(&Record::LogRedacted(redacted)).await?;
    tracing::info!(to = %redaction.to(), batches = count, "people who were erased are gone from the disk");
    Ok(())
}

impl Runtime {
    /// Writes a snapshot; how many whole ones there are then from a place on.
    async fn snapshots_from(&self, from: Seq) -> Result<usize, Unfinished> {
        let (told, count) = oneshot::channel();
        self.shared.queue.push_chore(Chore::Snapshot(Kept { from, told }))?;
        count.await.map_err(|_| Unfinished::InTheWay("no snapshot could be written".to_owned()))
    }

    async fn read_for(
        &self,
        redaction: &Arc<Redaction>,
        from: Seq,
    ) -> Result<(Vec<Batch>, Option<Seq>), Unfinished> {
        let (shared, redaction) = (Arc::clone(&self.shared), Arc::clone(redaction));
        let read = move || {
            let log = (shared.read_log)(from).or_else(|error| match error {
                eventlog::Error::Trimmed { first, .. } => (shared.read_log)(first),
                error => Err(error),
            });
            to_rewrite(&redaction, log?)
        };
        let reading =
            tokio::task::spawn_blocking(read).await.expect("invariant: a reader of the log does not panic");
        reading.map_err(|error| Unfinished::InTheWay(error.to_string()))
    }

    /// Waits until the disk has nothing any more of whoever was erased by a record, or for as long as a client should be
    /// made to wait; whether it is so.
    pub async fn redacted(&self, erasure: Seq) -> bool {
        let mut pending = self.shared.pending.subscribe();
        let is_over = |oldest: &Option<Seq>| oldest.is_none_or(|oldest| oldest > erasure);
        let waited = tokio::time::timeout(ERASURE_WAIT, pending.wait_for(is_over)).await;
        waited.is_ok()
    }
}
