//! What a profile may have of each type of identifier, and which values name nobody, as the live programme says.
//!
//! Derived from the programme, so that a snapshot need not hold it.

use crate::ProfileId;
use crate::at::{At, Span};
use crate::engine::Engine;
use crate::identifier::{HashKey, IdentifierKind, KeyedHash, normalise, parse_address};
use crate::limits::{
    ANONYMOUS_IDS_MAX, ANONYMOUS_IDS_WITHIN, DEVICE_TOKENS_MAX, DEVICE_TOKENS_WITHIN, EMAILS_MAX,
    EXTERNALS_MAX, EXTERNALS_WITHIN, PHONES_MAX,
};
use crate::profile::Profile;
use crate::programme::{IdentifierLimit, Identity};
use crate::record::Identifier;
use std::collections::BTreeSet;

#[derive(Clone)]
pub(crate) struct Rules {
    /// By kind.
    limits: [IdentifierLimit; IdentifierKind::ALL.len()],
    /// In order.
    blocked: Vec<KeyedHash>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { limits: IdentifierKind::ALL.map(usual), blocked: Vec::new() }
    }
}

/// What holds where the programme says nothing.
fn usual(kind: IdentifierKind) -> IdentifierLimit {
    let (at_most, within) = match kind {
        IdentifierKind::UserId => (1, None),
        IdentifierKind::Email => (EMAILS_MAX, None),
        IdentifierKind::Phone => (PHONES_MAX, None),
        IdentifierKind::DeviceToken => (DEVICE_TOKENS_MAX, Some(DEVICE_TOKENS_WITHIN)),
        IdentifierKind::External => (EXTERNALS_MAX, Some(EXTERNALS_WITHIN)),
        IdentifierKind::AnonymousId => (ANONYMOUS_IDS_MAX, Some(ANONYMOUS_IDS_WITHIN)),
    };
    IdentifierLimit { at_most, within }
}

impl Rules {
    pub(crate) fn of(identity: &Identity, key: &HashKey) -> Self {
        let limit = |kind: IdentifierKind| identity.limits.get(kind.name()).copied().unwrap_or(usual(kind));
        let mut blocked: Vec<KeyedHash> =
            identity.blocked.iter().flat_map(|value| hashes(value, key)).collect();
        blocked.sort_unstable();
        Self { limits: IdentifierKind::ALL.map(limit), blocked }
    }

    pub(super) fn is_blocked(&self, hash: KeyedHash) -> bool {
        !self.blocked.is_empty() && self.blocked.binary_search(&hash).is_ok()
    }
}

/// What a blocked value is known by: `email:info@shop.example` as an email, and any other value as every type that it can
/// be of.
fn hashes(value: &str, key: &HashKey) -> Vec<KeyedHash> {
    let kinds = match parse_address(value) {
        Some((kind, value)) => vec![(kind, value)],
        None => IdentifierKind::ALL.map(|kind| (kind, value)).to_vec(),
    };
    let hash = |(kind, value)| Some(key.identifier(kind, &normalise(kind, value).ok()?));
    kinds.into_iter().filter_map(hash).collect()
}

/// The type of an identifier: a company's own ones are told apart by what stands before the colon.
type Type<'a> = (IdentifierKind, &'a str);

fn type_of(kind: IdentifierKind, value: &str) -> Type<'_> {
    let own = if kind == IdentifierKind::External { value.split_once(':') } else { None };
    (kind, own.map_or("", |(name, _)| name))
}

impl Engine {
    /// The most trusted names of a record that fit together: the last one is left out for as long as a profile would get
    /// more of a type than it may have.
    pub(super) fn fitting<'n, 'a>(
        &self,
        mut names: &'n [Identifier<'a>],
        seen_at: At,
    ) -> &'n [Identifier<'a>] {
        while names.len() > 1 && self.is_too_much(names, seen_at) {
            names = &names[..names.len() - 1];
        }
        names
    }

    fn is_too_much(&self, names: &[Identifier<'_>], seen_at: At) -> bool {
        let comes_with_user = names.iter().any(|name| name.kind == IdentifierKind::UserId);
        let mut joined: Vec<ProfileId> = self.target(names).into_iter().collect();
        let mut added = Vec::new();
        let registered = |id: &ProfileId| self.profile_at(*id).has(IdentifierKind::UserId);
        for name in names {
            let Some(owner) = self.owner(name) else {
                added.push(name);
                continue;
            };
            if joined.contains(&owner) || joined.iter().any(|id| self.are_apart(*id, owner)) {
                continue;
            }
            let both = registered(&owner) && (comes_with_user || joined.iter().any(registered));
            if !both && joined.iter().all(|id| self.have_room(*id, owner)) {
                joined.push(owner);
            } else if name.kind == IdentifierKind::AnonymousId && comes_with_user {
                added.push(name);
            }
        }
        let mut types: BTreeSet<Type<'_>> = added.iter().map(|name| type_of(name.kind, name.value)).collect();
        if joined.len() > 1 {
            let known = joined.iter().flat_map(|id| self.profile_at(*id).identifiers.iter());
            types.extend(known.map(|one| type_of(one.kind, &one.value)));
        }
        types.into_iter().any(|one| {
            let limit = self.rules.limits[one.0 as usize];
            let held = joined.iter().map(|id| held(self.profile_at(*id), one, limit.within, seen_at));
            let (sum, most) = held.fold((0, 0), |(sum, most), count| (sum + count, most.max(count)));
            let more = added.iter().filter(|name| type_of(name.kind, name.value) == one).count();
            let after = sum + more;
            one.0 != IdentifierKind::UserId && after > limit.at_most as usize && after > most
        })
    }
}

/// How many identifiers of a type a profile has got in the time before an instant.
fn held(profile: &Profile, one: Type<'_>, within: Option<Span>, seen_at: At) -> usize {
    let now = seen_at.second();
    let from = within.map_or(0, |within| seen_at.minus(within).second());
    let counts = |since: u32| within.is_none() || (from < since && since <= now);
    let known = profile.identifiers.iter().filter(|known| type_of(known.kind, &known.value) == one);
    known.filter(|known| counts(known.since)).count()
}
