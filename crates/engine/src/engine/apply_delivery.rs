//! Attempts, receipts and reactions: how a send goes on after the decision.

use super::{Engine, Refusal};
use crate::at::{At, Span};
use crate::claim::Stage;
use crate::effect::{Effect, Prepare};
use crate::governor::{Answer, Suppression, Wish, address, address_kind};
use crate::happening::Happening;
use crate::journey::Standing;
use crate::limits::{ATTEMPTS_MAX, RETRY_FIRST, SEND_AGE_MAX};
use crate::offer::OfferPhase;
use crate::outbox::{Decision, Reason, Send, Status};
use crate::profile::Profile;
use crate::programme::{Channel, Response};
use crate::record::{Attempted, DeliveryOutcome, Engaged, Engagement, Settled};
use crate::timer::TimerKey;
use crate::turn::Turn;
use crate::value::OwnedMap;
use crate::{ProfileId, SendId};
use std::sync::Arc;

impl Engine {
    pub(super) fn check_attempt(&self, attempted: &Attempted) -> Result<(), Refusal> {
        let send = self.state.send(attempted.send).ok_or(Refusal::UnknownSend)?;
        let due = send.status == Status::Queued
            && send.retry_at.is_none()
            && attempted.attempt == send.attempts + 1;
        if due { Ok(()) } else { Err(Refusal::OutOfTurn) }
    }

    pub(super) fn check_settled(&self, settled: &Settled<'_>) -> Result<(), Refusal> {
        let send = self.state.send(settled.send).ok_or(Refusal::UnknownSend)?;
        let open = send.status == Status::Attempted && settled.attempt == send.attempts;
        if !open {
            return Err(Refusal::OutOfTurn);
        }
        // What became of the send may be told, and the provider's words, which often repeat the address, may not.
        if settled.reply.is_empty() { Ok(()) } else { self.check_recipient(settled.send) }
    }

    /// Whether a send is known, and so is whom it was for.
    pub(super) fn check_recipient(&self, send: SendId) -> Result<(), Refusal> {
        let send = self.state.send(send).ok_or(Refusal::UnknownSend)?;
        self.state.standing(send.profile).map(|_| ()).ok_or(Refusal::Erased)
    }

    /// The last check before a hand-over. From here on the message may arrive, so the record that brought us here
    /// is durable before the effect leaves.
    pub(super) fn apply_attempt(&mut self, attempted: &Attempted, effects: &mut Vec<Effect>) {
        let (id, attempt) = (attempted.send, attempted.attempt);
        match self.may_hand_over(id) {
            Answer::Send { basis, .. } => {
                let at = self.state.at;
                self.state.change_send(id, |send| {
                    send.basis = basis;
                    send.attempts = attempt;
                    send.attempted_at = Some(at);
                });
                self.state.set_status(id, Status::Attempted);
                effects.push(Effect::HandOver { send: id, attempt });
                self.give_at_hand_over(id, effects);
            }
            Answer::Defer { until, reason, .. } => {
                self.defer(id, until, reason);
                effects.push(Effect::Release { send: id, attempt });
            }
            Answer::Drop { reason } => {
                self.state.drop_send(id, reason);
                effects.push(Effect::Release { send: id, attempt });
            }
        }
        self.claim(id);
        let send = self.state.send(id).expect("invariant: checked");
        if send.status == Status::Dropped {
            self.reconsider_waiting(send.profile, effects);
        }
    }

    /// A place of somebody's came free, or they answered: what waits for them may go.
    pub(super) fn reconsider_waiting(&mut self, profile: ProfileId, effects: &mut Vec<Effect>) {
        let Some(profile) = self.state.standing(profile) else { return };
        let mut claims = self.state.profiles[profile.0 as usize].claims.iter();
        if claims.any(|claim| claim.stage == Stage::Waits) {
            let mut turn = Turn::begin(self, profile, effects);
            turn.touched.places = true;
            turn.settle();
        }
    }

    fn may_hand_over(&self, id: SendId) -> Answer {
        let send = self.state.send(id).expect("invariant: checked");
        if send.decided_at.plus(SEND_AGE_MAX) < self.state.at {
            return Answer::Drop { reason: Reason::Expired };
        }
        self.decide_on_channel(&send, true)
    }

    /// Asks the governor about a send whose channel and address stay as they are.
    fn decide_on_channel(&self, send: &Send, hands_over: bool) -> Answer {
        let channel = send.channel.expect("invariant: a send that waits or is queued has a channel");
        let person = self.state.canonical(send.profile);
        let governor = self.governor();
        let registers = &self.state.registers;
        if governor.is_suppressed(channel, &send.address)
            || registers.forbids_hashed(&self.hash_key(), &send.address, channel)
        {
            return Answer::Drop { reason: Reason::Suppressed };
        }
        let wish = Wish {
            message: &send.message,
            purpose: &send.purpose,
            channels: &[channel],
            held_out: false,
            confirms: send.confirms,
            waits: Some((send.wished_at, send.id)),
            hands_over,
            barred: self.barred(person, &send.message),
        };
        governor.decide(&self.state, &self.policy, person, &wish)
    }

    /// A send that was let go has to wait after all; its timer brings it back.
    fn defer(&mut self, id: SendId, until: At, reason: Reason) {
        self.state.decide(id, Decision::Defer { until, reason });
        let before = self.state.change_send(id, |send| send.retry_at.replace(until));
        self.state.set_status(id, Status::Deferred);
        if before != Some(until) {
            self.state.timers.set(until, TimerKey::Retry { send: id });
        }
    }

    pub(super) fn apply_settled(
        &mut self,
        settled: &Settled<'_>,
        happening: Option<Happening<'_>>,
        effects: &mut Vec<Effect>,
    ) {
        let at = self.state.at;
        let id = settled.send;
        let is_accepted = settled.outcome == DeliveryOutcome::Accepted;
        let (profile, retry) = self.state.change_send(id, |send| {
            send.settled_at = Some(at);
            // Of a send that was accepted nothing is kept that is needed only to try again; the log has the words.
            send.reply = if is_accepted { String::new() } else { settled.reply.to_owned() };
            send.event = if is_accepted { OwnedMap::default() } else { std::mem::take(&mut send.event) };
            (send.profile, retry_at(send, at))
        });
        let is_erased = self.state.standing(profile).is_none();
        match settled.outcome {
            DeliveryOutcome::Accepted => {
                self.state.set_status(id, Status::Accepted);
                self.count_trial(id);
            }
            DeliveryOutcome::Transient if is_erased => self.drop_erased(id),
            DeliveryOutcome::Transient => match retry {
                Some(retry_at) => {
                    self.state.change_send(id, |send| send.retry_at = Some(retry_at));
                    self.state.set_status(id, Status::Queued);
                    self.state.timers.set(retry_at, TimerKey::Retry { send: id });
                }
                None => self.state.set_status(id, Status::Failed),
            },
            DeliveryOutcome::Permanent => self.state.set_status(id, Status::Failed),
            DeliveryOutcome::Unknown => self.state.set_status(id, Status::Unknown),
            DeliveryOutcome::InvalidRecipient => {
                self.state.set_status(id, Status::Bounced);
                if !is_erased {
                    self.suppress_address(id, format!("bounced: {}", settled.reply), effects);
                }
            }
        }
        self.claim(id);
        if matches!(settled.outcome, DeliveryOutcome::Permanent | DeliveryOutcome::InvalidRecipient) {
            self.reconsider_waiting(profile, effects);
        }
        self.occur_to(profile, happening, effects);
    }

    /// Suppresses the address that a send went to.
    pub(super) fn suppress_address(&mut self, id: SendId, reason: String, effects: &mut Vec<Effect>) {
        let send = self.state.send(id).expect("invariant: checked");
        let Some(kind) = send.channel.and_then(address_kind) else { return };
        let hash = self.hash_key().identifier(kind, &send.address);
        let suppression =
            Suppression { kind, value: send.address.to_string(), reason, stated_at: self.state.at };
        Arc::make_mut(self.state.suppressions.of_mut(hash)).insert(hash, suppression);
        self.reconsider(hash, effects);
    }

    pub(super) fn apply_engaged(
        &mut self,
        engaged: &Engaged<'_>,
        happening: Option<Happening<'_>>,
        effects: &mut Vec<Effect>,
    ) {
        let at = self.state.at;
        if engaged.machine {
            return;
        }
        let profile = self.state.change_send(engaged.send, |send| {
            match engaged.engagement {
                Engagement::Opened => _ = send.opened_at.get_or_insert(at),
                Engagement::Clicked => _ = send.clicked_at.get_or_insert(at),
                Engagement::Dismissed => {}
            }
            send.profile
        });
        match engaged.engagement {
            Engagement::Opened => self.respond(engaged.send, Response::Open),
            Engagement::Clicked => self.respond(engaged.send, Response::Click),
            Engagement::Dismissed => self.put_away(engaged.send),
        }
        self.claim(engaged.send);
        self.meet_in_send(engaged, profile, effects);
        self.reconsider_waiting(profile, effects);
        self.occur_to(profile, happening, effects);
    }

    /// Whoever opens a message has seen the offer in it.
    fn meet_in_send(&mut self, engaged: &Engaged<'_>, profile: ProfileId, effects: &mut Vec<Effect>) {
        let Some(person) = self.state.standing(profile) else { return };
        let message = Arc::clone(&self.state.send(engaged.send).expect("invariant: checked").message);
        let programme = Arc::clone(&self.programme);
        let Some(offer) = programme.offer_of(&message) else { return };
        let phase = match engaged.engagement {
            Engagement::Opened => OfferPhase::Seen,
            Engagement::Clicked => OfferPhase::Clicked,
            Engagement::Dismissed => return,
        };
        if self.mark_offer(person, offer, phase, self.state.at) {
            self.follow_given(person, effects);
        }
    }

    /// The person put a message away, which is about what they see and takes nothing back.
    pub(crate) fn put_away(&mut self, id: SendId) {
        if matches!(self.state.send(id).map(|send| send.status), Some(Status::Accepted | Status::Unknown)) {
            self.state.set_status(id, Status::Dismissed);
        }
    }

    /// Something happened to a message for a profile, or did not.
    pub(super) fn occur_to(
        &mut self,
        profile: ProfileId,
        happening: Option<Happening<'_>>,
        effects: &mut Vec<Effect>,
    ) {
        let (Some(happening), Some(profile)) = (happening, self.state.standing(profile)) else { return };
        let properties = self.properties_of_happening(Some(happening));
        let mut turn = Turn::begin(self, profile, effects);
        turn.occur(&happening, properties.as_map());
        turn.settle();
    }

    /// A send's wait for another attempt is over, or for the contact policy.
    pub(super) fn fire_retry(&mut self, due: At, id: SendId, effects: &mut Vec<Effect>) {
        let send = self.state.send(id).expect("invariant: only known sends have timers");
        if send.retry_at != Some(due) {
            return;
        }
        let (is_deferred, profile) = (send.status == Status::Deferred, send.profile);
        self.state.counts.timer_fires += 1;
        if is_deferred {
            if self.decide_waiting(id, effects) {
                self.follow_given(profile, effects);
            }
            return;
        }
        self.state.change_send(id, |send| send.retry_at = None);
        let prepare = self.prepare(&self.state.send(id).expect("invariant: it was just here"));
        effects.push(Effect::Prepare(Box::new(prepare)));
    }

    /// Decides again a send that was let go once and has had to wait since. While its journey is paused it goes on waiting,
    /// for [`Self::decide_held`]. Whether that gave the person an offer.
    pub(crate) fn decide_waiting(&mut self, id: SendId, effects: &mut Vec<Effect>) -> bool {
        let send = self.state.send(id).expect("invariant: only known sends wait");
        assert_eq!(send.status, Status::Deferred, "invariant: only what is deferred waits for the policy");
        if self.standing_of(&send.journey) == Standing::Paused {
            return false;
        }
        let mut gives = false;
        match self.decide_on_channel(&send, false) {
            Answer::Send { basis, .. } => {
                self.state.change_send(id, |send| send.basis = basis);
                self.let_go(id);
                gives = self.give_in_send(id);
                let prepare = self.prepare(&self.state.send(id).expect("invariant: it was just here"));
                effects.push(Effect::Prepare(Box::new(prepare)));
            }
            Answer::Defer { until, reason, .. } => self.defer(id, until, reason),
            Answer::Drop { reason } => self.state.drop_send(id, reason),
        }
        self.claim(id);
        gives
    }

    /// Gives the offer that a send shows; whether the person had it not yet.
    fn give_in_send(&mut self, id: SendId) -> bool {
        let send = self.state.send(id).expect("invariant: only known sends are let go");
        let (message, channel, address) = (Arc::clone(&send.message), send.channel, send.address.clone());
        let person = self.state.canonical(send.profile);
        self.give_shown(person, &message, channel, &address)
    }

    /// The message may show an offer since another programme was applied.
    fn give_at_hand_over(&mut self, id: SendId, effects: &mut Vec<Effect>) {
        if self.give_in_send(id) {
            let profile = self.state.send(id).expect("invariant: checked").profile;
            self.follow_given(profile, effects);
        }
    }

    fn follow_given(&mut self, profile: ProfileId, effects: &mut Vec<Effect>) {
        let Some(profile) = self.state.standing(profile) else { return };
        let mut turn = Turn::begin(self, profile, effects);
        turn.touched.offers = true;
        turn.settle();
    }

    /// Has sends decided that waited for longer than the contact policy asked, since their journey was paused.
    pub(super) fn decide_held(&mut self, journey: &str) {
        let at = self.state.at;
        let waiting = self.state.profiles.iter().flat_map(|profile| profile.claims.iter());
        let waiting = waiting.filter(|claim| claim.stage == Stage::Waits).map(|claim| claim.send);
        let held = waiting.filter(|id| {
            let send = self.state.send(*id).expect("invariant: only known sends are claimed");
            *send.journey == *journey && send.retry_at.is_some_and(|retry_at| retry_at <= at)
        });
        for id in held.collect::<Vec<_>>() {
            self.state.change_send(id, |send| send.retry_at = Some(at));
            self.state.timers.set(at, TimerKey::Retry { send: id });
        }
    }

    /// A send that waited is on its way again.
    fn let_go(&mut self, id: SendId) {
        let at = self.state.at;
        self.state.change_send(id, |send| (send.retry_at, send.decided_at) = (None, at));
        self.state.decide(id, Decision::Send);
        self.state.set_status(id, Status::Queued);
    }

    pub(crate) fn prepare(&self, send: &Send) -> Prepare {
        let profile = &self.state.profiles[self.state.canonical(send.profile).0 as usize];
        self.prepare_for(send, profile)
    }

    pub(crate) fn prepare_for(&self, send: &Send, profile: &Profile) -> Prepare {
        Prepare {
            send: send.id,
            attempt: send.attempts + 1,
            decided_at: send.decided_at,
            profile: send.profile,
            channel: send.channel.expect("invariant: only a send with a channel is prepared"),
            address: send.address.to_string(),
            message: send.message.to_string(),
            variant: send.variant.to_string(),
            language: send.language.to_string(),
            purpose: send.purpose.to_string(),
            journey: send.journey.to_string(),
            traits: profile.traits_map(),
            event: send.event.clone(),
            offer: self.offer_shown(profile, &send.message),
        }
    }
}

impl Engine {
    /// What would be prepared if a message were sent to a profile now; it is of no send. `None` without an address.
    pub fn prepare_preview(
        &self,
        id: ProfileId,
        message: &str,
        (journey, purpose): (&str, &str),
        language: &str,
    ) -> Option<Prepare> {
        let profile = self.profile(id)?;
        Some(Prepare {
            send: Prepare::UNSENT,
            attempt: 1,
            decided_at: self.state.at,
            profile: id,
            channel: Channel::Email,
            address: address(profile, Channel::Email)?,
            message: message.to_owned(),
            variant: String::new(),
            language: language.to_owned(),
            purpose: purpose.to_owned(),
            journey: journey.to_owned(),
            traits: profile.traits_map(),
            event: OwnedMap::default(),
            offer: self.offer_shown(profile, message),
        })
    }
}

/// When to try again: the wait doubles with each attempt, with up to a quarter more so that a crowd of refusals does
/// not come back as a crowd. `None` where the send has no tries or no time left.
fn retry_at(send: &Send, at: At) -> Option<At> {
    if send.attempts >= ATTEMPTS_MAX {
        return None;
    }
    let wait = Span(RETRY_FIRST.0 << (send.attempts - 1));
    let spread = xxhash_rust::xxh3::xxh3_64_with_seed(&send.id.0.to_le_bytes(), u64::from(send.attempts));
    let retry_at = at.plus(wait).plus(Span((spread % (wait.0 as u64 / 4)) as i64));
    (retry_at < send.decided_at.plus(SEND_AGE_MAX)).then_some(retry_at)
}
