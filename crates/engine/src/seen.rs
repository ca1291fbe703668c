//! The message ids of the last days, so that a second delivery of an event counts for nothing.
//!
//! Lines of eight entries, so that a look-up is one memory access. An entry is 60 bits of the keyed hash, of which the first
//! say where it lies, and the day it came on, modulo sixteen. With the part that an id falls into, 74 bits decide: of ten
//! million ids in the window, a new one is mistaken for a known one with a chance below 10⁻¹⁴. Each day, what is too old
//! is left out. Owned by the state; every event asks it.

use crate::at::{At, Span};
use crate::identifier::KeyedHash;
use crate::limits::MESSAGE_ID_WINDOW;
use crate::parts::Parts;
use crate::prefetch::{prefetch, prefetch_counts};
use crate::unshared::to_write;
use borsh::{BorshDeserialize, BorshSerialize};
use std::sync::Arc;

/// With ten million ids some kilobytes each.
pub(crate) const PARTS: usize = 1 << 14;
const LINE: usize = 8;
const DAYS: u64 = 16;

#[derive(Clone, Default)]
pub(crate) struct MessageIds {
    pub(crate) parts: Parts<Part, PARTS>,
}

#[derive(Clone, Default, PartialEq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Part {
    lines: Arc<[[u64; LINE]]>,
    /// Places that are not empty.
    used: u32,
    /// When it was last swept.
    day: u64,
}

impl MessageIds {
    /// Remembers an id; whether it is a new one.
    pub(crate) fn remember(&mut self, id: KeyedHash, at: At) -> bool {
        let day = day_of(at);
        self.parts.of_mut(id).remember(id, day)
    }

    /// Whether the id was remembered inside the window.
    pub(crate) fn contains(&self, id: KeyedHash, at: At) -> bool {
        let part = self.parts.of(id);
        part.find(mark(id)).is_ok_and(|(line, place)| part.is_recent(part.lines[line][place], day_of(at)))
    }

    pub(crate) fn prefetch(&self, id: KeyedHash) {
        let part = self.parts.of(id);
        if !part.lines.is_empty() {
            self.parts.prefetch_page(id);
            prefetch_counts(&part.lines);
            prefetch(&part.lines, part.line_of(mark(id)));
        }
    }
}

fn day_of(at: At) -> u64 {
    at.0.div_euclid(Span::DAY.0) as u64
}

/// The bits of an id that an entry keeps; never zero, which is an empty place.
fn mark(id: KeyedHash) -> u64 {
    let bits = id.0 as u64 & !(DAYS - 1);
    if bits == 0 { DAYS } else { bits }
}

const DAYS_KEPT: u64 = (MESSAGE_ID_WINDOW.0 / Span::DAY.0) as u64;
const _: () = assert!(DAYS_KEPT < DAYS / 2);

impl Part {
    fn line_of(&self, mark: u64) -> usize {
        ((u128::from(mark) * self.lines.len() as u128) >> 64) as usize
    }

    /// Whether an entry is inside the window that ends today. What it holds is not older than the window that ended on
    /// the day of the last sweep, so its day is known although only its remainder is.
    fn is_recent(&self, entry: u64, today: u64) -> bool {
        let age_then = self.day.wrapping_sub(entry) % DAYS;
        age_then + (today - self.day) <= DAYS_KEPT
    }

    /// Where an id is, or the empty place that it would take.
    fn find(&self, mark: u64) -> Result<(usize, usize), Option<(usize, usize)>> {
        let mut number = self.line_of(mark);
        for _ in 0..self.lines.len() {
            for (place, entry) in self.lines[number].iter().enumerate() {
                if entry & !(DAYS - 1) == mark {
                    return Ok((number, place));
                }
                if *entry == 0 {
                    return Err(Some((number, place)));
                }
            }
            number = (number + 1) % self.lines.len();
        }
        Err(None)
    }

    fn remember(&mut self, id: KeyedHash, today: u64) -> bool {
        let mark = mark(id);
        if self.day != today || self.used as usize * 5 >= self.lines.len() * LINE * 4 {
            self.sweep(today);
        }
        let Err(place) = self.find(mark) else { return false };
        let (line, place) = place.expect("invariant: a fifth of the places is empty");
        to_write(&mut self.lines, Arc::make_mut)[line][place] = mark | (today % DAYS);
        self.used += 1;
        true
    }

    /// Leaves out what is too old, and makes room where that is not enough.
    fn sweep(&mut self, today: u64) {
        let old = std::mem::take(&mut self.lines);
        let live = || old.iter().flatten().filter(|entry| **entry != 0 && self.is_recent(**entry, today));
        let used = live().count();
        let places = (used * 2).max(LINE).next_power_of_two();
        let live: Vec<u64> = live().copied().collect();
        self.lines = std::iter::repeat_n([0; LINE], places / LINE).collect();
        for entry in live {
            let empty = self.find(entry & !(DAYS - 1)).expect_err("invariant: an id is there once");
            let (line, place) = empty.expect("invariant: half of the places are empty");
            to_write(&mut self.lines, Arc::make_mut)[line][place] = entry;
        }
        (self.used, self.day) = (used as u32, today);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::HashKey;

    #[test]
    fn an_id_is_new_once_in_its_window() {
        let mut ids = MessageIds::default();
        let id = |number: u64| HashKey([1; 16]).message_id("test", &number.to_string());
        let days = |days: i64| At(Span::DAY.times(20_000 + days).0);
        for number in 0..200_000 {
            assert!(ids.remember(id(number), days(0)), "{number} is new");
        }
        for number in 0..200_000 {
            assert!(!ids.remember(id(number), days(7)), "{number} is known a week later");
            assert!(ids.contains(id(number), days(7)));
        }
        for number in 0..200_000 {
            assert!(ids.remember(id(number), days(8)), "{number} is forgotten after that");
        }
        let places: usize = ids.parts.iter().map(|part| part.lines.len() * LINE).sum();
        assert!(places < 700_000, "what is old makes room: {places}");
        assert!(ids.remember(id(0), days(30)), "a long silence does not make it young again");
    }
}
