//! Everything known about one person: identifiers, traits, consents, history, memberships and runs.

use crate::at::At;
use crate::consent::Consents;
use crate::identifier::{IdentifierKind, KeyedHash};
use crate::journey::Run;
use crate::limits::PROFILE_TRAITS_MAX;
use crate::name::NameId;
use crate::programme::Channel;
use crate::record::ConsentState;
use crate::segment::Filter;
use crate::value::{Map, OwnedMap, OwnedValue, Value, write_entry};
use crate::{ProfileId, SendId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub struct Profile {
    /// Where this profile went, if it was found to be the same person as another.
    pub(crate) merged_into: Option<ProfileId>,
    pub(crate) merges: u32,
    pub(crate) identifiers: Vec<StoredIdentifier>,
    pub(crate) traits: BTreeMap<String, StatedTrait>,
    pub(crate) consents: Consents,
    pub(crate) history: History,
    pub(crate) first_seen: At,
    pub(crate) last_seen: At,
    pub(crate) language: String,
    pub(crate) memberships: Slots,
    /// For each segment that time alone may change: the instant its timer waits for.
    pub(crate) dues: BTreeMap<u16, At>,
    pub(crate) runs: Vec<Run>,
    pub(crate) sends: Vec<SendId>,
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StoredIdentifier {
    pub kind: IdentifierKind,
    pub value: String,
    pub(crate) hash: KeyedHash,
}

/// A trait and when it was stated, so that an old statement that arrives late does not undo a newer one.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct StatedTrait {
    pub(crate) value: OwnedValue,
    pub(crate) stated_at: At,
}

/// One event of a profile.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Occurrence {
    pub(crate) at: At,
    pub(crate) seq: Seq,
    pub(crate) properties: OwnedMap,
}

/// A point in a profile's history: events after it count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Since {
    pub(crate) at: At,
    pub(crate) seq: Seq,
}

impl Since {
    pub(crate) const EVER: Self = Self { at: At::MIN, seq: Seq(0) };

    pub(crate) fn is_before(self, occurrence: &Occurrence) -> bool {
        (self.at, self.seq) < (occurrence.at, occurrence.seq)
    }
}

/// A profile's events, by name, each in the order in which they happened.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct History {
    by_name: Vec<(NameId, Vec<Occurrence>)>,
}

impl History {
    pub(crate) fn of(&self, name: NameId) -> &[Occurrence] {
        match self.by_name.binary_search_by_key(&name, |entry| entry.0) {
            Ok(index) => &self.by_name[index].1,
            Err(_) => &[],
        }
    }

    /// Puts an event where it falls in time; a late one is not an exception.
    pub(crate) fn insert(&mut self, name: NameId, occurrence: Occurrence) {
        let index = match self.by_name.binary_search_by_key(&name, |entry| entry.0) {
            Ok(index) => index,
            Err(index) => {
                self.by_name.insert(index, (name, Vec::new()));
                index
            }
        };
        let events = &mut self.by_name[index].1;
        let place = events.partition_point(|other| (other.at, other.seq) <= (occurrence.at, occurrence.seq));
        events.insert(place, occurrence);
    }

    /// The event at a point in history.
    pub(crate) fn at(&self, name: NameId, point: Since) -> Option<&Occurrence> {
        let events = self.of(name);
        let place = events.binary_search_by_key(&(point.at, point.seq), |one| (one.at, one.seq)).ok()?;
        Some(&events[place])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (NameId, &[Occurrence])> {
        self.by_name.iter().map(|(name, events)| (*name, events.as_slice()))
    }

    /// Joins another profile's events to these.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (name, events) in other.by_name {
            for occurrence in events {
                self.insert(name, occurrence);
            }
        }
    }
}

/// A set of segment slots, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Slots(Vec<u64>);

impl Slots {
    pub(crate) fn contains(&self, slot: u16) -> bool {
        self.0.get(usize::from(slot) / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Puts a slot in or out; whether that changed anything.
    pub(crate) fn set(&mut self, slot: u16, member: bool) -> bool {
        let index = usize::from(slot) / 64;
        if self.contains(slot) == member {
            return false;
        }
        if index >= self.0.len() {
            self.0.resize(index + 1, 0);
        }
        self.0[index] ^= 1 << (slot % 64);
        true
    }
}

impl Profile {
    pub fn identifiers(&self) -> &[StoredIdentifier] {
        &self.identifiers
    }

    pub fn traits(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        self.traits.iter().map(|(name, stated)| (name.as_str(), stated.value.as_value()))
    }

    pub fn consents(&self) -> &[crate::consent::Consent] {
        self.consents.all()
    }

    /// What holds for a purpose on a channel; `None` where nobody ever said anything about it.
    pub fn consent(&self, purpose: &str, channel: Channel) -> Option<ConsentState> {
        self.consents.state(purpose, Some(channel))
    }

    pub fn first_seen(&self) -> At {
        self.first_seen
    }

    pub fn last_seen(&self) -> At {
        self.last_seen
    }

    /// Language code last seen for the person; empty where none was.
    pub fn language(&self) -> &str {
        &self.language
    }

    pub(crate) fn has(&self, kind: IdentifierKind) -> bool {
        self.identifiers.iter().any(|identifier| identifier.kind == kind)
    }

    pub(crate) fn trait_value(&self, name: &str) -> Option<Value<'_>> {
        self.traits.get(name).map(|stated| stated.value.as_value())
    }

    pub(crate) fn trait_matches(&self, filter: &Filter) -> bool {
        let Some((first, rest)) = filter.path.split_first() else { return false };
        let mut found = false;
        if let Some(value) = self.trait_value(first) {
            value.find(rest, &mut |value| found |= filter.test.holds(value));
        }
        found
    }

    /// States a trait; whether it changed. `null` takes the trait away, as in the tracking API.
    pub(crate) fn state_trait(&mut self, name: &str, value: Value<'_>, stated_at: At) -> bool {
        let full = self.traits.len() >= PROFILE_TRAITS_MAX;
        match self.traits.get_mut(name) {
            Some(stated) if stated.stated_at > stated_at => false,
            Some(_) if value.is_null() => self.traits.remove(name).is_some(),
            Some(stated) => {
                let value = OwnedValue::from(value);
                let changed = stated.value != value;
                *stated = StatedTrait { value, stated_at };
                changed
            }
            None if value.is_null() || full => false,
            None => {
                let stated = StatedTrait { value: value.into(), stated_at };
                self.traits.insert(name.to_owned(), stated);
                true
            }
        }
    }

    /// All traits as one map, as they are at this moment.
    pub(crate) fn traits_map(&self) -> OwnedMap {
        let mut bytes = Vec::new();
        for (name, stated) in &self.traits {
            write_entry(&mut bytes, name, &stated.value);
        }
        Map::from_bytes(&bytes).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_event_falls_where_it_happened() {
        let mut history = History::default();
        for (at, seq) in [(10, 1), (30, 2), (20, 3), (20, 4)] {
            let occurrence = Occurrence { at: At(at), seq: Seq(seq), properties: OwnedMap::default() };
            history.insert(NameId(7), occurrence);
        }
        let order: Vec<_> = history.of(NameId(7)).iter().map(|one| one.seq.0).collect();
        assert_eq!(order, [1, 3, 4, 2]);
        assert!(history.of(NameId(8)).is_empty());
    }

    #[test]
    fn slots_are_a_set() {
        let mut slots = Slots::default();
        assert!(slots.set(130, true));
        assert!(!slots.set(130, true));
        assert!(slots.contains(130) && !slots.contains(2));
        assert!(slots.set(130, false));
        assert!(!slots.contains(130));
    }
}
