//! Wanting to send. Part of a profile's turn: the governor decides, the ledger remembers, an effect asks.

use super::{CONFIRM_AGAIN_AFTER, Turn};
use crate::SendId;
use crate::effect::Effect;
use crate::governor::Wish;
use crate::journey::Passage;
use crate::outbox::{Decision, Reason, Send, Status};
use crate::programme::Channel;
use crate::value::OwnedMap;
use std::sync::Arc;

/// What a send is decided for.
struct Occasion {
    message: Arc<str>,
    purpose: Arc<str>,
    /// Empty for a confirmation of consent.
    journey: Arc<str>,
    step: u16,
    run: u64,
    confirms: bool,
    /// Properties of the event that started the run.
    event: OwnedMap,
}

impl Turn<'_> {
    /// A send step of a journey.
    pub(super) fn send_from_run(&mut self, index: usize, message: Arc<str>, channels: &[Channel], step: u16) {
        let Passage { id: run, version, held_out, .. } = self.profile().runs[index].passage;
        let plan = &self.engine.index.plans[version as usize];
        let (journey, purpose) = (Arc::clone(&plan.name), Arc::clone(&plan.purpose));
        let wish = Wish { message: &message, purpose: &purpose, channels, held_out, confirms: false };
        let decided = self.engine.governor().decide(self.profile(), &wish);
        // What was said when the run began is needed to render the message, and for nothing else.
        let event = match decided {
            Ok(_) => self.profile().runs[index].event.clone(),
            Err(_) => OwnedMap::default(),
        };
        let occasion = Occasion { message, purpose, journey, step, run, confirms: false, event };
        self.decide(decided, occasion);
    }

    /// Sends the message that asks to confirm a consent, unless it went out a short while ago.
    pub(super) fn ask_to_confirm(&mut self, purpose: &str, message: &str) {
        let asked = self.profile().sends.iter().any(|id| {
            let send = self.engine.state.send(*id).expect("invariant: a profile's sends are known");
            send.confirms
                && *send.purpose == *purpose
                && send.decision == Decision::Send
                && send.decided_at.plus(CONFIRM_AGAIN_AFTER) > self.now()
        });
        if !asked {
            let wish =
                Wish { message, purpose, channels: &[Channel::Email], held_out: false, confirms: true };
            let decided = self.engine.governor().decide(self.profile(), &wish);
            let (message, purpose, journey) = (message.into(), purpose.into(), "".into());
            let event = OwnedMap::default();
            self.decide(
                decided,
                Occasion { message, purpose, journey, step: 0, run: 0, confirms: true, event },
            );
        }
    }

    /// Notes in the ledger what the governor decided, and asks for what follows.
    fn decide(&mut self, decided: Result<(Channel, String), Reason>, occasion: Occasion) {
        let Occasion { message, purpose, journey, step, run, confirms, event } = occasion;
        let (decision, status, channel, address) = match decided {
            Ok((channel, address)) => (Decision::Send, Status::Queued, Some(channel), address),
            Err(reason) => (Decision::Drop { reason }, Status::Dropped, None, String::new()),
        };
        let send = Send {
            id: SendId(self.engine.state.sends.len() as u64),
            profile: self.id,
            message,
            purpose,
            journey,
            step,
            run,
            confirms,
            channel,
            language: self.language(),
            address,
            decision,
            status,
            decided_at: self.now(),
            attempts: 0,
            attempted_at: None,
            settled_at: None,
            retry_at: None,
            reply: String::new(),
            opened_at: None,
            clicked_at: None,
            returned: None,
            event,
        };
        if status == Status::Queued {
            let prepare = self.engine.prepare_for(&send, self.profile());
            self.effects.push(Effect::Prepare(Box::new(prepare)));
        }
        self.profile_mut().sends.push(send.id);
        self.engine.state.add_send(send);
    }

    /// The person's language if the programme speaks it, or else the programme's first.
    fn language(&self) -> Arc<str> {
        let languages = &self.engine.index.languages;
        let spoken = languages.iter().find(|language| ***language == *self.profile().language());
        spoken.or(languages.first()).cloned().unwrap_or_default()
    }
}
