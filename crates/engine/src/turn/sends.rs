//! Wanting to send. Part of a profile's turn: the governor decides, the ledger remembers, an effect asks.

use super::{CONFIRM_AGAIN_AFTER, Turn};
use crate::SendId;
use crate::effect::Effect;
use crate::governor::Wish;
use crate::outbox::{Decision, Send, Status};
use crate::programme::Channel;
use crate::value::OwnedMap;

impl Turn<'_> {
    /// A send step of a journey.
    pub(super) fn send_from_run(
        &mut self,
        index: usize,
        message: &str,
        purpose: &str,
        channels: &[Channel],
        step: u16,
    ) {
        let run = &self.profile().runs[index];
        let wish = Wish { message, purpose, channels, held_out: run.held_out, confirms: false };
        let journey = self.engine.state.versions[run.version as usize].name.clone();
        let (run, event) = (run.id, run.event.clone());
        self.decide(&wish, journey, step, run, event);
    }

    /// Sends the message that asks to confirm a consent, unless it went out a short while ago.
    pub(super) fn ask_to_confirm(&mut self, purpose: &str, message: &str) {
        let asked = self.profile().sends.iter().any(|id| {
            let send = self.engine.state.send(*id).expect("invariant: a profile's sends are known");
            send.confirms
                && send.purpose == purpose
                && send.decision == Decision::Send
                && send.decided_at.plus(CONFIRM_AGAIN_AFTER) > self.now()
        });
        if !asked {
            let wish =
                Wish { message, purpose, channels: &[Channel::Email], held_out: false, confirms: true };
            self.decide(&wish, String::new(), 0, 0, OwnedMap::default());
        }
    }

    fn decide(&mut self, wish: &Wish<'_>, journey: String, step: u16, run: u64, event: OwnedMap) {
        let decided = self.engine.governor().decide(self.profile(), wish);
        let (decision, status, channel, address) = match decided {
            Ok((channel, address)) => (Decision::Send, Status::Queued, Some(channel), address),
            Err(reason) => (Decision::Drop { reason }, Status::Dropped, None, String::new()),
        };
        let send = Send {
            id: SendId(self.engine.state.sends.len() as u64),
            profile: self.id,
            message: wish.message.to_owned(),
            purpose: wish.purpose.to_owned(),
            journey,
            step,
            run,
            confirms: wish.confirms,
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
    fn language(&self) -> String {
        let languages = &self.engine.programme.languages;
        let spoken = languages.iter().find(|language| **language == self.profile().language);
        spoken.or(languages.first()).cloned().unwrap_or_default()
    }
}
