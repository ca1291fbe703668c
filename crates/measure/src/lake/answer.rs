//! The answer to a question: columns with their types, and rows of JSON values.

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Field, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde::Serialize;
use serde_json::{Number, Value};

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerColumn {
    pub name: String,
    /// `bigint`, `double`, `decimal`, `text`, `boolean`, `date`, `timestamp`, or what the SQL engine calls it.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What a question found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    pub columns: Vec<AnswerColumn>,
    /// Numbers are numbers, days `2026-01-31`, instants `2026-01-31T12:00:00.000Z`, all else text.
    pub rows: Vec<Vec<Value>>,
    /// There are more rows than these.
    pub truncated: bool,
    /// The record of the log as of which it is, and its instant.
    pub seq: u64,
    pub as_of: String,
}

impl AnswerColumn {
    pub(super) fn of(field: &Field) -> Self {
        let kind = match field.data_type() {
            kind if kind.is_integer() => "bigint".to_owned(),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => "double".to_owned(),
            DataType::Decimal128(..) | DataType::Decimal256(..) => "decimal".to_owned(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
            DataType::Boolean => "boolean".to_owned(),
            DataType::Date32 | DataType::Date64 => "date".to_owned(),
            DataType::Timestamp(..) => "timestamp".to_owned(),
            other => other.to_string().to_lowercase(),
        };
        Self { name: field.name().clone(), kind }
    }
}

/// The rows of a batch, and about how many bytes they take.
pub(super) fn rows(batch: &RecordBatch) -> Result<(Vec<Vec<Value>>, usize), ArrowError> {
    let mut rows = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    let mut bytes = 0;
    for column in batch.columns() {
        let options = FormatOptions::default()
            .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.3f"))
            .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.3fZ"));
        let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
        for (number, row) in rows.iter_mut().enumerate() {
            let cell = match column.is_null(number) {
                true => Value::Null,
                false => plain(column.as_ref(), number)
                    .unwrap_or_else(|| Value::String(formatter.value(number).to_string())),
            };
            bytes += cell.as_str().map_or(8, str::len) + 8;
            row.push(cell);
        }
    }
    Ok((rows, bytes))
}

/// A number or a truth; `None` for what is told as text.
fn plain(column: &dyn Array, row: usize) -> Option<Value> {
    let number = match column.data_type() {
        DataType::Boolean => return Some(Value::Bool(column.as_boolean().value(row))),
        DataType::Int8 => column.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => return Some(whole(column.as_primitive::<Int64Type>().value(row).into())),
        DataType::UInt8 => column.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => column.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => return Some(whole(column.as_primitive::<UInt64Type>().value(row).into())),
        DataType::Float32 => Number::from_f64(column.as_primitive::<Float32Type>().value(row).into())?,
        DataType::Float64 => Number::from_f64(column.as_primitive::<Float64Type>().value(row))?,
        DataType::Decimal128(..) => {
            return Some(decimal(&column.as_primitive::<Decimal128Type>().value_as_string(row)));
        }
        _ => return None,
    };
    Some(Value::Number(number))
}

/// Whole numbers to this are the same in each reader of JSON: beyond it a double has gaps (RFC 8259, section 6).
const WHOLE_MAX: i128 = (1 << 53) - 1;

/// A whole number, or its text where a reader of JSON would round it.
fn whole(number: i128) -> Value {
    match i64::try_from(number).ok().filter(|_| number.abs() <= WHOLE_MAX) {
        Some(number) => Value::from(number),
        None => Value::String(number.to_string()),
    }
}

/// A decimal as the number that it is, or as text where a number of JSON's usual readers would lose digits of it.
fn decimal(text: &str) -> Value {
    let short = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    };
    if let Ok(number) = short.parse::<i128>() {
        return whole(number);
    }
    let number = short.parse::<f64>().ok().filter(|number| number.to_string() == short);
    number.and_then(Number::from_f64).map_or_else(|| Value::String(short.to_owned()), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::decimal;
    use serde_json::json;

    #[test]
    fn a_decimal_loses_no_digit() {
        let cases = [
            ("12.500000", json!(12.5)),
            ("0.100000", json!(0.1)),
            ("-3.000000", json!(-3)),
            ("100", json!(100)),
            ("123456789012345678.123456", json!("123456789012345678.123456")),
            ("9007199254740991.000000", json!(9_007_199_254_740_991_i64)),
            ("9007199254740992.000000", json!("9007199254740992")),
        ];
        for (text, expected) in cases {
            assert_eq!(decimal(text), expected, "{text}");
        }
    }
}
