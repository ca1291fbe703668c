//! The writer thread: makes durable what is staged, and only then lets anybody know.

use super::Shared;
use super::chore::Chore;
use super::snapshots::Order;
use crate::deliver::backlog::Backlog;
use engine::effect::Effect;
use eventlog::log::{Batch, Log};
use eventlog::sequencer::Outcome;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Instant;
use tokio::sync::oneshot;

/// What the engine thread hands over, in the order of the log.
pub(super) enum Staged {
    /// `batches` is empty when nothing of it is to be logged; its answers still wait for the batches before it.
    Batch {
        batches: Vec<Batch>,
        answers: Vec<Answer>,
        effects: Vec<Effect>,
    },
    /// The engine's state after everything staged before it.
    Snapshot(Order),
    Chore(Chore),
}

/// Who is waiting, and what it will be told.
pub(super) type Answer = (oneshot::Sender<Vec<Outcome>>, Vec<Outcome>);

/// Appends until the engine thread is gone. An error of the log ends the process: nobody knows what is on the disk.
pub(super) fn run(
    shared: &Arc<Shared>,
    mut log: impl Log,
    inbox: &mpsc::Receiver<Staged>,
    snapshots: &mpsc::SyncSender<Order>,
    backlog: &Backlog,
) {
    while let Ok(first) = inbox.recv() {
        let mut staged = vec![first];
        staged.extend(inbox.try_iter());
        append(shared, &mut log, &mut staged);
        for one in staged {
            match one {
                Staged::Batch { answers, effects, .. } => release(shared, answers, effects, backlog),
                Staged::Snapshot(order) => pass_on(snapshots, order),
                Staged::Chore(chore) => work(&mut log, chore),
            }
        }
    }
}

fn append(shared: &Shared, log: &mut impl Log, staged: &mut [Staged]) {
    let batches: Vec<Batch> = staged
        .iter_mut()
        .flat_map(|one| match one {
            Staged::Batch { batches, .. } => std::mem::take(batches),
            Staged::Snapshot(_) | Staged::Chore(_) => Vec::new(),
        })
        .collect();
    let Some(newest) = batches.last() else { return };
    let durable = newest.last();
    let begun = Instant::now();
    if let Err(error) = log.append(&batches) {
        tracing::error!(%error, "the log cannot be written; nothing of this batch was acknowledged, and Trama stops");
        eprintln!("trama: the log cannot be written: {error}");
        std::process::abort();
    }
    shared.metrics.committed(&batches, begun.elapsed());
    shared.durable.send_replace(durable);
}

/// Rewrites what the log holds, and leaves nothing of what was there. An error ends the process as one of appending does.
fn work(log: &mut impl Log, chore: Chore) {
    let worked = match chore {
        Chore::Rewrite { batches, done } => log.rewrite(&batches).map(|()| _ = done.send(())),
        Chore::Scrub { done } => log.scrub().map(|is_clean| _ = done.send(is_clean)),
        Chore::Snapshot(_) => unreachable!("invariant: the engine thread makes snapshots of these"),
    };
    if let Err(error) = worked {
        tracing::error!(%error, "the log cannot be rewritten, and Trama stops; the next start goes on with it");
        eprintln!("trama: the log cannot be rewritten: {error}");
        std::process::abort();
    }
}

/// Hands a state to the snapshot thread, or drops it where an older one still waits for a slow disk: states are large,
/// and nothing but the length of a recovery depends on them.
fn pass_on(snapshots: &mpsc::SyncSender<Order>, order: Order) {
    match snapshots.try_send(order) {
        Ok(()) => {}
        Err(mpsc::TrySendError::Full(order)) => {
            tracing::warn!(seq = %order.sections.seq(), "the disk is too slow for snapshots; this one is left out");
        }
        // Its reader ends only after this thread has dropped its end.
        Err(mpsc::TrySendError::Disconnected(_)) => {
            panic!("invariant: the snapshot thread outlives the writer")
        }
    }
}

/// Answers and effects leave, now that what they rest on is durable. Who no longer waits is not missed; after the
/// dispatcher has stopped, sends stay owed, and the next start finds them.
fn release(shared: &Shared, answers: Vec<Answer>, effects: Vec<Effect>, backlog: &Backlog) {
    for (ack, outcomes) in answers {
        shared.metrics.answered(&outcomes);
        drop(ack.send(outcomes));
    }
    backlog.put(effects);
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::at::At;
    use engine::engine::Engine;
    use engine::record::Record;
    use engine::{SendId, Seq};
    use eventlog::log::Batches;
    use eventlog::memory::{MemoryDisk, MemoryLog};

    /// A log whose disk takes as long as it is told to.
    struct HeldLog {
        log: MemoryLog,
        at_the_disk: mpsc::Sender<()>,
        go_on: mpsc::Receiver<()>,
    }

    impl Log for HeldLog {
        fn append(&mut self, batches: &[Batch]) -> Result<(), eventlog::Error> {
            self.at_the_disk.send(()).unwrap();
            self.go_on.recv().unwrap();
            self.log.append(batches)
        }

        fn read(&self, from: Seq) -> Result<Batches<'_>, eventlog::Error> {
            self.log.read(from)
        }

        fn first(&self) -> Result<Option<Seq>, eventlog::Error> {
            self.log.first()
        }

        fn last(&self) -> Option<(Seq, At)> {
            self.log.last()
        }

        fn trim(&mut self, to: Seq) -> Result<(), eventlog::Error> {
            self.log.trim(to)
        }

        fn rewrite(&mut self, batches: &[Batch]) -> Result<(), eventlog::Error> {
            self.log.rewrite(batches)
        }

        fn scrub(&mut self) -> Result<bool, eventlog::Error> {
            self.log.scrub()
        }

        fn bytes(&self) -> Result<u64, eventlog::Error> {
            self.log.bytes()
        }
    }

    #[test]
    fn nobody_hears_of_anything_before_the_disk_has_it() {
        let (at_the_disk, begun) = mpsc::channel();
        let (disk, go_on) = mpsc::channel();
        let log = HeldLog { log: MemoryLog::open(&MemoryDisk::default()).unwrap(), at_the_disk, go_on };
        let shared = Shared::of(Engine::new(), Box::new(|_| Ok(Box::new(std::iter::empty()))));
        let durable = || shared.durable.borrow().0;
        let backlog = Backlog::new(1);
        let (to_writer, inbox) = mpsc::sync_channel(1);
        let (to_snapshots, _orders) = mpsc::sync_channel(1);
        std::thread::scope(|scope| {
            let (shared, backlog) = (&shared, &backlog);
            scope.spawn(move || run(shared, log, &inbox, &to_snapshots, backlog));
            let (mut record, mut body) = (Vec::new(), Vec::new());
            Record::Tick.encode(&mut record);
            eventlog::frame::push_record(&mut body, &record);
            let (ack, mut told) = oneshot::channel();
            let answers = vec![(ack, vec![Outcome::Applied(Seq(1))])];
            let effects = vec![Effect::HandOver { send: SendId(1), attempt: 1 }];
            let batches = vec![Batch { first: Seq(1), at: At(0), count: 1, body }];
            to_writer.send(Staged::Batch { batches, answers, effects }).unwrap();

            begun.recv().unwrap();
            let early = (told.try_recv().is_ok(), backlog.last_words().len(), durable());
            disk.send(()).unwrap();
            drop(to_writer);
            assert_eq!(early, (false, 0, 0), "acknowledged, effects, and durable before the disk has it");
            assert_eq!(told.blocking_recv(), Ok(vec![Outcome::Applied(Seq(1))]));
        });
        assert_eq!((durable(), backlog.last_words().len()), (1, 1));
    }
}
