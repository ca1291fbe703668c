//! One person's events of one name: as evaluation reads them, on their way from one place to another, and the point in
//! time from which a rule may look.

use super::NEVER;
use super::cell::Cell;
use super::codes::CodeSlice;
use crate::Seq;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

/// A strand: events in order of time, those of one second in the order of the log.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    cell: Option<&'a Cell>,
    start: usize,
    times: &'a [u32],
}

/// A strand that was taken out of where it lay.
pub(super) struct Taken {
    pub(super) times: Vec<u32>,
    pub(super) seqs: Vec<Seq>,
    /// By column: a code for each event.
    pub(super) codes: Vec<Vec<u32>>,
    /// The second for which a timer of this person and name waits.
    pub(super) due: u32,
}

impl Default for Taken {
    fn default() -> Self {
        Self { times: Vec::new(), seqs: Vec::new(), codes: Vec::new(), due: NEVER }
    }
}

impl Taken {
    /// The codes that its events have in a column.
    pub(super) fn codes(&self, column: usize) -> BTreeSet<u32> {
        let codes = self.codes.get(column).into_iter().flatten().copied();
        codes.filter(|code| *code > 0).collect()
    }

    /// The events at some places in the log, which are in order, and the rest. No timer waits for either.
    pub(super) fn split(self, places: &[Seq]) -> (Self, Self) {
        let (mut those, mut rest) = (Self::default(), Self::default());
        for index in 0..self.times.len() {
            let is_one = places.binary_search(&self.seqs[index]).is_ok();
            if is_one { &mut those } else { &mut rest }.push(&self, index);
        }
        (those, rest)
    }

    /// With the events of another strand, those of one second by their place in the log. What waited for this one still does.
    pub(super) fn merged(self, other: &Self) -> Self {
        let mut all: Vec<(u32, Seq, bool, usize)> = Vec::with_capacity(self.times.len() + other.times.len());
        for (strand, is_other) in [(&self, false), (other, true)] {
            let events = strand.times.iter().zip(&strand.seqs).enumerate();
            all.extend(events.map(|(index, (second, seq))| (*second, *seq, is_other, index)));
        }
        all.sort_unstable();
        let mut merged = Self { due: self.due, ..Self::default() };
        for (_, _, is_other, index) in all {
            merged.push(if is_other { other } else { &self }, index);
        }
        merged
    }

    /// Adds an event of another strand at the end.
    fn push(&mut self, from: &Self, index: usize) {
        if self.codes.len() < from.codes.len() {
            self.codes.resize_with(from.codes.len(), || vec![0; self.times.len()]);
        }
        self.times.push(from.times[index]);
        self.seqs.push(from.seqs[index]);
        for (column, codes) in self.codes.iter_mut().enumerate() {
            codes.push(from.codes.get(column).map_or(0, |codes| codes[index]));
        }
    }
}

impl<'a> View<'a> {
    pub(crate) const EMPTY: Self = Self { cell: None, start: 0, times: &[] };

    pub(super) fn new(cell: &'a Cell, start: usize, times: &'a [u32]) -> Self {
        Self { cell: Some(cell), start, times }
    }

    /// Seconds since 1970, oldest first.
    pub(crate) fn times(&self) -> &'a [u32] {
        self.times
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// The code of a kept property of the event at an index.
    pub(crate) fn code(&self, column: u16, index: usize) -> u32 {
        self.cell.map_or(0, |cell| cell.code(usize::from(column), self.start + index))
    }

    /// The codes of a kept property, one for each of the times.
    pub(crate) fn codes(&self, column: u16) -> CodeSlice<'a> {
        let range = self.start..self.start + self.times.len();
        self.cell.map_or(CodeSlice::Absent, |cell| cell.column(usize::from(column)).range(range))
    }

    /// The place in the log of the event at an index.
    pub(crate) fn seq(&self, index: usize) -> Seq {
        let cell = self.cell.expect("invariant: an index into a strand that has events");
        cell.seq(self.start + index)
    }

    /// The index of the first event after a second.
    pub(crate) fn after(&self, second: u32) -> usize {
        // What is asked for is nearly always at the end.
        match self.times.last() {
            Some(last) if *last > second => self.times.partition_point(|time| *time <= second),
            _ => self.times.len(),
        }
    }

    /// The index of the first event that counts since a point.
    pub(crate) fn since(&self, since: Since) -> usize {
        if since.second == 0 {
            return 0;
        }
        let first = self.times.partition_point(|time| *time < since.second);
        let same = self.times[first..].iter().take_while(|time| **time == since.second).count();
        let passed = (first..first + same).take_while(|index| self.seq(*index) <= since.seq);
        first + passed.count()
    }
}

/// A point from which on a rule looks: what happened in a later second, or in the same one and later in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Since {
    /// 0 for everything.
    pub(crate) second: u32,
    pub(crate) seq: Seq,
}

impl Since {
    pub(crate) const EVER: Self = Self { second: 0, seq: Seq(0) };
}
