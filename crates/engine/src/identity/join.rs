//! Making one profile of two, in a way that can be undone.

use super::is_identified;
use crate::ProfileId;
use crate::change::ChangeKind;
use crate::effect::Effect;
use crate::engine::Engine;
use crate::governor::address;
use crate::history::NEVER;
use crate::identifier::IdentifierKind;
use crate::journey::{Run, RunState};
use crate::merge::{Cause, Foreign, Merge, Places};
use crate::own::Own;
use crate::profile::Profile;
use crate::programme::Channel;
use crate::turn::Turn;
use std::cmp::Reverse;
use std::collections::BTreeSet;

impl Engine {
    /// Makes one profile of two that a record named, and gives the one that stands: the registered one, or else the older.
    pub(super) fn join(&mut self, one: ProfileId, two: ProfileId, effects: &mut Vec<Effect>) -> ProfileId {
        let registered = |id: ProfileId| self.state.profiles[id.0 as usize].has(IdentifierKind::UserId);
        let into = [one, two].into_iter().max_by_key(|id| (registered(*id), Reverse(*id)));
        let into = into.expect("invariant: there are two");
        let from = if into == one { two } else { one };
        self.merge(from, into, Cause::Named, effects);
        into
    }

    /// Takes one profile into another. What it was told stays with it, under its own number.
    pub(crate) fn merge(
        &mut self,
        from: ProfileId,
        into: ProfileId,
        cause: Cause,
        effects: &mut Vec<Effect>,
    ) {
        let (at, seq, id) = (self.state.at, self.state.seq, self.state.merges.next());
        self.leave_segments(from, ChangeKind::Merged);
        let events = Places::of(&self.state.history, from);
        self.state.history.absorb(from, into);
        let (mine, other) = (self.profile_at(into), self.profile_at(from));
        let both = u64::from(is_identified(mine) && is_identified(other));
        let foreign = foreign(|channel| address(mine, channel), |channel| address(other, channel));
        let past = other.past.iter().map(|passage| passage.id);
        let runs = other.runs.iter().map(|run| run.passage.id).chain(past).collect();
        let next_send = self.state.sends.next();
        self.state.counts.identified -= both;
        self.state.counts.profiles -= 1;
        self.state.counts.merges += 1;
        let undone = None;
        self.state.merges.push(Merge {
            from,
            into,
            at,
            seq,
            cause,
            undone,
            foreign,
            next_send,
            runs,
            events,
        });
        let other = &mut self.state.profiles[from.0 as usize];
        other.merged_into = Some(into);
        other.due = NEVER;
        let identifiers = other.identifiers.take();
        let (runs, past) = (std::mem::take(&mut other.runs), other.past.take());
        let (newest, offers) = (other.newest_send.take(), other.offers.take());
        other.claims.take();
        for identifier in &identifiers {
            self.state.directory.insert(identifier.hash, into);
        }
        let mut sends = self.state.sends.list(newest);
        sends.extend(self.state.sends.list(self.profile_at(into).newest_send));
        sends.sort_unstable();
        let newest = self.state.sends.link(&sends);
        let other = self.profile_at(from).clone();
        let profile = &mut self.state.profiles[into.0 as usize];
        let mut own = profile.own.take().unwrap_or_else(|| Box::new(Own::of(profile)));
        own.merges.push(id);
        own.merged = seq;
        profile.own = Some(own);
        profile.merges += other.merges + 1;
        profile.identifiers.extend(identifiers);
        profile.past.extend(past);
        profile.newest_send = newest;
        offers.into_iter().for_each(|holding| profile.hold(holding));
        profile.absorb(&other);
        profile.preferences.absorb(&other.preferences);
        profile.consents.absorb(other.consents, |channel| foreign[channel as usize], at, seq);
        self.reclaim(into);
        Turn::begin(self, into, effects).absorb_runs(runs);
    }

    pub(super) fn profile_at(&self, id: ProfileId) -> &Profile {
        &self.state.profiles[id.0 as usize]
    }
}

/// For each channel: whether they have an address there that is not mine, and the reverse.
pub(super) fn foreign(
    mine: impl Fn(Channel) -> Option<String>,
    theirs: impl Fn(Channel) -> Option<String>,
) -> Foreign {
    Channel::ALL.map(|channel| {
        let (mine, theirs) = (mine(channel), theirs(channel));
        (theirs.is_some() && theirs != mine, mine.is_some() && mine != theirs)
    })
}

impl Profile {
    /// Takes in what another profile of the same person was told, its consents excepted: the newer statement counts.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        if self.language.is_unknown() {
            self.language = other.language;
        }
        for (name, theirs) in other.traits.iter() {
            let newer = self.traits.get(name).is_none_or(|mine| mine.stated_at < theirs.stated_at);
            if newer {
                self.traits.insert(name.clone(), theirs.clone());
            }
        }
    }
}

impl Turn<'_> {
    /// A person is in a journey once: where both profiles were, the run that began first goes on.
    fn absorb_runs(&mut self, runs: Vec<Run>) {
        let profile = self.profile_mut();
        profile.runs.extend(runs);
        profile.runs.sort_by_key(|run| run.passage.id);
        let mut going = BTreeSet::new();
        let mut index = 0;
        while let Some(run) = self.profile().runs.get(index) {
            if going.insert(self.engine.index.plans[run.passage.version as usize].journey) {
                index += 1;
            } else {
                self.finish(index, RunState::Merged);
            }
        }
    }
}
