//! One event name in one block of profiles: a cell for each thirty-two of them, where somebody there has such events.

use super::cell::{CELL, Cell, places};
use super::strand::{Taken, View};
use crate::Seq;
use crate::page::Page;
use crate::prefetch::prefetch;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;
use std::ops::Range;

/// Profiles in a block.
pub(crate) const BLOCK: usize = CELL * CELLS;
/// Words of a bitmap of a block's profiles.
pub(crate) const WORDS: usize = BLOCK / u64::BITS as usize;
/// Events of one person that lie among those of others: with more, a new event of a neighbour would move too many.
const STRAND_IN_CELL_MAX: usize = 256;
/// Cells of a block.
const CELLS: usize = u64::BITS as usize;
/// Cells up to which a block finds them by search; above it there is a place for every one.
const CELLS_SPARSE_MAX: usize = CELLS / 4;
/// Cells ahead whose rows are brought near while strands are visited, and those of which what will be read is.
const ROWS_AHEAD: usize = 8;
const EVENTS_AHEAD: usize = 3;

/// A copy of it shares its cells.
#[derive(Clone, Default)]
pub(crate) enum Block {
    #[default]
    Empty,
    /// Few of the cells.
    Sparse(Page<Sparse>),
    /// Most of them, each at its place.
    Dense(Page<Dense>),
}

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Sparse {
    /// By number.
    cells: Vec<(u8, Cell)>,
    alone: Alone,
}

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Dense {
    cells: CellArray,
    alone: Alone,
}

/// Cells of one profile that has too many events for the one of its neighbours, in order.
type Alone = Vec<(u16, Cell)>;

/// A cell that nobody is in yet has no memory.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
struct CellArray([Option<Cell>; CELLS]);

impl Default for CellArray {
    fn default() -> Self {
        Self([const { None }; CELLS])
    }
}

impl Block {
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    fn cell(&self, number: usize) -> Option<&Cell> {
        match self {
            Self::Empty => None,
            Self::Dense(dense) => dense.cells.0[number].as_ref(),
            Self::Sparse(sparse) => {
                let found = sparse.cells.binary_search_by_key(&(number as u8), |cell| cell.0).ok()?;
                Some(&sparse.cells[found].1)
            }
        }
    }

    fn cell_mut(&mut self, number: usize) -> Option<&mut Cell> {
        match self {
            Self::Empty => None,
            Self::Dense(dense) => dense.content_mut().cells.0[number].as_mut(),
            Self::Sparse(sparse) => {
                let found = sparse.cells.binary_search_by_key(&(number as u8), |cell| cell.0).ok()?;
                Some(&mut sparse.content_mut().cells[found].1)
            }
        }
    }

    /// The cells, with their numbers.
    fn cells(&self) -> impl Iterator<Item = (usize, &Cell)> {
        let (sparse, dense) = match self {
            Self::Empty => (None, None),
            Self::Sparse(sparse) => (Some(&sparse.cells), None),
            Self::Dense(dense) => (None, Some(&dense.cells.0)),
        };
        let sparse = sparse.into_iter().flatten().map(|(number, cell)| (usize::from(*number), cell));
        let dense = dense.into_iter().flatten().enumerate();
        sparse.chain(dense.filter_map(|(number, cell)| Some((number, cell.as_ref()?))))
    }

    fn alone(&self) -> &[(u16, Cell)] {
        match self {
            Self::Empty => &[],
            Self::Sparse(sparse) => &sparse.alone,
            Self::Dense(dense) => &dense.alone,
        }
    }

    fn alone_mut(&mut self) -> &mut Alone {
        if self.is_empty() {
            *self = Self::Sparse(Page::default());
        }
        match self {
            Self::Empty => unreachable!("invariant: it was made sparse"),
            Self::Sparse(sparse) => &mut sparse.content_mut().alone,
            Self::Dense(dense) => &mut dense.content_mut().alone,
        }
    }

    /// Where the cell of a profile that has one alone is among those.
    fn place_alone(&self, local: u16) -> Result<usize, usize> {
        self.alone().binary_search_by_key(&local, |one| one.0)
    }

    /// The cell that holds a profile's events, and the profile's place in it.
    fn find(&self, local: u16) -> Option<(&Cell, usize)> {
        let (number, place) = cell_of(local);
        if let Some(cell) = self.cell(number).filter(|cell| cell.has(place)) {
            return Some((cell, place));
        }
        let found = self.place_alone(local).ok()?;
        Some((&self.alone()[found].1, 0))
    }

    fn find_mut(&mut self, local: u16) -> Option<(&mut Cell, usize)> {
        let (number, place) = cell_of(local);
        if self.cell(number).is_some_and(|cell| cell.has(place)) {
            return self.cell_mut(number).map(|cell| (cell, place));
        }
        let found = self.place_alone(local).ok()?;
        Some((&mut self.alone_mut()[found].1, 0))
    }

    pub(crate) fn view(&self, local: u16) -> View<'_> {
        self.find(local).and_then(|(cell, place)| cell.view(place)).unwrap_or(View::EMPTY)
    }

    /// Who has an event after a second, one bit each.
    pub(super) fn later(&self, second: u32) -> [u64; WORDS] {
        let mut found = [0; WORDS];
        for (number, cell) in self.cells() {
            let profile = number * CELL;
            found[profile / 64] |= u64::from(cell.later(second)) << (profile % 64);
        }
        for (local, cell) in self.alone() {
            let local = usize::from(*local);
            found[local / 64] |= u64::from(cell.is_later(0, second)) << (local % 64);
        }
        found
    }

    /// The second of everybody's newest event, 0 where there is none, of a block of which most cells are in use.
    pub(super) fn newest(&self) -> Option<Box<[u32; BLOCK]>> {
        let Self::Dense(dense) = self else { return None };
        let mut newest = Box::new([0; BLOCK]);
        for (number, cell) in self.cells() {
            cell.newest().for_each(|(place, second)| newest[number * CELL + place] = second);
        }
        for (local, cell) in &dense.alone {
            cell.newest().for_each(|(_, second)| newest[usize::from(*local)] = second);
        }
        Some(newest)
    }

    /// The second of a profile's newest event, 0 where there is none.
    pub(super) fn last(&self, local: u16) -> u32 {
        self.find(local).map_or(0, |(cell, place)| cell.last(place))
    }

    /// Adds an event to its strand, after those of the same second. It has a code for each kept property.
    pub(super) fn insert(&mut self, local: u16, second: u32, seq: Seq, codes: &[u32]) {
        let (cell, place) = match self.find_mut(local) {
            Some(found) => found,
            None => self.add_cell(local),
        };
        cell.insert(place, second, seq, codes);
        let is_long = cell.view(place).is_some_and(|view| view.len() > STRAND_IN_CELL_MAX);
        if is_long && self.place_alone(local).is_err() {
            let strand = self.take(local);
            self.put(local, &strand);
        }
    }

    /// The cell of a profile and its neighbours, made where there is none.
    fn add_cell(&mut self, local: u16) -> (&mut Cell, usize) {
        let (number, place) = cell_of(local);
        if self.cell(number).is_none() {
            self.make_room();
            match self {
                Self::Empty => unreachable!("invariant: room was made"),
                Self::Sparse(sparse) => {
                    let cells = &mut sparse.content_mut().cells;
                    let at = cells.partition_point(|cell| usize::from(cell.0) < number);
                    cells.insert(at, (number as u8, Cell::default()));
                }
                Self::Dense(dense) => dense.content_mut().cells.0[number] = Some(Cell::default()),
            }
        }
        (self.cell_mut(number).expect("invariant: it was made"), place)
    }

    /// Makes sure that a cell can be added.
    fn make_room(&mut self) {
        match self {
            Self::Empty => *self = Self::Sparse(Page::default()),
            Self::Sparse(sparse) if sparse.cells.len() == CELLS_SPARSE_MAX => {
                let Sparse { cells, alone } = std::mem::take(sparse.content_mut());
                let mut dense = Dense { alone, ..Dense::default() };
                for (number, cell) in cells {
                    dense.cells.0[usize::from(number)] = Some(cell);
                }
                *self = Self::Dense(Page::new(dense));
            }
            Self::Sparse(_) | Self::Dense(_) => {}
        }
    }

    /// Takes a strand out.
    pub(super) fn take(&mut self, local: u16) -> Taken {
        if let Ok(found) = self.place_alone(local) {
            let (_, mut cell) = self.alone_mut().remove(found);
            return cell.take(0).unwrap_or_default();
        }
        let (number, place) = cell_of(local);
        self.cell_mut(number).and_then(|cell| cell.take(place)).unwrap_or_default()
    }

    /// Puts a strand in, for somebody who has none.
    pub(super) fn put(&mut self, local: u16, strand: &Taken) {
        if strand.times.is_empty() {
            return;
        }
        if strand.times.len() > STRAND_IN_CELL_MAX {
            let at = self.place_alone(local).expect_err("invariant: it has no strand");
            let mut cell = Cell::default();
            cell.put(0, strand);
            self.alone_mut().insert(at, (local, cell));
        } else {
            let (cell, place) = self.add_cell(local);
            cell.put(place, strand);
        }
    }

    /// Adds the events of a strand that was taken elsewhere; those of one second go by their place in the log.
    pub(super) fn join(&mut self, local: u16, strand: &Taken) {
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
            if let Some(cell) = self.cell_mut(number) {
                let wanted = |place: &usize| locals.contains(&(number * CELL + place));
                let members = (0..CELL).filter(wanted).fold(0, |members, place| members | 1 << place);
                cell.fill(members, column, code_of);
            }
        }
        for found in 0..self.alone().len() {
            if locals.contains(&usize::from(self.alone()[found].0)) {
                self.alone_mut()[found].1.fill(1, column, code_of);
            }
        }
    }

    /// Forgets the kept properties and all that is not told by the events themselves.
    pub(super) fn forget_columns(&mut self) {
        let cells = (0..CELLS).filter_map(|number| {
            let mut cell = self.cell(number).filter(|cell| !cell.is_empty())?.clone();
            cell.forget_columns();
            Some((number as u8, cell))
        });
        let alone = self.alone().iter().map(|(local, cell)| {
            let mut cell = cell.clone();
            cell.forget_columns();
            (*local, cell)
        });
        let sparse = Sparse { cells: cells.collect(), alone: alone.collect() };
        *self = Self::Sparse(Page::new(sparse));
    }

    /// Leaves out of some codes those that events of this block have in a column.
    pub(super) fn leave_out_used(&self, column: usize, codes: &mut BTreeSet<u32>) {
        let alone = self.alone().iter().map(|(_, cell)| cell);
        for cell in self.cells().map(|(_, cell)| cell).chain(alone) {
            if codes.is_empty() {
                return;
            }
            cell.leave_out_used(column, codes);
        }
    }

    pub(super) fn due(&self, local: u16) -> Option<u32> {
        self.find(local).and_then(|(cell, place)| cell.due(place))
    }

    pub(super) fn set_due(&mut self, local: u16, due: u32) {
        let (cell, place) = self.find_mut(local).expect("invariant: time changes nothing without an event");
        cell.set_due(place, due);
    }

    /// Shows the strands of some profiles who have one, those of a cell one after another. The `back`-th newest event of each
    /// is brought near before, with a column its codes as well; and `near` is told who will be next, to do the same.
    pub(crate) fn visit<'a>(
        &'a self,
        profiles: &[u64; WORDS],
        (back, column): (u32, Option<u16>),
        near: impl Fn(usize),
        mut look: impl FnMut(usize, View<'a>),
    ) {
        let cells = self.cells().map(|(number, cell)| (number, cell, wanted(profiles, number)));
        let cells: Vec<_> = cells.filter(|(_, _, wanted)| *wanted != 0).collect();
        for at in 0..cells.len() + ROWS_AHEAD {
            if let Some((_, cell, _)) = cells.get(at) {
                cell.prefetch_rows(column.is_some());
            }
            let behind = |by: usize| at.checked_sub(by).and_then(|at| cells.get(at));
            if let Some((number, cell, wanted)) = behind(ROWS_AHEAD - EVENTS_AHEAD) {
                cell.prefetch_newest(*wanted, back, column);
                places(*wanted).for_each(|place| near(number * CELL + place));
            }
            if let Some((number, cell, wanted)) = behind(ROWS_AHEAD) {
                let views = places(*wanted).filter_map(|place| Some((place, cell.view(place)?)));
                views.for_each(|(place, view)| look(number * CELL + place, view));
            }
        }
        for (local, cell) in self.alone() {
            let local = usize::from(*local);
            if let Some(view) = cell.view(0).filter(|_| profiles[local / 64] >> (local % 64) & 1 == 1) {
                look(local, view);
            }
        }
    }

    /// Brings near where the strands of some profiles end, before those are read one after another.
    pub(crate) fn prefetch_rows(&self, profiles: &[u64; WORDS]) {
        let cells = self.cells().filter(|(number, _)| wanted(profiles, *number) != 0);
        cells.for_each(|(_, cell)| cell.prefetch_rows(false));
    }

    /// Brings near where the cell of a profile is.
    pub(super) fn prefetch_place(&self, local: u16) {
        if let Self::Dense(dense) = self {
            prefetch(&dense.cells.0, cell_of(local).0);
        }
    }

    /// Brings its row near; where that is is near already.
    pub(super) fn prefetch_strand(&self, local: u16) {
        let (number, place) = cell_of(local);
        if let Some(cell) = self.cell(number) {
            cell.prefetch_row(place);
        }
    }

    pub(super) fn prefetch_tail(&self, local: u16) {
        if let Some((cell, place)) = self.find(local) {
            cell.prefetch_tail(place);
        }
    }

    /// Brings the newest event of a strand near.
    pub(crate) fn prefetch_newest(&self, local: u16) {
        if let Some((cell, place)) = self.find(local) {
            cell.prefetch_newest(1 << place, 1, None);
        }
    }
}

/// Those of a cell who are among some profiles, one bit each.
fn wanted(profiles: &[u64; WORDS], number: usize) -> u32 {
    let first = number * CELL;
    (profiles[first / 64] >> (first % 64)) as u32
}

/// The number of a profile's cell in the block, and its place in that.
fn cell_of(local: u16) -> (usize, usize) {
    (usize::from(local) / CELL, usize::from(local) % CELL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_strand_lies_alone_until_it_is_short_again() {
        let mut block = Block::default();
        block.insert(4, 7, Seq(1), &[]);
        for number in 0..=STRAND_IN_CELL_MAX as u32 {
            assert!(block.alone().is_empty(), "{number} events lie among those of others");
            block.insert(3, 1_000 - number, Seq(u64::from(number) + 2), &[]);
        }
        assert_eq!((block.alone().len(), block.view(3).len()), (1, STRAND_IN_CELL_MAX + 1));
        assert!(block.view(3).times().is_sorted());
        assert_eq!((block.view(4).times(), block.later(999)[0]), (&[7][..], 1 << 3));
        let (few, _) = block.take(3).split(&[Seq(2), Seq(3)]);
        block.put(3, &few);
        assert_eq!((block.alone().len(), block.view(3).times()), (0, &[999, 1_000][..]));
    }
}
