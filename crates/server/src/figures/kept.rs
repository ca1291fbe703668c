//! What key figures are made of, kept as far as the log was read. Owned by the hub; a question wakes it.
//!
//! The first question has the whole log read. Every later one brings it up to the record that is the newest then: what came
//! since is read, and those whose history it changed are told again. No answer is older than its question.

use super::gathered;
use crate::hub::Hub;
use crate::limits::{BACKFILL_WAIT, FIGURES_AGAIN_MAX, FIGURES_SINCE_MAX, FIGURES_TOGETHER};
use engine::Seq;
use engine::engine::Engine;
use engine::record::Record;
use eventlog::Error;
use eventlog::log::{Batch, Batches};
use eventlog::sqlite::SqliteReader;
use measure::kpi::kept::{Again, Kept};
use measure::kpi::people::Gathered;
use std::sync::Arc;
use tokio::sync::{Mutex, oneshot};

/// What was gathered for the last question.
#[derive(Default)]
pub struct Figures(Arc<Mutex<Option<Kept>>>);

/// Asks what was gathered of everybody, as of now. `None` while the log is read for it: the same question finds it read later.
pub(crate) async fn ask<T: Send + 'static>(
    hub: &Arc<Hub>,
    ask: impl FnOnce(&Gathered<'_>) -> T + Send + 'static,
) -> Result<Option<T>, Error> {
    #[expect(
        clippy::async_yields_async,
        reason = "only the reading is waited for with a bound, and not the answer"
    )]
    let reading = async {
        let mut held = Arc::clone(&hub.figures.0).lock_owned().await;
        let engine = hub.runtime.read(Engine::clone).await;
        hub.runtime.durable_to(engine.seq()).await;
        let (log, (tell, told)) = (hub.log.clone(), oneshot::channel());
        let asking = hub.patient.spawn_blocking(move || {
            let gathered = brought_up(&engine, &log, held.take())?;
            // Whoever has stopped waiting asks again, and finds it read.
            let answer = tell.send(()).is_ok().then(|| ask(&gathered));
            *held = Some(gathered.keep());
            Ok(answer)
        });
        // Where it could not be read, nobody tells, and the answer says why.
        let _ = told.await;
        asking
    };
    match tokio::time::timeout(BACKFILL_WAIT, reading).await {
        Ok(asking) => asking.await.expect("invariant: figures do not panic"),
        Err(_) => Ok(None),
    }
}

/// What was kept, up to the engine's place; anew where it does not stand any more, or where that takes less.
fn brought_up<'e>(engine: &'e Engine, log: &SqliteReader, kept: Option<Kept>) -> Result<Gathered<'e>, Error> {
    if let Some(kept) = kept
        && let Some(again) = again(engine, log, &kept)?
    {
        return told_again(engine, log, kept, again);
    }
    gathered(engine, &|from| -> Result<Batches<'_>, Error> { Ok(Box::new(log.read(from)?)) })
}

/// What is to be observed once more for what came since; `None` where the whole log is to be read instead.
fn again(engine: &Engine, log: &SqliteReader, kept: &Kept) -> Result<Option<Again>, Error> {
    let (upto, end) = (kept.upto(), engine.seq());
    let Some(mut since) = kept.since(engine) else { return Ok(None) };
    if end.0 - upto.0 > FIGURES_SINCE_MAX {
        return Ok(None);
    }
    if upto < end {
        for batch in log.read(upto.next())? {
            let batch = batch?;
            let is_last = batch.last() >= end;
            for (seq, record) in records(&batch).filter(|(seq, _)| (upto.next()..=end).contains(seq)) {
                since.observe(engine, seq, batch.at, &record);
            }
            if is_last {
                break;
            }
        }
    }
    Ok(since
        .again(engine)
        .filter(|again| again.places.len() as u64 <= FIGURES_AGAIN_MAX as u64 + (end.0 - upto.0)))
}

fn told_again<'e>(
    engine: &'e Engine,
    log: &SqliteReader,
    kept: Kept,
    again: Again,
) -> Result<Gathered<'e>, Error> {
    let places: Vec<Seq> = again.places.iter().copied().collect();
    let mut gathered = Gathered::going_on(engine, kept, again);
    for places in places.chunks(FIGURES_TOGETHER) {
        for batch in log.holding(places.iter().copied())? {
            for (seq, record) in records(&batch).filter(|(seq, _)| places.binary_search(seq).is_ok()) {
                gathered.observe(seq, batch.at, &record);
            }
        }
    }
    gathered.finish();
    Ok(gathered)
}

/// The records of a batch with their places; those that cannot be read any more are passed over.
fn records(batch: &Batch) -> impl Iterator<Item = (Seq, Record<'_>)> {
    let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
    records.filter_map(|(seq, bytes)| Some((seq, Record::decode(bytes).ok()?)))
}
