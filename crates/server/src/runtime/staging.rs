//! The engine thread: stages what waits, and what is due.

use super::chore::{Chore, Kept};
use super::queue::Wake;
use super::snapshots::Order;
use super::writer::Staged;
use super::{Shared, UNPOISONED, oldest_erasure};
use crate::clock;
use crate::limits::{SNAPSHOT_EVERY, SNAPSHOT_REST};
use engine::Seq;
use engine::engine::Engine;
use eventlog::sequencer;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

/// Stages until the stop, then leaves a last snapshot. `snapshot` is the place of the newest one on the disk.
pub(super) fn run(shared: &Arc<Shared>, writer: &SyncSender<Staged>, mut snapshot: Seq) {
    let send = |staged| writer.send(staged).expect("invariant: the writer thread outlives the engine thread");
    let mut revision = 0;
    let mut rested = Instant::now();
    loop {
        let due = shared.engine.read().expect(UNPOISONED).next_due();
        let submissions = match shared.queue.take(due) {
            Wake::Submissions(submissions) => submissions,
            Wake::Due => Vec::new(),
            Wake::Chores(chores) => {
                for chore in chores {
                    send(staged(chore, &shared.engine.read().expect(UNPOISONED)));
                }
                continue;
            }
            Wake::Stop => break,
        };
        let records: Vec<&[u8]> = submissions.iter().map(|one| one.records.as_slice()).collect();
        let mut engine = shared.engine.write().expect(UNPOISONED);
        let staged = sequencer::stage(&mut engine, clock::now(), &records);
        let seq = engine.seq();
        if engine.programme_revision() != revision {
            revision = engine.programme_revision();
            *shared.programme.write().expect(UNPOISONED) = Arc::clone(engine.programme());
            shared.reports_due.send_replace(engine.reports_due());
        }
        for (due, known) in
            [(engine.cutoffs_due(), &shared.cutoffs_due), (engine.clusters_due(), &shared.clusters_due)]
        {
            known.send_if_modified(|known| std::mem::replace(known, due) != due);
        }
        let oldest = oldest_erasure(&engine);
        shared.pending.send_if_modified(|known| std::mem::replace(known, oldest) != oldest);
        drop(engine);
        let acks = submissions.into_iter().map(|one| one.ack);
        let answers = acks.zip(staged.outcomes).collect();
        send(Staged::Batch { batches: staged.batches, answers, effects: staged.effects });
        if seq.0 - snapshot.0 >= SNAPSHOT_EVERY && rested.elapsed() >= SNAPSHOT_REST {
            send(take_snapshot(&shared.engine.read().expect(UNPOISONED), None));
            (snapshot, rested) = (seq, Instant::now());
        }
    }
    let engine = shared.engine.read().expect(UNPOISONED);
    if engine.seq() > snapshot {
        send(take_snapshot(&engine, None));
    }
}

/// Sets the state aside as it is. Nothing of what it holds is copied for that, and staging goes on at once.
fn take_snapshot(engine: &Engine, kept: Option<Kept>) -> Staged {
    Staged::Snapshot(Order { sections: engine.sections(), kept })
}

fn staged(chore: Chore, engine: &Engine) -> Staged {
    match chore {
        Chore::Snapshot(kept) => take_snapshot(engine, Some(kept)),
        chore => Staged::Chore(chore),
    }
}
