//! Identifiers that more than one registered person came with, and those of them that so many did that they name nobody.
//!
//! Nothing is kept of an identifier until a second `user_id` comes with it, so that the many that name one person cost
//! nothing. Owned by the state; `identity` notes what it meets and asks what is blocked.

use crate::Seq;
use crate::at::At;
use crate::identifier::{IdentifierKind, KeyedHash};
use crate::limits::IDENTIFIER_USERS_MAX;
use crate::parts::Parts;
use crate::record::Identifier;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Few identifiers are shared.
const PARTS: usize = 256;

type Part = BTreeMap<KeyedHash, BTreeSet<KeyedHash>>;

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Shared {
    /// By the identifier's hash: the `user_id`s that came with it.
    parts: Parts<Arc<Part>, PARTS>,
    blocked: BTreeMap<KeyedHash, BlockedIdentifier>,
}

/// An identifier that too many registered people came with.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct BlockedIdentifier {
    pub kind: IdentifierKind,
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
        let known = part.entry(one.hash).or_default();
        known.extend(users);
        if known.len() <= IDENTIFIER_USERS_MAX {
            return false;
        }
        let users = known.len() as u32;
        part.remove(&one.hash);
        let blocked = BlockedIdentifier { kind: one.kind, value: one.value.to_owned(), users, at, seq };
        self.blocked.insert(one.hash, blocked);
        true
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
