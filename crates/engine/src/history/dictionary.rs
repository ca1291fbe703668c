//! The values that a property of an event ever had, each known by a small code.
//!
//! What a path finds in an event may be several values, since a list on the way means any of its elements. They are one
//! entry together, in the order in which they were found. Code 0 is an event without the property.

use crate::codec::Reader;
use crate::value::{Map, Value, ValueWriter, is_list};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use xxhash_rust::xxh3::xxh3_64;

/// An encoded null, in one byte.
const NULL: u8 = 0;

#[derive(Clone)]
pub(crate) struct Dictionary {
    path: Vec<String>,
    /// The entries one after the other, each some encoded values. By code: where it ends; entry 0 is empty.
    bytes: Vec<u8>,
    ends: Vec<u64>,
    /// The numbers of an entry, in millionths, the same way: what sums add.
    numbers: Vec<i64>,
    number_ends: Vec<u64>,
    /// Whether every entry has exactly one number, so that its code says where that is.
    is_single: bool,
    /// By an entry's hash, and from there on the next place that is empty or right. A power of two.
    places: Vec<Place>,
    /// Codes whose values an erasure took out.
    gone: BTreeSet<u32>,
}

/// A code, and what its entry begins with: of most entries that is all, so that a look-up is one memory access. Code 0 is an
/// empty place.
#[derive(Clone, Copy, Default)]
struct Place {
    code: u32,
    head: Head,
}

/// The length of an entry, as far as a byte holds it, and its first bytes.
#[derive(Clone, Copy, Default, PartialEq)]
struct Head {
    len: u8,
    bytes: [u8; HEAD_BYTES],
}

const HEAD_BYTES: usize = 11;

impl Head {
    fn of(entry: &[u8]) -> Self {
        let mut bytes = [0; HEAD_BYTES];
        let len = entry.len().min(HEAD_BYTES);
        bytes[..len].copy_from_slice(&entry[..len]);
        Self { len: u8::try_from(entry.len()).unwrap_or(u8::MAX), bytes }
    }
}

/// Codes whose entries are told together.
pub(super) const CODES_IN_SECTION: usize = 4_096;

/// Entries that follow each other, and where each of them ends among these.
#[derive(BorshSerialize, BorshDeserialize)]
pub(crate) struct Told {
    bytes: Vec<u8>,
    ends: Vec<u64>,
    numbers: Vec<i64>,
    number_ends: Vec<u64>,
}

impl Dictionary {
    /// How many sections its entries make; code 0 has none.
    pub(super) fn sections(&self) -> usize {
        (self.len() - 1).div_ceil(CODES_IN_SECTION)
    }

    pub(super) fn told(&self, section: usize) -> Told {
        let first = 1 + section * CODES_IN_SECTION;
        let codes = first..(first + CODES_IN_SECTION).min(self.len());
        let (begin, number_begin) = (self.ends[first - 1], self.number_ends[first - 1]);
        let (end, number_end) = (self.ends[codes.end - 1], self.number_ends[codes.end - 1]);
        Told {
            bytes: self.bytes[begin as usize..end as usize].to_vec(),
            ends: self.ends[codes.clone()].iter().map(|end| end - begin).collect(),
            numbers: self.numbers[number_begin as usize..number_end as usize].to_vec(),
            number_ends: self.number_ends[codes].iter().map(|end| end - number_begin).collect(),
        }
    }

    /// Adds the entries of a section; whether they can be the next ones.
    pub(super) fn append(&mut self, section: usize, told: &Told) -> bool {
        let Told { bytes, ends, numbers, number_ends } = told;
        let is_next = self.len() == 1 + section * CODES_IN_SECTION
            && ends.len() == number_ends.len()
            && (1..=CODES_IN_SECTION).contains(&ends.len())
            && (ends.is_sorted() && ends.last() == Some(&(bytes.len() as u64)))
            && (number_ends.is_sorted() && number_ends.last() == Some(&(numbers.len() as u64)));
        if is_next {
            let (begin, number_begin) = (self.bytes.len() as u64, self.numbers.len() as u64);
            self.ends.extend(ends.iter().map(|end| begin + end));
            self.number_ends.extend(number_ends.iter().map(|end| number_begin + end));
            self.bytes.extend_from_slice(bytes);
            self.numbers.extend_from_slice(numbers);
        }
        is_next
    }

    /// Makes the table of codes, once all entries are there.
    pub(super) fn complete(&mut self) {
        self.is_single = self.number_ends.iter().enumerate().all(|(code, end)| *end as usize == code);
        if self.len() > 1 {
            self.index((self.len() * 2).next_power_of_two());
        }
    }

    pub(crate) fn new(path: &[String]) -> Self {
        Self {
            path: path.to_vec(),
            bytes: Vec::new(),
            ends: vec![0],
            numbers: Vec::new(),
            number_ends: vec![0],
            is_single: true,
            places: Vec::new(),
            gone: BTreeSet::new(),
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
            Some(entry) => self.look_up(entry).ok(),
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
        if let Ok(code) = self.look_up(entry) {
            return code;
        }
        let code = u32::try_from(self.ends.len()).expect("invariant: fewer than 2^32 distinct values");
        self.numbers.extend(values(entry).filter_map(|value| value.millionths()));
        self.number_ends.push(self.numbers.len() as u64);
        self.is_single &= self.numbers.len() == code as usize;
        self.bytes.extend_from_slice(entry);
        self.ends.push(self.bytes.len() as u64);
        self.note(code);
        code
    }

    /// The code of an entry, or the place of an empty one.
    fn look_up(&self, entry: &[u8]) -> Result<u32, usize> {
        let Some(mask) = self.places.len().checked_sub(1) else { return Err(0) };
        let head = Head::of(entry);
        let mut place = xxh3_64(entry) as usize & mask;
        loop {
            let known = self.places[place];
            if known.code == 0 {
                return Err(place);
            }
            if known.head == head && (entry.len() <= HEAD_BYTES || self.entry(known.code) == entry) {
                return Ok(known.code);
            }
            place = (place + 1) & mask;
        }
    }

    /// Makes a new code, the last one, known by its entry.
    fn note(&mut self, code: u32) {
        if self.places.len() * 3 < code as usize * 4 {
            self.index((code as usize * 2).next_power_of_two());
        } else {
            self.place(code);
        }
    }

    /// Makes the table of codes anew.
    fn index(&mut self, count: usize) {
        self.places = vec![Place::default(); count];
        for code in 1..self.len() as u32 {
            if !self.gone.contains(&code) {
                self.place(code);
            }
        }
    }

    fn place(&mut self, code: u32) {
        let entry = self.entry(code);
        let place = self.look_up(entry).expect_err("invariant: an entry has one code");
        self.places[place] = Place { code, head: Head::of(entry) };
    }

    /// Takes out values that no event has any more. Their codes are never given again; nulls lie where they were.
    pub(super) fn blank(&mut self, codes: &BTreeSet<u32>) {
        for code in codes {
            let place = *code as usize;
            self.bytes[self.ends[place - 1] as usize..self.ends[place] as usize].fill(NULL);
            self.numbers[self.number_ends[place - 1] as usize..self.number_ends[place] as usize].fill(0);
        }
        self.gone.extend(codes);
        self.index(self.places.len());
    }

    /// Whether the values under a code were taken out.
    pub(super) fn is_gone(&self, code: u32) -> bool {
        self.gone.contains(&code)
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
        self.is_single.then_some(&self.numbers)
    }

    /// The numbers among them, in millionths.
    #[inline]
    pub(crate) fn numbers(&self, code: u32) -> &[i64] {
        let code = code as usize;
        if self.is_single {
            return if code == 0 { &[] } else { &self.numbers[code - 1..code] };
        }
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

/// Where it is and what is gone from it; its entries are told in sections of their own.
impl BorshSerialize for Dictionary {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        (&self.path, &self.gone).serialize(writer)
    }
}

impl BorshDeserialize for Dictionary {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let (path, gone) = <(Vec<String>, BTreeSet<u32>)>::deserialize_reader(reader)?;
        Ok(Self { gone, ..Self::new(&path) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::OwnedMap;
    use serde_json::{Value as Json, json};

    fn code(dictionary: &mut Dictionary, value: &Json) -> u32 {
        let properties = OwnedMap::from_json(&json!({ "p": value })).unwrap();
        let found = dictionary.find(properties.as_map());
        let code = dictionary.code_of(properties.as_map());
        assert!(found.is_none_or(|found| found == code), "it is known at once or not at all");
        code
    }

    /// Values of every length, of which many begin alike, numbers and lists.
    fn values() -> Vec<Json> {
        let texts = (0..40).flat_map(|len| ["a", "b"].map(|end| json!(format!("{}{end}", "x".repeat(len)))));
        let long = ["a", "b"].map(|end| json!(format!("{}{end}", "x".repeat(300))));
        let numbers = (0..2_000).map(|number| json!(f64::from(number) / 4.0));
        texts.chain(long).chain(numbers).chain([json!([1, 2]), json!([1, 3]), json!(["x", 1])]).collect()
    }

    #[test]
    fn values_that_begin_alike_have_codes_of_their_own() {
        let (mut dictionary, values) = (Dictionary::new(&["p".to_owned()]), values());
        for (place, value) in values.iter().enumerate() {
            assert_eq!(code(&mut dictionary, value), place as u32 + 1, "{value} is new");
        }
        for (place, value) in values.iter().enumerate() {
            assert_eq!(code(&mut dictionary, value), place as u32 + 1, "{value} is known");
        }
        dictionary.blank(&BTreeSet::from([1, 80, 82, 100]));
        for (place, value) in values.iter().enumerate() {
            let is_gone = [1, 80, 82, 100].contains(&(place + 1));
            let found = code(&mut dictionary, value);
            assert_eq!(found == place as u32 + 1, !is_gone, "{value} has a code that it lost");
        }
    }

    #[test]
    fn numbers_are_those_of_the_code_with_texts_among_them_and_without() {
        let mut dictionary = Dictionary::new(&["p".to_owned()]);
        for number in 1..=100 {
            code(&mut dictionary, &json!(number));
        }
        let all = |dictionary: &Dictionary| -> Vec<Vec<i64>> {
            (0..dictionary.len() as u32).map(|code| dictionary.numbers(code).to_vec()).collect()
        };
        let mut expected: Vec<Vec<i64>> =
            (0..=100).map(|number| if number == 0 { vec![] } else { vec![number * 1_000_000] }).collect();
        assert!(dictionary.single_numbers().is_some());
        assert_eq!(all(&dictionary), expected);
        // Together they have as many numbers as codes again.
        code(&mut dictionary, &json!("none"));
        code(&mut dictionary, &json!([7, 8]));
        expected.extend([vec![], vec![7_000_000, 8_000_000]]);
        assert!(dictionary.single_numbers().is_none());
        assert_eq!(all(&dictionary), expected);
    }
}
