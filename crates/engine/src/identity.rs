//! Who is who: which profile a set of identifiers points to, and when two profiles are one person.
//!
//! The rules, in order of weight: two profiles with different `user_id`s are never merged; an anonymous id that comes
//! with a second `user_id` moves to it from then on, since a device can be shared; any other identifier that
//! already belongs to somebody registered stays there. Every merge is kept with its record.

use crate::ProfileId;
use crate::at::At;
use crate::effect::Effect;
use crate::engine::Engine;
use crate::governor::{address, is_address};
use crate::history::NEVER;
use crate::identifier::IdentifierKind;
use crate::journey::{Passage, Run, RunState};
use crate::limits::{PROFILE_IDENTIFIERS_MAX, PROFILE_MERGES_MAX};
use crate::profile::{Profile, StoredIdentifier};
use crate::programme::Channel;
use crate::record::Identifier;
use crate::state::Merge;
use crate::turn::Turn;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The profile that a record is about.
pub(crate) struct Resolved {
    pub(crate) profile: ProfileId,
    /// It came into being, or took in another: everything about it may have changed.
    pub(crate) is_new: bool,
    /// It has an identifier that it had not, and that channels may send to.
    pub(crate) is_addressed: bool,
}

impl Engine {
    /// Finds, makes or merges. The identifiers come highest trust first, at least one of them.
    pub(crate) fn resolve(
        &mut self,
        identifiers: &[Identifier<'_>],
        seen_at: At,
        effects: &mut Vec<Effect>,
    ) -> Resolved {
        let target = self.target(identifiers);
        let is_new = target.is_none();
        let mut target = target.unwrap_or_else(|| self.create(seen_at));
        let (mut merged, mut is_addressed) = (false, false);
        for identifier in identifiers {
            match self.owner(identifier) {
                None => {
                    self.attach(target, identifier);
                    is_addressed |= is_address(identifier.kind);
                }
                Some(owner) if owner == target => {}
                Some(owner) if self.may_merge(owner, target) => {
                    target = self.merge(owner, target, effects);
                    merged = true;
                }
                Some(owner) => {
                    let registered = identifiers.iter().any(|one| one.kind == IdentifierKind::UserId);
                    if identifier.kind == IdentifierKind::AnonymousId && registered {
                        self.rebind(owner, target, identifier);
                    }
                }
            }
        }
        Resolved { profile: target, is_new: is_new || merged, is_addressed }
    }

    fn owner(&self, identifier: &Identifier<'_>) -> Option<ProfileId> {
        self.state.directory.get(identifier.hash).map(|id| self.state.canonical(id))
    }

    /// The profile that the record's most trusted known identifier points to. A new `user_id` may take over a profile
    /// that has none, but never somebody else's.
    fn target(&self, identifiers: &[Identifier<'_>]) -> Option<ProfileId> {
        let first = identifiers.first()?;
        let owners = || identifiers.iter().filter_map(|identifier| self.owner(identifier));
        if first.kind != IdentifierKind::UserId || self.owner(first).is_some() {
            return owners().next();
        }
        owners().find(|id| !self.state.profiles[id.0 as usize].has(IdentifierKind::UserId))
    }

    fn create(&mut self, seen_at: At) -> ProfileId {
        let number = u32::try_from(self.state.profiles.len()).expect("invariant: fewer than 2^32 profiles");
        let profile = Profile { first_seen: seen_at, last_seen: seen_at, due: NEVER, ..Profile::default() };
        self.state.profiles.push(profile);
        self.state.truths.push();
        self.state.counts.profiles += 1;
        ProfileId(number)
    }

    fn attach(&mut self, id: ProfileId, identifier: &Identifier<'_>) {
        let profile = &mut self.state.profiles[id.0 as usize];
        if profile.identifiers.len() >= PROFILE_IDENTIFIERS_MAX {
            return;
        }
        let before = is_identified(profile);
        profile.identifiers.push(StoredIdentifier {
            kind: identifier.kind,
            value: identifier.value.to_owned(),
            hash: identifier.hash,
        });
        self.state.counts.identified += u64::from(!before && is_identified(profile));
        self.state.directory.insert(identifier.hash, id);
    }

    fn rebind(&mut self, from: ProfileId, to: ProfileId, identifier: &Identifier<'_>) {
        self.state.profiles[from.0 as usize].identifiers.retain(|one| one.hash != identifier.hash);
        self.attach(to, identifier);
    }

    fn may_merge(&self, one: ProfileId, two: ProfileId) -> bool {
        let (one, two) = (&self.state.profiles[one.0 as usize], &self.state.profiles[two.0 as usize]);
        let both_registered = one.has(IdentifierKind::UserId) && two.has(IdentifierKind::UserId);
        let merges = one.merges + two.merges + 1;
        let identifiers = one.identifiers.len() + two.identifiers.len();
        !both_registered && merges <= PROFILE_MERGES_MAX && identifiers <= PROFILE_IDENTIFIERS_MAX
    }

    /// Makes one profile of two and gives the one that stays: the registered one, or else the older.
    fn merge(&mut self, one: ProfileId, two: ProfileId, effects: &mut Vec<Effect>) -> ProfileId {
        let registered = |id: ProfileId| self.state.profiles[id.0 as usize].has(IdentifierKind::UserId);
        let into = [one, two].into_iter().max_by_key(|id| (registered(*id), Reverse(*id)));
        let into = into.expect("invariant: there are two");
        let from = if into == one { two } else { one };
        let (at, seq) = (self.state.at, self.state.seq);
        let gone = Profile { merged_into: Some(into), ..Profile::default() };
        let other = std::mem::replace(&mut self.state.profiles[from.0 as usize], gone);
        for slot in 0..self.state.segments.len() as u16 {
            if self.state.truths.is_member(from, slot) {
                self.state.segments[usize::from(slot)].count -= 1;
            }
        }
        self.state.truths.clear(from);
        self.state.history.absorb(from, into);
        for identifier in &other.identifiers {
            self.state.directory.insert(identifier.hash, into);
        }
        let profile = &self.state.profiles[into.0 as usize];
        let both = u64::from(is_identified(profile) && is_identified(&other));
        self.state.counts.identified -= both;
        self.state.counts.profiles -= 1;
        self.state.counts.merges += 1;
        self.state.merges.push(Merge { from, into, at, seq });
        let mut turn = Turn::begin(self, into, effects);
        turn.absorb(other, at);
        into
    }
}

fn is_identified(profile: &Profile) -> bool {
    profile.has(IdentifierKind::UserId) || profile.has(IdentifierKind::Email)
}

impl Turn<'_> {
    /// Takes in all that another profile of the same person had.
    fn absorb(&mut self, other: Profile, at: At) {
        let seq = self.seq();
        let foreign = |channel| {
            let (mine, theirs) = (address(self.profile(), channel), address(&other, channel));
            (theirs.is_some() && theirs != mine, mine.is_some() && mine != theirs)
        };
        let foreign = Channel::ALL.map(foreign);
        let profile = self.profile_mut();
        profile.consents.absorb(other.consents, |channel| foreign[channel as usize], at, seq);
        profile.merges += other.merges + 1;
        profile.identifiers.extend(other.identifiers);
        profile.first_seen = profile.first_seen.min(other.first_seen);
        profile.last_seen = profile.last_seen.max(other.last_seen);
        if profile.language().is_empty() {
            profile.language = other.language;
        }
        for (name, theirs) in other.traits {
            let newer = profile.traits.get(&name).is_none_or(|mine| mine.stated_at < theirs.stated_at);
            if newer {
                profile.traits.insert(name, theirs);
            }
        }
        profile.sends.extend(other.sends);
        profile.sends.sort();
        self.absorb_runs(other.runs, other.past);
    }

    /// A person is in a journey once: where both profiles were, the run that began first goes on.
    fn absorb_runs(&mut self, runs: Vec<Run>, past: Vec<Passage>) {
        let profile = self.profile_mut();
        profile.past.extend(past);
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
