//! Message ids for rows that have none, and what tells that a file still begins as it did.
//!
//! An id is made of what the row says and of how many equal rows came before it in its file. So a second run repeats
//! itself instead of counting twice, wherever the file lies, and also after rows were added to it or taken out of it.

use crate::limits::IMPORT_ROWS_REMEMBERED;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The rows of one file that came by.
#[derive(Default)]
pub(super) struct Identity {
    seen: HashSet<u64, BuildHasherDefault<AsItIs>>,
    /// How often, of those that came more than once.
    times: HashMap<u64, u32, BuildHasherDefault<AsItIs>>,
    /// How often everything was forgotten, so that memory stays bounded: equal rows further apart than that differ by
    /// this number.
    round: u32,
    check: u64,
    /// The id made last.
    id: String,
}

impl Identity {
    /// `seed` stands for all that decides what a row means besides the row.
    pub(super) fn new(seed: u64) -> Self {
        Self { check: seed, ..Self::default() }
    }

    /// Notes a row by its hash.
    pub(super) fn pass(&mut self, hash: u128) {
        self.check = (self.check.rotate_left(7) ^ hash as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    /// All rows so far, folded into a number.
    pub(super) fn check(&self) -> u64 {
        self.check
    }

    /// The id of a row without one, by its hash.
    pub(super) fn id(&mut self, hash: u128) -> &str {
        let times = self.times(hash as u64);
        self.id.clear();
        self.id.push_str("import-");
        // By hand: the formatter takes a twentieth of an import's time for it.
        for byte in hash.to_be_bytes() {
            self.id.push(char::from(HEX[usize::from(byte >> 4)]));
            self.id.push(char::from(HEX[usize::from(byte & 15)]));
        }
        let written = match self.round {
            0 => write!(self.id, "-{times}"),
            round => write!(self.id, "-{round}.{times}"),
        };
        written.expect("invariant: a text takes whatever is written to it");
        &self.id
    }

    fn times(&mut self, hash: u64) -> u32 {
        if self.seen.len() >= IMPORT_ROWS_REMEMBERED {
            self.seen.clear();
            self.times.clear();
            self.round += 1;
        }
        if self.seen.insert(hash) {
            return 1;
        }
        let times = self.times.entry(hash).or_insert(1);
        *times += 1;
        *times
    }
}

/// Hashes are keys already.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are hashed")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_differ_and_a_second_run_repeats_the_first() {
        let run = || {
            let mut identity = Identity::new(7);
            let ids: Vec<String> = [1, 2, 1, 1, 3].map(|hash| identity.id(hash).to_owned()).into();
            identity.pass(1);
            identity.pass(2);
            (ids, identity.check())
        };
        let (ids, check) = run();
        assert_eq!((ids.clone(), check), run());
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 5, "{ids:?}");
        assert!(ids[3].ends_with("1-3") && ids[4].ends_with("3-1"), "{ids:?}");
        let mut other = Identity::new(7);
        other.pass(2);
        other.pass(1);
        assert_ne!(other.check(), check, "order counts");
    }
}
