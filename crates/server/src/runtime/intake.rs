//! The runtime as the door sees it.

use super::{Entrance, Runtime};
use crate::collect::intake::{Intake, Outcome, Overloaded};
use engine::programme::Offer;
use engine::value::Map;
use eventlog::sequencer;

impl Intake for Runtime {
    fn is_overloaded(&self) -> bool {
        Self::is_overloaded(self)
    }

    fn leads_to_somebody(&self, event: &str, properties: Map<'_>) -> bool {
        // Without an offer that it may be about, nobody need wait for the engine.
        let redeems = |offer: &Offer| offer.redeemed_by().is_some_and(|by| by.event == event);
        self.programme().offers.values().any(redeems)
            && self.read_blocking(|engine| engine.owner_by_code(event, properties).is_some())
    }

    async fn submit(&self, records: Vec<u8>, count: u32) -> Result<Vec<Outcome>, Overloaded> {
        let answers = Self::submit(self, Entrance::Outside, records, count).map_err(|_| Overloaded)?;
        // A stop that drops the question is to the sender the same as overload: nothing was taken, come back later.
        let outcomes = answers.await.map_err(|_| Overloaded)?;
        Ok(outcomes.into_iter().map(Outcome::from).collect())
    }
}

/// What the door tells of an outcome.
impl From<sequencer::Outcome> for Outcome {
    fn from(outcome: sequencer::Outcome) -> Self {
        match outcome {
            sequencer::Outcome::Applied(_) => Self::Applied,
            sequencer::Outcome::Duplicate => Self::Duplicate,
            sequencer::Outcome::Refused(refusal) => Self::Refused(refusal.to_string()),
            sequencer::Outcome::Malformed(malformed) => Self::Refused(malformed.to_string()),
        }
    }
}
