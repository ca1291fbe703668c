//! Order and durability: what is told to Trama becomes a place in one log before anybody is told that it was heard.
//!
//! Contract: [`log::Log::append`] returns only when its batches are on the disk, all of them or none; what was read
//! once is read the same for ever, or named as damaged. Nothing here knows HTTP, and the only threads it owns are the
//! one that copies SQLite's write-ahead log home, those that read a snapshot while a recovery waits for them, and those of a
//! dry run.
//!
//! Read in this order: [`log`] is the promise, [`sqlite`] and [`memory`] keep it, [`frame`] is how records lie in a
//! batch; [`folder`] and [`snapshots`] hold the engine's state beside the log. [`sequencer`] turns what is submitted
//! into batches, [`recovery`] turns what is on the disk into an engine, [`backfill`] reads what the engine does not keep,
//! [`redaction`] takes erased people
//! out of all of that, [`verify`] walks it, [`copy`] makes a second one of it. [`dryrun`] says what would have come of it
//! with another programme.

pub mod backfill;
pub mod copy;
pub mod dryrun;
pub mod error;
pub mod folder;
pub mod frame;
pub mod limits;
pub mod log;
pub mod memory;
mod ownership;
pub mod recovery;
pub mod redaction;
pub mod sequencer;
pub mod snapshots;
pub mod sqlite;
pub mod verify;

pub use error::Error;
