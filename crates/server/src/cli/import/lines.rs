//! A file of tracking events, one a line.

use super::batch::{Batch, Place};
use super::identity::Identity;
use super::input::Input;
use crate::limits::IMPORT_LINE_BYTES_MAX;
use anyhow::{Context, bail};
use memchr::memmem;
use sonic_rs::JsonValueTrait;
use std::io::{BufRead, Read};
use xxhash_rust::xxh3::xxh3_128;

pub(super) struct Lines {
    input: Input,
    identity: Identity,
    /// Lines read.
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn new(mut input: Input, seed: u64) -> anyhow::Result<Self> {
        input.skip_mark()?;
        Ok(Self { input, identity: Identity::new(seed), number: 0, line: Vec::new() })
    }

    pub(super) fn place(&self) -> Place {
        Place { rows: self.number, bytes: self.input.read_bytes(), check: self.identity.check() }
    }

    /// Passes over lines that were imported before; they still count among their equals.
    pub(super) fn skip(&mut self, rows: u64) -> anyhow::Result<()> {
        while self.number < rows && self.read()? {
            let line = event(&self.line);
            let hash = xxh3_128(line);
            self.identity.pass(hash);
            if !line.is_empty() && !has_id(line) {
                self.identity.id(hash);
            }
        }
        Ok(())
    }

    /// The next lines; none at the end. Empty lines are passed over.
    pub(super) fn batch(&mut self) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        while !batch.is_full() && self.read()? {
            let line = event(&self.line);
            let hash = xxh3_128(line);
            self.identity.pass(hash);
            if !line.is_empty() {
                let id = (!has_id(line)).then(|| self.identity.id(hash));
                batch.open().extend_from_slice(line);
                batch.push(self.number, id);
            }
        }
        batch.close();
        batch.end = self.place();
        Ok(batch)
    }

    /// Reads one line; false at the end.
    fn read(&mut self) -> anyhow::Result<bool> {
        self.line.clear();
        let mut bounded = (&mut self.input).take(IMPORT_LINE_BYTES_MAX);
        let read = bounded.read_until(b'\n', &mut self.line).context("cannot read on")?;
        if read as u64 == IMPORT_LINE_BYTES_MAX && self.line.last() != Some(&b'\n') {
            let number = self.number + 1;
            bail!("line {number} is longer than {IMPORT_LINE_BYTES_MAX} bytes: is this a file of lines?");
        }
        self.number += u64::from(read > 0);
        Ok(read > 0)
    }
}

/// What a line holds. A byte order mark in the middle of a file is where two files were joined.
fn event(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii()
}

/// Whether an event has a message id of its own. Null and the empty text are the same as not being there; a number
/// is an id.
fn has_id(event: &[u8]) -> bool {
    // Most lines without an id do not have the word either, and to look for it costs next to nothing.
    if memmem::find(event, b"messageId").is_none() {
        return false;
    }
    let own = sonic_rs::get_from_slice(event, ["messageId"]);
    own.is_ok_and(|id| id.as_str().map_or(!id.is_null(), |text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(text: &[u8]) -> (Vec<(u64, String)>, Place) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let batch = Lines::new(Input::open(file.path()).unwrap(), 0).unwrap().batch().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (batch.rows.iter().map(|row| (row.number, text(batch.event(row)))).collect(), batch.end)
    }

    #[test]
    fn a_line_without_an_id_gets_the_same_one_each_time_and_its_equals_get_others() {
        let text =
            "\u{feff}{\"type\":\"track\"}\n\n{\"type\":\"track\"}\r\n{\"messageId\":\"m1\"}\n{}".as_bytes();
        let first = read(text);
        assert_eq!(first, read(text));
        let (events, end) = first;
        let numbers: Vec<u64> = events.iter().map(|(number, _)| *number).collect();
        assert_eq!((numbers, end.rows, end.bytes), (vec![1, 3, 4, 5], 5, text.len() as u64));
        let id = |at: usize| {
            let json: serde_json::Value = serde_json::from_str(&events[at].1).unwrap();
            json["messageId"].as_str().unwrap().to_owned()
        };
        assert!(id(0).ends_with("-1") && id(1).ends_with("-2") && id(0)[..39] == id(1)[..39]);
        assert_eq!(id(2), "m1");
        assert_ne!(id(3), id(0));
    }

    #[test]
    fn a_mark_where_two_files_were_joined_is_no_part_of_an_event() {
        let (events, _) =
            read("{\"messageId\":\"a\"}\n\u{feff}{\"messageId\":\"b\"}\n \u{feff} \n".as_bytes());
        assert_eq!(
            events,
            [(1, "{\"messageId\":\"a\"}".to_owned()), (2, "{\"messageId\":\"b\"}".to_owned())]
        );
    }

    #[test]
    fn an_id_that_is_null_or_empty_is_none() {
        for (event, own) in [
            ("{\"messageId\":null,\"a\":1}", false),
            ("{\"messageId\":\" \",\"a\":1}", false),
            ("{\"properties\":{\"messageId\":\"m\"}}", false),
            ("{\"messageId\":7}", true),
            ("{\"a\":1,\"messageId\":\"m\"}", true),
        ] {
            assert_eq!(has_id(event.as_bytes()), own, "{event}");
        }
    }

    #[test]
    fn a_compressed_file_reads_as_the_text_in_it() {
        let text = b"{\"event\":\"A\"}\n{\"event\":\"B\"}\n";
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&text[..14]).unwrap();
        let mut both = gz.finish().unwrap();
        // Compressed files that were put together are one.
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&text[14..]).unwrap();
        both.extend(gz.finish().unwrap());
        assert_eq!(read(&both).0, read(text).0);
    }

    #[test]
    fn what_was_passed_over_counts_among_its_equals() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"{\"a\":1}\n{\"a\":1}\n{\"a\":1}\n").unwrap();
        let whole = Lines::new(Input::open(file.path()).unwrap(), 0).unwrap().batch().unwrap();
        let mut rest = Lines::new(Input::open(file.path()).unwrap(), 0).unwrap();
        rest.skip(2).unwrap();
        let rest = rest.batch().unwrap();
        assert_eq!(rest.event(&rest.rows[0]), whole.event(&whole.rows[2]));
        assert_eq!(rest.end, whole.end);
    }
}
