//! Turns submissions into a batch: applies them in memory, gives each record its place, leaves out what changes nothing,
//! and adds the records that follow from them. `docs/decisions/0002-order-of-apply-and-append.md` says why in this order.
//!
//! Owned by nobody: it is a function of the engine, the clock and what was submitted, and the same function runs in the
//! server and in the simulator. Whoever calls it lets acknowledgements and effects go only when the batch is durable.

use engine::Seq;
use engine::at::At;
use engine::effect::Effect;
use engine::engine::{self as core, Engine, Refusal};
use engine::record::{self, Record};

use crate::frame::{FRAME_BYTES_MAX, Records, push_record};
use crate::limits::{BATCH_BYTES_MAX, FORESEEN_RECORDS, ROOM_BYTES, ROOM_SHARE};
use crate::log::Batch;

/// What became of one submitted record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It has this place, once the batch is durable.
    Applied(Seq),
    /// Known already. It is not logged again, and its first delivery may be in a batch that is not durable yet.
    Duplicate,
    /// The engine will not have it; it is not logged.
    Refused(Refusal),
    /// The bytes are no record; they are not logged.
    Malformed(record::Malformed),
}

/// What is applied in memory and not yet durable.
#[derive(Debug)]
pub struct Staged {
    /// To be appended together, all or none. Empty if nothing that was submitted changed anything and no time passed, and
    /// hardly ever more than one: only where more people moved than one batch can tell of.
    pub batches: Vec<Batch>,
    /// For each submission its records' outcomes, in order.
    pub outcomes: Vec<Vec<Outcome>>,
    /// What the batch asks of the world, in order.
    pub effects: Vec<Effect>,
}

/// Applies submissions, each the framed records that one sender wants to know durable together.
///
/// The batch's instant is `now`, or that of the batch before where the clock went backwards. If a timer is due by then,
/// time passes first. With no submissions at all this is how timers fire.
pub fn stage(engine: &mut Engine, now: At, submissions: &[&[u8]]) -> Staged {
    stage_within(engine, now, submissions, BATCH_BYTES_MAX)
}

/// The same with another bound on what one batch holds besides what was submitted.
pub fn stage_within(engine: &mut Engine, now: At, submissions: &[&[u8]], batch_bytes_max: usize) -> Staged {
    let submitted: usize = submissions.iter().map(|records| records.len()).sum();
    let mut staging = Staging {
        at: now.max(engine.at()),
        first: engine.seq().next(),
        body: Vec::with_capacity(submitted + submitted / ROOM_SHARE + ROOM_BYTES),
        batches: Vec::new(),
        effects: Vec::new(),
        engine,
    };
    staging.pass_time();
    let outcomes = submissions.iter().map(|records| staging.submit(records)).collect();
    staging.derive(batch_bytes_max);
    staging.close();
    Staged { batches: staging.batches, outcomes, effects: staging.effects }
}

struct Staging<'a> {
    engine: &'a mut Engine,
    at: At,
    /// Place of the first record of the batch in hand.
    first: Seq,
    body: Vec<u8>,
    /// Those that are full.
    batches: Vec<Batch>,
    effects: Vec<Effect>,
}

impl Staging<'_> {
    /// Adds what follows from everything that was applied.
    fn derive(&mut self, batch_bytes_max: usize) {
        let mut bytes = Vec::new();
        while let Some(derived) = self.engine.derived() {
            bytes.clear();
            derived.encode(&mut bytes);
            if self.body.len() + bytes.len() + FRAME_BYTES_MAX > batch_bytes_max {
                self.close();
            }
            let record = Record::decode(&bytes).expect("invariant: what was encoded can be decoded");
            let outcome = self.apply(&bytes, &record);
            assert!(matches!(outcome, Outcome::Applied(_)), "invariant: what follows is taken, {outcome:?}");
        }
    }

    /// Puts what is in hand into a batch, if there is something.
    fn close(&mut self) {
        let next = self.engine.seq().next();
        let count = u32::try_from(next.0 - self.first.0).expect("invariant: a batch is bounded by its bytes");
        if count > 0 {
            let body = std::mem::take(&mut self.body);
            self.batches.push(Batch { first: self.first, at: self.at, count, body });
        }
        self.first = next;
    }

    fn pass_time(&mut self) {
        if self.engine.next_due().is_none_or(|due| due > self.at) {
            return;
        }
        let mut tick = Vec::new();
        Record::Tick.encode(&mut tick);
        let outcome = self.apply(&tick, &Record::Tick);
        assert!(matches!(outcome, Outcome::Applied(_)), "invariant: time always passes, {outcome:?}");
    }

    /// A body that our own door framed can be taken apart; that it cannot be is a bug.
    fn submit(&mut self, records: &[u8]) -> Vec<Outcome> {
        let framed = Records::new(records).map(|record| record.expect("invariant: submissions are framed"));
        let records: Vec<_> = framed.map(|bytes| (bytes, Record::decode(bytes))).collect();
        let mut outcomes = Vec::with_capacity(records.len());
        for ahead in records.chunks(FORESEEN_RECORDS) {
            self.engine.foresee(ahead.iter().filter_map(|(_, record)| record.as_ref().ok()));
            for (bytes, record) in ahead {
                let outcome = match record {
                    Ok(Record::OperatorActed(_)) if came_to_nothing(&outcomes) => {
                        Outcome::Refused(Refusal::NothingDone)
                    }
                    Ok(record) => self.apply(bytes, record),
                    Err(malformed) => Outcome::Malformed(*malformed),
                };
                outcomes.push(outcome);
            }
        }
        outcomes
    }

    fn apply(&mut self, bytes: &[u8], record: &Record<'_>) -> Outcome {
        let seq = self.engine.seq().next();
        match self.engine.apply(seq, self.at, record, &mut self.effects) {
            core::Outcome::Applied => {
                push_record(&mut self.body, bytes);
                Outcome::Applied(seq)
            }
            core::Outcome::Duplicate => Outcome::Duplicate,
            core::Outcome::Refused(refusal) => Outcome::Refused(refusal),
        }
    }
}

/// Whether there were records before this one in its submission, and none of them was applied: an operator's act stands
/// behind what it tells of, and of what was not done nothing is told.
fn came_to_nothing(outcomes: &[Outcome]) -> bool {
    !outcomes.is_empty() && !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Applied(_)))
}
