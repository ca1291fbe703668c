//! What is to be done at the disk, in its turn between what is staged, besides appending. Whoever asks is told when it is done;
//! who is told nothing may ask again.

use engine::Seq;
use eventlog::log::Batch;
use tokio::sync::oneshot;

pub(super) enum Chore {
    /// To be put in the place of what the log holds.
    Rewrite { batches: Vec<Batch>, done: oneshot::Sender<()> },
    /// Nothing of what was rewritten is to be left. Told whether that is so: a reader may be in the way.
    Scrub { done: oneshot::Sender<bool> },
    /// A snapshot at once.
    Snapshot(Kept),
}

/// Whoever waits for snapshots from a place on.
pub(super) struct Kept {
    /// Once there are enough of them, those of before go.
    pub(super) from: Seq,
    /// How many there are.
    pub(super) told: oneshot::Sender<usize>,
}
