//! The crate's one integration binary: both logs against one suite, then what is peculiar to each.

mod acts;
mod batches;
mod changes;
mod compatibility;
mod conformance;
mod copy;
mod memory;
mod records;
mod recovery;
mod redaction;
mod sequencer;
mod snapshots;
mod sqlite;
mod told;
