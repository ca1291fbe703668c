//! A dry run: what would have come of another programme, had it been made live at an instant of the past. The log is told
//! again to two engines side by side, one with the programmes that were live, one with the other; nothing is written,
//! and nothing leaves.
//!
//! What happens to the second engine:
//!
//! - What people did, and what was said of them, happens as it did and when. It happened under the programme of then.
//! - The passing of time happens at the very instant at which something is due; where the first engine had the same thing due,
//!   it happens when it did, however late that was.
//! - A message that both want to send in the same batch, to the same address, is one message: its attempts, its
//!   receipt and whatever came back of it are those of history. Every other is taken to be handed over and accepted at once.
//! - What somebody did with a message (opened, clicked, sent back, complained) holds where the other programme handed over the
//!   same message to the same address within a day; otherwise it is left out.
//! - What history found out of a person or an address holds whatever was sent: consents that were given or withdrawn by a
//!   message's link, addresses that do not exist.
//! - What follows from records (changes of membership) follows anew. Programmes that history applied are left out.
//!
//! So the programme that was live, over its own history, gives that history, byte for byte.
//!
//! Owned by whoever asks; each engine has a thread while it lasts, and the log a third.

mod live;
mod twins;
mod would;

use crate::backfill;
use crate::error::Error;
use crate::limits::BATCHES_AHEAD;
use crate::log::Batches;
use engine::at::At;
use engine::engine::{Engine, Outcome, Refusal};
use engine::moves::Moved;
use engine::outbox::{Decision, Reason, Send, Status};
use engine::record::{ProgrammeApplied, Record};
use engine::{SendId, Seq};
use std::collections::BTreeMap;
use std::sync::mpsc::sync_channel;
use std::thread;

use live::Live;
use would::Would;

/// The stretch of the log that is told again: what came after the first instant, up to and with the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: At,
    pub to: At,
}

/// Why there is no dry run.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The programme could not have been made live then.
    #[error("the programme could not have been applied: {0}")]
    Refused(Refusal),
    #[error(transparent)]
    Log(#[from] Error),
}

/// What came of a dry run.
pub struct Ran {
    /// As it was.
    pub was: Side,
    /// As it would have been.
    pub would: Side,
    /// Sends below this number are of before; those of them that were not decided yet are in `carried`.
    pub first_send: SendId,
    /// Sends of before that waited when the other programme began.
    pub carried: Vec<SendId>,
    /// Records of history that were told again.
    pub records: u64,
    pub left_out: LeftOut,
    /// Whether both tell people apart by the same rules, so that a profile's number means the same person in both.
    pub same_people: bool,
}

/// One of the two at the end of the window.
pub struct Side {
    pub engine: Engine,
    /// Sends that had to wait for the contact policy, with the reason that made them wait first.
    pub waits: BTreeMap<SendId, Reason>,
}

/// Hears what runs do on one side.
pub type Listener<'a> = &'a mut (dyn FnMut(Moved) + std::marker::Send);

/// Who hears what runs do, from the moment on at which the programmes begin to differ.
pub struct Listeners<'a> {
    pub was: Listener<'a>,
    pub would: Listener<'a>,
}

/// Records of history that the other programme was not told, since they are about what it did not do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Programmes that were made live in the window.
    pub programmes: u64,
    /// Opens and clicks of messages that it did not send.
    pub reactions: u64,
    /// Bounces and complaints of messages that it did not send.
    pub returns: u64,
    /// Requests, commands and whatever else it would have refused.
    pub refused: u64,
}

/// Runs a programme dry, from an engine as it was at the first instant of the window. `read` gives the log from a place on.
pub fn run<'l>(
    mut begin: Engine,
    definition: &str,
    window: Window,
    listeners: Option<Listeners<'_>>,
    read: impl Fn(Seq) -> Result<Batches<'l>, Error> + Sync,
) -> Result<Ran, Failure> {
    let waiting = |send: &Send| matches!(send.status, Status::Deferred | Status::Queued);
    let carried = begin.sends().filter(waiting).map(|send| send.id).collect();
    let first_send = SendId(begin.sends().len() as u64);
    let begun = begin.seq();
    let ranks = begin.shares().map(str::to_owned).collect();
    let identity = begin.programme().identity.clone();
    let (hears_was, hears_would) = listeners.map(|both| (both.was, both.would)).unzip();
    if hears_was.is_some() {
        begin.watch_runs();
    }
    let dry = applied(begin.clone(), definition, window.from, &read)?;
    let same_people = dry.programme().identity == identity;
    let mut live = Live::new(begin, hears_was);
    let mut would = Would::new(dry, hears_would, first_send, &ranks, same_people);
    would.begin(window.from);
    thread::scope(|scope| {
        let (pass_on, batches) = sync_channel(BATCHES_AHEAD);
        let (tell, told) = sync_channel(BATCHES_AHEAD);
        let read = &read;
        scope.spawn(move || {
            let batches = match read(begun.next()) {
                Ok(batches) => batches,
                Err(error) => {
                    let _ = pass_on.send(Err(error));
                    return;
                }
            };
            for batch in batches {
                let (is_within, is_last) = match &batch {
                    Ok(batch) => (batch.at <= window.to, false),
                    Err(_) => (true, true),
                };
                if !is_within || pass_on.send(batch).is_err() || is_last {
                    return;
                }
            }
        });
        let live = &mut live;
        let lived = scope.spawn(move || {
            for batch in batches {
                // Nobody listens any more where the other side has failed.
                if tell.send(live.take(batch?, read)?).is_err() {
                    break;
                }
            }
            Ok(live.engine().next_due())
        });
        for past in told {
            would.take(&past)?;
        }
        let due = lived.join().expect("invariant: an engine that lived through its log does so again")?;
        would.pass_time(window.to, due);
        Ok::<(), Error>(())
    })?;
    let records = live.engine().seq().0 - begun.0;
    let (would, left_out) = would.end();
    Ok(Ran { was: live.end(), would, first_send, carried, records, left_out, same_people })
}

/// The engine with another programme live. What that asks of the past is read first.
fn applied<'l>(
    mut engine: Engine,
    definition: &str,
    from: At,
    read: &impl Fn(Seq) -> Result<Batches<'l>, Error>,
) -> Result<Engine, Failure> {
    let record =
        Record::ProgrammeApplied(ProgrammeApplied { applied_at: from, operator: "dry run", definition });
    let (seq, at) = (engine.seq().next(), engine.at().max(from));
    let mut effects = Vec::new();
    let mut outcome = engine.apply(seq, at, &record, &mut effects);
    if let Outcome::Refused(Refusal::Unkept(properties)) = outcome {
        backfill::fill(&mut engine, properties, read)?;
        outcome = engine.apply(seq, at, &record, &mut effects);
    }
    match outcome {
        // It was live already.
        Outcome::Applied | Outcome::Duplicate => Ok(engine),
        Outcome::Refused(refusal) => Err(Failure::Refused(refusal)),
    }
}

/// Watches a ledger for sends that have to wait, and runs for what they do.
struct Watch<'a> {
    /// Sends below this number were looked at.
    seen: u64,
    waits: BTreeMap<SendId, Reason>,
    listener: Option<Listener<'a>>,
}

impl<'a> Watch<'a> {
    fn from(engine: &Engine, listener: Option<Listener<'a>>) -> Self {
        Self { seen: engine.sends().len() as u64, waits: BTreeMap::new(), listener }
    }

    /// Looks at the sends that came since, and passes on what runs did.
    fn look(&mut self, engine: &mut Engine) {
        if let Some(hear) = &mut self.listener {
            engine.take_moves().into_iter().for_each(hear);
        }
        let end = engine.sends().len() as u64;
        (self.seen..end).for_each(|id| self.look_at(engine, SendId(id)));
        self.seen = end;
    }

    /// Looks at a send that was let go and came back.
    fn look_at(&mut self, engine: &Engine, id: SendId) {
        let decision = engine.send(id).map(|send| send.decision);
        if let Some(Decision::Defer { reason, .. }) = decision {
            self.waits.entry(id).or_insert(reason);
        }
    }
}
