//! The snapshot thread: writes states down beside the log, and never makes a batch wait for the disk.

use engine::engine::Engine;
use eventlog::snapshots::Snapshots;
use std::sync::mpsc;

/// A state to be written. It comes through the writer, so all that it rests on is durable.
pub(super) struct Order {
    /// The engine as it was. It shares with the living one all that was not written to since.
    pub(super) engine: Box<Engine>,
}

/// Writes until the writer thread is gone. A snapshot only shortens recovery, so a failure is told and survived.
pub(super) fn run(mut snapshots: Snapshots, inbox: &mpsc::Receiver<Order>) {
    for order in inbox {
        let Order { engine } = order;
        let (seq, at, state) = (engine.seq(), engine.at(), engine.snapshot());
        // From here on the living engine need not copy what it writes to.
        drop(engine);
        match snapshots.write(seq, at, &state) {
            Ok(()) => tracing::info!(%seq, bytes = state.len(), "snapshot written"),
            Err(error) => tracing::error!(%error, "no snapshot could be written; the log has everything"),
        }
    }
}
