//! A column of small numbers that is as wide as its largest: most properties take few values, and a byte an event is
//! what keeps them affordable.

use crate::prefetch::prefetch;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(super) enum Codes {
    Byte(Vec<u8>),
    Short(Vec<u16>),
    Word(Vec<u32>),
}

/// The codes of some events that lie side by side.
#[derive(Clone, Copy)]
pub(crate) enum CodeSlice<'a> {
    Byte(&'a [u8]),
    Short(&'a [u16]),
    Word(&'a [u32]),
}

impl Codes {
    /// A column of `len` zeros.
    pub(super) fn zeros(len: usize) -> Self {
        Self::Byte(vec![0; len])
    }

    pub(super) fn get(&self, index: usize) -> u32 {
        match self {
            Self::Byte(codes) => u32::from(codes[index]),
            Self::Short(codes) => u32::from(codes[index]),
            Self::Word(codes) => codes[index],
        }
    }

    pub(super) fn slice(&self, range: std::ops::Range<usize>) -> CodeSlice<'_> {
        match self {
            Self::Byte(codes) => CodeSlice::Byte(&codes[range]),
            Self::Short(codes) => CodeSlice::Short(&codes[range]),
            Self::Word(codes) => CodeSlice::Word(&codes[range]),
        }
    }

    pub(super) fn set(&mut self, index: usize, code: u32) {
        loop {
            match self {
                Self::Byte(codes) if code <= u32::from(u8::MAX) => codes[index] = code as u8,
                Self::Short(codes) if code <= u32::from(u16::MAX) => codes[index] = code as u16,
                Self::Word(codes) => codes[index] = code,
                Self::Byte(_) | Self::Short(_) => {
                    self.widen();
                    continue;
                }
            }
            return;
        }
    }

    /// Leaves out of some codes those that are in the column.
    pub(super) fn leave_out_used(&self, codes: &mut BTreeSet<u32>) {
        let most = codes.last().copied().unwrap_or_default();
        let mut wanted = vec![false; most as usize + 1];
        codes.iter().for_each(|code| wanted[*code as usize] = true);
        let mut found = |code: u32| {
            if wanted.get(code as usize) == Some(&true) {
                wanted[code as usize] = false;
                codes.remove(&code);
            }
            codes.is_empty()
        };
        match self {
            Self::Byte(all) => all.iter().any(|code| found(u32::from(*code))),
            Self::Short(all) => all.iter().any(|code| found(u32::from(*code))),
            Self::Word(all) => all.iter().any(|code| found(*code)),
        };
    }

    fn widen(&mut self) {
        *self = match self {
            Self::Byte(codes) => Self::Short(codes.iter().map(|code| u16::from(*code)).collect()),
            Self::Short(codes) => Self::Word(codes.iter().map(|code| u32::from(*code)).collect()),
            Self::Word(_) => unreachable!("invariant: a word holds every code"),
        };
    }

    pub(super) fn prefetch(&self, index: usize) {
        match self {
            Self::Byte(codes) => prefetch(codes, index),
            Self::Short(codes) => prefetch(codes, index),
            Self::Word(codes) => prefetch(codes, index),
        }
    }

    pub(super) fn grow(&mut self, len: usize) {
        match self {
            Self::Byte(codes) => codes.resize(len, 0),
            Self::Short(codes) => codes.resize(len, 0),
            Self::Word(codes) => codes.resize(len, 0),
        }
    }

    /// Copies a range to another place, as `slice::copy_within` does.
    pub(super) fn copy_within(&mut self, from: std::ops::Range<usize>, to: usize) {
        match self {
            Self::Byte(codes) => codes.copy_within(from, to),
            Self::Short(codes) => codes.copy_within(from, to),
            Self::Word(codes) => codes.copy_within(from, to),
        }
    }

    pub(super) fn clear(&mut self, range: std::ops::Range<usize>) {
        match self {
            Self::Byte(codes) => codes[range].fill(0),
            Self::Short(codes) => codes[range].fill(0),
            Self::Word(codes) => codes[range].fill(0),
        }
    }
}
