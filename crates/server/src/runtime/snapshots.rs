//! The snapshot thread: writes states down beside the log, and never makes a batch wait for the disk.

use super::chore::Kept;
use engine::Seq;
use engine::section::Sections;
use eventlog::limits::SNAPSHOTS_KEPT;
use eventlog::snapshots::{Snapshots, Written};
use std::sync::mpsc;

/// A state to be written. It comes through the writer, so all that it rests on is durable.
pub(super) struct Order {
    /// The state as it was. It shares with the living one all that was not written to since, and lets go of each section
    /// that is written down.
    pub(super) sections: Sections,
    /// Who waits for it.
    pub(super) kept: Option<Kept>,
}

/// Writes until the writer thread is gone. A snapshot only shortens recovery, so a failure is told and survived.
pub(super) fn run(mut snapshots: Snapshots, inbox: &mpsc::Receiver<Order>) {
    for order in inbox {
        let Order { sections, kept } = order;
        let seq = sections.seq();
        match snapshots.write(sections) {
            Ok(Written { sections, new, bytes }) => {
                tracing::info!(%seq, sections, new, bytes, "snapshot written");
            }
            Err(error) => {
                tracing::error!(%error, "no snapshot could be written; the log has everything");
                continue;
            }
        }
        if let Some(Kept { from, told }) = kept {
            match keep(&mut snapshots, from) {
                Ok(count) => drop(told.send(count)),
                Err(error) => tracing::error!(%error, "snapshots of before an erasure cannot be removed"),
            }
        }
    }
}

/// Removes what is older than a place as soon as there are enough whole snapshots from it on; how many there are.
fn keep(snapshots: &mut Snapshots, from: Seq) -> Result<usize, eventlog::Error> {
    let count = snapshots.whole_from(from)?;
    if count >= SNAPSHOTS_KEPT {
        snapshots.remove_before(from)?;
    }
    Ok(count)
}
