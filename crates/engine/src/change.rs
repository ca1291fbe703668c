//! Changes of membership: who entered and who left a segment that somebody listens to.
//!
//! A turn notes them, and the records that tell of them are derived from the notes at the end of each batch. A note is kept
//! in the bytes that it has in such a record, so that many of them are small, and so that a record read from the log is
//! compared with what was noted byte by byte.

use crate::at::At;
use crate::codec::{Reader, put_varint, put_zigzag};
use crate::limits::CHANGES_IN_RECORD_MAX;
use crate::{ProfileId, Seq};
use std::collections::{BTreeMap, VecDeque};

/// One profile's entering or leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub profile: ProfileId,
    pub kind: ChangeKind,
    /// Since when it is so: the instant of the batch that told, or of the timer where nothing but time did.
    pub at: At,
    /// The record from which it follows.
    pub cause: Seq,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Entered,
    Left,
    /// It was inside, and became part of another profile: what holds for that one holds for the person.
    Merged,
    /// It was inside, and the person was erased.
    Erased,
}

impl ChangeKind {
    pub const ALL: [Self; 4] = [Self::Entered, Self::Left, Self::Merged, Self::Erased];

    pub fn name(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Left => "left",
            Self::Merged => "merged",
            Self::Erased => "erased",
        }
    }
}

/// Where the differences of a list begin.
const NOTHING: Change = Change { profile: ProfileId(0), kind: ChangeKind::Entered, at: At(0), cause: Seq(0) };

/// The kind's bits in a change's first number, and the one that says that cause and instant are others than before.
const KIND_BITS: u32 = 2;
const MOVED: u64 = 1 << KIND_BITS;

impl Change {
    /// Appends the change as its difference from the one before.
    fn put(&self, out: &mut Vec<u8>, before: &Self) {
        let moved = (self.cause, self.at) != (before.cause, before.at);
        let step = i64::from(self.profile.0) - i64::from(before.profile.0);
        let step = ((step << 1) ^ (step >> 63)).cast_unsigned();
        put_varint(out, (step << (KIND_BITS + 1)) | (u64::from(moved) * MOVED) | self.kind as u64);
        if moved {
            put_zigzag(out, self.cause.0.wrapping_sub(before.cause.0).cast_signed());
            put_zigzag(out, self.at.0.wrapping_sub(before.at.0));
        }
    }

    fn read(reader: &mut Reader<'_>, before: &Self) -> Option<Self> {
        let first = reader.varint()?;
        let kind = *ChangeKind::ALL.get((first & (MOVED - 1)) as usize)?;
        let step = first >> (KIND_BITS + 1);
        let step = (step >> 1).cast_signed() ^ -(step & 1).cast_signed();
        let profile = ProfileId(u32::try_from(i64::from(before.profile.0) + step).ok()?);
        let (mut cause, mut at) = (before.cause, before.at);
        if first & MOVED != 0 {
            cause = Seq(cause.0.wrapping_add(reader.zigzag()?.cast_unsigned()));
            at = At(at.0.wrapping_add(reader.zigzag()?));
        }
        Some(Self { profile, kind, at, cause })
    }
}

/// The changes of one record, as a view into its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changes<'a> {
    count: usize,
    bytes: &'a [u8],
}

impl<'a> Changes<'a> {
    /// Reads so many changes from the front.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let count = usize::try_from(reader.varint()?).ok().filter(|count| *count <= CHANGES_IN_RECORD_MAX)?;
        let begin = reader.rest();
        let mut last = NOTHING;
        for _ in 0..count {
            last = Change::read(reader, &last)?;
        }
        Some(Self { count, bytes: &begin[..begin.len() - reader.rest().len()] })
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.count as u64);
        out.extend_from_slice(self.bytes);
    }

    /// In the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Change> + use<'a> {
        let (mut reader, mut last) = (Reader::new(self.bytes), NOTHING);
        (0..self.count).map(move |_| {
            last = Change::read(&mut reader, &last).expect("invariant: they were read before");
            last
        })
    }

    pub fn count(&self) -> usize {
        self.count
    }
}

/// What was noted and is not a record yet, by slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    by_slot: BTreeMap<u16, VecDeque<List>>,
}

/// The changes of one record to come.
#[derive(Clone, Debug)]
struct List {
    count: usize,
    bytes: Vec<u8>,
    last: Change,
}

impl Noted {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_slot.is_empty()
    }

    pub(crate) fn note(&mut self, slot: u16, change: Change) {
        let lists = self.by_slot.entry(slot).or_default();
        if lists.back().is_none_or(|list| list.count == CHANGES_IN_RECORD_MAX) {
            lists.push_back(List { count: 0, bytes: Vec::new(), last: NOTHING });
        }
        let list = lists.back_mut().expect("invariant: just made");
        change.put(&mut list.bytes, &list.last);
        (list.count, list.last) = (list.count + 1, change);
    }

    /// The next record's slot and changes.
    pub(crate) fn first(&self) -> Option<(u16, Changes<'_>)> {
        let (slot, lists) = self.by_slot.first_key_value()?;
        let list = lists.front().expect("invariant: a slot is there for its lists");
        Some((*slot, Changes { count: list.count, bytes: &list.bytes }))
    }

    /// Forgets what [`Noted::first`] gave.
    pub(crate) fn pop(&mut self) {
        let mut lists = self.by_slot.first_entry().expect("invariant: there is a first one");
        lists.get_mut().pop_front();
        if lists.get().is_empty() {
            lists.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(profile: u32, kind: ChangeKind, at: i64, cause: u64) -> Change {
        Change { profile: ProfileId(profile), kind, at: At(at), cause: Seq(cause) }
    }

    #[test]
    fn changes_come_out_as_they_were_noted_and_in_lists_of_their_slot() {
        let [entered, left, merged, erased] = ChangeKind::ALL;
        let told = [
            change(7, entered, 1_767_600_000_000, 12),
            change(8, entered, 1_767_600_000_000, 12),
            change(7, left, 1_767_599_999_000, 13),
            change(u32::MAX, merged, i64::MIN, u64::MAX),
            change(0, left, i64::MAX, 1),
            change(9, erased, 0, 20),
        ];
        let mut noted = Noted::default();
        for one in told {
            noted.note(3, one);
        }
        noted.note(1, told[0]);
        let (slot, changes) = noted.first().unwrap();
        assert_eq!((slot, changes.iter().collect::<Vec<_>>()), (1, vec![told[0]]));
        noted.pop();
        let (slot, changes) = noted.first().unwrap();
        assert_eq!((slot, changes.iter().collect::<Vec<_>>()), (3, told.to_vec()));
        let mut bytes = Vec::new();
        changes.put(&mut bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(Changes::read(&mut reader), Some(changes));
        assert!(reader.is_empty());
        for end in 0..bytes.len() {
            assert_eq!(Changes::read(&mut Reader::new(&bytes[..end])), None, "cut at {end}");
        }
        noted.pop();
        assert!(noted.is_empty());
    }

    #[test]
    fn everybody_who_moves_together_takes_a_byte_or_two_and_records_have_a_bound() {
        let mut noted = Noted::default();
        let everybody = CHANGES_IN_RECORD_MAX as u32 * 2 + 1;
        for profile in 0..everybody {
            noted.note(0, change(profile * 3, ChangeKind::Entered, 1_767_600_000_000, 12));
        }
        let (mut counts, mut bytes) = (Vec::new(), 0);
        while let Some((_, changes)) = noted.first() {
            counts.push(changes.count());
            bytes += changes.bytes.len();
            noted.pop();
        }
        assert_eq!(counts, [CHANGES_IN_RECORD_MAX, CHANGES_IN_RECORD_MAX, 1]);
        assert!(bytes < everybody as usize + 100, "{bytes} bytes for {everybody} changes");
    }
}
