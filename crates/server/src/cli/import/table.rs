//! A file of comma-separated values, each row of it an event.

use super::batch::{Batch, Place, Refused};
use super::cell::Unreadable;
use super::dialect;
use super::event::{BadCell, Cells, Shape};
use super::identity::Identity;
use super::input::Input;
use super::mapping::{Column, Mapping, Sample, Stated, Target};
use crate::limits::{IMPORT_LINE_BYTES_MAX, IMPORT_SAMPLE_BYTES, IMPORT_SAMPLE_ROWS};
use anyhow::{Context, bail};
use csv::{ByteRecord, ReaderBuilder, StringRecord};
use engine::at::At;
use std::borrow::Cow;
use std::io::{Chain, Cursor, Error, Read};
use xxhash_rust::xxh3::xxh3_128_with_seed;

pub(super) struct Table {
    rows: csv::Reader<Bounded>,
    mapping: Mapping,
    shape: Shape,
    identity: Identity,
    delimiter: u8,
    /// Of all rows: those of events without a message id are made of it.
    meaning: u64,
    /// No event may have happened later.
    latest: At,
    own_id: Option<usize>,
    count: u64,
    row: ByteRecord,
    /// What the hash of the row is made of.
    key: Vec<u8>,
}

impl Table {
    /// Reads names and first rows, and gives every column its meaning.
    pub(super) fn open(mut input: Input, stated: &Stated, source: u64, latest: At) -> anyhow::Result<Self> {
        input.skip_mark()?;
        let mut start = Vec::new();
        (&mut input).take(IMPORT_SAMPLE_BYTES).read_to_end(&mut start).context("cannot read")?;
        let whole = (start.len() as u64) < IMPORT_SAMPLE_BYTES;
        let delimiter = stated.delimiter.unwrap_or_else(|| dialect::delimiter(&start, whole));
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(64 << 10);
        let mapping = mapping(&builder, &start, whole, stated)?;
        let rows = builder.from_reader(Bounded { input: Cursor::new(start).chain(input), taken: 0 });
        let own_id = mapping.columns.iter().position(|column| column.target == Target::MessageId);
        let mut table = Self {
            rows,
            shape: Shape::new(&mapping),
            identity: Identity::new(mapping.whole() ^ source),
            meaning: mapping.meaning(),
            mapping,
            delimiter,
            latest,
            own_id,
            count: 0,
            row: ByteRecord::new(),
            key: Vec::new(),
        };
        // The names.
        table.read()?;
        table.count = 0;
        Ok(table)
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Name of what stands between the cells.
    pub(super) fn delimiter(&self) -> Cow<'static, str> {
        dialect::name(self.delimiter)
    }

    pub(super) fn place(&self) -> Place {
        let bytes = self.rows.get_ref().input.get_ref().1.read_bytes();
        Place { rows: self.count, bytes, check: self.identity.check() }
    }

    /// Passes over rows that were imported before; they still count among their equals.
    pub(super) fn skip(&mut self, rows: u64) -> anyhow::Result<()> {
        while self.count < rows && self.read()? {
            let hash = self.hash();
            self.identity.pass(hash);
            if !self.has_own_id() {
                self.identity.id(hash);
            }
        }
        Ok(())
    }

    /// The next rows; none at the end.
    pub(super) fn batch(&mut self) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        while !batch.is_full() && self.read()? {
            let hash = self.hash();
            self.identity.pass(hash);
            self.take(&mut batch, hash);
        }
        batch.close();
        batch.end = self.place();
        Ok(batch)
    }

    fn take(&mut self, batch: &mut Batch, hash: u128) {
        let number = self.row.position().map_or(self.count, csv::Position::line);
        // Numbered among its equals even where it is refused, so that a row that is mended changes no other.
        let own_id = self.has_own_id();
        let id = if own_id { None } else { Some(self.identity.id(hash)) };
        let row = match StringRecord::from_byte_record(std::mem::take(&mut self.row)) {
            Ok(row) => row,
            Err(not_utf_8) => {
                batch.foreign += 1;
                not_utf_8.into_byte_record().iter().map(dialect::text).collect()
            }
        };
        let width = self.mapping.columns.len();
        let texts = Texts { mapping: &self.mapping, row: &row, latest: self.latest };
        if row.len() < width || row.iter().skip(width).any(|cell| !cell.is_empty()) {
            let refused = Refused {
                number,
                field: String::new(),
                code: "wrong_width".to_owned(),
                message: format!("{} cells, where the first line names {width} columns", row.len()),
                value: row.iter().collect::<Vec<_>>().join(&char::from(self.delimiter).to_string()),
            };
            batch.refused.push(refused);
        } else if let Err(BadCell { column, why }) = self.shape.write(&texts, batch.open()) {
            let Column { name, form, .. } = &self.mapping.columns[column];
            batch.refused.push(Refused {
                number,
                field: name.clone(),
                code: why.code().to_owned(),
                message: why.message(form),
                value: row[column].to_owned(),
            });
        } else {
            batch.push(number, id);
        }
        // Its memory serves the next one.
        self.row = row.into_byte_record();
    }

    /// Reads one row; false at the end.
    fn read(&mut self) -> anyhow::Result<bool> {
        self.rows.get_mut().taken = 0;
        let line = self.rows.position().line();
        let more = self.rows.read_byte_record(&mut self.row).with_context(|| format!("line {line}"))?;
        self.count += u64::from(more);
        Ok(more)
    }

    fn has_own_id(&self) -> bool {
        let cell = self.own_id.and_then(|column| self.row.get(column));
        cell.is_some_and(|cell| !cell.trim_ascii().is_empty())
    }

    fn hash(&mut self) -> u128 {
        self.key.clear();
        self.key.extend_from_slice(self.row.as_slice());
        for cell in &self.row {
            self.key.extend_from_slice(&(cell.len() as u32).to_le_bytes());
        }
        xxh3_128_with_seed(&self.key, self.meaning)
    }
}

/// What names and first rows say of the columns.
fn mapping(builder: &ReaderBuilder, start: &[u8], whole: bool, stated: &Stated) -> anyhow::Result<Mapping> {
    let rows = builder.from_reader(start).into_byte_records();
    let mut rows: Vec<ByteRecord> = rows.map_while(Result::ok).take(IMPORT_SAMPLE_ROWS + 1).collect();
    if !whole && rows.len() <= IMPORT_SAMPLE_ROWS {
        // The last one is cut off.
        rows.pop();
    }
    let Some((first, rows)) = rows.split_first() else { bail!("it is empty") };
    let names = names(first);
    let cells: Vec<Vec<Cow<'_, str>>> =
        rows.iter().map(|row| row.iter().map(dialect::text).collect()).collect();
    let samples: Vec<Sample<'_>> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let cells = cells.iter().filter_map(|row| row.get(index).map(|cell| &**cell)).collect();
            Sample { name, cells, is_typed: false }
        })
        .collect();
    Mapping::new(stated, &samples).map_err(|mistakes| anyhow::anyhow!(mistakes.join("\n")))
}

/// The names of the columns, each a different one.
fn names(first: &ByteRecord) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, cell) in first.iter().enumerate() {
        let mut name = dialect::text(cell).trim().to_owned();
        if name.is_empty() {
            name = format!("column {}", index + 1);
        }
        if names.contains(&name) {
            name = format!("{name} {}", index + 1);
        }
        names.push(name);
    }
    names
}

struct Texts<'t> {
    mapping: &'t Mapping,
    row: &'t StringRecord,
    latest: At,
}

impl Cells for Texts<'_> {
    fn write(&self, column: usize, out: &mut Vec<u8>) -> Result<bool, Unreadable> {
        let cell = self.row.get(column).unwrap_or_default();
        self.mapping.write(column, cell, self.latest, out)
    }
}

/// Keeps a quote that is never closed from taking the rest of a file for one cell.
struct Bounded {
    input: Chain<Cursor<Vec<u8>>, Input>,
    /// Bytes given since a row began.
    taken: u64,
}

impl Read for Bounded {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.taken > IMPORT_LINE_BYTES_MAX {
            let message =
                format!("a row is longer than {IMPORT_LINE_BYTES_MAX} bytes: is a quote in it never closed?");
            return Err(Error::other(message));
        }
        let read = self.input.read(into)?;
        self.taken += read as u64;
        Ok(read)
    }
}
