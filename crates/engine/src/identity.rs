//! Who is who: which profile a set of identifiers points to, and when two profiles are one person.
//!
//! The rules, in order of weight: two profiles with different `user_id`s are never merged; an anonymous id that comes
//! with a second `user_id` moves to it from then on, since a device can be shared; any other identifier that
//! already belongs to somebody registered stays there. Of a record that would give a profile more of a type than it may
//! have, the least trusted names are left out until it fits. Every merge is kept, and can be undone.

mod join;
mod part;
mod rules;

pub(crate) use rules::Rules;

use crate::ProfileId;
use crate::at::At;
use crate::effect::Effect;
use crate::engine::Engine;
use crate::governor::is_address;
use crate::history::NEVER;
use crate::identifier::{IdentifierKind, KeyedHash};
use crate::limits::{PROFILE_IDENTIFIERS_MAX, PROFILE_MERGES_MAX};
use crate::profile::{Profile, StoredIdentifier};
use crate::record::Identifier;

/// The profile that a record is about.
pub(crate) struct Resolved {
    pub(crate) profile: ProfileId,
    /// It came into being, or took in another: everything about it may have changed.
    pub(crate) is_new: bool,
    /// It has an identifier that it had not, and that channels may send to.
    pub(crate) is_addressed: bool,
    /// The profile that the most trusted of its names was given to: itself, or one that it took in.
    pub(crate) about: ProfileId,
}

impl Engine {
    /// Finds, makes or merges. The identifiers come highest trust first, at least one of them; `None` where every one of
    /// them is blocked.
    pub(crate) fn resolve(
        &mut self,
        identifiers: &[Identifier<'_>],
        seen_at: At,
        effects: &mut Vec<Effect>,
    ) -> Option<Resolved> {
        let mut free = Vec::new();
        let mut names = identifiers;
        if names.iter().any(|one| self.is_blocked(one.hash)) {
            free.extend(names.iter().filter(|one| !self.is_blocked(one.hash)));
            names = &free;
        }
        let first = self.owner(names.first()?);
        if let Some(profile) = first.filter(|id| names[1..].iter().all(|one| self.owner(one) == Some(*id))) {
            return Some(Resolved {
                about: self.about(profile, names),
                profile,
                is_new: false,
                is_addressed: false,
            });
        }
        let names = self.fitting(names, seen_at);
        let target = self.target(names);
        let is_new = target.is_none();
        let mut target = target.unwrap_or_else(|| self.create(seen_at));
        let (mut merged, mut is_addressed) = (false, false);
        for name in names {
            match self.owner(name) {
                // A profile has one `user_id`, ever.
                None if name.kind == IdentifierKind::UserId && self.profile_at(target).has(name.kind) => {}
                None => {
                    self.attach(target, name, seen_at);
                    is_addressed |= is_address(name.kind);
                }
                Some(owner) if owner == target => {}
                Some(owner) if self.may_merge(owner, target) => {
                    target = self.join(owner, target, effects);
                    merged = true;
                }
                Some(owner) if self.are_apart(owner, target) => {}
                Some(owner) => self.contest(name, names, (owner, target), seen_at),
            }
        }
        let about = self.about(target, names);
        Some(Resolved { profile: target, is_new: is_new || merged, is_addressed, about })
    }

    /// A name came with somebody else's `user_id`. The name of a device moves on with it; one that too many had is nobody's.
    fn contest(
        &mut self,
        name: &Identifier<'_>,
        names: &[Identifier<'_>],
        (owner, target): (ProfileId, ProfileId),
        seen_at: At,
    ) {
        let is_user = |kind| kind == IdentifierKind::UserId;
        let Some(user) = names.first().filter(|one| is_user(one.kind)) else { return };
        let of_owner = self.profile_at(owner).identifiers.iter().filter(|one| is_user(one.kind));
        let mut users: Vec<KeyedHash> = of_owner.map(|one| one.hash).collect();
        let is_contested = !users.is_empty() && !is_user(name.kind);
        users.push(user.hash);
        let (at, seq) = (self.state.at, self.state.seq);
        if is_contested && self.state.shared.note(name, &users, at, seq) {
            return;
        }
        let has_room = self.profile_at(target).identifiers.len() < PROFILE_IDENTIFIERS_MAX;
        if name.kind == IdentifierKind::AnonymousId && has_room {
            self.rebind(owner, target, name, seen_at);
        }
    }

    /// Whether an identifier names nobody: the programme says so, or too many people came with it.
    pub(crate) fn is_blocked(&self, hash: KeyedHash) -> bool {
        self.rules.is_blocked(hash) || self.state.shared.blocked(hash).is_some()
    }

    fn about(&self, id: ProfileId, names: &[Identifier<'_>]) -> ProfileId {
        self.origin(id, names.iter().map(|one| one.hash)).unwrap_or(id)
    }

    /// Of those that a profile stands for, the one that the first of these names was given to.
    pub(crate) fn origin(
        &self,
        id: ProfileId,
        mut names: impl Iterator<Item = KeyedHash>,
    ) -> Option<ProfileId> {
        let profile = &self.state.profiles[id.0 as usize];
        profile.own.as_ref()?;
        names.find_map(|hash| profile.identifiers.iter().find(|one| one.hash == hash).map(|one| one.origin))
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

    fn attach(&mut self, id: ProfileId, identifier: &Identifier<'_>, seen_at: At) {
        let since = seen_at.second();
        let profile = &mut self.state.profiles[id.0 as usize];
        if profile.identifiers.len() >= PROFILE_IDENTIFIERS_MAX {
            return;
        }
        let before = is_identified(profile);
        // Most people have one or two: a list that doubles would be mostly empty.
        profile.identifiers.reserve_exact(1);
        profile.identifiers.push(StoredIdentifier {
            kind: identifier.kind,
            value: identifier.value.into(),
            hash: identifier.hash,
            origin: id,
            since,
        });
        self.state.counts.identified += u64::from(!before && is_identified(profile));
        self.state.directory.insert(identifier.hash, id);
    }

    fn rebind(&mut self, from: ProfileId, to: ProfileId, identifier: &Identifier<'_>, seen_at: At) {
        let known = &mut self.state.profiles[from.0 as usize].identifiers;
        if let Some(place) = known.iter().position(|one| one.hash == identifier.hash) {
            let lost = known.remove(place);
            self.state.shared.note_lost(lost.hash, lost.origin, self.state.seq);
        }
        self.attach(to, identifier, seen_at);
    }

    fn may_merge(&self, one: ProfileId, two: ProfileId) -> bool {
        self.have_room(one, two) && !self.are_registered(one, two) && !self.are_apart(one, two)
    }

    fn are_registered(&self, one: ProfileId, two: ProfileId) -> bool {
        let registered = |id: ProfileId| self.state.profiles[id.0 as usize].has(IdentifierKind::UserId);
        registered(one) && registered(two)
    }

    /// Whether an operator parted some of those that the one stands for from some of the other's.
    fn are_apart(&self, one: ProfileId, two: ProfileId) -> bool {
        let state = &self.state;
        state.merges.has_apart() && state.merges.are_apart(&state.parts(one), &state.parts(two))
    }

    /// Whether one profile may have what the two have together.
    pub(crate) fn have_room(&self, one: ProfileId, two: ProfileId) -> bool {
        let (one, two) = (&self.state.profiles[one.0 as usize], &self.state.profiles[two.0 as usize]);
        let merges = one.merges + two.merges + 1;
        let identifiers = one.identifiers.len() + two.identifiers.len();
        merges <= PROFILE_MERGES_MAX && identifiers <= PROFILE_IDENTIFIERS_MAX
    }
}

pub(crate) fn is_identified(profile: &Profile) -> bool {
    profile.has(IdentifierKind::UserId) || profile.has(IdentifierKind::Email)
}
