//! Undoing a merge: of one profile, two again.
//!
//! The one that was taken in gets back what came with it, and the one that stands is made again of what it was told
//! itself and of what the others brought that are still with it. A withdrawal that was stated while they were one holds
//! for both; a grant only for the one whose identifier the record named.

use super::is_identified;
use super::join::foreign;
use crate::at::At;
use crate::effect::Effect;
use crate::engine::Engine;
use crate::governor::{address, address_among, address_kind};
use crate::history::NEVER;
use crate::merge::{Foreign, Merge, Undone};
use crate::outbox::Send;
use crate::own::{Own, Stated};
use crate::profile::{Profile, StoredIdentifier};
use crate::programme::Channel;
use crate::timer::TimerKey;
use crate::turn::Turn;
use crate::{MergeId, ProfileId, SendId, Seq};

impl Engine {
    /// Parts two profiles again. The merge stands, and so does the profile that took in the other.
    pub(crate) fn part(&mut self, id: MergeId, operator: &str, effects: &mut Vec<Effect>) {
        let Merge { from, into, seq: merged, next_send, .. } = *self.state.merges.get(id);
        let identified = u64::from(is_identified(self.profile_at(into)));
        let (at, seq, operator) = (self.state.at, self.state.seq, operator.to_owned());
        let (runs, events) = self.state.merges.undo(id, Undone { at, seq, operator });
        self.give_back_names(from, into);
        self.give_back_offers(from, into);
        for (name, places) in events.read() {
            self.state.history.part(name, into, from, &places);
        }
        self.give_back_consents(merged, from, into);
        self.make_again(id, from, into);
        self.give_back_sends(next_send, &runs, from, into);
        let parted = &mut self.state.profiles[from.0 as usize];
        (parted.merged_into, parted.due) = (None, NEVER);
        self.give_back_runs(&runs, from, into);
        [from, into].into_iter().for_each(|id| self.reclaim(id));
        let now = [from, into].map(|id| u64::from(is_identified(self.profile_at(id))));
        let counts = &mut self.state.counts;
        counts.identified = counts.identified - identified + now[0] + now[1];
        counts.profiles += 1;
        counts.merges_undone += 1;
        for id in [from, into] {
            let mut turn = Turn::begin(self, id, effects);
            turn.note_addresses();
            turn.touched.whole = true;
            // What somebody's messages waited for may have been sent to the other.
            turn.touched.places = true;
            // Nothing happened to anybody: it ends what it must, and starts nothing.
            turn.touched.past = true;
            turn.settle();
        }
    }

    fn give_back_names(&mut self, from: ProfileId, into: ProfileId) {
        let all = self.state.profiles[into.0 as usize].identifiers.take();
        let (back, kept): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| self.state.is_part(one.origin, from));
        self.state.profiles[into.0 as usize].identifiers = kept.into();
        for identifier in &back {
            self.state.directory.insert(identifier.hash, from);
        }
        self.state.profiles[from.0 as usize].identifiers = back.into();
    }

    /// Each has what was given to it, also what it redeemed while they were one.
    fn give_back_offers(&mut self, from: ProfileId, into: ProfileId) {
        let all = self.state.profiles[into.0 as usize].offers.take();
        let (back, kept): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|one| self.state.is_part(one.origin, from));
        self.state.profiles[into.0 as usize].offers = kept.into();
        self.state.profiles[from.0 as usize].offers = back.into();
    }

    /// Besides the sends that came with it, a parted profile gets those that were decided since and go to an address of
    /// its own: what they may do depends on its consents now. A send that a run waits for goes with the run.
    fn give_back_sends(&mut self, since: SendId, runs: &[u64], from: ProfileId, into: ProfileId) {
        let all = self.state.sends.list(self.profile_at(into).newest_send);
        let waiting =
            self.profile_at(into).runs.iter().filter_map(|run| Some((run.waits_for?, run.passage.id)));
        let waiting: Vec<(SendId, u64)> = waiting.collect();
        let (mut back, mut kept) = (Vec::new(), Vec::new());
        for id in all {
            let send = self.state.send(id).expect("invariant: a profile's sends are known");
            if let Some((_, run)) = waiting.iter().find(|(waits_for, _)| *waits_for == id) {
                let goes_back = runs.contains(run);
                if goes_back != self.state.is_part(send.profile, from) {
                    let part = if goes_back { from } else { into };
                    self.state.change_send(id, |send| send.profile = part);
                }
                (if goes_back { &mut back } else { &mut kept }).push(id);
            } else if self.state.is_part(send.profile, from) {
                back.push(id);
            } else if let Some(part) = self.recipient_among(&send, from, into).filter(|_| id >= since) {
                self.state.change_send(id, |send| send.profile = part);
                back.push(id);
            } else {
                kept.push(id);
            }
        }
        self.state.profiles[into.0 as usize].newest_send = self.state.sends.link(&kept);
        self.state.profiles[from.0 as usize].newest_send = self.state.sends.link(&back);
    }

    /// The part of a profile whose address a send goes to, if it is not one of the other's.
    fn recipient_among(&self, send: &Send, from: ProfileId, into: ProfileId) -> Option<ProfileId> {
        let channel = send.channel?;
        let is_known =
            |one: &&StoredIdentifier| address_kind(channel) == Some(one.kind) && *one.value == *send.address;
        if let Some(known) = self.profile_at(from).identifiers.iter().find(is_known) {
            return Some(known.origin);
        }
        let goes_to = |id| address(self.profile_at(id), channel).as_deref() == Some(&*send.address);
        let is_theirs = self.profile_at(into).identifiers.iter().any(|one| is_known(&one)) || goes_to(into);
        (!is_theirs && goes_to(from)).then_some(from)
    }

    /// A run goes on where it stands now; what it has done is not done again.
    fn give_back_runs(&mut self, runs: &[u64], from: ProfileId, into: ProfileId) {
        let stands = &mut self.state.profiles[into.0 as usize];
        let all = (std::mem::take(&mut stands.runs), stands.past.take());
        let (back, kept) = all.0.into_iter().partition(|run| runs.contains(&run.passage.id));
        let (past, kept_past): (Vec<_>, Vec<_>) =
            all.1.into_iter().partition(|passage| runs.contains(&passage.id));
        (stands.runs, stands.past) = (kept, kept_past.into());
        let parted = &mut self.state.profiles[from.0 as usize];
        (parted.runs, parted.past) = (back, past.into());
        for run in &self.state.profiles[from.0 as usize].runs {
            if run.due < At::MAX {
                self.state.timers.set(run.due, TimerKey::Run { profile: from, run: run.passage.id });
            }
        }
    }

    /// To what the parted profile said before comes what was said since and holds for it.
    fn give_back_consents(&mut self, seq: Seq, from: ProfileId, into: ProfileId) {
        let own = self.profile_at(into).own.as_ref().expect("invariant: it has taken in another");
        let since = own.stated.iter().filter(|one| one.consent.seq >= seq);
        let since = since.filter(|one| one.binds_everybody() || self.state.is_part(one.about, from));
        let since: Vec<Stated> = since.cloned().collect();
        let whole = self.profile_at(into).preferences;
        let parted = &mut self.state.profiles[from.0 as usize];
        parted.preferences.part(&whole, seq);
        for stated in since {
            if let Some(own) = &mut parted.own {
                own.state_consent(&stated.consent, stated.about);
            }
            parted.consents.state_consent(stated.consent);
        }
    }

    /// Makes the profile that stands of its own part and of the merges that stand.
    fn make_again(&mut self, id: MergeId, from: ProfileId, into: ProfileId) {
        let own = self.state.profiles[into.0 as usize].own.take();
        let mut own = own.expect("invariant: it has taken in another");
        own.merges.retain(|merge| *merge != id);
        own.stated.retain(|one| one.binds_everybody() || !self.state.is_part(one.about, from));
        let mut whole = Profile {
            traits: own.traits.clone(),
            consents: own.consents.clone(),
            first_seen: own.first_seen,
            last_seen: own.last_seen,
            language: own.language,
            ..Profile::default()
        };
        let mut stated = own.stated.iter().map(|one| one.consent.clone()).peekable();
        for merge in own.merges.iter().map(|merge| self.state.merges.get(*merge)) {
            while let Some(consent) = stated.next_if(|consent| consent.seq < merge.seq) {
                whole.consents.state_consent(consent);
            }
            let other = self.profile_at(merge.from);
            let foreign = self.foreign_again(&own, into, merge);
            whole.absorb(other);
            let on = |channel: Channel| foreign[channel as usize];
            whole.consents.absorb(other.consents.clone(), on, merge.at, merge.seq);
        }
        stated.for_each(|consent| _ = whole.consents.state_consent(consent));
        let merges = self.profile_at(from).merges + 1;
        let profile = &mut self.state.profiles[into.0 as usize];
        profile.merges -= merges;
        profile.traits = whole.traits;
        profile.consents = whole.consents;
        profile.first_seen = whole.first_seen;
        profile.last_seen = whole.last_seen;
        profile.language = whole.language;
        profile.own = (!own.merges.is_empty()).then_some(own);
    }

    /// Whose address was not the other's when a merge was made, now that the profile that stands may have had an address
    /// only from one that has gone: what was foreign stays so, and what its own addresses make foreign comes to it.
    fn foreign_again(&self, own: &Own, into: ProfileId, merge: &Merge) -> Foreign {
        let known = || self.profile_at(into).identifiers.iter();
        let mine = |channel| address_among(&own.traits, known().filter(|one| one.origin == into), channel);
        let theirs = |channel| {
            let of_theirs = known().filter(|one| self.state.is_part(one.origin, merge.from));
            address_among(&self.profile_at(merge.from).traits, of_theirs, channel)
        };
        let now = foreign(mine, theirs);
        Channel::ALL.map(|channel| {
            let (then, now) = (merge.foreign[channel as usize], now[channel as usize]);
            (then.0 || now.0, then.1 || now.1)
        })
    }
}
