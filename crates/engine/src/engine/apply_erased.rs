//! Erasing a person: the profile that stands for them, with all that it took in, leaves the state. What they counted for
//! stays as figures that lead to nobody, and so does what they must not be sent.

use super::{Engine, Refusal};
use crate::change::ChangeKind;
use crate::erasure::{Erasure, is_named_in};
use crate::governor::{address_kind, is_address};
use crate::history::NEVER;
use crate::identifier::{IdentifierKind, KeyedHash, normalise};
use crate::identity::is_identified;
use crate::journey::{Passage, Plan};
use crate::merge::Places;
use crate::moves::{Leaving, Move, Mover};
use crate::outbox::{Reason, Status};
use crate::profile::Profile;
use crate::record::{LogRedacted, ProfileErased};
use crate::{ProfileId, SendId};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Engine {
    pub(super) fn check_erased(&self, erased: &ProfileErased<'_>) -> Result<(), Refusal> {
        self.profile(erased.profile).map(|_| ()).ok_or(Refusal::Erased)
    }

    pub(super) fn apply_erased(&mut self, erased: &ProfileErased<'_>) {
        let root = self.state.canonical(erased.profile);
        let parts = self.state.parts(root);
        let addresses = self.forget_addresses(&parts);
        self.leave_segments(root, ChangeKind::Erased);
        self.leave_journeys(root);
        let places = Places::of(&self.state.history, root);
        self.state.history.forget(root);
        let profile = &self.state.profiles[root.0 as usize];
        self.state.counts.profiles -= 1;
        self.state.counts.identified -= u64::from(is_identified(profile));
        self.state.counts.erased += 1;
        let (sends, offers) = (self.state.sends.list(profile.newest_send), profile.offers.to_vec());
        let seq = self.state.seq;
        let until = |hash| self.state.shared.blocked(hash).map_or(seq, |blocked| blocked.seq);
        let mut names: Vec<_> = profile.identifiers.iter().map(|one| (one.hash, until(one.hash))).collect();
        let mut own: BTreeSet<KeyedHash> = names.iter().map(|(hash, _)| *hash).collect();
        own.iter().for_each(|hash| self.state.directory.remove(*hash));
        names.extend(self.state.shared.forget(&own, &parts));
        names.sort_unstable();
        own.extend(addresses);
        self.forget_choices(root, &sends);
        own.extend(self.forget_sends(&sends));
        self.forget_suppressed(&own);
        self.forget_rejects(&own);
        self.state.offers.forget(&offers);
        self.forget_profiles(&parts);
        self.state.erasures.push(Erasure {
            profile: root,
            seq,
            at: self.state.at,
            places,
            names,
            own,
            sends,
            parts,
        });
    }

    /// The log has nothing of them any more, and so there is nothing to be remembered for it.
    pub(super) fn apply_redacted(&mut self, redacted: &LogRedacted) {
        self.state.erasures.retain(|erasure| erasure.seq > redacted.to);
    }

    /// Gives the addresses that their traits name, or named once.
    fn forget_addresses(&mut self, parts: &[ProfileId]) -> BTreeSet<KeyedHash> {
        let mut forgotten = BTreeSet::new();
        let is_theirs = |(_, profile): &(KeyedHash, ProfileId)| parts.contains(profile);
        let forget = |part: &mut Arc<BTreeSet<_>>| {
            forgotten.extend(part.iter().filter(|one| is_theirs(one)).map(|(hash, _)| *hash));
            Arc::make_mut(part).retain(|one| !is_theirs(one));
        };
        self.state.addresses.change(|part| part.iter().any(is_theirs), forget);
        let key = self.hash_key();
        for profile in parts.iter().map(|part| &self.state.profiles[part.0 as usize]) {
            for kind in IdentifierKind::ALL.into_iter().filter(|kind| is_address(*kind)) {
                let value =
                    profile.trait_value(kind.name()).and_then(|value| normalise(kind, value.text()?).ok());
                forgotten.extend(value.map(|value| key.identifier(kind, &value)));
            }
        }
        forgotten
    }

    fn leave_journeys(&mut self, id: ProfileId) {
        let runs = self.state.profiles[id.0 as usize].runs.iter();
        let left: Vec<(Passage, u16)> = runs.map(|run| (run.passage, run.position)).collect();
        for (passage, position) in left {
            let Passage { id: run, version, held_out, .. } = passage;
            let journey = &mut self.state.versions[version as usize];
            journey.active -= 1;
            journey.finished += 1;
            let out = |plan: &Plan| Move::Out { from: plan.step_at(position), by: Leaving::Erased };
            self.note_move(Mover { profile: id, run, version, held_out }, |plan| Some(out(plan)));
        }
    }

    /// Leaves of their sends what was decided, when, and what came of it. Gives the addresses that they went to.
    fn forget_sends(&mut self, sends: &[SendId]) -> Vec<KeyedHash> {
        let key = self.hash_key();
        let mut forgotten = Vec::new();
        for id in sends {
            let status = self.state.change_send(*id, |send| {
                let kind = send.channel.and_then(address_kind);
                forgotten.extend(kind.map(|kind| key.identifier(kind, &send.address)));
                send.forget_person();
                send.status
            });
            if matches!(status, Status::Queued | Status::Deferred) {
                self.drop_erased(*id);
            }
        }
        forgotten
    }

    /// Lets go of a send that is still owed to somebody who was erased.
    pub(super) fn drop_erased(&mut self, id: SendId) {
        self.state.drop_send(id, Reason::Erased);
    }

    /// That an address must not be written to stays known, by its hash alone.
    fn forget_suppressed(&mut self, own: &BTreeSet<KeyedHash>) {
        for hash in own {
            if !self.state.suppressions.of(*hash).contains_key(hash) {
                continue;
            }
            let part = Arc::make_mut(self.state.suppressions.of_mut(*hash));
            if let Some(suppression) = part.get_mut(hash) {
                suppression.value.clear();
                suppression.reason = "the person was erased".to_owned();
            }
        }
    }

    /// A refused event stays listed with why it was refused, and without what was sent.
    fn forget_rejects(&mut self, own: &BTreeSet<KeyedHash>) {
        let key = self.hash_key();
        for reject in &mut self.state.rejects {
            if [&reject.payload, &reject.message]
                .iter()
                .any(|text| is_named_in(text, &key, |hash| own.contains(&hash)))
            {
                let reject = Arc::make_mut(reject);
                reject.payload.clear();
                reject.message.clear();
            }
        }
    }

    fn forget_profiles(&mut self, parts: &[ProfileId]) {
        let own = parts.iter().filter_map(|part| self.state.profiles[part.0 as usize].own.as_ref());
        let merges: Vec<_> = own.flat_map(|own| own.merges.iter().copied()).collect();
        self.state.merges.forget(parts, &merges);
        for part in parts {
            self.state.profiles[part.0 as usize] = Profile { erased: true, due: NEVER, ..Profile::default() };
        }
    }
}
