//! Being given an offer, and meeting it. Part of a profile's turn.

use super::Turn;
use crate::ProfileId;
use crate::offer::OfferPhase;
use crate::programme::Channel;

impl Turn<'_> {
    /// A step of a journey gives an offer. Whoever is held out gets nothing.
    pub(super) fn give_in_run(&mut self, index: usize, offer: &str) {
        let held_out = self.profile().runs[index].passage.held_out;
        if !held_out && self.engine.give(self.id, offer, self.id) {
            self.note_offer();
        }
    }

    /// A message that shows an offer was let go.
    pub(super) fn give_shown(&mut self, message: &str, channel: Option<Channel>, address: &str) {
        if self.engine.give_shown(self.id, message, channel, address) {
            self.note_offer();
        }
    }

    /// The person met an offer on a page or in a place on the site: whoever may have it has it from now on.
    pub(crate) fn meet_offer(&mut self, offer: &str, about: ProfileId, phase: OfferPhase) {
        let now = self.now();
        self.touched.offers |= self.engine.give(self.id, offer, about);
        self.touched.offers |= self.engine.mark_offer(self.id, offer, phase, now);
    }

    /// Brings segments up to an offer that was given on the way; runs follow before the turn ends.
    pub(super) fn note_offer(&mut self) {
        let before = std::mem::take(&mut self.touched);
        self.touched.offers = true;
        self.refresh_memberships();
        let after = std::mem::replace(&mut self.touched, before);
        let follows = &mut self.engine.follows.touched;
        follows.offers = true;
        follows.slots.extend(after.slots);
    }
}
