//! The lines of a file, with their numbers, and with message ids where they had none.

use crate::limits::{IMPORT_BATCH_BYTES, IMPORT_BATCH_LINES, IMPORT_LINE_BYTES_MAX};
use anyhow::{Context, bail};
use sonic_rs::JsonValueTrait;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

pub(super) struct Lines {
    file: BufReader<File>,
    size: u64,
    /// Bytes read.
    offset: u64,
    /// Number of the line read last, from 1.
    number: u64,
    /// How often each line without a message id came.
    times: HashMap<u128, u32>,
    line: Vec<u8>,
}

/// Some lines that are sent together, and where they end in the file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<Line>,
    pub(super) end: u64,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) json: Vec<u8>,
}

impl Batch {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl Lines {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let size = file.metadata()?.len();
        let file = BufReader::with_capacity(1 << 20, file);
        Ok(Self { file, size, offset: 0, number: 0, times: HashMap::new(), line: Vec::new() })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Passes over a line that was imported before; false at the end. It still counts among its equals.
    pub(super) fn skip(&mut self) -> anyhow::Result<bool> {
        let more = self.read()?;
        if more {
            self.identified();
        }
        Ok(more)
    }

    /// The next lines; none at the end. Empty lines are passed over.
    pub(super) fn batch(&mut self) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        while batch.lines.len() < IMPORT_BATCH_LINES && bytes < IMPORT_BATCH_BYTES && self.read()? {
            if let Some(json) = self.identified() {
                bytes += json.len();
                batch.lines.push(Line { number: self.number, json });
            }
        }
        batch.end = self.offset;
        Ok(batch)
    }

    /// Reads one line; false at the end.
    fn read(&mut self) -> anyhow::Result<bool> {
        self.line.clear();
        let mut bounded = (&mut self.file).take(IMPORT_LINE_BYTES_MAX);
        let read = bounded.read_until(b'\n', &mut self.line).context("cannot read on")?;
        self.number += 1;
        if read as u64 == IMPORT_LINE_BYTES_MAX && self.line.last() != Some(&b'\n') {
            bail!(
                "line {} is longer than {IMPORT_LINE_BYTES_MAX} bytes: is this a file of lines?",
                self.number
            );
        }
        if self.offset == 0
            && let Some(rest) = self.line.strip_prefix(b"\xef\xbb\xbf")
        {
            self.line = rest.to_vec();
        }
        self.offset += read as u64;
        Ok(read > 0)
    }

    /// The line read last, with a message id; `None` where it is empty.
    fn identified(&mut self) -> Option<Vec<u8>> {
        let line = self.line.trim_ascii();
        if line.is_empty() {
            return None;
        }
        let own = sonic_rs::get_from_slice(line, ["messageId"]);
        // Null and the empty text are the same as not being there; a number is an id.
        let has_id = own.is_ok_and(|id| id.as_str().map_or(!id.is_null(), |text| !text.trim().is_empty()));
        let Some(rest) = line.strip_prefix(b"{").filter(|_| !has_id) else { return Some(line.to_vec()) };
        let hash = xxh3_128(line);
        let times = self.times.entry(hash).or_default();
        *times += 1;
        let separator = if rest.trim_ascii_start().starts_with(b"}") { "" } else { "," };
        let mut json = format!("{{\"messageId\":\"import-{hash:032x}-{times}\"{separator}").into_bytes();
        json.extend_from_slice(rest);
        Some(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(text: &str) -> Vec<(u64, String)> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let batch = Lines::open(file.path()).unwrap().batch().unwrap();
        assert_eq!(batch.end, text.len() as u64);
        batch.lines.into_iter().map(|line| (line.number, String::from_utf8(line.json).unwrap())).collect()
    }

    #[test]
    fn a_line_without_an_id_gets_the_same_one_each_time_and_its_equals_get_others() {
        let text = "\u{feff}{\"type\":\"track\"}\n\n{\"type\":\"track\"}\r\n{\"messageId\":\"m1\"}\n{}";
        let (first, second) = (read(text), read(text));
        assert_eq!(first, second);
        let numbers: Vec<u64> = first.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 3, 4, 5]);
        let id = |at: usize| {
            let json: serde_json::Value = serde_json::from_str(&first[at].1).unwrap();
            json["messageId"].as_str().unwrap().to_owned()
        };
        assert!(id(0).ends_with("-1") && id(1).ends_with("-2") && id(0)[..39] == id(1)[..39]);
        assert_eq!(id(2), "m1");
        assert_ne!(id(3), id(0));
    }

    #[test]
    fn an_id_that_is_null_or_empty_is_none() {
        for line in ["{\"messageId\":null,\"a\":1}", "{\"messageId\":\"\",\"a\":1}"] {
            assert!(read(line)[0].1.starts_with("{\"messageId\":\"import-"), "{line}");
        }
        assert_eq!(read("{\"messageId\":7}")[0].1, "{\"messageId\":7}");
        assert_eq!(read("no json at all")[0].1, "no json at all");
    }
}
