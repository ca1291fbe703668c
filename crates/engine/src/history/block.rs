//! One event name in one block of profiles: a cell for each thirty-two of them, where somebody there has such events.

use super::cell::{CELL, Cell};
use super::strand::{Taken, View};
use crate::Seq;
use borsh::{BorshDeserialize, BorshSerialize};
use std::ops::Range;

/// Profiles in a block: one bit of a word for each of its cells.
pub(crate) const BLOCK: usize = CELL * u64::BITS as usize;
/// Words of a bitmap of a block's profiles.
pub(crate) const WORDS: usize = BLOCK / u64::BITS as usize;
/// Events of one person that lie among those of others: with more, a new event of a neighbour would move too many.
const STRAND_IN_CELL_MAX: usize = 256;
/// Cells ahead that are brought near while all are looked at.
const CELLS_AHEAD: usize = 8;

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Block {
    /// Which cells there are.
    present: u64,
    /// Those, in order.
    cells: Vec<Cell>,
    /// Cells of one profile that has too many events for the one of its neighbours, in order.
    alone: Vec<(u16, Cell)>,
}

impl Block {
    /// The cell that holds a profile's events, and the profile's place in it.
    fn find(&self, local: u16) -> Option<(&Cell, usize)> {
        let (number, place) = cell_of(local);
        let cell = self.place(number).ok().map(|found| (&self.cells[found], place));
        if self.alone.is_empty() {
            return cell;
        }
        let alone = self.alone.binary_search_by_key(&local, |one| one.0).ok();
        alone.map_or(cell, |found| Some((&self.alone[found].1, 0)))
    }

    fn find_mut(&mut self, local: u16) -> Option<(&mut Cell, usize)> {
        if !self.alone.is_empty()
            && let Ok(found) = self.alone.binary_search_by_key(&local, |one| one.0)
        {
            return Some((&mut self.alone[found].1, 0));
        }
        let (number, place) = cell_of(local);
        self.place(number).ok().map(|found| (&mut self.cells[found], place))
    }

    /// Where a cell is among those there are, or would be.
    fn place(&self, number: usize) -> Result<usize, usize> {
        let below = (self.present & ((1 << number) - 1)).count_ones() as usize;
        if self.present >> number & 1 == 1 { Ok(below) } else { Err(below) }
    }

    pub(crate) fn view(&self, local: u16) -> View<'_> {
        self.find(local).and_then(|(cell, place)| cell.view(place)).unwrap_or(View::EMPTY)
    }

    /// A strand that has events after a second; the events themselves are not touched.
    pub(crate) fn view_since(&self, local: u16, second: u32) -> Option<View<'_>> {
        let (cell, place) = self.find(local).filter(|(cell, place)| cell.is_later(*place, second))?;
        cell.view(place)
    }

    /// Who has an event after a second, one bit each.
    pub(crate) fn later(&self, second: u32) -> [u64; WORDS] {
        let mut found = [0; WORDS];
        let mut left = self.present;
        self.cells.iter().take(CELLS_AHEAD).for_each(Cell::prefetch);
        for (index, cell) in self.cells.iter().enumerate() {
            if let Some(ahead) = self.cells.get(index + CELLS_AHEAD) {
                ahead.prefetch();
            }
            let profile = left.trailing_zeros() as usize * CELL;
            left &= left - 1;
            found[profile / 64] |= u64::from(cell.later(second)) << (profile % 64);
        }
        for (local, cell) in &self.alone {
            let local = usize::from(*local);
            found[local / 64] |= u64::from(cell.is_later(0, second)) << (local % 64);
        }
        found
    }

    /// Adds an event to its strand, after those of the same second. It has a code for each kept property.
    pub(super) fn insert(&mut self, local: u16, second: u32, seq: Seq, codes: &[u32]) {
        let (cell, place) = match self.find_mut(local) {
            Some(found) => found,
            None => self.add_cell(local),
        };
        cell.insert(place, second, seq, codes);
        let is_long = cell.view(place).is_some_and(|view| view.len() > STRAND_IN_CELL_MAX);
        if is_long && self.is_in_company(local) {
            let strand = self.take(local);
            self.put(local, &strand);
        }
    }

    fn is_in_company(&self, local: u16) -> bool {
        self.alone.binary_search_by_key(&local, |one| one.0).is_err()
    }

    fn add_cell(&mut self, local: u16) -> (&mut Cell, usize) {
        let (number, place) = cell_of(local);
        let at = self.place(number).unwrap_or_else(|at| {
            self.present |= 1 << number;
            self.cells.insert(at, Cell::default());
            at
        });
        (&mut self.cells[at], place)
    }

    /// Takes a strand out.
    pub(super) fn take(&mut self, local: u16) -> Taken {
        if let Ok(found) = self.alone.binary_search_by_key(&local, |one| one.0) {
            let (_, mut cell) = self.alone.remove(found);
            return cell.take(0).unwrap_or_default();
        }
        let (number, place) = cell_of(local);
        let Ok(at) = self.place(number) else { return Taken::default() };
        let taken = self.cells[at].take(place).unwrap_or_default();
        if self.cells[at].is_empty() {
            self.cells.remove(at);
            self.present &= !(1 << number);
        }
        taken
    }

    /// Puts a strand in, for somebody who has none.
    pub(super) fn put(&mut self, local: u16, strand: &Taken) {
        if strand.times.is_empty() {
            return;
        }
        if strand.times.len() > STRAND_IN_CELL_MAX {
            let at = self.alone.binary_search_by_key(&local, |one| one.0);
            let mut cell = Cell::default();
            cell.put(0, strand);
            self.alone.insert(at.expect_err("invariant: it has no strand"), (local, cell));
        } else {
            let (cell, place) = self.add_cell(local);
            cell.put(place, strand);
        }
    }

    /// Adds the events of a strand that was taken elsewhere; those of one second go by their place in the log.
    pub(super) fn join(&mut self, local: u16, strand: Taken) {
        let own = self.take(local);
        self.put(local, &own.merged(strand));
    }

    /// Gives the events of some profiles the codes of a column: `code_of` their places in the log, where it has one.
    pub(super) fn fill(
        &mut self,
        locals: &Range<usize>,
        column: usize,
        code_of: &mut impl FnMut(Seq) -> Option<u32>,
    ) {
        for number in locals.start / CELL..locals.end.div_ceil(CELL) {
            if let Ok(at) = self.place(number) {
                let wanted = |place: &usize| locals.contains(&(number * CELL + place));
                let members = (0..CELL).filter(wanted).fold(0, |members, place| members | 1 << place);
                self.cells[at].fill(members, column, code_of);
            }
        }
        for (_, cell) in self.alone.iter_mut().filter(|(local, _)| locals.contains(&usize::from(*local))) {
            cell.fill(1, column, code_of);
        }
    }

    pub(super) fn forget_columns(&mut self) {
        let cells = self.cells.iter_mut().chain(self.alone.iter_mut().map(|(_, cell)| cell));
        cells.for_each(Cell::forget_columns);
    }

    pub(super) fn due(&self, local: u16) -> Option<u32> {
        self.find(local).and_then(|(cell, place)| cell.due(place))
    }

    pub(super) fn set_due(&mut self, local: u16, due: u32) {
        let (cell, place) = self.find_mut(local).expect("invariant: time changes nothing without an event");
        cell.set_due(place, due);
    }

    pub(super) fn prefetch_strand(&self, local: u16) {
        if let Some((cell, _)) = self.find(local) {
            cell.prefetch_rows();
        }
    }

    pub(super) fn prefetch_tail(&self, local: u16) {
        if let Some((cell, place)) = self.find(local) {
            cell.prefetch_tail(place);
        }
    }

    /// Brings the `back`-th newest event of a strand near; with a column, its newest codes and the times before as well.
    pub(crate) fn prefetch_newest(&self, local: u16, back: u32, column: Option<u16>) {
        if let Some((cell, place)) = self.find(local) {
            cell.prefetch_newest(place, back, column);
        }
    }
}

/// The number of a profile's cell in the block, and its place in that.
fn cell_of(local: u16) -> (usize, usize) {
    (usize::from(local) / CELL, usize::from(local) % CELL)
}
