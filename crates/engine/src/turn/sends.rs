//! Wanting to send. Part of a profile's turn: the governor decides, the ledger remembers, an effect asks.
//!
//! A send that the governor defers is in the ledger at once. The run that wants it stands at its step until it is decided
//! for good, and the run's own timer brings both back.

use super::best::Made;
use super::{CONFIRM_AGAIN_AFTER, Turn};
use crate::SendId;
use crate::at::At;
use crate::basis::Basis;
use crate::best::{Arm, Chosen, How};
use crate::claim::Stage;
use crate::effect::Effect;
use crate::governor::{Answer, Wish};
use crate::journey::{Passage, SendStep};
use crate::outbox::{Decision, Send, Status};
use crate::programme::Channel;
use crate::value::OwnedMap;
use std::cmp::Reverse;
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
    wording: Wording,
}

/// Which of the message's wordings, and how that and the rest were chosen.
#[derive(Default)]
struct Wording {
    variant: Arc<str>,
    chosen: Chosen,
}

impl Turn<'_> {
    /// A send step of a journey. Gives the instant at which it is to be decided again, while it waits for that.
    pub(super) fn send_from_run(&mut self, index: usize, asked: &SendStep) -> Option<At> {
        let (message, step) = (Arc::clone(&asked.message), asked.step);
        let run = &self.profile().runs[index];
        let Passage { id, version, held_out, .. } = run.passage;
        // What is left of another send of the run says nothing of this one.
        let hour = asked.choices.hour_within.map_or(How::Stated, |_| run.hour);
        let waits_for = run.waits_for.map(|id| self.engine.state.send(id).expect("invariant: it is known"));
        if let Some(Decision::Defer { until, .. }) = waits_for.as_ref().map(|send| send.decision)
            && until > self.now()
            && !self.touched.places
        {
            return Some(until);
        }
        let plan = &self.engine.index.plans[version as usize];
        let (journey, purpose) = (Arc::clone(&plan.name), Arc::clone(&plan.purpose));
        let waits = waits_for.map(|send| (send.wished_at, send.id));
        let (confirms, hands_over) = (false, false);
        let barred = self.engine.barred(self.id, &message);
        let mut wish = Wish {
            message: &message,
            purpose: &purpose,
            channels: &asked.channels,
            held_out,
            confirms,
            waits,
            hands_over,
            barred,
        };
        let best = self.best_channel(&wish, asked, id);
        let ordered = best.as_ref().map(|made| self.best_first(made, &wish));
        wish.channels = ordered.as_deref().unwrap_or(&asked.channels);
        let answer = self.answer(&wish);
        let wording = self.word(asked, (id, waits.is_none()), &answer, best.as_ref(), hour);
        let run = &self.profile().runs[index];
        // What was said when the run began is needed to render the message, and for nothing else.
        let event = match answer {
            Answer::Send { .. } => run.event.clone(),
            Answer::Defer { .. } | Answer::Drop { .. } => OwnedMap::default(),
        };
        let until = match answer {
            Answer::Defer { until, .. } => Some(until),
            Answer::Send { .. } | Answer::Drop { .. } => None,
        };
        let send = match waits {
            Some((_, send)) => {
                self.decide_again(send, answer, event, wording);
                send
            }
            None => {
                let occasion =
                    Occasion { message, purpose, journey, step, run: id, confirms, event, wording };
                self.decide(answer, occasion)
            }
        };
        self.profile_mut().runs[index].waits_for = until.map(|_| send);
        until
    }

    /// Decides again at once what waits for the contact policy, the most important first, where what it waits for may have
    /// come early: a place is free, the person is there, or their consent is another.
    pub(super) fn reconsider_waiting(&mut self) {
        let looks = self.touched.places || self.touched.consent || self.touched.seen;
        if !looks || self.profile().claims.is_empty() {
            return;
        }
        let waiting = self.profile().claims.iter().filter(|claim| claim.stage == Stage::Waits);
        let mut waiting: Vec<_> = waiting.map(|claim| (Reverse(claim.priority), claim.send)).collect();
        waiting.sort_unstable();
        self.touched.places = true;
        for (_, send) in waiting {
            match self.profile().runs.iter().position(|run| run.waits_for == Some(send)) {
                Some(index) => self.advance(index),
                None if self.engine.decide_waiting(send, self.effects) => self.note_offer(),
                None => {}
            }
        }
        self.touched.places = false;
    }

    /// Sends the message that asks to confirm a consent, unless it went out a short while ago.
    pub(super) fn ask_to_confirm(&mut self, purpose: &str, message: &str) {
        let sends = &self.engine.state.sends;
        let asked = sends.back_from(self.profile().newest_send).any(|id| {
            let send = sends.get(id).expect("invariant: a profile's sends are known");
            send.confirms
                && *send.purpose == *purpose
                && send.decision == Decision::Send
                && send.decided_at.plus(CONFIRM_AGAIN_AFTER) > self.now()
        });
        if !asked {
            let (channels, confirms) = (&[Channel::Email], true);
            let (held_out, waits, hands_over) = (false, None, false);
            let barred = self.engine.barred(self.id, message);
            let answer = self.answer(&Wish {
                message,
                purpose,
                channels,
                held_out,
                confirms,
                waits,
                hands_over,
                barred,
            });
            let (message, purpose, journey) = (message.into(), purpose.into(), "".into());
            let event = OwnedMap::default();
            let (step, run, wording) = (0, 0, Wording::default());
            self.decide(answer, Occasion { message, purpose, journey, step, run, confirms, event, wording });
        }
    }

    /// The channels of a wish, with the best of them before the others.
    fn best_first(&self, made: &Made, wish: &Wish<'_>) -> Vec<Channel> {
        let channels = if wish.channels.is_empty() { &Channel::SENT[..] } else { wish.channels };
        let (mut first, rest): (Vec<_>, Vec<_>) =
            channels.iter().copied().partition(|channel| made.is_channel(*channel));
        first.extend(rest);
        first
    }

    /// The variant of a send that is not dropped, with how all of it was chosen; remembers that for whoever asks why.
    fn word(
        &mut self,
        asked: &SendStep,
        (run, is_new): (u64, bool),
        answer: &Answer,
        best: Option<&Made>,
        hour: How,
    ) -> Wording {
        let Some(channel) = answer.channel() else { return Wording::default() };
        let variant = (channel == Channel::Email).then(|| self.variant(asked, run)).flatten();
        let how = |made: &Made| if made.is_channel(channel) { made.how } else { How::Instead };
        let chosen = Chosen {
            channel: best.map_or(How::Stated, how),
            variant: variant.as_ref().map_or(How::Stated, |made| made.how),
            hour,
        };
        for made in best.into_iter().chain(&variant).filter(|made| made.how != How::Stated) {
            self.note_choice(made, run, asked.step, is_new);
        }
        let variant = match variant.as_ref().map(Made::arm) {
            Some(Arm::Variant(name)) => Arc::clone(name),
            _ => "".into(),
        };
        Wording { variant, chosen }
    }

    fn answer(&self, wish: &Wish<'_>) -> Answer {
        self.engine.governor().decide(&self.engine.state, &self.engine.policy, self.id, wish)
    }

    /// Notes in the ledger what the governor decided, and asks for what follows.
    fn decide(&mut self, answer: Answer, occasion: Occasion) -> SendId {
        let Occasion { message, purpose, journey, step, run, confirms, event, wording } = occasion;
        let basis = basis(&answer);
        let (decision, status, channel, address) = as_noted(answer);
        if status == Status::Queued {
            self.give_shown(&message, channel, &address);
        }
        let send = Send {
            id: self.engine.state.sends.next(),
            profile: self.id,
            message,
            purpose,
            journey,
            step,
            run,
            confirms,
            channel,
            language: self.language(),
            variant: wording.variant,
            chosen: wording.chosen,
            address,
            decision,
            basis,
            status,
            wished_at: self.now(),
            decided_at: self.now(),
            attempts: 0,
            attempted_at: None,
            settled_at: None,
            retry_at: None,
            reply: String::new(),
            opened_at: None,
            clicked_at: None,
            hour: None,
            responded: false,
            returned: None,
            event,
        };
        let id = send.id;
        if status == Status::Queued {
            let prepare = self.engine.prepare_for(&send, self.profile());
            self.effects.push(Effect::Prepare(Box::new(prepare)));
        }
        self.engine.state.add_send(&send);
        self.engine.claim(id);
        id
    }

    /// The same for a send that has waited: all of it is decided again, as if it had just been wished for.
    fn decide_again(&mut self, id: SendId, answer: Answer, event: OwnedMap, wording: Wording) {
        let basis = basis(&answer);
        let (decision, status, channel, address) = as_noted(answer);
        let (now, language) = (self.now(), self.language());
        if status == Status::Queued {
            let message = self.engine.state.send(id).map(|send| Arc::clone(&send.message));
            self.give_shown(&message.expect("invariant: it is known"), channel, &address);
        }
        let state = &mut self.engine.state;
        state.change_send(id, |send| {
            (send.channel, send.address, send.language) = (channel, address, language);
            (send.decided_at, send.event, send.basis) = (now, event, basis);
            (send.variant, send.chosen) = (wording.variant, wording.chosen);
        });
        state.decide(id, decision);
        state.set_status(id, status);
        self.engine.claim(id);
        if status == Status::Queued {
            let prepare = self.engine.prepare(&self.engine.state.send(id).expect("invariant: it is known"));
            self.effects.push(Effect::Prepare(Box::new(prepare)));
        }
    }

    /// The person's language if the programme speaks it, or else the programme's first.
    pub(super) fn language(&self) -> Arc<str> {
        let languages = &self.engine.index.languages;
        let spoken = languages.iter().find(|language| ***language == *self.profile().language());
        spoken.or(languages.first()).cloned().unwrap_or_default()
    }
}

/// On what ground a message is let go.
fn basis(answer: &Answer) -> Basis {
    match answer {
        Answer::Send { basis, .. } => *basis,
        Answer::Defer { .. } | Answer::Drop { .. } => Basis::None,
    }
}

/// The governor's answer in the words of the ledger.
fn as_noted(answer: Answer) -> (Decision, Status, Option<Channel>, Arc<str>) {
    match answer {
        Answer::Send { channel, address, .. } => {
            (Decision::Send, Status::Queued, Some(channel), address.into())
        }
        Answer::Defer { channel, address, until, reason } => {
            (Decision::Defer { until, reason }, Status::Deferred, Some(channel), address.into())
        }
        Answer::Drop { reason } => (Decision::Drop { reason }, Status::Dropped, None, "".into()),
    }
}
