//! Turns submissions into a batch: applies them in memory, gives each record its place, and leaves out what changes
//! nothing. `docs/decisions/0002-order-of-apply-and-append.md` says why in this order.
//!
//! Owned by nobody: it is a function of the engine, the clock and what was submitted, and the same function runs in the
//! server and in the simulator. Whoever calls it lets acknowledgements and effects go only when the batch is durable.

use engine::Seq;
use engine::at::At;
use engine::effect::Effect;
use engine::engine::{self as core, Engine, Refusal};
use engine::record::{self, Record};

use crate::frame::{Records, push_record};
use crate::limits::FORESEEN_RECORDS;
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

/// A batch that is applied in memory and not yet durable.
#[derive(Debug)]
pub struct Staged {
    /// To be appended; `None` if nothing that was submitted changed anything and no time passed.
    pub batch: Option<Batch>,
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
    let mut staging = Staging {
        at: now.max(engine.at()),
        first: engine.seq().next(),
        body: Vec::with_capacity(submissions.iter().map(|records| records.len()).sum()),
        effects: Vec::new(),
        engine,
    };
    staging.pass_time();
    let outcomes = submissions.iter().map(|records| staging.submit(records)).collect();
    let count = u32::try_from(staging.engine.seq().next().0 - staging.first.0);
    let count = count.expect("invariant: a batch is bounded by its bytes");
    let batch = Batch { first: staging.first, at: staging.at, count, body: staging.body };
    Staged { batch: (count > 0).then_some(batch), outcomes, effects: staging.effects }
}

struct Staging<'a> {
    engine: &'a mut Engine,
    at: At,
    first: Seq,
    body: Vec<u8>,
    effects: Vec<Effect>,
}

impl Staging<'_> {
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
            outcomes.extend(ahead.iter().map(|(bytes, record)| match record {
                Ok(record) => self.apply(bytes, record),
                Err(malformed) => Outcome::Malformed(*malformed),
            }));
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
