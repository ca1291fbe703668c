//! From a file to its destination: one thread reads rows, others make records of them, and the caller hands these over
//! in the order of the file. Each wakes when the one before it has something, and waits while the one behind it has
//! enough.

use super::batch::Batch;
use super::destination::{Preparer, Ready};
use super::rows::Rows;
use crate::limits::{IMPORT_BATCHES_AHEAD, IMPORT_PREPARERS_MAX};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Runs a file through, and gives each batch to `hand_over`, which ends everything with an error.
pub(super) fn run(
    rows: &mut Rows,
    preparer: &Preparer,
    hand_over: impl FnMut(Ready) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let preparers = thread::available_parallelism().map_or(1, |cores| cores.get().min(IMPORT_PREPARERS_MAX));
    thread::scope(|scope| {
        let (work, waiting) = async_channel::bounded::<(Batch, SyncSender<Ready>)>(IMPORT_BATCHES_AHEAD);
        let (promise, promised) = sync_channel(IMPORT_BATCHES_AHEAD);
        scope.spawn(move || read(rows, &work, &promise));
        for _ in 0..preparers {
            let waiting = waiting.clone();
            scope.spawn(move || {
                while let Ok((batch, ready)) = waiting.recv_blocking() {
                    // Nobody waits for it any more when handing over failed.
                    _ = ready.send(preparer.prepare(batch));
                }
            });
        }
        drop(waiting);
        give(promised, hand_over)
    })
}

/// What the reading thread promises for each batch: that somebody will make it ready.
type Promise = anyhow::Result<Receiver<Ready>>;

fn read(
    rows: &mut Rows,
    work: &async_channel::Sender<(Batch, SyncSender<Ready>)>,
    promise: &SyncSender<Promise>,
) {
    loop {
        let batch = match rows.batch() {
            Ok(batch) if batch.is_empty() => return,
            Ok(batch) => batch,
            Err(error) => {
                _ = promise.send(Err(error));
                return;
            }
        };
        let (ready, promised) = sync_channel(1);
        // Either fails only when handing over has failed, and then there is nothing more to do.
        if promise.send(Ok(promised)).is_err() || work.send_blocking((batch, ready)).is_err() {
            return;
        }
    }
}

fn give(
    promised: Receiver<Promise>,
    mut hand_over: impl FnMut(Ready) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for promise in promised {
        let ready = promise?.recv().expect("invariant: whoever takes a batch makes it ready");
        hand_over(ready)?;
    }
    Ok(())
}
