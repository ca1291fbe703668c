//! Tables of one's own: columns by name, and mistakes with their line and column.

use anyhow::{Context, bail};
use csv::{ByteRecord, ReaderBuilder};
use std::fs::File;
use std::path::Path;

/// A table that is read row by row.
pub(super) struct Table<'f> {
    file: &'f Path,
    rows: csv::Reader<File>,
    names: Vec<String>,
    row: ByteRecord,
}

/// Where a column stands.
#[derive(Clone, Copy)]
pub(super) struct Column(usize);

impl<'f> Table<'f> {
    pub(super) fn open(file: &'f Path) -> anyhow::Result<Self> {
        let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let mut rows = ReaderBuilder::new().buffer_capacity(256 << 10).from_reader(opened);
        let header = rows.byte_headers().with_context(|| file.display().to_string())?;
        let name = |cell: &[u8]| {
            let text = String::from_utf8_lossy(cell);
            text.trim_start_matches('\u{feff}').trim().to_lowercase()
        };
        let names = header.iter().map(name).collect();
        Ok(Self { file, rows, names, row: ByteRecord::new() })
    }

    /// The column of a name.
    pub(super) fn find(&self, name: &str) -> Option<Column> {
        self.names.iter().position(|one| one == &name.to_lowercase()).map(Column)
    }

    pub(super) fn need(&self, name: &str) -> anyhow::Result<Column> {
        self.find(name).with_context(|| {
            let names = self.names.join(", ");
            format!("{}:1: there is no column {name}; there are {names}", self.file.display())
        })
    }

    /// Goes to the next row; false behind the last.
    pub(super) fn advance(&mut self) -> anyhow::Result<bool> {
        self.rows.read_byte_record(&mut self.row).with_context(|| self.file.display().to_string())
    }

    pub(super) fn cell(&self, column: Column) -> &str {
        std::str::from_utf8(&self.row[column.0]).unwrap_or_default().trim()
    }

    pub(super) fn number(&self, column: Column) -> anyhow::Result<f64> {
        let text = self.cell(column);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => self.wrong(column, &format!("\"{text}\" is no number: write it as 12.50")),
        }
    }

    pub(super) fn count(&self, column: Column) -> anyhow::Result<u32> {
        let number = self.number(column)?;
        if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
            return Ok(number as u32);
        }
        self.wrong(column, &format!("{number} is no count: write a whole number from 0 on"))
    }

    pub(super) fn day(&self, column: Column) -> anyhow::Result<i32> {
        let text = self.cell(column);
        match crate::ltv::day(text) {
            Some(day) => Ok(day),
            None => self.wrong(column, &format!("\"{text}\" is no day: write it as 1997-09-30")),
        }
    }

    /// A mistake of this row, in a column.
    pub(super) fn wrong<T>(&self, column: Column, message: &str) -> anyhow::Result<T> {
        bail!("{}: {}: {message}", self.place(), self.names[column.0])
    }

    /// The file with the line of this row.
    pub(super) fn place(&self) -> String {
        let line = self.row.position().map_or(0, csv::Position::line);
        format!("{}:{line}", self.file.display())
    }
}
