//! A Parquet file, each row of it an event. Groups are columns with dots in their names; lists and maps stay what they
//! are.

use super::batch::{Batch, Place, Refused};
use super::cell::{Form, Unreadable, put_text, put_time};
use super::event::{BadCell, Cells, Shape};
use super::identity::Identity;
use super::mapping::{Mapping, Sample, Stated, Target, happened};
use anyhow::{Context, bail};
use engine::at::At;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::{Type, TypePtr};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128_with_seed;

pub(super) struct Parquet {
    rows: RowIter<'static>,
    columns: Vec<Column>,
    mapping: Mapping,
    shape: Shape,
    identity: Identity,
    meaning: u64,
    latest: At,
    own_id: Option<usize>,
    count: u64,
    total: u64,
    size: u64,
    key: Vec<u8>,
}

/// Where a column lies in a row.
struct Column {
    name: String,
    /// Place among the fields of the row, of the group in it, and so on.
    path: Vec<usize>,
    /// Its integers are billionths of a second since 1970.
    nanoseconds: bool,
    /// Its times are what a clock showed, and say nothing of where it hung.
    clock: bool,
    /// Its sixteen bytes are a UUID.
    uuid: bool,
    /// Spans of months, days and milliseconds, which the reader of rows does not know.
    interval: bool,
}

impl Parquet {
    pub(super) fn open(path: &Path, stated: &Stated, source: u64, latest: At) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let size = file.metadata()?.len();
        let reader = SerializedFileReader::new(file).context("it is not a Parquet file that can be read")?;
        let metadata = reader.metadata().file_metadata();
        let total = u64::try_from(metadata.num_rows()).unwrap_or(0);
        let mut columns = Vec::new();
        leaves(metadata.schema().get_fields(), "", &[], &mut columns);
        let samples: Vec<Sample<'_>> = columns
            .iter()
            .map(|column| Sample { name: &column.name, cells: vec![], is_typed: true })
            .collect();
        let mapping =
            Mapping::new(stated, &samples).map_err(|mistakes| anyhow::anyhow!(mistakes.join("\n")))?;
        let own_id = mapping.columns.iter().position(|column| column.target == Target::MessageId);
        let wanted = wanted(metadata.schema(), &mapping, &mut columns)?;
        let rows = RowIter::from_file_into(Box::new(reader)).project(Some(wanted));
        Ok(Self {
            rows: rows.context("its columns cannot be read")?,
            columns,
            shape: Shape::new(&mapping),
            identity: Identity::new(mapping.whole() ^ source),
            meaning: mapping.meaning(),
            mapping,
            latest,
            own_id,
            count: 0,
            total,
            size,
            key: Vec::new(),
        })
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn place(&self) -> Place {
        let bytes = (u128::from(self.size) * u128::from(self.count)) / u128::from(self.total.max(1));
        Place { rows: self.count, bytes: bytes as u64, check: self.identity.check() }
    }

    /// Passes over rows that were imported before; they still count among their equals.
    pub(super) fn skip(&mut self, rows: u64) -> anyhow::Result<()> {
        let mut unused = Batch::default();
        while self.count < rows && self.take(&mut unused)? {
            unused = Batch::default();
        }
        Ok(())
    }

    /// The next rows; none at the end.
    pub(super) fn batch(&mut self) -> anyhow::Result<Batch> {
        let mut batch = Batch::default();
        while !batch.is_full() && self.take(&mut batch)? {}
        batch.close();
        batch.end = self.place();
        Ok(batch)
    }

    /// Takes one row; false at the end.
    fn take(&mut self, batch: &mut Batch) -> anyhow::Result<bool> {
        let number = self.count + 1;
        let Some(row) = self.rows.next() else { return Ok(false) };
        let row = row.with_context(|| format!("row {number}"))?.into_columns();
        self.count = number;
        let values =
            Values { mapping: &self.mapping, columns: &self.columns, row: &row, latest: self.latest };
        let own_id = self.own_id.is_some_and(|column| !matches!(values.field(column), Field::Null));
        let written = self.shape.write(&values, batch.open());
        self.key.clear();
        for column in 0..self.columns.len() {
            // The value as it is, whatever the mapping makes of it.
            identify(values.field(column), &mut self.key);
        }
        let hash = xxh3_128_with_seed(&self.key, self.meaning);
        self.identity.pass(hash);
        let id = (!own_id).then(|| self.identity.id(hash));
        match written {
            Ok(()) => batch.push(number, id),
            Err(BadCell { column, why }) => {
                let mut value = Vec::new();
                values.natural(column, &mut value);
                let column = &self.mapping.columns[column];
                batch.refused.push(Refused {
                    number,
                    field: column.name.clone(),
                    code: why.code().to_owned(),
                    message: why.message(&column.form),
                    value: String::from_utf8_lossy(&value).trim_matches('"').to_owned(),
                });
            }
        }
        Ok(true)
    }
}

/// The columns of a schema, groups taken apart.
fn leaves(fields: &[TypePtr], around: &str, path: &[usize], columns: &mut Vec<Column>) {
    for (index, field) in fields.iter().enumerate() {
        let name = format!("{around}{}", field.name());
        let path = [path, &[index]].concat();
        match &**field {
            // Lists and maps are groups with a name for what they are.
            Type::GroupType { basic_info, fields }
                if basic_info.logical_type_ref().is_none()
                    && basic_info.converted_type() == ConvertedType::NONE
                    && (!basic_info.has_repetition() || basic_info.repetition() != Repetition::REPEATED) =>
            {
                leaves(fields, &format!("{name}."), &path, columns);
            }
            other => {
                let logical = other.get_basic_info().logical_type_ref();
                let time = match logical {
                    Some(LogicalType::Timestamp(time)) => Some(time),
                    _ => None,
                };
                let nanoseconds = time.is_some_and(|time| time.unit == TimeUnit::NANOS);
                let clock = time.is_some_and(|time| !time.is_adjusted_to_u_t_c);
                let uuid = logical == Some(&LogicalType::Uuid);
                let interval = other.get_basic_info().converted_type() == ConvertedType::INTERVAL;
                columns.push(Column { name, path, nanoseconds, clock, uuid, interval });
            }
        }
    }
}

/// The schema without the fields of which nothing is wanted; the paths of the columns are told in it.
fn wanted(schema: &Type, mapping: &Mapping, columns: &mut [Column]) -> anyhow::Result<Type> {
    let is_wanted = |index: usize| mapping.columns[index].target != Target::Skip;
    for (index, column) in columns.iter().enumerate() {
        if column.interval && is_wanted(index) {
            let name = &column.name;
            bail!("the column \"{name}\" holds intervals, which cannot be read: say --map '{name}=skip'");
        }
    }
    let mut places = BTreeSet::new();
    places.extend((0..columns.len()).filter(|index| is_wanted(*index)).map(|index| columns[index].path[0]));
    for column in columns {
        // Of a field that is left out nobody asks.
        column.path[0] = places.range(..column.path[0]).count();
    }
    let fields = places.iter().map(|place| Arc::clone(&schema.get_fields()[*place])).collect();
    Ok(Type::group_type_builder(schema.name()).with_fields(fields).build()?)
}

struct Values<'v> {
    mapping: &'v Mapping,
    columns: &'v [Column],
    row: &'v [(String, Field)],
    latest: At,
}

impl<'v> Values<'v> {
    fn field(&self, column: usize) -> &'v Field {
        if self.mapping.columns[column].target == Target::Skip {
            return &Field::Null;
        }
        let path = &self.columns[column].path;
        let mut field = &self.row[path[0]].1;
        for index in &path[1..] {
            field = match field {
                Field::Group(row) => {
                    row.get_column_iter().nth(*index).map_or(&Field::Null, |(_, field)| field)
                }
                _ => &Field::Null,
            };
        }
        field
    }

    fn instant(&self, column: usize) -> Option<At> {
        match self.field(column) {
            Field::Long(nanoseconds) if self.columns[column].nanoseconds => Some(At(nanoseconds / 1_000_000)),
            field => instant(field),
        }
    }

    /// Writes a value as the JSON that it is by nature.
    fn natural(&self, column: usize, out: &mut Vec<u8>) -> bool {
        if let Some(at) = self.instant(column) {
            put_time(at, out);
            return true;
        }
        match self.field(column) {
            Field::Bytes(bytes) if self.columns[column].uuid => {
                put_text(&uuid(bytes.data()), out);
                true
            }
            field => put(field, out),
        }
    }
}

impl Cells for Values<'_> {
    fn write(&self, column: usize, out: &mut Vec<u8>) -> Result<bool, Unreadable> {
        let told = &self.mapping.columns[column];
        if let (Target::Time, Form::Time(times), Some(at)) = (&told.target, &told.form, self.instant(column))
        {
            let at = if self.columns[column].clock { times.at_clock(at).unwrap_or(at) } else { at };
            put_time(happened(at, self.latest)?, out);
            return Ok(true);
        }
        let field = self.field(column);
        match (&told.form, field) {
            (Form::AsItIs, _) => Ok(self.natural(column, out)),
            (Form::Truth, Field::Bool(truth)) => {
                out.extend_from_slice(if *truth { b"true" } else { b"false" });
                Ok(true)
            }
            (_, Field::Str(text)) => self.mapping.write(column, text, self.latest, out),
            (_, Field::Null) => Ok(false),
            _ => {
                let mut text = Vec::new();
                self.natural(column, &mut text);
                let text = String::from_utf8_lossy(&text);
                self.mapping.write(column, text.trim_matches('"'), self.latest, out)
            }
        }
    }
}

/// Bytes that another value would not have, cheaply where there are many of them.
fn identify(field: &Field, key: &mut Vec<u8>) {
    let before = key.len();
    match field {
        Field::Str(text) => key.extend_from_slice(text.as_bytes()),
        Field::Bytes(bytes) => key.extend_from_slice(bytes.data()),
        Field::Int(number) => key.extend_from_slice(&number.to_le_bytes()),
        Field::Long(number) | Field::TimestampMillis(number) | Field::TimestampMicros(number) => {
            key.extend_from_slice(&number.to_le_bytes());
        }
        Field::Double(number) => key.extend_from_slice(&number.to_bits().to_le_bytes()),
        other => _ = put(other, key),
    }
    let length = (key.len() - before) as u32;
    key.extend_from_slice(&length.to_le_bytes());
}

fn instant(field: &Field) -> Option<At> {
    match field {
        Field::TimestampMillis(millis) => Some(At(*millis)),
        Field::TimestampMicros(micros) => Some(At(micros.div_euclid(1_000))),
        _ => None,
    }
}

/// Writes a value as JSON; false where it holds nothing, and then nothing is written.
fn put(field: &Field, out: &mut Vec<u8>) -> bool {
    let mut number = |number: &dyn std::fmt::Display| {
        let mut text = String::new();
        write!(text, "{number}").expect("invariant: a text takes whatever is written to it");
        out.extend_from_slice(text.as_bytes());
        true
    };
    match field {
        Field::Null => false,
        Field::Bool(truth) => number(truth),
        Field::Byte(value) => number(value),
        Field::Short(value) => number(value),
        Field::Int(value) => number(value),
        Field::Long(value) => number(value),
        Field::UByte(value) => number(value),
        Field::UShort(value) => number(value),
        Field::UInt(value) => number(value),
        Field::ULong(value) => number(value),
        Field::Float16(value) => put(&Field::Float(value.to_f32()), out),
        // JSON has no number for what is none.
        Field::Float(value) => value.is_finite() && number(value),
        Field::Double(value) => value.is_finite() && number(value),
        Field::Decimal(value) => number(&decimal(value.data(), value.scale())),
        Field::Str(text) => {
            put_text(text, out);
            true
        }
        Field::Bytes(bytes) => {
            put_text(&String::from_utf8_lossy(bytes.data()), out);
            true
        }
        Field::Date(days) => {
            let day = Date::constant(1970, 1, 1).checked_add(i64::from(*days).days());
            day.map(|day| put_text(&day.to_string(), out)).is_ok()
        }
        Field::TimeMillis(millis) => put_time_of_day(i64::from(*millis) * 1_000, out),
        Field::TimeMicros(micros) => put_time_of_day(*micros, out),
        Field::TimestampMillis(_) | Field::TimestampMicros(_) => {
            put_time(instant(field).expect("invariant: it is one"), out);
            true
        }
        Field::Group(row) => put_row(row, out),
        Field::ListInternal(list) => {
            let elements = list.elements().iter();
            put_all(b'[', elements.map(|element| (None, element)), b']', out)
        }
        Field::MapInternal(map) => {
            let entries = map.entries().iter();
            put_all(b'{', entries.map(|(name, value)| (Some(name_of(name)), value)), b'}', out)
        }
    }
}

fn put_row(row: &Row, out: &mut Vec<u8>) -> bool {
    put_all(b'{', row.get_column_iter().map(|(name, field)| (Some(name.clone()), field)), b'}', out)
}

fn put_all<'f>(
    open: u8,
    all: impl Iterator<Item = (Option<String>, &'f Field)>,
    close: u8,
    out: &mut Vec<u8>,
) -> bool {
    out.push(open);
    let mut first = true;
    for (name, field) in all {
        let before = out.len();
        if !first {
            out.push(b',');
        }
        if let Some(name) = &name {
            put_text(name, out);
            out.push(b':');
        }
        match (put(field, out), &name) {
            (true, _) => first = false,
            // An element that holds nothing keeps its place in a list.
            (false, None) => {
                out.extend_from_slice(b"null");
                first = false;
            }
            (false, Some(_)) => out.truncate(before),
        }
    }
    out.push(close);
    true
}

fn name_of(field: &Field) -> String {
    let mut json = Vec::new();
    put(field, &mut json);
    match field {
        Field::Str(text) => text.clone(),
        _ => String::from_utf8_lossy(&json).into_owned(),
    }
}

fn put_time_of_day(micros: i64, out: &mut Vec<u8>) -> bool {
    let time = Timestamp::from_microsecond(micros).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).time());
    time.map(|time| put_text(&time.to_string(), out)).is_ok()
}

/// Hexadecimal digits in groups, as UUIDs are written.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&index) {
            text.push('-');
        }
        write!(text, "{byte:02x}").expect("invariant: a text takes whatever is written to it");
    }
    text
}

/// A big-endian whole number with so many digits behind the point.
fn decimal(bytes: &[u8], scale: i32) -> String {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut whole = if negative { -1_i128 } else { 0 };
    for byte in bytes {
        whole = (whole << 8) | i128::from(*byte);
    }
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", whole.unsigned_abs(), width = scale + 1);
    let (before, after) = digits.split_at(digits.len() - scale);
    let sign = if negative { "-" } else { "" };
    if after.is_empty() { format!("{sign}{before}") } else { format!("{sign}{before}.{after}") }
}
