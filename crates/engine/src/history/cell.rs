//! The events of one name of thirty-two people, in one piece of memory.
//!
//! What is written to while a copy of the state holds it is copied first, and a cell is what is copied then: some
//! kilobytes. In it people's strands follow one another without gaps, so that a new event moves what lies behind it, which
//! is little; when the piece is full, a larger one takes its place. Whoever has too many events for that has a cell alone.

use super::NEVER;
use super::codes::{CodeSlice, CodeSliceMut, Width};
use super::strand::{Taken, View};
use crate::Seq;
use crate::prefetch::prefetch;
use crate::unshared::to_write;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;
use std::io::{Read, Result, Write};
use std::ops::Range;
use std::sync::Arc;

/// Profiles in a cell: a bit of a word for each.
pub(super) const CELL: usize = u32::BITS as usize;
/// Bytes that shared memory has before what is in it.
const COUNTS_BYTES: usize = 16;
/// Members from which on all thirty-two have a row: a member that is new moves nothing then, and where a row is can be told
/// without reading anything.
const MEMBERS_SPARSE_MAX: u32 = 8;
/// Words in a line of the cache.
const LINE_WORDS: usize = 16;

// Where the first words are. The rows follow them, then the seconds, the low words of the places in the log, and the planes:
// what is above those words, and the kept properties. What a plane is like is told at the very end, the first one last.
const MEMBERS: usize = 0;
const CAPACITY: usize = 1;
/// The number of planes, and whether everybody has a row.
const PLANES: usize = 2;
const ROWS: usize = 3;
const FULL: u32 = 1 << 31;
/// The plane of what is above the low words of the places in the log: absent in a log of fewer than four billion records.
const HIGH: usize = 0;
/// The plane of the first kept property.
const COLUMNS: usize = 1;

#[derive(Clone)]
pub(crate) struct Cell {
    words: Arc<[u32]>,
}

/// Where things are in a cell's words.
#[derive(Clone, Copy)]
struct Layout {
    members: u32,
    rows: usize,
    capacity: usize,
    planes: usize,
}

impl Layout {
    fn of(words: &[u32]) -> Self {
        let (members, planes) = (words[MEMBERS], words[PLANES]);
        let rows = if planes & FULL > 0 { CELL } else { members.count_ones() as usize };
        Self { members, rows, capacity: words[CAPACITY] as usize, planes: (planes & !FULL) as usize }
    }

    /// With rows for these members.
    fn new(members: u32, capacity: usize, planes: usize) -> Self {
        let count = members.count_ones();
        let rows = if count > MEMBERS_SPARSE_MAX { CELL } else { count as usize };
        Self { members, rows, capacity, planes }
    }

    /// Second of the newest event, by row.
    fn lasts(self) -> usize {
        ROWS
    }

    /// The second for which a timer waits, by row.
    fn dues(self) -> usize {
        ROWS + self.rows
    }

    /// Where a strand ends and the next one begins, by row.
    fn ends(self) -> usize {
        ROWS + 2 * self.rows
    }

    fn times(self) -> usize {
        ROWS + 3 * self.rows
    }

    fn seqs(self) -> usize {
        self.times() + self.capacity
    }

    /// The row of a member.
    fn row(self, local: usize) -> Option<usize> {
        if self.members >> local & 1 == 0 {
            return None;
        }
        Some(if self.rows == CELL { local } else { self.rank(local) })
    }

    /// Where a profile is among the members, or would be.
    fn rank(self, local: usize) -> usize {
        (self.members & ((1 << local) - 1)).count_ones() as usize
    }

    fn members(self) -> impl Iterator<Item = usize> {
        (0..CELL).filter(move |local| self.members >> local & 1 == 1)
    }

    /// Who has which row.
    fn locals(self) -> impl Iterator<Item = usize> {
        let is_full = self.rows == CELL;
        (0..CELL).filter(move |local| is_full || self.members >> local & 1 == 1)
    }
}

impl Default for Cell {
    fn default() -> Self {
        Self { words: Arc::new([0, 0, 0]) }
    }
}

impl Cell {
    fn layout(&self) -> Layout {
        Layout::of(&self.words)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words[MEMBERS] == 0
    }

    pub(super) fn has(&self, local: usize) -> bool {
        self.words[MEMBERS] >> local & 1 == 1
    }

    /// Number of events.
    fn len(&self) -> usize {
        let layout = self.layout();
        if layout.rows == 0 { 0 } else { self.words[layout.times() - 1] as usize }
    }

    /// Where a row's events are among all of the cell.
    fn range(&self, layout: Layout, row: usize) -> Range<usize> {
        let ends = layout.ends();
        let begin = if row == 0 { 0 } else { self.words[ends + row - 1] };
        begin as usize..self.words[ends + row] as usize
    }

    pub(super) fn view(&self, local: usize) -> Option<View<'_>> {
        let layout = self.layout();
        let range = self.range(layout, layout.row(local)?);
        let times = layout.times();
        Some(View::new(self, range.start, &self.words[times + range.start..times + range.end]))
    }

    /// Second of a member's newest event.
    pub(super) fn last(&self, local: usize) -> u32 {
        let layout = self.layout();
        self.words[layout.lasts() + layout.row(local).expect("invariant: it is a member")]
    }

    /// Whether somebody has an event after a second; the events themselves are not touched.
    pub(super) fn is_later(&self, local: usize, second: u32) -> bool {
        let layout = self.layout();
        layout.row(local).is_some_and(|row| self.words[layout.lasts() + row] > second)
    }

    /// Who has events, and the second of the newest.
    pub(super) fn newest(&self) -> impl Iterator<Item = (usize, u32)> {
        let layout = self.layout();
        let lasts = move |local| layout.row(local).map(|row| (local, self.words[layout.lasts() + row]));
        layout.members().filter_map(lasts)
    }

    /// Who has an event after a second, one bit each.
    pub(super) fn later(&self, second: u32) -> u32 {
        let layout = self.layout();
        let lasts = &self.words[layout.lasts()..layout.dues()];
        let rows = layout.locals().zip(lasts);
        rows.fold(0, |found, (local, last)| found | u32::from(*last > second) << local)
    }

    /// The instant for which a timer of somebody waits, in seconds.
    pub(super) fn due(&self, local: usize) -> Option<u32> {
        let layout = self.layout();
        layout.row(local).map(|row| self.words[layout.dues() + row])
    }

    pub(super) fn set_due(&mut self, local: usize, due: u32) {
        let layout = self.layout();
        let row = layout.row(local).expect("invariant: time changes nothing without an event");
        to_write(&mut self.words, Arc::make_mut)[layout.dues() + row] = due;
    }

    /// Where an event is in the log, by its index in the cell.
    pub(super) fn seq(&self, index: usize) -> Seq {
        let layout = self.layout();
        let high = u64::from(self.plane(HIGH).get(index));
        Seq(high << u32::BITS | u64::from(self.words[layout.seqs() + index]))
    }

    /// The code of a kept property, by an event's index in the cell.
    #[inline]
    pub(super) fn code(&self, column: usize, index: usize) -> u32 {
        let plane = COLUMNS + column;
        if plane >= (self.words[PLANES] & !FULL) as usize {
            return 0;
        }
        let description = self.words[self.words.len() - 1 - plane];
        let begin = (description >> 2) as usize;
        match Width::from_bits(description) {
            Width::Absent => 0,
            Width::Byte => self.words[begin + index / 4] >> (index % 4 * 8) & 0xff,
            Width::Short => self.words[begin + index / 2] >> (index % 2 * 16) & 0xffff,
            Width::Word => self.words[begin + index],
        }
    }

    /// The codes of a kept property.
    pub(super) fn column(&self, column: usize) -> CodeSlice<'_> {
        self.plane(COLUMNS + column)
    }

    fn plane(&self, plane: usize) -> CodeSlice<'_> {
        if plane >= (self.words[PLANES] & !FULL) as usize {
            return CodeSlice::Absent;
        }
        let (range, width) = plane_of(&self.words, plane);
        CodeSlice::new(&self.words[range], width)
    }

    fn widths(&self) -> Vec<Width> {
        let descriptions = self.words.iter().rev().take(self.layout().planes);
        descriptions.map(|description| Width::from_bits(*description)).collect()
    }

    /// Adds an event to somebody's strand, after those of the same second. It has a code for each kept property.
    pub(super) fn insert(&mut self, local: usize, second: u32, seq: Seq, codes: &[u32]) {
        let high = u32::from(u8::try_from(seq.0 >> u32::BITS).expect("invariant: fewer than 2^40 records"));
        if !self.has_room(local, high, codes) {
            *self = self.with_room(local, high, codes);
        }
        let words = to_write(&mut self.words, Arc::make_mut);
        words[MEMBERS] |= 1 << local;
        let layout = Layout::of(words);
        let row = layout.row(local).expect("invariant: room was made for it");
        let (ends, times) = (layout.ends(), layout.times());
        let begin = if row == 0 { 0 } else { words[ends + row - 1] as usize };
        let (end, len) = (words[ends + row] as usize, words[times - 1] as usize);
        let last = words[layout.lasts() + row];
        let at = if second >= last || begin == end {
            end
        } else {
            begin + words[times + begin..times + end].partition_point(|time| *time <= second)
        };
        for (array, value) in [(times, second), (layout.seqs(), seq.0 as u32)] {
            words.copy_within(array + at..array + len, array + at + 1);
            words[array + at] = value;
        }
        for (plane, code) in std::iter::once(&high).chain(codes).enumerate() {
            let (range, width) = plane_of(words, plane);
            let mut plane = CodeSliceMut::new(&mut words[range], width);
            plane.shift(at, len);
            plane.set(at, *code);
        }
        words[layout.lasts() + row] = last.max(second);
        words[ends + row..times].iter_mut().for_each(|end| *end += 1);
    }

    fn has_room(&self, local: usize, high: u32, codes: &[u32]) -> bool {
        let layout = self.layout();
        let fits = |(plane, code): (usize, &u32)| {
            Width::from_bits(self.words[self.words.len() - 1 - plane]) >= Width::of(*code)
        };
        (self.has(local) || layout.rows == CELL)
            && self.len() < layout.capacity
            && layout.planes == COLUMNS + codes.len()
            && (high == 0 || fits((HIGH, &high)))
            && codes.iter().enumerate().all(|(column, code)| fits((COLUMNS + column, code)))
    }

    fn with_room(&self, local: usize, high: u32, codes: &[u32]) -> Self {
        let mut widths = self.widths();
        widths.resize(COLUMNS + codes.len(), Width::Absent);
        if high > 0 {
            widths[HIGH] = Width::Byte;
        }
        for (width, code) in widths[COLUMNS..].iter_mut().zip(codes) {
            *width = Width::of(*code).max(*width);
        }
        self.rebuilt(self.words[MEMBERS] | 1 << local, &widths, Room::More(1), None)
    }

    /// Gives the events of some people the codes of a column: `code_of` their places in the log, where it has one.
    pub(super) fn fill(&mut self, members: u32, column: usize, code_of: &mut impl FnMut(Seq) -> Option<u32>) {
        let layout = self.layout();
        let rows = (0..CELL).filter(|local| members >> local & 1 == 1).filter_map(|local| layout.row(local));
        let indexes = rows.flat_map(|row| self.range(layout, row));
        let codes: Vec<(usize, u32)> =
            indexes.filter_map(|index| Some((index, code_of(self.seq(index))?))).collect();
        let (plane, mut widths) = (COLUMNS + column, self.widths());
        widths.resize(widths.len().max(plane + 1), Width::Absent);
        let most = codes.iter().map(|(_, code)| *code).max().unwrap_or(0);
        let width = Width::of(most).max(widths[plane]);
        if layout.planes <= plane || widths[plane] < width {
            widths[COLUMNS..=plane].iter_mut().for_each(|width| *width = (*width).max(Width::Byte));
            widths[plane] = width;
            *self = self.rebuilt(layout.members, &widths, Room::More(0), None);
        }
        let words = to_write(&mut self.words, Arc::make_mut);
        let (range, width) = plane_of(words, plane);
        let mut plane = CodeSliceMut::new(&mut words[range], width);
        codes.into_iter().for_each(|(index, code)| plane.set(index, code));
    }

    /// Leaves out of some codes those that events of this cell have in a column.
    pub(super) fn leave_out_used(&self, column: usize, codes: &mut BTreeSet<u32>) {
        self.column(column).range(0..self.len()).leave_out_used(codes);
    }

    /// Forgets the kept properties, and the room to grow.
    pub(super) fn forget_columns(&mut self) {
        let widths = self.widths();
        *self = self.rebuilt(self.words[MEMBERS], &widths[..widths.len().min(COLUMNS)], Room::None, None);
    }

    /// Takes a strand out.
    pub(super) fn take(&mut self, local: usize) -> Option<Taken> {
        let view = self.view(local)?;
        let columns = self.layout().planes.saturating_sub(COLUMNS) as u16;
        let taken = Taken {
            times: view.times().to_vec(),
            seqs: (0..view.len()).map(|index| view.seq(index)).collect(),
            codes: (0..columns)
                .map(|column| (0..view.len()).map(|index| view.code(column, index)).collect())
                .collect(),
            due: self.due(local).unwrap_or(NEVER),
        };
        let members = self.words[MEMBERS] & !(1 << local);
        *self = self.rebuilt(members, &self.widths(), Room::More(0), None);
        Some(taken)
    }

    /// Puts a strand in, for somebody who has none here.
    pub(super) fn put(&mut self, local: usize, taken: &Taken) {
        let mut widths = self.widths();
        widths.resize(widths.len().max(COLUMNS + taken.codes.len()), Width::Absent);
        if taken.seqs.iter().any(|seq| seq.0 >> u32::BITS > 0) {
            widths[HIGH] = Width::Byte;
        }
        for (column, width) in widths[COLUMNS..].iter_mut().enumerate() {
            let most = taken.codes.get(column).and_then(|codes| codes.iter().max());
            *width = Width::of(most.copied().unwrap_or(0)).max(*width);
        }
        let members = self.words[MEMBERS] | 1 << local;
        *self = self.rebuilt(members, &widths, Room::More(0), Some((local, taken)));
    }

    /// The same events in another piece of memory: of these members, with these planes, with room for more, and with a
    /// strand that is new.
    fn rebuilt(&self, members: u32, widths: &[Width], room: Room, new: Option<(usize, &Taken)>) -> Self {
        let old = self.layout();
        let is_whole = new.is_none() && old.members & !members == 0;
        let part = |local: usize| match (old.row(local), new) {
            (Some(row), _) => Part::Old(row, self.range(old, row)),
            (None, Some((at, taken))) if at == local => Part::New(taken),
            (None, _) => Part::Empty,
        };
        let layout = Layout::new(members, 0, widths.len());
        let len = if is_whole { self.len() } else { layout.members().map(|local| part(local).len()).sum() };
        let capacity = match room {
            Room::None => len,
            Room::More(more) => capacity(layout.rows, widths, len + more),
        };
        let layout = Layout { capacity, ..layout };
        let mut cell = Self { words: blank(layout, widths) };
        let words = Arc::get_mut(&mut cell.words).expect("invariant: it is nobody else's yet");
        if is_whole && len > 0 {
            self.copy(words, layout, 0, &Part::Old(0, 0..len));
        }
        if old.members == members && old.rows == layout.rows {
            words[ROWS..layout.times()].copy_from_slice(&self.words[ROWS..old.times()]);
            return cell;
        }
        words[layout.dues()..layout.ends()].fill(NEVER);
        let mut end = 0;
        for (row, local) in layout.locals().enumerate() {
            if members >> local & 1 == 1 {
                let part = part(local);
                if !is_whole {
                    self.copy(words, layout, end, &part);
                }
                let begin = end;
                end += part.len();
                if end > begin {
                    words[layout.lasts() + row] = words[layout.times() + end - 1];
                }
                words[layout.dues() + row] = match part {
                    Part::Old(row, _) => self.words[old.dues() + row],
                    Part::New(taken) => taken.due,
                    Part::Empty => NEVER,
                };
            }
            words[layout.ends() + row] = end as u32;
        }
        cell
    }

    /// Copies a strand's events to where they begin in another cell's words.
    fn copy(&self, words: &mut [u32], layout: Layout, to: usize, part: &Part<'_>) {
        match part {
            Part::Empty => {}
            Part::Old(_, range) => {
                let old = self.layout();
                for (into, from) in [(layout.times(), old.times()), (layout.seqs(), old.seqs())] {
                    words[into + to..into + to + range.len()]
                        .copy_from_slice(&self.words[from + range.start..from + range.end]);
                }
                for plane in 0..layout.planes {
                    let (place, width) = plane_of(words, plane);
                    let mut into = CodeSliceMut::new(&mut words[place], width);
                    into.copy(to, self.plane(plane), range.clone());
                }
            }
            Part::New(taken) => {
                for (index, (second, seq)) in taken.times.iter().zip(&taken.seqs).enumerate() {
                    words[layout.times() + to + index] = *second;
                    words[layout.seqs() + to + index] = seq.0 as u32;
                    let (place, width) = plane_of(words, HIGH);
                    CodeSliceMut::new(&mut words[place], width).set(to + index, (seq.0 >> u32::BITS) as u32);
                }
                for (column, codes) in taken.codes.iter().enumerate() {
                    let (place, width) = plane_of(words, COLUMNS + column);
                    CodeSliceMut::new(&mut words[place], width).copy(
                        to,
                        CodeSlice::Word(codes),
                        0..codes.len(),
                    );
                }
            }
        }
    }

    /// Brings a row near before it is read, if everybody has one: where it is otherwise, only reading could tell. What the
    /// planes are like comes with it.
    pub(super) fn prefetch_row(&self, local: usize) {
        let last = self.words.len() - 1;
        for place in [0, ROWS + local, ROWS + CELL + local, ROWS + 2 * CELL + local, last] {
            prefetch(&self.words, place);
        }
    }

    /// Brings near who is in it and where strands end, and with `codes` what the planes are like.
    pub(super) fn prefetch_rows(&self, codes: bool) {
        (0..ROWS + 3 * CELL).step_by(LINE_WORDS).for_each(|place| prefetch(&self.words, place));
        if codes {
            prefetch(&self.words, self.words.len() - 1);
        }
    }

    /// Brings the end of a strand near, where the next event will be; its row is near already.
    pub(super) fn prefetch_tail(&self, local: usize) {
        let layout = self.layout();
        let Some(row) = layout.row(local) else { return };
        let newest = self.range(layout, row).end.saturating_sub(1);
        prefetch(&self.words, layout.times() + newest);
        prefetch(&self.words, layout.seqs() + newest);
        (0..layout.planes).for_each(|plane| self.plane(plane).prefetch(newest));
    }

    /// Brings the `back`-th newest event of some near, one bit each; with a column, its newest codes and the times before as
    /// well.
    pub(super) fn prefetch_newest(&self, wanted: u32, back: u32, column: Option<u16>) {
        let (layout, codes) = (self.layout(), column.map(|column| self.column(usize::from(column))));
        let times = layout.times();
        for row in places(wanted).filter_map(|local| layout.row(local)) {
            let range = self.range(layout, row);
            prefetch(&self.words, times + range.end.saturating_sub(back as usize));
            if let Some(codes) = codes {
                codes.prefetch(range.end.saturating_sub(1));
                prefetch(&self.words, times + range.end.saturating_sub(LINE_WORDS).max(range.start));
            }
        }
    }
}

/// The bits that are set.
pub(super) fn places(mut bits: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (bits != 0).then(|| {
            let place = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            place
        })
    })
}

/// How much room a new piece of memory is to have.
#[derive(Clone, Copy)]
enum Room {
    None,
    /// For so many events at least.
    More(usize),
}

/// A strand on its way into a new piece of memory.
enum Part<'a> {
    Empty,
    /// By its row, and where its events were.
    Old(usize, Range<usize>),
    New(&'a Taken),
}

impl Part<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Old(_, range) => range.len(),
            Self::New(taken) => taken.times.len(),
        }
    }
}

/// Where a plane is, and how wide.
fn plane_of(words: &[u32], plane: usize) -> (Range<usize>, Width) {
    let description = words[words.len() - 1 - plane];
    let (begin, width) = ((description >> 2) as usize, Width::from_bits(description));
    (begin..begin + width.words(words[CAPACITY] as usize), width)
}

/// A cell's words without its rows and events.
fn blank(layout: Layout, widths: &[Width]) -> Arc<[u32]> {
    let begin = layout.seqs() + layout.capacity;
    let planes: usize = widths.iter().map(|width| width.words(layout.capacity)).sum();
    let mut words: Arc<[u32]> = std::iter::repeat_n(0, begin + planes + widths.len()).collect();
    let all = Arc::get_mut(&mut words).expect("invariant: it is nobody else's yet");
    all[MEMBERS] = layout.members;
    all[CAPACITY] = u32::try_from(layout.capacity).expect("invariant: memory ends before that");
    all[PLANES] = layout.planes as u32 | if layout.rows == CELL { FULL } else { 0 };
    let (mut place, last) = (begin, all.len() - 1);
    for (plane, width) in widths.iter().enumerate() {
        let begin = u32::try_from(place).ok().filter(|place| *place < 1 << 30);
        all[last - plane] = begin.expect("invariant: a cell is smaller than 4 GiB") << 2 | width.bits();
        place += width.words(layout.capacity);
    }
    words
}

/// How many events a cell has room for that must hold so many: as many as fit the next size that allocators have, of which
/// there are four to each doubling. So growth is by a fifth, and little of it is lost to the allocator.
fn capacity(rows: usize, widths: &[Width], events: usize) -> usize {
    let fixed = COUNTS_BYTES + (ROWS + widths.len() + 3 * rows) * size_of::<u32>();
    let fixed = fixed + widths.len() * (size_of::<u32>() - 1);
    let each = 2 * size_of::<u32>() + widths.iter().map(|width| width.bytes()).sum::<usize>();
    let bytes = fixed + events * each;
    let step = if bytes <= 512 { 64 } else { 1 << ((bytes - 1).ilog2() - 2) };
    (bytes.next_multiple_of(step) - fixed) / each
}

impl BorshSerialize for Cell {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        (self.words.len() as u32).serialize(writer)?;
        writer.write_all(bytemuck::cast_slice(&self.words))
    }
}

impl BorshDeserialize for Cell {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let len = u32::deserialize_reader(reader)?;
        let mut words: Arc<[u32]> = std::iter::repeat_n(0, len as usize).collect();
        let all = Arc::get_mut(&mut words).expect("invariant: it is nobody else's yet");
        reader.read_exact(bytemuck::cast_slice_mut(all))?;
        Ok(Self { words })
    }
}

#[cfg(target_endian = "big")]
compile_error!("a cell's words are written as they lie in memory, lowest byte first");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_fills_a_size_that_allocators_have() {
        for events in 1..2_000 {
            let widths = [Width::Absent, Width::Byte, Width::Short];
            let capacity = capacity(CELL, &widths, events);
            assert!(capacity >= events && capacity <= events + events / 4 + 30, "{events}: {capacity}");
            let layout = Layout::new(u32::MAX, capacity, widths.len());
            let bytes = COUNTS_BYTES + blank(layout, &widths).len() * 4;
            let size = bytes.next_multiple_of(1 << ((bytes - 1).ilog2() - 2));
            assert!(size - bytes < 24, "{events} events in {bytes} of {size} bytes");
        }
    }

    #[test]
    fn a_place_beyond_four_billion_is_kept_and_moves_like_any_other() {
        let mut cell = Cell::default();
        let (near, far) = (Seq(7), Seq(u64::from(u32::MAX) + 9));
        cell.insert(3, 100, near, &[]);
        assert_eq!(cell.widths(), [Width::Absent], "a young log takes four bytes");
        cell.insert(3, 50, far, &[]);
        cell.insert(1, 70, far, &[]);
        let seqs = |cell: &Cell, local| {
            let view = cell.view(local).unwrap();
            (0..view.len()).map(|index| view.seq(index)).collect::<Vec<_>>()
        };
        assert_eq!((seqs(&cell, 3), seqs(&cell, 1)), (vec![far, near], vec![far]));
        let taken = cell.take(3).unwrap();
        assert_eq!((cell.has(3), seqs(&cell, 1)), (false, vec![far]));
        let mut other = Cell::default();
        other.put(0, &taken);
        assert_eq!(seqs(&other, 0), [far, near]);
    }
}
