//! Rows of a table while they are gathered, and how a value becomes a cell of a column.

use super::schema::{Kind, Table};
use datafusion::arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
    TimestampMillisecondBuilder,
};
use datafusion::arrow::record_batch::RecordBatch;
use engine::at::At;
use engine::day::Day;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Flag(bool),
    Instant(At),
    Day(Day),
    /// Millionths.
    Amount(i64),
}

impl Cell<'_> {
    pub(super) fn count(number: impl Into<u64>) -> Self {
        Self::Int(i64::try_from(number.into()).unwrap_or(i64::MAX))
    }

    pub(super) fn instant(at: Option<At>) -> Self {
        at.map_or(Self::Null, Self::Instant)
    }

    /// An amount that was changed into another currency: what no column holds is the most that one does.
    pub(super) fn sum(millionths: i128) -> Self {
        Self::Amount(i64::try_from(millionths).unwrap_or(if millionths < 0 { i64::MIN } else { i64::MAX }))
    }

    pub(super) fn amount(millionths: Option<i64>) -> Self {
        millionths.map_or(Self::Null, Self::Amount)
    }
}

/// Nothing instead of an empty text.
pub(super) fn present(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Null } else { Cell::Text(text) }
}

enum Builder {
    Int(Int64Builder),
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Instant(TimestampMillisecondBuilder),
    Day(Date32Builder),
    Amount(Decimal128Builder),
}

/// Rows that are gathered.
pub(super) struct Rows {
    pub(super) table: &'static Table,
    columns: Vec<Builder>,
    pub(super) count: usize,
    /// About what they take.
    pub(super) bytes: usize,
    /// Of every cell, in order.
    digest: Xxh3,
}

impl Rows {
    pub(super) fn new(table: &'static Table) -> Self {
        let builder = |kind: Kind| match kind {
            Kind::Int => Builder::Int(Int64Builder::new()),
            Kind::Text => Builder::Text(StringBuilder::new()),
            Kind::Flag => Builder::Flag(BooleanBuilder::new()),
            Kind::Instant => {
                Builder::Instant(TimestampMillisecondBuilder::new().with_data_type(Kind::Instant.data_type()))
            }
            Kind::Day => Builder::Day(Date32Builder::new()),
            Kind::Amount => {
                Builder::Amount(Decimal128Builder::new().with_data_type(Kind::Amount.data_type()))
            }
        };
        let columns = table.columns.iter().map(|column| builder(column.kind)).collect();
        Self { table, columns, count: 0, bytes: 0, digest: Xxh3::new() }
    }

    pub(super) fn push(&mut self, cells: &[Cell<'_>]) {
        assert_eq!(cells.len(), self.columns.len(), "invariant: a row of {} is whole", self.table.name);
        for (builder, cell) in self.columns.iter_mut().zip(cells) {
            self.bytes += builder.push(*cell);
            self.digest.update(&cell.tag());
            if let Cell::Text(text) = cell {
                self.digest.update(text.as_bytes());
            }
        }
        self.count += 1;
    }

    /// Equal where every cell is.
    pub(super) fn digest(&self) -> u64 {
        self.digest.digest()
    }

    pub(super) fn finish(mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = self.columns.iter_mut().map(Builder::finish).collect();
        RecordBatch::try_new(self.table.schema(), columns)
            .expect("invariant: cells have the kinds of their columns")
    }
}

impl Cell<'_> {
    /// What tells it from every other cell but for its text.
    fn tag(&self) -> [u8; 9] {
        let (kind, number) = match self {
            Self::Null => (0, 0),
            Self::Int(number) => (1, *number),
            Self::Text(text) => (2, text.len() as i64),
            Self::Flag(flag) => (3, i64::from(*flag)),
            Self::Instant(at) => (4, at.0),
            Self::Day(day) => (5, i64::from(day.0)),
            Self::Amount(millionths) => (6, *millionths),
        };
        let mut tag = [kind; 9];
        tag[1..].copy_from_slice(&number.to_le_bytes());
        tag
    }
}

impl Builder {
    /// About how many bytes it grew by.
    fn push(&mut self, cell: Cell<'_>) -> usize {
        match (self, cell) {
            (Self::Int(builder), Cell::Int(number)) => builder.append_value(number),
            (Self::Int(builder), Cell::Null) => builder.append_null(),
            (Self::Text(builder), Cell::Text(text)) => {
                builder.append_value(text);
                return text.len() + 4;
            }
            (Self::Text(builder), Cell::Null) => builder.append_null(),
            (Self::Flag(builder), Cell::Flag(flag)) => builder.append_value(flag),
            (Self::Instant(builder), Cell::Instant(at)) => builder.append_value(at.0),
            (Self::Instant(builder), Cell::Null) => builder.append_null(),
            (Self::Day(builder), Cell::Day(day)) => builder.append_value(day.0),
            (Self::Day(builder), Cell::Null) => builder.append_null(),
            (Self::Amount(builder), Cell::Amount(millionths)) => builder.append_value(millionths.into()),
            (Self::Amount(builder), Cell::Null) => builder.append_null(),
            (_, cell) => panic!("invariant: {cell:?} is of its column's kind"),
        }
        8
    }

    fn finish(&mut self) -> ArrayRef {
        let builder: &mut dyn ArrayBuilder = match self {
            Self::Int(builder) => builder,
            Self::Text(builder) => builder,
            Self::Flag(builder) => builder,
            Self::Instant(builder) => builder,
            Self::Day(builder) => builder,
            Self::Amount(builder) => builder,
        };
        Arc::clone(&builder.finish())
    }
}
