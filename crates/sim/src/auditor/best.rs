//! What was learned from responses, counted once more from the records alone.

use std::collections::{BTreeMap, BTreeSet};

use engine::SendId;
use engine::at::At;
use engine::best::{Choice, Tally};
use engine::effect::{Effect, Prepare};
use engine::engine::Engine;
use engine::programme::{Best, Programme, Response};
use engine::record::{DeliveryOutcome, Engagement, Record};

use super::ledger::Ledger;
use crate::invariant::{Invariant, Violation};

#[derive(Default)]
pub(crate) struct Learned {
    best: Best,
    left_at: BTreeMap<SendId, At>,
    /// When a person first did something about a send.
    first: BTreeMap<(SendId, Response), At>,
    trials: BTreeSet<SendId>,
    answered: BTreeSet<SendId>,
    tallies: BTreeMap<(Choice, String, String), Tally>,
}

impl Learned {
    /// Takes in a record. `engine` has applied it, and says who is who.
    pub(crate) fn apply(
        &mut self,
        at: At,
        record: &Record<'_>,
        effects: &[Effect],
        (ledger, engine): (&Ledger, &Engine),
    ) {
        match record {
            Record::ProgrammeApplied(applied) => {
                let programme: Programme =
                    serde_json::from_str(applied.definition).expect("it was applied, and so is a programme");
                self.best = programme.best;
            }
            Record::Settled(settled) if settled.outcome == DeliveryOutcome::Accepted => {
                let prepare = ledger.prepare(settled.send).expect("what arrived was prepared");
                // Whose it is may have changed since: when people are parted, a send goes with the address that it went to.
                let whose = engine.send(settled.send).map(|send| engine.canonical(send.profile));
                let stands = whose.is_some_and(|whose| engine.profile(whose).is_some());
                if stands && !prepare.journey.is_empty() {
                    self.trials.insert(settled.send);
                    self.count(prepare, |tally| tally.trials += 1);
                    for response in [Response::Open, Response::Click] {
                        if let Some(at) = self.first.get(&(settled.send, response)).copied() {
                            self.answer(prepare, response, at);
                        }
                    }
                }
            }
            Record::Engaged(engaged) if !engaged.machine => {
                let response = match engaged.engagement {
                    Engagement::Opened => Response::Open,
                    Engagement::Clicked => Response::Click,
                    Engagement::Dismissed => return,
                };
                self.first.entry((engaged.send, response)).or_insert(at);
                if self.trials.contains(&engaged.send) {
                    let prepare = ledger.prepare(engaged.send).expect("what arrived was prepared");
                    self.answer(prepare, response, at);
                }
            }
            _ => {}
        }
        for effect in effects {
            if let Effect::HandOver { send, .. } = effect {
                self.left_at.insert(*send, at);
            }
        }
    }

    fn answer(&mut self, prepare: &Prepare, response: Response, at: At) {
        let left_at = self.left_at[&prepare.send];
        let in_time = at >= left_at && at < left_at.plus(self.best.within);
        if in_time && self.best.responses.contains(&response) && self.answered.insert(prepare.send) {
            self.count(prepare, |tally| tally.responses += 1);
        }
    }

    fn count(&mut self, prepare: &Prepare, count: impl Fn(&mut Tally)) {
        let channel = prepare.channel.name().to_owned();
        let mut arms = vec![
            (Choice::Channel, prepare.message.clone(), channel.clone()),
            // Of hours only the sum is held: which one it was depends on the person's zone.
            (Choice::Hour, channel, String::new()),
        ];
        if !prepare.variant.is_empty() {
            arms.push((Choice::Variant, prepare.message.clone(), prepare.variant.clone()));
        }
        arms.into_iter().for_each(|arm| count(self.tallies.entry(arm).or_default()));
    }

    /// The engine's figures against these.
    pub(crate) fn finish(&self, engine: &Engine) -> Result<(), Violation> {
        let mut told: BTreeMap<(Choice, String, String), Tally> = BTreeMap::new();
        for set in engine.arms() {
            for one in set.arms.iter().filter(|one| one.tally.trials > 0) {
                let arm = if set.choice == Choice::Hour { String::new() } else { one.arm.to_string() };
                let tally = told.entry((set.choice, set.of.to_string(), arm)).or_default();
                tally.trials += one.tally.trials;
                tally.responses += one.tally.responses;
            }
        }
        Invariant::B1
            .check(told == self.tallies, || format!("told {told:?}, by the records {:?}", self.tallies))
    }
}
