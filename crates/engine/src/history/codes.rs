//! Codes of events that lie side by side, as wide as the largest of them: most properties take few values, and a byte an
//! event is what keeps them affordable.

use crate::prefetch::prefetch;
use bytemuck::{cast_slice, cast_slice_mut};
use std::collections::BTreeSet;

/// How wide the codes of a plane are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Width {
    /// All of them are zero, and none is kept.
    Absent,
    Byte,
    Short,
    Word,
}

impl Width {
    /// What a code needs; at least a byte.
    pub(super) fn of(code: u32) -> Self {
        match code {
            0..=0xff => Self::Byte,
            0x100..=0xffff => Self::Short,
            _ => Self::Word,
        }
    }

    /// The two bits that stand for it.
    pub(super) fn bits(self) -> u32 {
        self as u32
    }

    pub(super) fn from_bits(bits: u32) -> Self {
        [Self::Absent, Self::Byte, Self::Short, Self::Word][bits as usize & 3]
    }

    pub(super) fn bytes(self) -> usize {
        [0, 1, 2, 4][self as usize]
    }

    /// Words that so many codes take.
    pub(super) fn words(self, codes: usize) -> usize {
        (codes * self.bytes()).div_ceil(size_of::<u32>())
    }
}

/// The codes of some events that lie side by side.
#[derive(Clone, Copy)]
pub(crate) enum CodeSlice<'a> {
    /// None are kept: all are zero.
    Absent,
    Byte(&'a [u8]),
    Short(&'a [u16]),
    Word(&'a [u32]),
}

impl<'a> CodeSlice<'a> {
    pub(super) fn new(words: &'a [u32], width: Width) -> Self {
        match width {
            Width::Absent => Self::Absent,
            Width::Byte => Self::Byte(cast_slice(words)),
            Width::Short => Self::Short(cast_slice(words)),
            Width::Word => Self::Word(words),
        }
    }

    pub(super) fn range(self, range: std::ops::Range<usize>) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Byte(codes) => Self::Byte(&codes[range]),
            Self::Short(codes) => Self::Short(&codes[range]),
            Self::Word(codes) => Self::Word(&codes[range]),
        }
    }

    pub(super) fn get(self, index: usize) -> u32 {
        match self {
            Self::Absent => 0,
            Self::Byte(codes) => u32::from(codes[index]),
            Self::Short(codes) => u32::from(codes[index]),
            Self::Word(codes) => codes[index],
        }
    }

    /// Leaves out of some codes those that are among these.
    pub(super) fn leave_out_used(self, codes: &mut BTreeSet<u32>) {
        match self {
            Self::Absent => {}
            Self::Byte(all) => all.iter().for_each(|code| _ = codes.remove(&u32::from(*code))),
            Self::Short(all) => all.iter().for_each(|code| _ = codes.remove(&u32::from(*code))),
            Self::Word(all) => all.iter().for_each(|code| _ = codes.remove(code)),
        }
    }

    pub(super) fn prefetch(self, index: usize) {
        match self {
            Self::Absent => {}
            Self::Byte(codes) => prefetch(codes, index),
            Self::Short(codes) => prefetch(codes, index),
            Self::Word(codes) => prefetch(codes, index),
        }
    }
}

/// The same, to be written to.
pub(super) enum CodeSliceMut<'a> {
    Absent,
    Byte(&'a mut [u8]),
    Short(&'a mut [u16]),
    Word(&'a mut [u32]),
}

impl<'a> CodeSliceMut<'a> {
    pub(super) fn new(words: &'a mut [u32], width: Width) -> Self {
        match width {
            Width::Absent => Self::Absent,
            Width::Byte => Self::Byte(cast_slice_mut(words)),
            Width::Short => Self::Short(cast_slice_mut(words)),
            Width::Word => Self::Word(words),
        }
    }

    /// Sets a code, which is not wider than the others.
    pub(super) fn set(&mut self, index: usize, code: u32) {
        let fits = match self {
            Self::Absent => code == 0,
            Self::Byte(codes) => u8::try_from(code).is_ok_and(|code| {
                codes[index] = code;
                true
            }),
            Self::Short(codes) => u16::try_from(code).is_ok_and(|code| {
                codes[index] = code;
                true
            }),
            Self::Word(codes) => {
                codes[index] = code;
                true
            }
        };
        assert!(fits, "invariant: a plane is as wide as its largest code");
    }

    /// Makes room for a code at an index: those from there to `len` move on by one.
    pub(super) fn shift(&mut self, index: usize, len: usize) {
        match self {
            Self::Absent => {}
            Self::Byte(codes) => codes.copy_within(index..len, index + 1),
            Self::Short(codes) => codes.copy_within(index..len, index + 1),
            Self::Word(codes) => codes.copy_within(index..len, index + 1),
        }
    }

    /// Copies codes that may be less wide.
    pub(super) fn copy(&mut self, to: usize, from: CodeSlice<'_>, range: std::ops::Range<usize>) {
        match (&mut *self, from) {
            (Self::Byte(codes), CodeSlice::Byte(from)) => {
                codes[to..to + range.len()].copy_from_slice(&from[range]);
            }
            (Self::Short(codes), CodeSlice::Short(from)) => {
                codes[to..to + range.len()].copy_from_slice(&from[range]);
            }
            (Self::Word(codes), CodeSlice::Word(from)) => {
                codes[to..to + range.len()].copy_from_slice(&from[range]);
            }
            _ => range.enumerate().for_each(|(place, index)| self.set(to + place, from.get(index))),
        }
    }
}
