//! What operators say of who is who: profiles merged, merges undone; and what anybody may ask about merges.

use super::{Engine, MergeRefusal};
use crate::effect::Effect;
use crate::governor::address_kind;
use crate::identifier::IdentifierKind;
use crate::merge::{Cause, Merge};
use crate::profile::StoredIdentifier;
use crate::record::{Event, Identifier, MergeUndone, ProfilesMerged};
use crate::shared::BlockedIdentifier;
use crate::turn::Turn;
use crate::{MergeId, ProfileId, SendId};

impl Engine {
    pub(super) fn check_merged(&self, merged: &ProfilesMerged<'_>) -> Result<(), MergeRefusal> {
        let from = self.named(&merged.from).ok_or(MergeRefusal::Unknown("from"))?;
        let into = self.named(&merged.into).ok_or(MergeRefusal::Unknown("into"))?;
        if from == into {
            return Err(MergeRefusal::Same);
        }
        if self.have_room(from, into) { Ok(()) } else { Err(MergeRefusal::TooLarge) }
    }

    /// Whom a name of a record leads to now.
    pub fn named(&self, identifier: &Identifier<'_>) -> Option<ProfileId> {
        self.state.directory.get(identifier.hash).map(|id| self.state.canonical(id))
    }

    /// Whether one of an event's names leads to somebody.
    pub(super) fn knows_any(&self, event: &Event<'_>) -> bool {
        event.identifiers.iter().any(|one| !self.is_blocked(one.hash) && self.named(one).is_some())
    }

    /// Takes one profile into the other, be both of them registered.
    pub(super) fn apply_merged(&mut self, merged: &ProfilesMerged<'_>, effects: &mut Vec<Effect>) {
        let [from, into] =
            [merged.from, merged.into].map(|one| self.named(&one).expect("invariant: checked"));
        let (some, others) = (self.state.parts(from), self.state.parts(into));
        self.state.merges.forget_apart(&some, &others);
        self.merge(from, into, Cause::Operator(merged.operator.to_owned()), effects);
        let mut turn = Turn::begin(self, into, effects);
        turn.touched.whole = true;
        // Nothing happened to anybody: it ends what it must, and starts nothing.
        turn.touched.past = true;
        turn.settle();
    }

    pub(super) fn check_undone(&self, undone: &MergeUndone<'_>) -> Result<(), MergeRefusal> {
        let merge = self.state.merges.find(undone.merge).ok_or(MergeRefusal::NoSuchMerge)?;
        if merge.undone.is_some() {
            return Err(MergeRefusal::UndoneBefore);
        }
        let into = &self.state.profiles[merge.into.0 as usize];
        match into.merged_into {
            None if into.erased => Err(MergeRefusal::Erased),
            None => Ok(()),
            Some(_) => {
                let outer = self.state.merges.of(merge.into).expect("invariant: a merge took it in");
                Err(MergeRefusal::MergedOn(outer))
            }
        }
    }

    pub(super) fn apply_undone(&mut self, undone: &MergeUndone<'_>, effects: &mut Vec<Effect>) {
        self.part(undone.merge, undone.operator, effects);
    }

    /// Whose consent the link of a send speaks of: the profile that stands, and of its parts the one that the address was
    /// given to.
    pub(super) fn recipient(&self, send: SendId) -> (ProfileId, ProfileId) {
        let send = self.state.send(send).expect("invariant: checked");
        let id = self.state.canonical(send.profile);
        let kind = send.channel.and_then(address_kind);
        let hash = kind.map(|kind| self.hash_key().identifier(kind, &send.address));
        (id, self.origin(id, hash.into_iter()).unwrap_or(send.profile))
    }

    /// Every merge that was ever made, oldest first.
    pub fn merges(&self) -> impl DoubleEndedIterator<Item = (MergeId, &Merge)> + ExactSizeIterator {
        self.state.merges.numbered()
    }

    pub fn merge_of(&self, id: MergeId) -> Option<&Merge> {
        self.state.merges.find(id)
    }

    /// The merges that a profile has to do with, undone ones among them, oldest first.
    pub fn merges_of(&self, id: ProfileId) -> Vec<(MergeId, &Merge)> {
        if self.profile(id).is_none() {
            return Vec::new();
        }
        let (state, id) = (&self.state, self.canonical(id));
        let own = |part: ProfileId| state.profiles[part.0 as usize].own.as_ref();
        let standing = state.parts(id).into_iter().filter_map(own).flat_map(|own| own.merges.iter());
        let undone = state.merges.undone().iter().filter(|merge| {
            let merge = state.merges.get(**merge);
            [merge.from, merge.into].iter().any(|one| state.canonical(*one) == id)
        });
        let mut found: Vec<MergeId> = standing.chain(undone).copied().collect();
        found.sort_unstable();
        found.into_iter().map(|merge| (merge, state.merges.get(merge))).collect()
    }

    /// The identifiers that a merge brought and that are still with whom it brought them to; of one that was undone, those
    /// that the parted profile has.
    pub fn identifiers_of(&self, merge: &Merge) -> impl Iterator<Item = &StoredIdentifier> {
        let whole = &self.state.profiles[self.canonical(merge.from).0 as usize];
        let from = merge.from;
        whole.identifiers.iter().filter(move |one| self.state.is_part(one.origin, from))
    }

    /// How many events a merge brought; none once it is undone.
    pub fn events_of(&self, merge: &Merge) -> u64 {
        merge.events.count()
    }

    /// Identifiers that too many registered people came with, in no order that means anything but always the same.
    pub fn blocked_identifiers(&self) -> impl Iterator<Item = &BlockedIdentifier> {
        self.state.shared.all_blocked()
    }

    /// Whether an identifier names nobody: the programme says so, or too many people came with it.
    pub fn names_nobody(&self, kind: IdentifierKind, normalised: &str) -> bool {
        self.is_blocked(self.hash_key().identifier(kind, normalised))
    }

    pub fn blocked_identifier(&self, kind: IdentifierKind, normalised: &str) -> Option<&BlockedIdentifier> {
        self.state.shared.blocked(self.hash_key().identifier(kind, normalised))
    }
}
