//! Paths from a table, in the columns that other programs write: `path` (`a > b > c`), `total_conversions`, and perhaps
//! `total_conversion_value` and `total_null`.

use super::limits::{CHANNELS_MAX, PART_BYTES_MIN};
use super::paths::{Came, Full, Paths};
use csv::ByteRecord;
use std::fmt;

const PATH: &str = "path";
const CONVERSIONS: &str = "total_conversions";
const VALUE: &str = "total_conversion_value";
const NULLS: &str = "total_null";

/// Why a table is not understood, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misread {
    pub line: u64,
    /// Where it is about one of them.
    pub column: Option<&'static str>,
    pub reason: String,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "line {}, column {column}: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

impl std::error::Error for Misread {}

/// Reads a whole table. Columns are separated by what separates most in the first line: a comma, a semicolon or a tab.
pub fn read(bytes: &[u8]) -> Result<Paths, Misread> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    read_in(bytes, threads.min(bytes.len() / PART_BYTES_MIN).max(1))
}

/// Reads a table in so many parts, each on a thread of its own. Channels are numbered as they come in the table, so what
/// comes out does not depend on the parts.
fn read_in(bytes: &[u8], parts: usize) -> Result<Paths, Misread> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let delimiter = delimiter(bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(bytes);
    let columns = Columns::find(reader.byte_headers().map_err(|error| unreadable(&error))?)?;
    let begin = reader.position().byte() as usize;
    let first = Part { bytes: &bytes[begin..], line: lines(&bytes[..begin]) };
    // What is in quotes may go on over lines, and then only reading says where a row ends.
    let parts = if bytes.contains(&b'"') { vec![first] } else { first.cut(parts) };
    let read = |part: &Part<'_>| part.read(delimiter, &columns);
    let read: Vec<Result<Paths, Misread>> = std::thread::scope(|scope| {
        let others: Vec<_> = parts[1..].iter().map(|part| scope.spawn(move || read(part))).collect();
        let others = others.into_iter().map(|other| other.join().expect("invariant: reading does not panic"));
        std::iter::once(read(&parts[0])).chain(others.collect::<Vec<_>>()).collect()
    });
    let mut whole: Option<Paths> = None;
    for (one, part) in read.into_iter().zip(&parts) {
        let one = one?;
        match &mut whole {
            None => whole = Some(one),
            Some(whole) => whole.append(&one).map_err(|Full| {
                let (column, reason) = full();
                Misread { line: part.line + 1, column: Some(column), reason }
            })?,
        }
    }
    Ok(whole.expect("invariant: there is a part"))
}

/// Whole lines of a table.
struct Part<'a> {
    bytes: &'a [u8],
    /// Lines before it.
    line: u64,
}

impl<'a> Part<'a> {
    fn cut(self, parts: usize) -> Vec<Part<'a>> {
        let (mut cut, mut rest) = (Vec::new(), self);
        for left in (2..=parts).rev() {
            let about = rest.bytes.len() / left;
            let Some(end) = rest.bytes[about..].iter().position(|byte| *byte == b'\n') else { break };
            let (bytes, after) = rest.bytes.split_at(about + end + 1);
            let line = rest.line + lines(bytes);
            cut.push(Part { bytes, line: rest.line });
            rest = Part { bytes: after, line };
        }
        cut.push(rest);
        cut
    }

    fn read(&self, delimiter: u8, columns: &Columns) -> Result<Paths, Misread> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .from_reader(self.bytes);
        let mut paths = Paths::new(columns.nulls.is_some(), columns.value.is_some());
        let mut record = ByteRecord::new();
        let mut rows = || -> Result<(), Misread> {
            while reader.read_byte_record(&mut record).map_err(|error| unreadable(&error))? {
                columns.take(&record, &mut paths).map_err(|(column, reason)| {
                    let line = self.line + self.line_of(&record);
                    Misread { line, column: Some(column), reason }
                })?;
            }
            Ok(())
        };
        rows()?;
        Ok(paths)
    }

    /// On which of its lines a row is. The reader's own count is one less where lines end with two bytes.
    fn line_of(&self, row: &ByteRecord) -> u64 {
        let place = row.position().map_or(0, csv::Position::byte) as usize;
        let ends = self.bytes[place..].iter().take_while(|byte| matches!(**byte, b'\r' | b'\n')).count();
        lines(&self.bytes[..place + ends]) + 1
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// A column, and what is wrong there.
type Wrong = (&'static str, String);

fn full() -> Wrong {
    (PATH, format!("more than {CHANNELS_MAX} channels: is this the right column?"))
}

fn delimiter(bytes: &[u8]) -> u8 {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| first.iter().filter(|byte| *byte == delimiter).count();
    // The last of several that are there as often, which is the comma.
    [b'\t', b';', b','].into_iter().max_by_key(count).expect("invariant: there are three")
}

fn unreadable(error: &csv::Error) -> Misread {
    let line = error.position().map_or(1, csv::Position::line);
    Misread { line, column: None, reason: format!("this is no table: {error}") }
}

/// At which places the columns are.
struct Columns {
    path: usize,
    conversions: usize,
    value: Option<usize>,
    nulls: Option<usize>,
}

impl Columns {
    fn find(header: &ByteRecord) -> Result<Self, Misread> {
        let find =
            |name: &str| header.iter().position(|one| one.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
        let missing = |name: &'static str| {
            let there = header.iter().map(String::from_utf8_lossy).collect::<Vec<_>>().join(", ");
            let reason = format!("there is no such column, only: {there}");
            Misread { line: 1, column: Some(name), reason }
        };
        Ok(Self {
            path: find(PATH).ok_or_else(|| missing(PATH))?,
            conversions: find(CONVERSIONS).ok_or_else(|| missing(CONVERSIONS))?,
            value: find(VALUE),
            nulls: find(NULLS),
        })
    }

    fn take(&self, record: &ByteRecord, paths: &mut Paths) -> Result<(), Wrong> {
        let text = record.get(self.path).ok_or_else(|| (PATH, "the line ends before it".to_owned()))?;
        if text.trim_ascii().is_empty() {
            return Err((PATH, "a path without a touch".to_owned()));
        }
        for touch in text.split(|byte| *byte == b'>') {
            let touch = touch.trim_ascii();
            if touch.is_empty() {
                let reason = format!("no channel between two `>` in `{}`", String::from_utf8_lossy(text));
                return Err((PATH, reason));
            }
            let number = paths.channel(touch).map_err(|Full| full())?;
            paths.touch(number);
        }
        let number = |place: Option<usize>, column| {
            let Some(place) = place else { return Ok(0.0) };
            let text = record.get(place).ok_or_else(|| (column, "the line ends before it".to_owned()))?;
            number(text).ok_or_else(|| {
                let text = String::from_utf8_lossy(text);
                (column, format!("`{text}` is no number from 0 on, written as 12 or 12.5"))
            })
        };
        let came = Came {
            conversions: number(Some(self.conversions), CONVERSIONS)?,
            value: number(self.value, VALUE)?,
            nulls: number(self.nulls, NULLS)?,
        };
        if came.value > 0.0 && came.conversions == 0.0 {
            return Err((VALUE, "a value without a conversion".to_owned()));
        }
        paths.end(came);
        Ok(())
    }
}

/// A number that is not negative. Short whole ones, which most are, need no more than their digits.
fn number(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    if !text.is_empty() && text.len() <= 15 && text.iter().all(u8::is_ascii_digit) {
        let whole = text.iter().fold(0_u64, |whole, digit| whole * 10 + u64::from(digit - b'0'));
        return Some(whole as f64);
    }
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(paths: &Result<Paths, Misread>) -> String {
        let Ok(paths) = paths else { return format!("{paths:?}") };
        let names: Vec<&str> = (0..paths.channels()).map(|channel| paths.name(channel)).collect();
        format!("{names:?} {:?}", paths.iter().collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn a_table_is_the_same_in_one_part_and_in_many(
            rows in prop::collection::vec(("[a-e]( > [a-h]){0,3}", 0_u8..4, prop::bool::weighted(0.03)), 0..40),
            parts in 2_usize..6,
            end in "\r?\n",
        ) {
            let mut table = format!("path,total_conversions{end}");
            for (path, conversions, is_wrong) in &rows {
                let conversions = if *is_wrong { "none".to_owned() } else { conversions.to_string() };
                table += &format!("{path},{conversions}{end}");
            }
            let bytes = table.as_bytes();
            prop_assert_eq!(told(&read_in(bytes, 1)), told(&read_in(bytes, parts)), "{}", table);
        }
    }
}
