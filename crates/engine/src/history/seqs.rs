//! The places in the log of events that lie side by side: four bytes each. The fifth is there once a log has more than
//! four billion records.

use crate::Seq;
use crate::prefetch::prefetch;
use borsh::{BorshDeserialize, BorshSerialize};
use std::ops::Range;

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(super) struct Seqs {
    low: Vec<u32>,
    /// Empty while all of it would be zero.
    high: Vec<u8>,
}

impl Seqs {
    pub(super) fn get(&self, index: usize) -> Seq {
        let high = self.high.get(index).copied().unwrap_or(0);
        Seq(u64::from(high) << u32::BITS | u64::from(self.low[index]))
    }

    pub(super) fn set(&mut self, index: usize, seq: Seq) {
        let high = u8::try_from(seq.0 >> u32::BITS).expect("invariant: a log has fewer than 2^40 records");
        if high > 0 && self.high.is_empty() {
            self.high = vec![0; self.low.len()];
        }
        self.low[index] = seq.0 as u32;
        if let Some(place) = self.high.get_mut(index) {
            *place = high;
        }
    }

    pub(super) fn swap(&mut self, one: usize, two: usize) {
        self.low.swap(one, two);
        if !self.high.is_empty() {
            self.high.swap(one, two);
        }
    }

    /// Copies a range to another place, as `slice::copy_within` does.
    pub(super) fn copy_within(&mut self, from: Range<usize>, to: usize) {
        if !self.high.is_empty() {
            self.high.copy_within(from.clone(), to);
        }
        self.low.copy_within(from, to);
    }

    pub(super) fn clear(&mut self, range: Range<usize>) {
        if !self.high.is_empty() {
            self.high[range.clone()].fill(0);
        }
        self.low[range].fill(0);
    }

    /// Makes room for `more`, and no more than that.
    pub(super) fn reserve(&mut self, more: usize) {
        self.low.reserve_exact(more);
    }

    pub(super) fn grow(&mut self, len: usize) {
        self.low.resize(len, 0);
        if !self.high.is_empty() {
            self.high.resize(len, 0);
        }
    }

    pub(super) fn prefetch(&self, index: usize) {
        prefetch(&self.low, index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_beyond_four_billion_is_kept_and_moves_like_any_other() {
        let mut seqs = Seqs::default();
        seqs.grow(4);
        let (near, far) = (Seq(7), Seq(u64::from(u32::MAX) + 9));
        seqs.set(0, near);
        assert!(seqs.high.is_empty(), "a young log takes four bytes");
        seqs.set(1, far);
        seqs.grow(6);
        seqs.copy_within(0..2, 4);
        seqs.swap(0, 1);
        assert_eq!([0, 1, 4, 5].map(|index| seqs.get(index)), [far, near, near, far]);
        seqs.clear(0..6);
        assert_eq!([0, 1, 4, 5].map(|index| seqs.get(index)), [Seq(0); 4]);
    }
}
