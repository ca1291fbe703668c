//! Taking people who were erased out of what is on the disk: their records out of the log, and the snapshots of before.
//!
//! A log that was redacted is replayed from a snapshot of after the erasure and from no other place, so two of them are on
//! the disk before the first record changes. Every step can be done again: whatever a crash leaves undone is found in the
//! engine's list of erasures, which only the record that ends all this takes people off.

use engine::Seq;
use engine::at::At;
use engine::effect::Effect;
use engine::engine::Engine;
use engine::erasure::Redaction;
use engine::record::{LogRedacted, Malformed, Record};

use crate::error::Error;
use crate::frame::push_record;
use crate::limits;
use crate::log::{Batch, Log};
use crate::sequencer::stage;
use crate::snapshots::Snapshots;

/// Does all of it, for whoever has the log, the snapshots and the engine to itself, and everything durable. Gives what the
/// passing of time asked of the world meanwhile.
pub fn redact(
    log: &mut dyn Log,
    snapshots: &mut Snapshots,
    engine: &mut Engine,
    now: At,
) -> Result<Vec<Effect>, Error> {
    let mut effects = Vec::new();
    let Some(redaction) = engine.redaction() else { return Ok(effects) };
    let to = redaction.to();
    while snapshots.whole_from(to)? < limits::SNAPSHOTS_KEPT {
        // A second one needs a place of its own.
        effects.extend(record(log, engine, now, &Record::Tick)?);
        snapshots.write(engine.sections())?;
    }
    snapshots.remove_before(to)?;
    let mut next = log.first()?;
    while let Some(from) = next {
        let (batches, place) = to_rewrite(&redaction, log.read(from)?)?;
        log.rewrite(&batches)?;
        next = place;
    }
    while !log.scrub()? {}
    effects.extend(record(log, engine, now, &Record::LogRedacted(LogRedacted { to, redacted_at: now }))?);
    Ok(effects)
}

fn record(
    log: &mut dyn Log,
    engine: &mut Engine,
    now: At,
    record: &Record<'_>,
) -> Result<Vec<Effect>, Error> {
    let (mut bytes, mut body) = (Vec::new(), Vec::new());
    record.encode(&mut bytes);
    push_record(&mut body, &bytes);
    let staged = stage(engine, now, &[&body]);
    log.append(&staged.batches)?;
    Ok(staged.effects)
}

/// Of a log from some place on, as many batches as one transaction rewrites, each as it may stay; and the place to go on
/// from, where there is more.
pub fn to_rewrite(
    redaction: &Redaction,
    log: impl Iterator<Item = Result<Batch, Error>>,
) -> Result<(Vec<Batch>, Option<Seq>), Error> {
    let (mut changed, mut bytes) = (Vec::new(), 0);
    for batch in log {
        let batch = batch?;
        if batch.first >= redaction.to() {
            break;
        }
        bytes += batch.body.len();
        let next = batch.last().next();
        changed.extend(redacted(redaction, &batch)?);
        if bytes >= limits::REWRITE_BYTES {
            return Ok((changed, Some(next)));
        }
    }
    Ok((changed, None))
}

/// The batch as it may stay; `None` where nothing in it is theirs.
fn redacted(redaction: &Redaction, batch: &Batch) -> Result<Option<Batch>, Error> {
    let (mut body, mut is_changed) = (Vec::with_capacity(batch.body.len()), false);
    let mut seq: Seq = batch.first;
    for bytes in batch.records() {
        let bytes = bytes.map_err(|malformed| Error::damaged(seq, malformed.to_string()))?;
        let redacted = match Record::decode(bytes) {
            Ok(record) => redaction.redact(seq, &record),
            Err(Malformed::Sealed) => None,
            Err(malformed) => return Err(Error::damaged(seq, malformed.to_string())),
        };
        is_changed |= redacted.is_some();
        push_record(&mut body, redacted.as_deref().unwrap_or(bytes));
        seq = seq.next();
    }
    Ok(is_changed.then_some(Batch { body, ..*batch }))
}
