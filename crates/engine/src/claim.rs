//! What a person's sends take up under the contact policy: a claim for each that waits, is on its way, or left in the
//! longest window. Claims follow from the ledger and the policy, and are kept so that a decision need not read the ledger.
//!
//! Owned by the profile; whatever changes a send brings its claim up to date, and a merge makes all of them anew.

use crate::at::At;
use crate::engine::Engine;
use crate::held::Held;
use crate::limits::{PATIENCE_MAX, SEND_AGE_MAX};
use crate::outbox::{Decision, Send, Status};
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Claim {
    pub(crate) send: SendId,
    /// When it left. Of one that waits, until when; of one on its way nothing is known yet.
    pub(crate) at: At,
    /// The caps under which it counts, a bit each.
    pub(crate) caps: u32,
    pub(crate) priority: u8,
    pub(crate) stage: Stage,
    /// Somebody opened it or clicked in it.
    pub(crate) answered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Stage {
    /// For the policy to let it go; it has no place yet.
    Waits,
    /// On its way, for the first time or again, and its place is kept.
    Held,
    /// It arrived, or may have.
    Left,
}

/// A person's claims, in order of the sends' numbers.
pub(crate) type Claims = Held<Vec<Claim>>;

impl Engine {
    /// Brings a send's claim up to what the ledger says of it.
    pub(crate) fn claim(&mut self, id: SendId) {
        if self.policy.is_empty() {
            return;
        }
        let send = self.state.send(id).expect("invariant: only known sends are claimed");
        let (Some(profile), claim) = (self.state.standing(send.profile), self.claim_of(&send)) else {
            return;
        };
        let oldest = self.state.at.minus(self.policy.longest());
        let claims = &mut self.state.profiles[profile.0 as usize].claims;
        match (claims.binary_search_by_key(&id, |claim| claim.send), claim) {
            (Ok(place), Some(claim)) => claims[place] = claim,
            (Ok(place), None) => _ = claims.remove(place),
            (Err(place), Some(claim)) => {
                claims.insert(place, claim);
                claims.retain(|one| one.stage != Stage::Left || one.at > oldest);
            }
            (Err(_), None) => {}
        }
    }

    /// Makes all of a person's claims anew from the ledger: other sends are theirs now, or the policy is another.
    pub(crate) fn reclaim(&mut self, id: ProfileId) {
        let oldest = self.state.at.minus(self.policy.longest());
        let wished = oldest.minus(PATIENCE_MAX).minus(SEND_AGE_MAX);
        let profile = &self.state.profiles[id.0 as usize];
        if profile.newest_send.is_none() && profile.claims.is_empty() {
            return;
        }
        let mut claims = Vec::new();
        if !self.policy.is_empty() {
            let sends = self.state.sends.back_from(profile.newest_send);
            let sends = sends.map(|id| self.state.send(id).expect("invariant: a profile's sends are known"));
            let recent = sends.take_while(|send| send.wished_at > wished);
            claims.extend(recent.filter_map(|send| self.claim_of(&send)));
            claims.retain(|one: &Claim| one.stage != Stage::Left || one.at > oldest);
            claims.reverse();
        }
        self.state.profiles[id.0 as usize].claims = claims.into();
    }

    /// What a send takes up, if anything.
    fn claim_of(&self, send: &Send) -> Option<Claim> {
        let (stage, at) = match (send.status, send.decision) {
            (Status::Deferred, Decision::Defer { until, .. }) => (Stage::Waits, until),
            (Status::Queued, _) => (Stage::Held, At::MIN),
            (
                Status::Attempted
                | Status::Accepted
                | Status::Unknown
                | Status::Complained
                | Status::Dismissed,
                _,
            ) => (Stage::Left, send.attempted_at?),
            _ => return None,
        };
        // One whose purpose the programme no longer has was sent all the same.
        let purpose = self.programme.purposes.get(&*send.purpose);
        let is_under_policy = !send.confirms && purpose.is_none_or(|purpose| purpose.is_under_policy());
        let channel = send.channel.filter(|_| is_under_policy)?;
        Some(Claim {
            send: send.id,
            at,
            caps: self.policy.caps_on(channel, &send.purpose),
            priority: self.programme.messages.get(&*send.message).map_or(0, |message| message.priority),
            stage,
            answered: send.opened_at.is_some() || send.clicked_at.is_some(),
        })
    }
}
