//! Copies log and snapshots of a data directory into another one, while a process may be writing the first.
//!
//! Batches never change once they are there, so they are read one by one as any reader does, and no reader holds up the
//! writer's checkpoints for as long as a whole copy takes.

use std::path::Path;

use engine::Seq;
use engine::at::At;

use crate::error::Error;
use crate::folder::make_private;
use crate::snapshots::Snapshots;
use crate::sqlite::SqliteReader;

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Place of the oldest record; `None` for an empty log.
    pub first: Option<Seq>,
    /// Place and instant of the newest record.
    pub last: Option<(Seq, At)>,
    pub batches: u64,
}

/// Copies into a directory that holds no log yet. Everything that was durable before the call is in the copy, and each
/// batch in it has been checked against its checksum.
pub fn copy(from: &Path, to: &Path) -> Result<Copied, Error> {
    make_private(to)?;
    let reader = SqliteReader::open(from)?;
    // Snapshots first: the log that is read after them has every record that they have seen.
    let snapshots = Snapshots::open(from)?.copy(&mut Snapshots::open(to)?)?;
    let last = reader.last()?;
    let (first, batches) = reader.copy(to, last.map_or(Seq(0), |(seq, _)| seq))?;
    let reaches_back = |first: Seq| first == Seq(1) || snapshots.iter().any(|seq| seq.next() >= first);
    match first.filter(|first| !reaches_back(*first)) {
        Some(first) => Err(Error::Trimmed { from: Seq(1), first }),
        None => Ok(Copied { first, last, batches }),
    }
}
