//! The log, told to the lake.

use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use eventlog::sqlite::SqliteReader;
use measure::lake::{Lake, LakeError};
use thiserror::Error;
use tokio::runtime::Handle;

/// Why the lake does not stand where the engine does.
#[derive(Debug, Error)]
pub(crate) enum Untold {
    #[error("the server is stopping")]
    Stopped,
    #[error("the log cannot be read: {0}")]
    Log(#[from] eventlog::Error),
    #[error("{0}")]
    Lake(#[from] LakeError),
}

/// Every record from a place on, up to where the engine stands. What was trimmed is passed over: the lake has it.
pub(crate) fn each(
    engine: &Engine,
    log: &SqliteReader,
    from: Seq,
    mut take: impl FnMut(Seq, At, &[u8]) -> Result<(), Untold>,
) -> Result<(), Untold> {
    let batches = log.read(from).or_else(|error| match error {
        eventlog::Error::Trimmed { first, .. } => log.read(first),
        error => Err(error),
    })?;
    for batch in batches {
        let batch = batch?;
        for (seq, bytes) in (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok)) {
            if seq > engine.seq() {
                return Ok(());
            }
            if seq >= from {
                take(seq, batch.at, bytes)?;
            }
        }
    }
    Ok(())
}

/// Brings the lake to where the engine stands, on a thread that may wait. `goes_on` hears how much was read, in percent, and
/// says whether to.
pub(crate) fn refresh(
    lake: &Lake,
    engine: &Engine,
    log: &SqliteReader,
    threads: &Handle,
    goes_on: impl Fn(u8) -> bool,
) -> Result<(), Untold> {
    let mut refresh = threads.block_on(lake.begin(engine))?;
    if let Some(from) = refresh.from() {
        let all = (engine.seq().0 + 1 - from.0).max(1);
        each(engine, log, from, |seq, at, bytes| {
            // Seldom: to be asked takes longer than to be told a record.
            if seq.0 % 1_024 == 0 && !goes_on(((seq.0 - from.0) * 100 / all) as u8) {
                return Err(Untold::Stopped);
            }
            refresh.observe(seq, at, bytes);
            if refresh.is_full() {
                threads.block_on(refresh.flush())?;
            }
            Ok(())
        })?;
    }
    Ok(threads.block_on(refresh.finish())?)
}
