//! Which profile an identifier points to: a flat table from keyed hashes to profiles.
//!
//! Three entries to a cache line, so that a look-up is one memory access. The whole 128-bit hash is kept: two strangers
//! whose identifiers agree in a shorter one would become one person. Owned by the state; every record asks it.

use crate::ProfileId;
use crate::identifier::KeyedHash;
use crate::parts::Parts;
use crate::prefetch::prefetch;
use borsh::{BorshDeserialize, BorshSerialize};
use std::sync::Arc;

/// With a million people some kilobytes each.
pub(crate) const PARTS: usize = 1 << 13;
const LINE: usize = 3;

#[derive(Clone, Default)]
pub(crate) struct Directory {
    pub(crate) parts: Parts<Part, PARTS>,
}

#[derive(Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Part {
    lines: Arc<[Line]>,
    used: u32,
}

/// A key of zero is an empty place.
#[derive(Clone, Copy, Default, PartialEq, BorshSerialize, BorshDeserialize)]
#[repr(align(64))]
struct Line {
    keys: [u128; LINE],
    profiles: [u32; LINE],
}

impl Directory {
    pub(crate) fn get(&self, hash: KeyedHash) -> Option<ProfileId> {
        let part = self.parts.of(hash);
        let (line, place) = part.find(hash.0).ok()?;
        Some(ProfileId(part.lines[line].profiles[place]))
    }

    /// Points an identifier to a profile, whatever it pointed to before.
    pub(crate) fn insert(&mut self, hash: KeyedHash, profile: ProfileId) {
        assert!(hash.0 != 0, "invariant: a keyed hash of 128 bits is not zero");
        self.parts.of_mut(hash).insert(hash.0, profile.0);
    }

    /// Makes an identifier point nowhere.
    pub(crate) fn remove(&mut self, hash: KeyedHash) {
        self.parts.of_mut(hash).remove(hash.0);
    }

    pub(crate) fn prefetch(&self, hash: KeyedHash) {
        let part = self.parts.of(hash);
        if !part.lines.is_empty() {
            prefetch(&part.lines, part.line_of(hash.0));
        }
    }
}

impl Part {
    fn line_of(&self, key: u128) -> usize {
        ((u128::from(key as u64) * self.lines.len() as u128) >> 64) as usize
    }

    /// Where a key is, or the empty place that it would take.
    fn find(&self, key: u128) -> Result<(usize, usize), Option<(usize, usize)>> {
        let mut number = if self.lines.is_empty() { 0 } else { self.line_of(key) };
        for _ in 0..self.lines.len() {
            for (place, known) in self.lines[number].keys.iter().enumerate() {
                if *known == key {
                    return Ok((number, place));
                }
                if *known == 0 {
                    return Err(Some((number, place)));
                }
            }
            number = (number + 1) % self.lines.len();
        }
        Err(None)
    }

    fn insert(&mut self, key: u128, profile: u32) {
        if self.used as usize * 5 >= self.lines.len() * LINE * 4 {
            self.grow();
        }
        match self.find(key) {
            Ok((line, place)) => Arc::make_mut(&mut self.lines)[line].profiles[place] = profile,
            Err(empty) => {
                let (line, place) = empty.expect("invariant: a fifth of the places is empty");
                self.put(line, place, key, profile);
                self.used += 1;
            }
        }
    }

    fn put(&mut self, line: usize, place: usize, key: u128, profile: u32) {
        let line = &mut Arc::make_mut(&mut self.lines)[line];
        (line.keys[place], line.profiles[place]) = (key, profile);
    }

    /// What lies behind a key, up to the next empty place, may lie there because of it: each finds its place anew.
    fn remove(&mut self, key: u128) {
        let Ok((mut line, mut place)) = self.find(key) else { return };
        self.put(line, place, 0, 0);
        self.used -= 1;
        loop {
            place = (place + 1) % LINE;
            line = (line + usize::from(place == 0)) % self.lines.len();
            let (key, profile) = (self.lines[line].keys[place], self.lines[line].profiles[place]);
            if key == 0 {
                return;
            }
            self.put(line, place, 0, 0);
            let empty = self.find(key).expect_err("invariant: it was just taken out");
            let (line, place) = empty.expect("invariant: it was just taken out");
            self.put(line, place, key, profile);
        }
    }

    fn grow(&mut self) {
        let lines = (self.lines.len() * 3 / 2).max(2);
        let blank = std::iter::repeat_n(Line::default(), lines).collect();
        let old = std::mem::replace(&mut self.lines, blank);
        for line in old.iter() {
            for (key, profile) in line.keys.into_iter().zip(line.profiles).filter(|entry| entry.0 != 0) {
                let empty = self.find(key).expect_err("invariant: a key is there once");
                let (line, place) = empty.expect("invariant: it has just grown");
                self.put(line, place, key, profile);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::{HashKey, IdentifierKind};

    #[test]
    fn every_identifier_points_where_it_was_last_told_to() {
        let mut directory = Directory::default();
        let hash = |number: u32| HashKey([7; 16]).identifier(IdentifierKind::UserId, &number.to_string());
        for number in 0..100_000 {
            assert_eq!(directory.get(hash(number)), None);
            directory.insert(hash(number), ProfileId(number));
        }
        for number in (0..100_000).step_by(3) {
            directory.insert(hash(number), ProfileId(number + 1));
        }
        for number in 0..100_000 {
            let expected = if number % 3 == 0 { number + 1 } else { number };
            assert_eq!(directory.get(hash(number)), Some(ProfileId(expected)));
        }
        assert_eq!(directory.get(hash(100_000)), None);
        for number in (0..100_000).filter(|number| number % 5 < 3) {
            directory.remove(hash(number));
            directory.remove(hash(number));
        }
        for number in 0..100_000 {
            let expected = if number % 3 == 0 { number + 1 } else { number };
            let expected = (number % 5 >= 3).then_some(ProfileId(expected));
            assert_eq!(directory.get(hash(number)), expected, "{number}");
        }
        for number in 0..100_000 {
            directory.insert(hash(number), ProfileId(7));
            assert_eq!(directory.get(hash(number)), Some(ProfileId(7)));
        }
    }
}
