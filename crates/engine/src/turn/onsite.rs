//! What became of a message on a page. It cannot be undone any more, so it is noted whatever the governor would say now, and
//! takes up what a send takes up.

use super::Turn;
use crate::SendId;
use crate::basis::Basis;
use crate::best::Chosen;
use crate::limits::SENDS_LOOKED_AT_MAX;
use crate::offer::OfferPhase;
use crate::outbox::{Decision, Reason, Send, Status};
use crate::programme::{CLICKED, Channel, DISMISSED, SHOWN, WITHHELD};
use crate::record::Event;
use crate::value::OwnedMap;
use std::sync::Arc;

/// The ledger has so much room for the number of a decision. It has to be another one only among the newest of a person.
const DECISIONS_TOLD_APART: u64 = (1 << 40) - 1;

impl Turn<'_> {
    /// Puts an exposure into the ledger, or what the person did with it. Content for everybody is in nobody's ledger.
    pub(crate) fn note_onsite(&mut self, event: &Event<'_>) {
        let text = |name| event.properties.get(name).and_then(|value| value.text()).unwrap_or_default();
        let (message, purpose) = (text("message"), text("purpose"));
        let Ok(number) = text("decision").parse::<u64>() else { return };
        let number = number % DECISIONS_TOLD_APART;
        let programme = Arc::clone(&self.engine.programme);
        if let Some(offer) = programme.offer_of(message) {
            match event.name {
                SHOWN => self.meet_offer(offer, self.about, OfferPhase::Seen),
                CLICKED => self.meet_offer(offer, self.about, OfferPhase::Clicked),
                _ => {}
            }
        }
        if purpose.is_empty() {
            return;
        }
        let known = self.exposure(message, number);
        match (event.name, known) {
            (SHOWN, None) => self.expose(message, purpose, number, None),
            (WITHHELD, None) => self.expose(message, purpose, number, Some(Reason::GlobalHoldout)),
            (CLICKED, Some(send)) => {
                let now = self.now();
                self.engine.state.change_send(send, |send| _ = send.clicked_at.get_or_insert(now));
                self.engine.claim(send);
            }
            (DISMISSED, Some(send)) => {
                self.engine.put_away(send);
                self.engine.claim(send);
            }
            _ => {}
        }
    }

    fn exposure(&self, message: &str, number: u64) -> Option<SendId> {
        let sends = self.engine.sends_of(self.id).rev().take(SENDS_LOOKED_AT_MAX);
        let mut sends = sends.filter(|send| send.channel == Some(Channel::Onsite));
        sends.find(|send| send.run == number && *send.message == *message).map(|send| send.id)
    }

    fn expose(&mut self, message: &str, purpose: &str, number: u64, withheld: Option<Reason>) {
        let now = self.now();
        let (decision, status) = match withheld {
            Some(reason) => (Decision::Drop { reason }, Status::Dropped),
            None => (Decision::Send, Status::Accepted),
        };
        let shown_at = withheld.is_none().then_some(now);
        let send = Send {
            id: self.engine.state.sends.next(),
            profile: self.id,
            message: Arc::from(message),
            purpose: Arc::from(purpose),
            journey: "".into(),
            step: 0,
            run: number,
            confirms: false,
            channel: Some(Channel::Onsite),
            language: self.language(),
            variant: "".into(),
            chosen: Chosen::default(),
            address: "".into(),
            decision,
            basis: Basis::None,
            status,
            wished_at: now,
            decided_at: now,
            attempts: u8::from(withheld.is_none()),
            attempted_at: shown_at,
            settled_at: shown_at,
            retry_at: None,
            reply: String::new(),
            opened_at: shown_at,
            clicked_at: None,
            hour: None,
            responded: false,
            returned: None,
            event: OwnedMap::default(),
        };
        let id = send.id;
        self.engine.state.add_send(&send);
        self.engine.claim(id);
    }
}
