//! The manifest: up to where the lake goes, and which files are part of it. It is put in place whole, so a reader of it sees
//! one state of the lake or the next. Files that it does not name are no part of the lake.

use super::schema::TABLES;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Its name, at the top of the lake.
pub const MANIFEST: &str = "manifest.json";

/// The newest way in which a lake is laid out.
pub(super) const FORMAT: u32 = 1;

/// What the lake holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Whose lake it is.
    pub installation: String,
    /// Days are those of this time zone.
    pub timezone: String,
    /// Which events are orders, and what they are worth.
    pub purchase: String,
    /// A digest of the rules of channels, by which `touch` is told.
    #[serde(default)]
    pub channels: String,
    /// Up to which record logged tables go.
    pub seq: u64,
    /// At which record the tables stood that state how things stand; the lake is whole where both are the same.
    pub stated_seq: u64,
    /// The instant of that record.
    pub as_of: String,
    /// Merges that were undone and people who were erased by then: another one of either changes rows of before.
    pub merges_undone: u64,
    pub erased: u64,
    pub tables: BTreeMap<String, TableFiles>,
}

/// The files of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableFiles {
    pub version: u32,
    /// In the order of what they hold.
    pub files: Vec<File>,
}

/// One Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// From the top of the lake.
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    /// Its folder's: a day as 2026-01-31, or empty.
    pub day: String,
    /// Of a logged table: the places of the first and the last record in it. Of a stated one: which part of its day or of its
    /// table it is, and the record as of which it was written.
    pub first: u64,
    pub last: u64,
    /// Of a stated table: equal where what it holds is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

impl Manifest {
    pub(super) fn empty() -> Self {
        let tables = TABLES
            .into_iter()
            .map(|table| (table.name.to_owned(), TableFiles { version: table.version, files: Vec::new() }));
        Self {
            format: FORMAT,
            installation: String::new(),
            timezone: String::new(),
            purchase: String::new(),
            channels: String::new(),
            seq: 0,
            stated_seq: 0,
            as_of: String::new(),
            merges_undone: 0,
            erased: 0,
            tables: tables.collect(),
        }
    }

    /// Whether it is one of this version of Trama.
    pub(super) fn is_current(&self) -> bool {
        let has = |table: &&super::schema::Table| {
            self.tables.get(table.name).is_some_and(|files| files.version == table.version)
        };
        self.format == FORMAT && TABLES.iter().all(has)
    }

    /// Whether every table is of the same record.
    pub fn is_whole(&self) -> bool {
        self.seq == self.stated_seq && self.seq > 0
    }

    pub fn files(&self, table: &str) -> &[File] {
        self.tables.get(table).map_or(&[], |table| &table.files)
    }

    pub(super) fn files_mut(&mut self, table: &str) -> &mut Vec<File> {
        &mut self.tables.get_mut(table).expect("invariant: a manifest has every table").files
    }

    pub fn all_files(&self) -> impl Iterator<Item = &File> {
        self.tables.values().flat_map(|table| &table.files)
    }

    pub fn bytes(&self) -> u64 {
        self.all_files().map(|file| file.bytes).sum()
    }
}
