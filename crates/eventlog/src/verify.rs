//! Walks the whole log and says whether it is what was written.

use engine::Seq;
use engine::at::At;

use crate::error::Error;
use crate::log::{Batches, Log};
use crate::sqlite::SqliteReader;

/// What a walk found. Counts stop at the first fault: behind it nothing can be trusted.
#[derive(Debug, Default)]
pub struct Report {
    pub batches: u64,
    pub records: u64,
    /// Bodies as they came in.
    pub bytes_raw: u64,
    /// Everything that the log takes on the disk.
    pub bytes_stored: u64,
    pub first: Option<Seq>,
    pub last: Option<(Seq, At)>,
    /// The first thing that is wrong, with its place.
    pub fault: Option<Error>,
}

/// Reads every batch: checksums, places without a gap, time that does not run backwards, records that can be read.
pub fn verify(log: &dyn Log) -> Report {
    let held = || Ok(Held { bytes: log.bytes()?, first: log.first()?, last: log.last() });
    report(held, |first| log.read(first))
}

/// The same for a log that another process may be writing. What is appended during the walk is walked too.
pub fn verify_beside(reader: &SqliteReader) -> Report {
    // A newest batch that cannot be read is met on the walk, after whatever is wrong before it.
    let last = || reader.last().unwrap_or_default();
    let held = || Ok(Held { bytes: reader.bytes()?, first: reader.first()?, last: last() });
    report(held, |first| Ok(Box::new(reader.read(first)?)))
}

/// What a log says of itself before the walk.
struct Held {
    bytes: u64,
    first: Option<Seq>,
    last: Option<(Seq, At)>,
}

fn report<'a>(
    held: impl FnOnce() -> Result<Held, Error>,
    read: impl FnOnce(Seq) -> Result<Batches<'a>, Error>,
) -> Report {
    let mut report = Report::default();
    report.fault = walk(held, read, &mut report).err();
    report
}

fn walk<'a>(
    held: impl FnOnce() -> Result<Held, Error>,
    read: impl FnOnce(Seq) -> Result<Batches<'a>, Error>,
    report: &mut Report,
) -> Result<(), Error> {
    let Held { bytes, first, last } = held()?;
    report.bytes_stored = bytes;
    let Some(first) = first else { return Ok(()) };
    report.first = Some(first);
    let mut at = At::MIN;
    for batch in read(first)? {
        let batch = batch?;
        if batch.at < at {
            return Err(Error::damaged(batch.first, format!("time runs backwards, {} after {at}", batch.at)));
        }
        batch.fault().map_or(Ok(()), Err)?;
        at = batch.at;
        report.batches += 1;
        report.records += u64::from(batch.count);
        report.bytes_raw += batch.body.len() as u64;
        report.last = Some((batch.last(), batch.at));
    }
    if report.last < last {
        let seq = report.last.map_or(first, |(seq, _)| seq.next());
        return Err(Error::damaged(seq, "the log ends earlier than it says"));
    }
    Ok(())
}
