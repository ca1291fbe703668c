//! One event name in one block of profiles: a strand for each person who has such events, all in one arena.
//!
//! A strand is a slot of the arena, sorted by time and with room to grow; when it is full it moves to a larger slot,
//! and the old one waits for the next strand of that size. So an event lies beside the person's other events from
//! its first instant, late or not, and there is no second place to look and nothing to merge later.

use super::codes::{CodeSlice, Codes};
use super::seqs::Seqs;
use super::strand::View;
use crate::Seq;
use crate::prefetch::prefetch;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

/// Profiles in a block: a bitmap of them fits a quarter of the first cache, and their strands the second.
pub(crate) const BLOCK: usize = 1 << 14;
/// Members up to which a block finds them by search; above it there is a place for every profile of the block.
const SPARSE_MAX: usize = BLOCK / 8;
/// Times that a line of the cache holds.
const TIMES_IN_LINE: usize = 16;
/// No timer.
pub(crate) const NEVER: u32 = u32::MAX;
/// End of a list of free slots.
const NONE: u32 = u32::MAX;

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Block {
    /// Sparse: profiles in order, each with its strand's number. Empty once the block is dense.
    members: Vec<(u16, u16)>,
    /// Second of the newest event, 0 where there is none. Dense: by profile. Sparse: in order of arrival. Apart from the
    /// strands, since most questions are answered by it for most people.
    lasts: Vec<u32>,
    /// The strands, the same way.
    strands: Vec<Strand>,
    dense: bool,
    /// Seconds; the slots of the strands and what is free between them.
    times: Vec<u32>,
    /// By event: where the log has the whole of it.
    seqs: Seqs,
    columns: Vec<Codes>,
    /// By size class: the first free slot, which holds the place of the next.
    free: Vec<u32>,
}

/// Where a person's events of one name lie.
#[derive(Clone, Copy, BorshSerialize, BorshDeserialize)]
pub(crate) struct Strand {
    start: u32,
    len: u32,
    /// The second for which a timer of this person and name waits.
    pub(crate) due: u32,
}

impl Default for Strand {
    fn default() -> Self {
        Self { start: 0, len: 0, due: NEVER }
    }
}

/// A strand that was taken out of its block.
pub(super) struct Taken {
    times: Vec<u32>,
    seqs: Vec<Seq>,
    codes: Vec<Vec<u32>>,
}

impl Taken {
    /// The codes that its events have in a column.
    pub(super) fn codes(&self, column: usize) -> BTreeSet<u32> {
        let codes = self.codes.get(column).into_iter().flatten().copied();
        codes.filter(|code| *code > 0).collect()
    }

    /// The events at some places in the log, which are in order, and the rest.
    pub(super) fn split(self, places: &[Seq]) -> (Self, Self) {
        let empty =
            || Self { times: Vec::new(), seqs: Vec::new(), codes: vec![Vec::new(); self.codes.len()] };
        let (mut those, mut rest) = (empty(), empty());
        for (index, seq) in self.seqs.iter().enumerate() {
            let side = if places.binary_search(seq).is_ok() { &mut those } else { &mut rest };
            side.times.push(self.times[index]);
            side.seqs.push(*seq);
            for (codes, of) in side.codes.iter_mut().zip(&self.codes) {
                codes.push(of[index]);
            }
        }
        (those, rest)
    }
}

impl Block {
    pub(crate) fn strand(&self, local: u16) -> Option<&Strand> {
        self.find(local).map(|number| &self.strands[number])
    }

    /// The number of a profile's strand, if it has one.
    fn find(&self, local: u16) -> Option<usize> {
        if self.dense {
            return Some(usize::from(local));
        }
        let found = self.members.binary_search_by_key(&local, |member| member.0).ok()?;
        Some(usize::from(self.members[found].1))
    }

    pub(super) fn strand_mut(&mut self, local: u16) -> &mut Strand {
        let number = self.number(local);
        &mut self.strands[number]
    }

    /// Seconds of the newest events in a dense block, by the profile's place in it.
    pub(crate) fn dense_lasts(&self) -> Option<&[u32]> {
        self.dense.then_some(&self.lasts)
    }

    /// The same of the members of a sparse block, in order.
    pub(crate) fn sparse_lasts(&self) -> impl Iterator<Item = (u16, u32)> {
        self.members.iter().map(|(local, number)| (*local, self.lasts[usize::from(*number)]))
    }

    pub(crate) fn view(&self, local: u16) -> View<'_> {
        self.strand(local).map_or(View::EMPTY, |strand| self.view_of(strand))
    }

    /// A strand that has events after a second; the events themselves are not touched.
    pub(crate) fn view_since(&self, local: u16, second: u32) -> Option<View<'_>> {
        let number = self.find(local).filter(|number| self.lasts[*number] > second)?;
        Some(self.view_of(&self.strands[number]))
    }

    pub(crate) fn view_of(&self, strand: &Strand) -> View<'_> {
        let start = strand.start as usize;
        View::new(self, start, &self.times[start..start + strand.len as usize])
    }

    pub(super) fn code(&self, column: usize, index: usize) -> u32 {
        self.columns[column].get(index)
    }

    pub(super) fn codes(&self, column: usize, range: std::ops::Range<usize>) -> CodeSlice<'_> {
        self.columns[column].slice(range)
    }

    pub(super) fn seq(&self, index: usize) -> Seq {
        self.seqs.get(index)
    }

    /// Makes room for an event in its strand, after those of the same second; where in the arena it lies.
    pub(super) fn insert(&mut self, local: u16, second: u32, seq: Seq) -> usize {
        let number = self.number(local);
        self.insert_at(number, second, seq)
    }

    fn insert_at(&mut self, number: usize, second: u32, seq: Seq) -> usize {
        let (last, Strand { mut start, len, .. }) = (self.lasts[number], self.strands[number]);
        if capacity(len) == len {
            start = self.move_strand(start, len);
        }
        let (begin, end) = (start as usize, (start + len) as usize);
        let at = if second >= last || len == 0 {
            end
        } else {
            begin + self.times[begin..end].partition_point(|time| *time <= second)
        };
        self.times.copy_within(at..end, at + 1);
        self.seqs.copy_within(at..end, at + 1);
        for column in &mut self.columns {
            column.copy_within(at..end, at + 1);
        }
        self.times[at] = second;
        self.seqs.set(at, seq);
        let strand = &mut self.strands[number];
        (strand.start, strand.len) = (start, len + 1);
        self.lasts[number] = last.max(second);
        at
    }

    pub(super) fn set_code(&mut self, column: usize, index: usize, code: u32) {
        self.add_column(column);
        self.columns[column].set(index, code);
    }

    /// Makes sure that the block has a column.
    pub(super) fn add_column(&mut self, column: usize) {
        if self.columns.len() <= column {
            self.columns.resize_with(column + 1, || Codes::zeros(self.times.len()));
        }
    }

    pub(super) fn forget_columns(&mut self) {
        self.columns.clear();
    }

    /// The members' events in order of strands: each event's place in the arena and in the log, by the first profile of
    /// the block whose events are wanted and the first that is not.
    pub(super) fn places(&self, locals: std::ops::Range<usize>) -> impl Iterator<Item = (usize, Seq)> {
        let strands = locals.filter_map(|local| self.strand(local as u16));
        let places = strands.flat_map(|strand| strand.start..strand.start + strand.len);
        places.map(|at| (at as usize, self.seqs.get(at as usize)))
    }

    /// Leaves out of some codes those that events of this block have in a column.
    pub(super) fn leave_out_used(&self, column: usize, codes: &mut BTreeSet<u32>) {
        if let Some(column) = self.columns.get(column).filter(|_| !codes.is_empty()) {
            column.leave_out_used(codes);
        }
    }

    /// Takes a strand out, and leaves its slot free and blank.
    pub(super) fn take(&mut self, local: u16) -> Taken {
        let mut taken = Taken { times: Vec::new(), seqs: Vec::new(), codes: Vec::new() };
        let Some(strand) = self.strand(local).copied().filter(|strand| strand.len > 0) else { return taken };
        let range = strand.start as usize..(strand.start + strand.len) as usize;
        taken.times = self.times[range.clone()].to_vec();
        taken.codes =
            self.columns.iter().map(|column| range.clone().map(|at| column.get(at)).collect()).collect();
        taken.seqs = range.map(|at| self.seqs.get(at)).collect();
        self.release(strand.start, strand.len);
        let number = self.number(local);
        (self.lasts[number], self.strands[number]) = (0, Strand::default());
        taken
    }

    /// Adds the events of a strand that was taken elsewhere; those of one second go by their place in the log.
    pub(super) fn join(&mut self, local: u16, taken: &Taken, columns: usize) {
        for (index, (second, seq)) in taken.times.iter().zip(&taken.seqs).enumerate() {
            let number = self.number(local);
            let mut at = self.insert_at(number, *second, *seq);
            let start = self.strands[number].start as usize;
            while at > start && self.times[at - 1] == *second && self.seqs.get(at - 1) > *seq {
                self.swap(at - 1, at);
                at -= 1;
            }
            for column in 0..columns {
                let code = taken.codes.get(column).map_or(0, |codes| codes[index]);
                self.set_code(column, at, code);
            }
        }
    }

    fn swap(&mut self, one: usize, two: usize) {
        self.seqs.swap(one, two);
        for column in &mut self.columns {
            let (first, second) = (column.get(one), column.get(two));
            column.set(one, second);
            column.set(two, first);
        }
    }

    pub(super) fn prefetch_strand(&self, local: u16) {
        if self.dense {
            prefetch(&self.lasts, usize::from(local));
            prefetch(&self.strands, usize::from(local));
        }
    }

    /// Brings the `back`-th newest event of a strand near; with a column, its newest codes and the times before as well.
    pub(crate) fn prefetch_newest(&self, local: u16, back: u32, column: Option<u16>) {
        if let Some(strand) = self.strand(local) {
            let end = (strand.start + strand.len) as usize;
            prefetch(&self.times, end.saturating_sub(back as usize));
            if let Some(column) = column.and_then(|column| self.columns.get(usize::from(column))) {
                column.prefetch(end.saturating_sub(1));
                prefetch(&self.times, end.saturating_sub(TIMES_IN_LINE).max(strand.start as usize));
            }
        }
    }

    pub(super) fn prefetch_tail(&self, local: u16) {
        if let Some(strand) = self.strand(local) {
            let end = (strand.start + strand.len) as usize;
            prefetch(&self.times, end.saturating_sub(1));
            self.seqs.prefetch(end.saturating_sub(1));
            for column in &self.columns {
                column.prefetch(end.saturating_sub(1));
            }
        }
    }

    /// The number of a profile's strand, given one if it has none.
    fn number(&mut self, local: u16) -> usize {
        if self.dense {
            return usize::from(local);
        }
        match self.members.binary_search_by_key(&local, |member| member.0) {
            Ok(found) => usize::from(self.members[found].1),
            Err(_) if self.members.len() == SPARSE_MAX => {
                self.make_dense();
                usize::from(local)
            }
            Err(place) => {
                let number = self.strands.len();
                self.members.insert(place, (local, number as u16));
                self.lasts.push(0);
                self.strands.push(Strand::default());
                number
            }
        }
    }

    fn make_dense(&mut self) {
        let (mut lasts, mut strands) = (vec![0; BLOCK], vec![Strand::default(); BLOCK]);
        for (local, number) in std::mem::take(&mut self.members) {
            lasts[usize::from(local)] = self.lasts[usize::from(number)];
            strands[usize::from(local)] = self.strands[usize::from(number)];
        }
        (self.lasts, self.strands) = (lasts, strands);
        self.dense = true;
    }

    /// Moves a full strand to the next larger slot; where that begins.
    fn move_strand(&mut self, start: u32, len: u32) -> u32 {
        let to = self.reserve(len + 1);
        let range = start as usize..(start + len) as usize;
        self.times.copy_within(range.clone(), to as usize);
        self.seqs.copy_within(range.clone(), to as usize);
        for column in &mut self.columns {
            column.copy_within(range.clone(), to as usize);
        }
        if len > 0 {
            self.release(start, len);
        }
        to
    }

    fn reserve(&mut self, len: u32) -> u32 {
        let (class, capacity) = (class(len), capacity(len) as usize);
        if let Some(first) = self.free.get(class).copied().filter(|first| *first != NONE) {
            self.free[class] = self.times[first as usize];
            self.times[first as usize] = 0;
            return first;
        }
        let start = self.times.len();
        let end = start + capacity;
        // An eighth at a time: doubling would leave a quarter of the memory unused on average.
        if end > self.times.capacity() {
            let more = (start / 8).max(capacity).max(64);
            self.times.reserve_exact(more);
            self.seqs.reserve(more);
        }
        self.times.resize(end, 0);
        self.seqs.grow(end);
        for column in &mut self.columns {
            column.grow(end);
        }
        u32::try_from(start).expect("invariant: a block has fewer than 2^32 events of a name")
    }

    fn release(&mut self, start: u32, len: u32) {
        let (class, begin, end) = (class(len), start as usize, (start + len) as usize);
        self.times[begin..end].fill(0);
        self.seqs.clear(begin..end);
        for column in &mut self.columns {
            column.clear(begin..end);
        }
        if self.free.len() <= class {
            self.free.resize(class + 1, NONE);
        }
        self.times[begin] = std::mem::replace(&mut self.free[class], start);
    }
}

/// Sizes of slots: 1, 2, 4, 6, 8, and from there four steps to each doubling, so that a slot is at most a quarter
/// larger than what is in it.
fn class(len: u32) -> usize {
    match len {
        0..=2 => len as usize,
        3..=8 => len.div_ceil(2) as usize + 1,
        _ => {
            let doubling = (len - 1).ilog2();
            let step = 1 << (doubling - 2);
            ((doubling - 3) * 4 + (len - (1 << doubling)).div_ceil(step)) as usize + 5
        }
    }
}

/// Size of the slot that holds `len` events.
fn capacity(len: u32) -> u32 {
    match len {
        0..=2 => len,
        3..=8 => len.next_multiple_of(2),
        _ => len.next_multiple_of(1 << ((len - 1).ilog2() - 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_the_next_size_up_and_each_size_has_its_class() {
        let mut sizes = std::collections::BTreeMap::new();
        for len in 0..100_000 {
            let capacity = capacity(len);
            assert!(
                capacity >= len && capacity <= (len + len.div_ceil(4)).max(len + 1),
                "{len} in {capacity}"
            );
            assert_eq!(*sizes.entry(class(len)).or_insert(capacity), capacity, "the class of {len}");
        }
        assert!(sizes.values().is_sorted_by(|one, two| one < two), "no two classes of one size");
        assert_eq!(sizes.values().take(9).copied().collect::<Vec<_>>(), [0, 1, 2, 4, 6, 8, 10, 12, 14]);
    }
}
