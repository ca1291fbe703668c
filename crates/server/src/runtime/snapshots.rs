//! The snapshot thread: writes states down beside the log, and never makes a batch wait for the disk.

use engine::Seq;
use engine::at::At;
use eventlog::snapshots::Snapshots;
use std::sync::mpsc;

/// A state to be written. It comes through the writer, so all that it rests on is durable.
pub(super) struct Order {
    pub(super) seq: Seq,
    pub(super) at: At,
    pub(super) state: Vec<u8>,
}

/// Writes until the writer thread is gone. A snapshot only shortens recovery, so a failure is told and survived.
pub(super) fn run(mut snapshots: Snapshots, inbox: &mpsc::Receiver<Order>) {
    for order in inbox {
        match snapshots.write(order.seq, order.at, &order.state) {
            Ok(()) => tracing::info!(seq = %order.seq, bytes = order.state.len(), "snapshot written"),
            Err(error) => tracing::error!(%error, "no snapshot could be written; the log has everything"),
        }
    }
}
