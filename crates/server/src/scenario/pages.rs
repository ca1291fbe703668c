//! Pages of a story: what a slot shows somebody, and what they do with it. What was seen becomes the very record that the
//! server makes of a browser's report.

use super::story::PersonId;
use super::world::{HASH_KEY, SOURCE, World};
use crate::site::decide::Decision;
use crate::site::report::{Sent, What, name};
use engine::engine::{Asked, Pick};
use engine::record::EventFlags;

/// The place of messages in the app, beside the slots of pages.
pub(super) const INBOX: &str = "inbox";

impl World<'_> {
    /// Names of the messages that somebody finds in a place now.
    pub(super) fn sees(&self, person: PersonId, place: &str) -> Vec<String> {
        if place == INBOX {
            let lie = self.profile(person).map(|id| self.engine.inbox(id, self.now));
            return lie.into_iter().flatten().map(|send| send.message.to_string()).collect();
        }
        let shown = self.pick(person, place, true).filter(|pick| !pick.withheld);
        shown.into_iter().map(|pick| pick.message.to_owned()).collect()
    }

    fn pick(&self, person: PersonId, slot: &str, popups: bool) -> Option<Pick<'_>> {
        self.engine.pick(&Asked { profile: self.profile(person), slot, now: self.now, popups })
    }

    /// A page shows what there is for somebody in a slot, and they see it.
    pub(super) fn show(&mut self, person: PersonId, slot: &str, from_search: bool) -> Result<(), String> {
        let Some(pick) = self.pick(person, slot, !from_search) else { return Ok(()) };
        let told = &self.story.people[person];
        let decision = Decision {
            message: pick.message.to_owned(),
            purpose: pick.onsite.purpose.clone().unwrap_or_default(),
            slot: slot.to_owned(),
            kind: told.kind().name().to_owned(),
            value: told.name.clone(),
            number: self.decisions + 1,
            decided_at_ms: self.now.0,
            withheld: pick.withheld,
        };
        self.decisions += 1;
        self.report(&decision, What::Shown)?;
        if !decision.withheld {
            self.shown.insert((person, decision.message.clone()), decision);
        }
        Ok(())
    }

    /// What somebody does with a message that a page has shown them; whether one has.
    pub(super) fn react(&mut self, person: PersonId, message: &str, what: What) -> Result<bool, String> {
        let Some(decision) = self.shown.remove(&(person, message.to_owned())) else { return Ok(false) };
        self.report(&decision, what)?;
        self.shown.insert((person, message.to_owned()), decision);
        Ok(true)
    }

    fn report(&mut self, decision: &Decision, what: What) -> Result<(), String> {
        let name = name(what, decision.withheld).expect("invariant: only what was shown is reacted to");
        let sent = Sent { source: SOURCE, flags: EventFlags::ONSITE, now: self.now, hash_key: &HASH_KEY };
        sent.record(decision, name, |record| self.apply(record)).expect("invariant: its kind is one of ours")
    }
}
