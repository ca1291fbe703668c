//! Reading from the log what rules ask of events and the engine does not keep; see [`engine::backfill`].

use engine::at::At;
use engine::backfill::{Backfill, Property};
use engine::engine::Engine;
use engine::record::{Malformed, Record};
use engine::value::OwnedMap;
use engine::{SendId, Seq};

use crate::error::Error;
use crate::log::{Batch, Batches};

/// Brings properties in, all at once, into an engine that nobody else waits for.
pub fn fill<'l>(
    engine: &mut Engine,
    properties: Vec<Property>,
    read: impl FnOnce(Seq) -> Result<Batches<'l>, Error>,
) -> Result<(), Error> {
    let mut backfill = engine.begin_backfill(properties);
    if backfill.to() > Seq(0) {
        for batch in read(Seq(1))? {
            if !take_in(&mut backfill, &batch?, |send, url| engine.properties_of(send, url))? {
                break;
            }
        }
    }
    while engine.step_backfill(&mut backfill) {}
    Ok(())
}

/// Gives a backfill those records of a batch that it asks for; whether it asks for what comes after.
pub fn take_in(
    backfill: &mut Backfill,
    batch: &Batch,
    mut properties_of: impl FnMut(SendId, &str) -> Option<OwnedMap>,
) -> Result<bool, Error> {
    let (mut seq, at): (Seq, At) = (batch.first, batch.at);
    for bytes in batch.records() {
        if seq > backfill.to() {
            return Ok(false);
        }
        match bytes.map(Record::decode) {
            Ok(Ok(record)) => backfill.read(seq, at, &record, &mut properties_of),
            // Somebody was forgotten: there is nothing to be found.
            Ok(Err(Malformed::Sealed)) => {}
            Ok(Err(malformed)) => return Err(Error::damaged(seq, malformed.to_string())),
            Err(malformed) => return Err(Error::damaged(seq, malformed.to_string())),
        }
        seq = seq.next();
    }
    Ok(batch.last() < backfill.to())
}
