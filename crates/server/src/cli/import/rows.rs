//! The rows of a file of any kind, as events.

use super::batch::{Batch, Place};
use super::input::Input;
use super::lines::Lines;
use super::mapping::{Mapping, Stated};
use super::parquet::Parquet;
use super::table::Table;
use engine::at::At;
use std::path::Path;

pub(super) enum Rows {
    Lines(Box<Lines>, u64),
    Table(Box<Table>, u64),
    Parquet(Box<Parquet>),
}

/// The kinds of file, told by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Lines,
    Table,
    Parquet,
}

impl Kind {
    /// By the end of a name, with or without `.gz` behind it.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        let whole = name.strip_suffix(".gz").unwrap_or(&name);
        match whole.rsplit_once('.')?.1 {
            "jsonl" | "ndjson" => Some(Self::Lines),
            "csv" | "tsv" | "txt" => Some(Self::Table),
            "parquet" if whole == name => Some(Self::Parquet),
            _ => None,
        }
    }
}

impl Rows {
    /// Opens a file. `source` stands for who sends its events; none of them may have happened after `latest`.
    pub(super) fn open(
        path: &Path,
        kind: Kind,
        stated: &Stated,
        source: u64,
        latest: At,
    ) -> anyhow::Result<Self> {
        if kind == Kind::Parquet {
            return Parquet::open(path, stated, source, latest).map(|rows| Self::Parquet(Box::new(rows)));
        }
        let input = Input::open(path)?;
        let size = input.size();
        Ok(match kind {
            Kind::Lines => Self::Lines(Box::new(Lines::new(input, source)?), size),
            _ => Self::Table(Box::new(Table::open(input, stated, source, latest)?), size),
        })
    }

    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Lines(_, size) | Self::Table(_, size) => *size,
            Self::Parquet(rows) => rows.size(),
        }
    }

    /// What its columns mean, and what is to be said of the file before.
    pub(super) fn mapping(&self) -> Option<(String, &Mapping)> {
        match self {
            Self::Lines(..) => None,
            Self::Table(table, _) => {
                Some((format!("cells with {} between them", table.delimiter()), table.mapping()))
            }
            Self::Parquet(rows) => Some(("Parquet".to_owned(), rows.mapping())),
        }
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::Lines(lines, _) => lines.place(),
            Self::Table(table, _) => table.place(),
            Self::Parquet(rows) => rows.place(),
        }
    }

    /// Passes over rows that were imported before.
    pub(super) fn skip(&mut self, rows: u64) -> anyhow::Result<()> {
        match self {
            Self::Lines(lines, _) => lines.skip(rows),
            Self::Table(table, _) => table.skip(rows),
            Self::Parquet(parquet) => parquet.skip(rows),
        }
    }

    /// The next rows; none at the end.
    pub(super) fn batch(&mut self) -> anyhow::Result<Batch> {
        match self {
            Self::Lines(lines, _) => lines.batch(),
            Self::Table(table, _) => table.batch(),
            Self::Parquet(parquet) => parquet.batch(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name() {
        for (name, kind) in [
            ("a/history.jsonl", Some(Kind::Lines)),
            ("history.ndjson.gz", Some(Kind::Lines)),
            ("Customers.CSV", Some(Kind::Table)),
            ("customers.tsv.gz", Some(Kind::Table)),
            ("events.parquet", Some(Kind::Parquet)),
            ("events.parquet.gz", None),
            ("events.xlsx", None),
            ("events", None),
        ] {
            assert_eq!(Kind::of(Path::new(name)), kind, "{name}");
        }
    }
}
