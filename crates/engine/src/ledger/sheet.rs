//! Neighbouring sends: open while they are written to, closed when others are.
//!
//! A closed sheet holds what its rows say in as few bytes as each needs, one after the other and each after its length, so
//! that a row is found by skipping those before it. It is told to a snapshot as an open one: what is closed when is no part
//! of the state. Owned by the ledger, which says when.

use super::row::{Near, Notes, Row};
use crate::codec::Reader;
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::{Read, Result, Write};

/// Sends that are copied together when one is written to while a copy of the state holds them.
pub(super) const SENDS_IN_SHEET: usize = 32;

/// Rows, and the notes of those that have some, by their place.
#[derive(Clone, Default)]
pub(crate) struct Sheet {
    rows: Rows,
    notes: Vec<(u8, Notes)>,
}

#[derive(Clone)]
enum Rows {
    Open(Vec<Row>),
    /// As many as a sheet has, beside what they are near to.
    Closed(Near, Box<[u8]>),
}

impl Default for Rows {
    fn default() -> Self {
        Self::Open(Vec::new())
    }
}

impl Sheet {
    pub(super) fn len(&self) -> usize {
        match &self.rows {
            Rows::Open(rows) => rows.len(),
            Rows::Closed(..) => SENDS_IN_SHEET,
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<(Row, Option<&Notes>)> {
        let row = match &self.rows {
            Rows::Open(rows) => *rows.get(place)?,
            Rows::Closed(near, bytes) => nth(*near, bytes, place)?,
        };
        let found = self.notes.binary_search_by_key(&place, |(one, _)| usize::from(*one));
        Some((row, found.ok().map(|index| &self.notes[index].1)))
    }

    /// All rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        let (open, closed) = match &self.rows {
            Rows::Open(rows) => (rows.as_slice(), None),
            Rows::Closed(near, bytes) => ([].as_slice(), Some(each(*near, bytes))),
        };
        open.iter().copied().chain(closed.into_iter().flatten())
    }

    /// Adds a send to a sheet that is not full.
    pub(super) fn push(&mut self, row: Row, notes: Notes) {
        let rows = self.open();
        let place = rows.len();
        rows.reserve_exact(SENDS_IN_SHEET - place);
        rows.push(row);
        self.note(place, notes);
    }

    pub(super) fn set(&mut self, place: usize, row: Row, notes: Notes) {
        self.open()[place] = row;
        self.note(place, notes);
    }

    /// Makes another one the person's send before this one.
    pub(super) fn link(&mut self, place: usize, before: u32) {
        self.open()[place].before = before;
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self.rows, Rows::Closed(..))
    }

    /// The rows, to be written to.
    pub(super) fn open(&mut self) -> &mut Vec<Row> {
        if let Rows::Closed(near, bytes) = &self.rows {
            self.rows = Rows::Open(each(*near, bytes).collect());
        }
        match &mut self.rows {
            Rows::Open(rows) => rows,
            Rows::Closed(..) => unreachable!("invariant: it was opened"),
        }
    }

    /// Closes a full sheet.
    pub(super) fn close(&mut self) {
        let Rows::Open(rows) = &self.rows else { return };
        assert_eq!(rows.len(), SENDS_IN_SHEET, "invariant: only a full sheet is closed");
        let near = rows[0].near();
        let (mut bytes, mut one) = (Vec::new(), Vec::new());
        for row in rows {
            one.clear();
            row.put(near, &mut one);
            bytes.push(u8::try_from(one.len()).expect("invariant: a row has fewer than a hundred bytes"));
            bytes.extend_from_slice(&one);
        }
        self.rows = Rows::Closed(near, bytes.into());
    }

    fn note(&mut self, place: usize, notes: Notes) {
        match (self.notes.binary_search_by_key(&place, |(one, _)| usize::from(*one)), notes.is_empty()) {
            (Ok(index), false) => self.notes[index].1 = notes,
            (Ok(index), true) => {
                self.notes.remove(index);
                if self.notes.is_empty() {
                    self.notes = Vec::new();
                }
            }
            (Err(index), false) => self.notes.insert(index, (place as u8, notes)),
            (Err(_), true) => {}
        }
    }
}

/// The row at a place among closed ones.
fn nth(near: Near, bytes: &[u8], place: usize) -> Option<Row> {
    if place >= SENDS_IN_SHEET {
        return None;
    }
    let mut rest = bytes;
    for _ in 0..place {
        rest = &rest[usize::from(rest[0]) + 1..];
    }
    Some(read(near, &mut Reader::new(&rest[1..])))
}

/// All closed rows, in order.
fn each(near: Near, bytes: &[u8]) -> impl Iterator<Item = Row> {
    let mut reader = Reader::new(bytes);
    let next = move |_| {
        reader.byte();
        read(near, &mut reader)
    };
    (0..SENDS_IN_SHEET).map(next)
}

fn read(near: Near, reader: &mut Reader<'_>) -> Row {
    Row::read(near, reader).expect("invariant: what was closed can be opened")
}

impl BorshSerialize for Sheet {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        match &self.rows {
            Rows::Open(rows) => rows.serialize(writer)?,
            Rows::Closed(near, bytes) => each(*near, bytes).collect::<Vec<_>>().serialize(writer)?,
        }
        self.notes.serialize(writer)
    }
}

impl BorshDeserialize for Sheet {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let rows = Vec::deserialize_reader(reader)?;
        let mut sheet = Self { rows: Rows::Open(rows), notes: Vec::deserialize_reader(reader)? };
        if sheet.len() == SENDS_IN_SHEET {
            sheet.close();
        }
        Ok(sheet)
    }
}
