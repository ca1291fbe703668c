//! What comes back of a send after its receipt: bounces and complaints, and what follows for its address.

use super::{Engine, Refusal};
use crate::at::{At, Span};
use crate::effect::Effect;
use crate::happening::Happening;
use crate::limits::{BOUNCE_WAIT, SOFT_BOUNCE_DAYS_MAX, SOFT_BOUNCES_OVER};
use crate::outbox::{Send, Status};
use crate::programme::{Channel, OptIn, Purpose};
use crate::record::{ConsentSource, ConsentState, Returned, Verdict};
use crate::turn::Turn;
use crate::{ProfileId, SendId};
use std::collections::BTreeSet;

impl Engine {
    pub(super) fn check_returned(&self, returned: &Returned<'_>) -> Result<(), Refusal> {
        let send = self.state.send(returned.send).ok_or(Refusal::UnknownSend)?;
        if !may_return(&send, returned.verdict) {
            return Err(Refusal::OutOfTurn);
        }
        // As with a receipt: that it came back may be told of a nameless send, and whoever's words those are may not.
        if returned.reply.is_empty() { Ok(()) } else { self.check_recipient(returned.send) }
    }

    pub(super) fn apply_returned(
        &mut self,
        returned: &Returned<'_>,
        happening: Option<Happening<'_>>,
        effects: &mut Vec<Effect>,
    ) {
        let (id, at, reply) = (returned.send, self.state.at, returned.reply);
        let profile = self.state.change_send(id, |send| {
            send.returned = Some((returned.verdict, at));
            send.reply = reply.to_owned();
            send.profile
        });
        let status = match returned.verdict {
            Verdict::Refused | Verdict::SoftBounce | Verdict::HardBounce => Status::Bounced,
            Verdict::Complaint => Status::Complained,
        };
        self.state.set_status(id, status);
        self.claim(id);
        let Some(standing) = self.state.standing(profile) else { return };
        match returned.verdict {
            Verdict::Refused => {}
            Verdict::HardBounce => self.suppress_address(id, format!("bounced: {reply}"), effects),
            Verdict::SoftBounce => {
                if self.bounces_for_good(standing, id) {
                    let days = SOFT_BOUNCE_DAYS_MAX;
                    let reason = format!("bounced on {days} days, and nothing arrived between: {reply}");
                    self.suppress_address(id, reason, effects);
                }
            }
            Verdict::Complaint => {
                self.suppress_address(id, "the recipient complained of spam".to_owned(), effects);
                self.withdraw_after_complaint(id, returned, effects);
            }
        }
        self.reconsider_waiting(profile, effects);
        self.occur_to(profile, happening, effects);
    }

    /// The rule of five days: soft bounces suppress an address when they came on five different days, over two weeks at
    /// least, and no message to it arrived between.
    fn bounces_for_good(&self, profile: ProfileId, last: SendId) -> bool {
        let address = self.state.send(last).expect("invariant: checked").address;
        let mut bounced: Vec<At> = Vec::new();
        let sends = self.state.sends.back_from(self.state.profiles[profile.0 as usize].newest_send);
        let to_address = sends.filter_map(|id| self.state.send(id));
        for send in to_address.filter(|send| send.address == address) {
            match send.returned {
                Some((Verdict::SoftBounce, at)) => bounced.push(at),
                _ if arrived(&send, self.state.at) => break,
                _ => {}
            }
        }
        let days: BTreeSet<i64> = bounced.iter().map(|at| at.0.div_euclid(Span::DAY.0)).collect();
        let (first, last) = (bounced.iter().min(), bounced.iter().max());
        let over = first.zip(last).is_some_and(|(first, last)| last.since(*first) >= SOFT_BOUNCES_OVER);
        days.len() >= SOFT_BOUNCE_DAYS_MAX && over
    }

    /// Whoever calls a message spam wants no other: every consent on its channel that is given or waits is withdrawn.
    fn withdraw_after_complaint(&mut self, id: SendId, returned: &Returned<'_>, effects: &mut Vec<Effect>) {
        let channel = self.state.send(id).and_then(|send| send.channel);
        let Some(channel) = channel else { return };
        let profile = self.recipient(id).0;
        let purposes = self.consented(profile, channel);
        let mut turn = Turn::begin(self, profile, effects);
        for purpose in purposes {
            let evidence = ("", "", "a complaint that the recipient's mail provider passed on");
            turn.state_consent(
                &purpose,
                Some(channel),
                false,
                ConsentSource::Complaint,
                returned.returned_at,
                evidence,
            );
        }
        turn.settle();
    }

    /// Purposes that a person consented to on a channel or is asked to confirm, and those for which customers need not.
    fn consented(&self, profile: ProfileId, channel: Channel) -> Vec<String> {
        let consents = &self.state.profiles[profile.0 as usize].consents;
        let stands = |(name, purpose): &(&String, &Purpose)| {
            let state = consents.state(name, Some(channel));
            let as_customer =
                purpose.soft_opt_in.as_ref().is_some_and(|soft| soft.channels.contains(&channel));
            matches!(state, Some(ConsentState::Granted | ConsentState::Pending))
                || (state.is_none() && as_customer)
        };
        let purposes = self.programme.purposes.iter().filter(|(_, purpose)| purpose.opt_in != OptIn::None);
        purposes.filter(stands).map(|(name, _)| name.clone()).collect()
    }
}

/// Whether this can come back of a send now: it was handed over and is settled, and nothing as heavy came back before.
fn may_return(send: &Send, verdict: Verdict) -> bool {
    match send.status {
        Status::Accepted | Status::Unknown | Status::Dismissed => true,
        Status::Bounced | Status::Complained => send.returned.is_some_and(|(before, _)| before < verdict),
        Status::Dropped | Status::Deferred | Status::Queued | Status::Attempted | Status::Failed => false,
    }
}

/// Whether a message is known to have arrived: it was clicked, or has not come back for long enough. An open decides
/// nothing.
fn arrived(send: &Send, at: At) -> bool {
    let unreturned = send.status == Status::Accepted
        && send.settled_at.is_some_and(|settled_at| settled_at.plus(BOUNCE_WAIT) < at);
    unreturned || send.clicked_at.is_some()
}
