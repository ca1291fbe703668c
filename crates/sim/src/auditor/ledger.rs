//! What became of each send, by the records and by what the provider saw.

use std::collections::{BTreeMap, BTreeSet};

use engine::SendId;
use engine::effect::{Effect, Prepare};
use engine::engine::{Engine, Outstanding};
use engine::outbox::{Decision, Reason, Status};
use engine::programme::Channel;
use engine::record::{DeliveryOutcome, Record};

use crate::invariant::{Invariant, Violation};
use crate::programme::WITHHELD;
use crate::provider::HandedOver;

#[derive(Default)]
pub(crate) struct Ledger {
    sends: BTreeMap<SendId, Fate>,
    /// Sends whose receipt says unknown.
    unknown: BTreeSet<SendId>,
}

/// One send that was decided.
struct Fate {
    prepare: Prepare,
    /// Attempts whose record is durable and allowed a hand-over.
    allowed: BTreeSet<u8>,
    /// Attempts that the provider saw.
    handed_over: BTreeSet<u8>,
    accepted: u32,
    in_flight: Option<u8>,
}

impl Ledger {
    /// Where a send goes; empty for one that was never prepared.
    pub(crate) fn address(&self, send: SendId) -> &str {
        self.sends.get(&send).map_or("", |fate| &fate.prepare.address)
    }

    /// Sends that were ever prepared for an address.
    pub(crate) fn sends_to(&self, address: &str) -> impl Iterator<Item = SendId> {
        self.sends.iter().filter(move |(_, fate)| fate.prepare.address == address).map(|(send, _)| *send)
    }

    pub(crate) fn prepare(&self, send: SendId) -> Option<&Prepare> {
        self.sends.get(&send).map(|fate| &fate.prepare)
    }

    /// Takes in a record of the log and what the engine asks for because of it.
    pub(crate) fn apply(&mut self, record: &Record<'_>, effects: &[Effect]) -> Result<(), Violation> {
        if let Record::Settled(settled) = record {
            let fate = self.fate(settled.send)?;
            let open = fate.in_flight.take();
            Invariant::O1.check(open == Some(settled.attempt), || {
                format!("send {} attempt {} settled, in flight was {open:?}", settled.send, settled.attempt)
            })?;
            if settled.outcome == DeliveryOutcome::Unknown {
                self.unknown.insert(settled.send);
            }
        }
        if let Record::Returned(returned) = record {
            self.unknown.remove(&returned.send);
        }
        for effect in effects {
            match effect {
                Effect::Prepare(prepare) => {
                    let prepare = (**prepare).clone();
                    Invariant::H1.check(prepare.journey != WITHHELD, || {
                        format!("send {} is prepared", prepare.send)
                    })?;
                    let fresh = || Fate::new(prepare.clone());
                    self.sends.entry(prepare.send).or_insert_with(fresh).prepare = prepare.clone();
                }
                Effect::HandOver { send, attempt } => {
                    let fate = self.fate(*send)?;
                    fate.in_flight = Some(*attempt);
                    let first = fate.allowed.insert(*attempt);
                    Invariant::O1
                        .check(first, || format!("send {send} attempt {attempt} is allowed a second time"))?;
                }
                Effect::Call { .. } | Effect::Release { .. } => {}
            }
        }
        Ok(())
    }

    /// The provider saw a hand-over.
    pub(crate) fn handed_over(&mut self, seen: &HandedOver) -> Result<(), Violation> {
        let fate = self.fate(seen.send)?;
        fate.accepted += u32::from(seen.accepted);
        let (allowed, first) = (fate.allowed.contains(&seen.attempt), fate.handed_over.insert(seen.attempt));
        let accepted = fate.accepted;
        Invariant::O1.check(allowed && first, || {
            format!("{seen:?}: allowed by a durable attempt {allowed}, for the first time {first}")
        })?;
        Invariant::O2.check(accepted <= 1, || format!("{seen:?}: accepted {accepted} times"))
    }

    /// After a recovery the engine must list what was in flight, all of it and nothing else.
    pub(crate) fn recovered(&self, outstanding: &Outstanding) -> Result<(), Violation> {
        let expected: Vec<(SendId, u8)> =
            self.sends.iter().filter_map(|(send, fate)| Some((*send, fate.in_flight?))).collect();
        Invariant::O3.check(outstanding.in_flight == expected, || {
            format!("in flight by the log {expected:?}, by the engine {:?}", outstanding.in_flight)
        })
    }

    /// When everything is quiet: the engine's ledger against this one, send by send.
    pub(crate) fn finish(&self, engine: &Engine) -> Result<(), Violation> {
        let mut steps = BTreeSet::new();
        // What was seen on pages is compared with what pages told.
        for send in engine.sends().filter(|send| send.channel != Some(Channel::Onsite)) {
            let id = send.id;
            let accepted = self.sends.get(&id).map_or(0, |fate| fate.accepted);
            let consistent = match send.status {
                Status::Queued | Status::Attempted => false,
                Status::Accepted | Status::Dismissed => accepted == 1,
                Status::Unknown => accepted <= 1 && self.unknown.contains(&id),
                Status::Bounced | Status::Complained if send.returned.is_some() => accepted <= 1,
                Status::Dropped
                | Status::Deferred
                | Status::Bounced
                | Status::Failed
                | Status::Complained => accepted == 0,
            };
            Invariant::O5.check(consistent, || {
                format!("send {id} is {:?}, and the provider accepted it {accepted} times", send.status)
            })?;
            let dropped = send.status == Status::Dropped;
            let has_reason = matches!(send.decision, Decision::Drop { .. }) == dropped;
            Invariant::G3
                .check(has_reason, || format!("send {id} is {:?}, {:?}", send.status, send.decision))?;
            let held_out = send.decision == Decision::Drop { reason: Reason::Holdout };
            let touched = send.attempts > 0 || self.sends.contains_key(&id);
            Invariant::H1
                .check(!(held_out && touched), || format!("send {id} of the holdout was attempted"))?;
            let first = send.run == 0 || steps.insert((send.run, send.step));
            Invariant::O4
                .check(first, || format!("send {id} is the second of run {} step {}", send.run, send.step))?;
        }
        self.add_up(engine)?;
        let unknown = engine.counts().sends(Status::Unknown);
        Invariant::O3.check(unknown == self.unknown.len() as u64, || {
            format!("{unknown} sends are unknown, {} receipts say so", self.unknown.len())
        })
    }

    /// What the engine counts by journey, decision and reason is what its ledger holds.
    fn add_up(&self, engine: &Engine) -> Result<(), Violation> {
        let mut held: BTreeMap<(String, &str, &str), u64> = BTreeMap::new();
        for send in engine.sends() {
            let dropped = matches!(send.decision, Decision::Drop { .. });
            let reason = send.decision.reason().filter(|_| dropped).map_or("", |reason| reason.name());
            *held.entry((send.journey.to_string(), send.decision.name(), reason)).or_default() += 1;
            *held.entry((send.journey.to_string(), "wished", "")).or_default() += 1;
        }
        let mut counted = BTreeMap::new();
        for (journey, decisions) in engine.decisions() {
            let figures =
                [("wished", decisions.wished), ("send", decisions.send), ("defer", decisions.defer)];
            let reasons = Reason::ALL.map(|reason| (("drop", reason.name()), decisions.dropped(reason)));
            let figures = figures.map(|(name, count)| ((name, ""), count)).into_iter().chain(reasons);
            counted
                .extend(figures.map(|((name, reason), count)| ((journey.to_owned(), name, reason), count)));
        }
        counted.retain(|_, count| *count > 0);
        Invariant::G3.check(counted == held, || format!("counted {counted:?}, held {held:?}"))
    }

    fn fate(&mut self, send: SendId) -> Result<&mut Fate, Violation> {
        let known = self.sends.get_mut(&send);
        known.ok_or_else(|| Invariant::O1.broken(format!("send {send} was never decided")))
    }
}

impl Fate {
    fn new(prepare: Prepare) -> Self {
        let (allowed, handed_over) = (BTreeSet::new(), BTreeSet::new());
        Self { prepare, allowed, handed_over, accepted: 0, in_flight: None }
    }
}
