//! The values that a property of an event ever had, each known by a small code.
//!
//! What a path finds in an event may be several values, since a list on the way means any of its elements. They are one
//! entry together, in the order in which they were found. Code 0 is an event without the property.

use crate::codec::Reader;
use crate::table::Table;
use crate::value::{Map, Value, ValueWriter, is_list};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

/// An encoded null, in one byte.
const NULL: u8 = 0;

#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) struct Dictionary {
    path: Vec<String>,
    /// The entries one after the other, each some encoded values. By code: where it ends; entry 0 is empty.
    bytes: Vec<u8>,
    ends: Vec<u64>,
    /// The numbers of an entry, in millionths, the same way: what sums add.
    numbers: Vec<i64>,
    number_ends: Vec<u64>,
    codes: Table<Box<[u8]>, u32>,
}

impl Dictionary {
    pub(crate) fn new(path: &[String]) -> Self {
        Self {
            path: path.to_vec(),
            bytes: Vec::new(),
            ends: vec![0],
            numbers: Vec::new(),
            number_ends: vec![0],
            codes: Table::default(),
        }
    }

    pub(super) fn path(&self) -> &[String] {
        &self.path
    }

    /// Number of codes given so far, the one for "no value" among them.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The code of what an event has at the path, if that can be told at once: a plain value that was there before.
    pub(super) fn find(&self, properties: Map<'_>) -> Option<u32> {
        let [name] = self.path.as_slice() else { return None };
        match properties.raw(name) {
            None => Some(0),
            Some(entry) if is_list(entry) => None,
            Some(entry) => self.codes.get(entry).copied(),
        }
    }

    /// The code of what an event has at the path, given one if it is new.
    pub(crate) fn code_of(&mut self, properties: Map<'_>) -> u32 {
        let mut writer = ValueWriter::new();
        properties.find(&self.path, &mut |value| value.write(&mut writer));
        self.code_of_entry(&writer.into_bytes())
    }

    /// The code of an entry of another dictionary, given one if it is new.
    pub(super) fn code_of_entry(&mut self, entry: &[u8]) -> u32 {
        if entry.is_empty() {
            return 0;
        }
        if let Some(code) = self.codes.get(entry) {
            return *code;
        }
        let code = u32::try_from(self.ends.len()).expect("invariant: fewer than 2^32 distinct values");
        self.numbers.extend(values(entry).filter_map(|value| value.millionths()));
        self.number_ends.push(self.numbers.len() as u64);
        self.bytes.extend_from_slice(entry);
        self.ends.push(self.bytes.len() as u64);
        self.codes.insert(entry.into(), code);
        code
    }

    /// Takes out values that no event has any more. Their codes are never given again; nulls lie where they were.
    pub(super) fn blank(&mut self, codes: &BTreeSet<u32>) {
        for code in codes {
            self.codes.remove(self.entry(*code).to_vec().as_slice());
            let place = *code as usize;
            self.bytes[self.ends[place - 1] as usize..self.ends[place] as usize].fill(NULL);
            self.numbers[self.number_ends[place - 1] as usize..self.number_ends[place] as usize].fill(0);
        }
    }

    /// Whether the values under a code may have been taken out.
    pub(super) fn is_blank(&self, code: u32) -> bool {
        self.entry(code).iter().all(|byte| *byte == NULL)
    }

    /// The values under a code.
    pub(crate) fn values(&self, code: u32) -> impl Iterator<Item = Value<'_>> {
        values(self.entry(code))
    }

    /// The same as they are written.
    pub(super) fn entry(&self, code: u32) -> &[u8] {
        let code = code as usize;
        let begin = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.bytes[begin as usize..self.ends[code] as usize]
    }

    /// The number of every code from 1 on, if each has exactly one.
    pub(crate) fn single_numbers(&self) -> Option<&[i64]> {
        let is_single = self.number_ends.iter().enumerate().all(|(code, end)| *end as usize == code);
        is_single.then_some(&self.numbers)
    }

    /// The numbers among them, in millionths.
    pub(crate) fn numbers(&self, code: u32) -> &[i64] {
        let code = code as usize;
        let begin = if code == 0 { 0 } else { self.number_ends[code - 1] };
        &self.numbers[begin as usize..self.number_ends[code] as usize]
    }
}

fn values(entry: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let mut reader = Reader::new(entry);
    std::iter::from_fn(move || {
        (!reader.is_empty()).then(|| Value::read(&mut reader).expect("invariant: an entry was written by us"))
    })
}
