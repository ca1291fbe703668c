//! Identifiers that more than one registered person came with, and those of them that so many did that they name nobody.
//!
//! Nothing is kept of an identifier until a second `user_id` comes with it, so that the many that name one person cost
//! nothing. Owned by the state; `identity` notes what it meets and asks what is blocked.

use crate::at::At;
use crate::identifier::{IdentifierKind, KeyedHash};
use crate::limits::IDENTIFIER_USERS_MAX;
use crate::parts::Parts;
use crate::record::Identifier;
use crate::{ProfileId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Few identifiers are shared.
pub(crate) const PARTS: usize = 256;

pub(crate) type Part = BTreeMap<KeyedHash, Met>;

/// What became of an identifier since a second `user_id` came with it.
#[derive(Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Met {
    /// The `user_id`s that came with it.
    users: BTreeSet<KeyedHash>,
    /// The profiles that had it and lost it to another, each with the record of the last time.
    had: BTreeMap<ProfileId, Seq>,
}

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Shared {
    /// By the identifier's hash.
    #[borsh(skip)]
    pub(crate) parts: Parts<Arc<Part>, PARTS>,
    blocked: BTreeMap<KeyedHash, BlockedIdentifier>,
}

/// An identifier that too many registered people came with.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BlockedIdentifier {
    pub kind: IdentifierKind,
    /// Empty once whose it was has been erased.
    pub value: String,
    /// Different `user_id`s that had come with it by then.
    pub users: u32,
    pub at: At,
    /// The record with which it was one too many.
    pub seq: Seq,
}

impl Shared {
    /// Notes `user_id`s that came with an identifier; whether that is one too many.
    pub(crate) fn note(&mut self, one: &Identifier<'_>, users: &[KeyedHash], at: At, seq: Seq) -> bool {
        let part = Arc::make_mut(self.parts.of_mut(one.hash));
        let known = &mut part.entry(one.hash).or_default().users;
        known.extend(users);
        if known.len() <= IDENTIFIER_USERS_MAX {
            return false;
        }
        let users = std::mem::take(known).len() as u32;
        let blocked = BlockedIdentifier { kind: one.kind, value: one.value.to_owned(), users, at, seq };
        self.blocked.insert(one.hash, blocked);
        true
    }

    /// Notes that a profile lost an identifier to another.
    pub(crate) fn note_lost(&mut self, hash: KeyedHash, by: ProfileId, seq: Seq) {
        Arc::make_mut(self.parts.of_mut(hash)).entry(hash).or_default().had.insert(by, seq);
    }

    /// Forgets what these names and profiles have to do with any identifier. Gives the identifiers that these profiles had
    /// once and lost, each with the place of the record up to which it was theirs.
    pub(crate) fn forget(
        &mut self,
        names: &BTreeSet<KeyedHash>,
        parts: &[ProfileId],
    ) -> Vec<(KeyedHash, Seq)> {
        let mut lost = Vec::new();
        let concerns = |(hash, met): (&KeyedHash, &Met)| {
            names.contains(hash)
                || !met.users.is_disjoint(names)
                || parts.iter().any(|part| met.had.contains_key(part))
        };
        let forget = |part: &mut Arc<Part>| {
            let part = Arc::make_mut(part);
            for (hash, met) in part.iter_mut() {
                lost.extend(parts.iter().filter_map(|one| Some((*hash, met.had.remove(one)?))));
                met.users.retain(|user| !names.contains(user));
            }
            part.retain(|hash, met| {
                let is_empty = met.users.is_empty() && met.had.is_empty();
                !names.contains(hash) && !is_empty
            });
        };
        self.parts.change(|part| part.iter().any(concerns), forget);
        // That it names nobody stays known, by its hash alone.
        for (_, blocked) in self.blocked.iter_mut().filter(|(hash, _)| names.contains(hash)) {
            blocked.value.clear();
        }
        lost
    }

    pub(crate) fn blocked(&self, hash: KeyedHash) -> Option<&BlockedIdentifier> {
        self.blocked.get(&hash)
    }

    pub(crate) fn all_blocked(&self) -> impl Iterator<Item = &BlockedIdentifier> {
        self.blocked.values()
    }

    /// Ends the block. Whoever comes with the identifier is counted anew.
    pub(crate) fn lift(&mut self, hash: KeyedHash) {
        self.blocked.remove(&hash);
    }
}
