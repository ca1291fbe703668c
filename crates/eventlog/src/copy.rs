//! Copies log and snapshots of a data directory into another one, while a process may be writing the first.
//!
//! Batches are read one by one as any reader does, so that no reader holds up the writer's checkpoints for as long as a
//! whole copy takes. What changes one that is there is only an erasure; where that came in between, the copy is refused.

use std::path::Path;

use engine::Seq;
use engine::at::At;
use engine::record::{Malformed, Record};

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
    if let Some(first) = first.filter(|first| !reaches_back(*first)) {
        return Err(Error::Trimmed { from: Seq(1), first });
    }
    let oldest = snapshots.first().copied().unwrap_or_default();
    if let Some(from) = first {
        check_replay(&SqliteReader::open(to)?, from.max(oldest.next()))?;
    }
    Ok(Copied { first, last, batches })
}

/// Whether a log can be replayed from a place on: somebody may have been erased after the snapshots were copied and before
/// the log was.
fn check_replay(log: &SqliteReader, from: Seq) -> Result<(), Error> {
    for batch in log.read(from)? {
        let batch = batch?;
        let places = (batch.first.0..).map(Seq);
        let mut records = places.zip(batch.records().map_while(Result::ok)).filter(|(seq, _)| *seq >= from);
        let is_redacted = |bytes| match Record::decode(bytes) {
            Ok(record) => record.is_redacted(),
            Err(malformed) => malformed == Malformed::Sealed,
        };
        if let Some((seq, _)) = records.find(|(_, bytes)| is_redacted(bytes)) {
            return Err(Error::Redacted { seq });
        }
    }
    Ok(())
}
