//! One person's events of one name, as evaluation reads them, and the point in time from which a rule may look.

use super::block::Block;
use super::codes::CodeSlice;
use crate::Seq;
use borsh::{BorshDeserialize, BorshSerialize};

/// A strand: events in order of time, those of one second in the order of the log.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    block: Option<&'a Block>,
    start: usize,
    times: &'a [u32],
}

impl<'a> View<'a> {
    pub(crate) const EMPTY: Self = Self { block: None, start: 0, times: &[] };

    pub(super) fn new(block: &'a Block, start: usize, times: &'a [u32]) -> Self {
        Self { block: Some(block), start, times }
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
        self.block.map_or(0, |block| block.code(usize::from(column), self.start + index))
    }

    /// The codes of a kept property, one for each of the times.
    pub(crate) fn codes(&self, column: u16) -> CodeSlice<'a> {
        let range = self.start..self.start + self.times.len();
        self.block.map_or(CodeSlice::Byte(&[]), |block| block.codes(usize::from(column), range))
    }

    /// The place in the log of the event at an index.
    pub(crate) fn seq(&self, index: usize) -> Seq {
        let block = self.block.expect("invariant: an index into a strand that has events");
        block.seq(self.start + index)
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
