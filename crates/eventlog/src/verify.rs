//! Walks the whole log and says whether it is what was written.

use engine::Seq;
use engine::at::At;

use crate::error::Error;
use crate::log::Log;

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
    let mut report = Report::default();
    report.fault = walk(log, &mut report).err();
    report
}

fn walk(log: &dyn Log, report: &mut Report) -> Result<(), Error> {
    report.bytes_stored = log.bytes()?;
    let Some(first) = log.first()? else { return Ok(()) };
    report.first = Some(first);
    let mut at = At::MIN;
    for batch in log.read(first)? {
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
    if report.last != log.last() {
        let seq = report.last.map_or(first, |(seq, _)| seq.next());
        return Err(Error::damaged(seq, "the log ends earlier than it says"));
    }
    Ok(())
}
