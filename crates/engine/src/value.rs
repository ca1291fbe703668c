//! JSON-like values in a compact encoding that is walked in place: traits, properties and context live in it from
//! the HTTP door to the profile, and are never parsed a second time.
//!
//! A value is a tag byte and its content. A list or map carries its length in bytes (u32, little endian) before its
//! content, so that a reader skips what it does not want without looking inside.

use crate::codec::{Reader, put_bytes, put_varint, put_zigzag};
use borsh::{BorshDeserialize, BorshSerialize};
use std::cmp::Ordering;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const DECIMAL: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const LIST: u8 = 7;
const MAP: u8 = 8;

/// Millionths in one: the scale of [`Value::Decimal`] and of every sum.
pub const SCALE: i64 = 1_000_000;

/// A value as it lies in the bytes of a record.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Exact millionths: `19.90` is `19_900_000`. Sums of these do not depend on their order.
    Decimal(i64),
    /// A number with more digits than millionths hold.
    Float(f64),
    Text(&'a str),
    List(List<'a>),
    Map(Map<'a>),
}

/// The elements of a list, still encoded.
#[derive(Clone, Copy, Debug)]
pub struct List<'a>(&'a [u8]);

/// The entries of a map, still encoded. Keys keep the order in which they were written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Map<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// Reads one value from the front; `None` where the bytes are not a value.
    pub fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(match reader.byte()? {
            NULL => Self::Null,
            FALSE => Self::Bool(false),
            TRUE => Self::Bool(true),
            INT => Self::Int(reader.zigzag()?),
            DECIMAL => Self::Decimal(reader.zigzag()?),
            FLOAT => Self::Float(f64::from_le_bytes(reader.array()?)),
            TEXT => Self::Text(reader.text()?),
            LIST => Self::List(List(read_sized(reader)?)),
            MAP => Self::Map(Map(read_sized(reader)?)),
            _ => return None,
        })
    }

    /// The value as exact millionths, where it is a number that fits.
    pub fn millionths(&self) -> Option<i64> {
        match *self {
            Self::Int(number) => number.checked_mul(SCALE),
            Self::Decimal(millionths) => Some(millionths),
            Self::Float(number) => {
                let scaled = (number * SCALE as f64).round();
                (scaled.abs() < 9.0e18).then_some(scaled as i64)
            }
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&'a str> {
        match *self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn map(&self) -> Option<Map<'a>> {
        match *self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Order of two numbers or two texts; `None` across kinds, for lists, maps and NaN.
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(one), Value::Text(two)) => Some((*one).cmp(*two)),
            (Self::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
            (Self::Float(_), _) | (_, Value::Float(_)) => self.float()?.partial_cmp(&other.float()?),
            _ => Some(self.exact()?.cmp(&other.exact()?)),
        }
    }

    fn exact(&self) -> Option<i128> {
        match *self {
            Self::Int(number) => Some(i128::from(number) * i128::from(SCALE)),
            Self::Decimal(millionths) => Some(i128::from(millionths)),
            _ => None,
        }
    }

    fn float(&self) -> Option<f64> {
        match *self {
            Self::Int(number) => Some(number as f64),
            Self::Decimal(millionths) => Some(millionths as f64 / SCALE as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The values at the end of a path below this one; the value itself where the path is empty.
    pub fn find(self, path: &[impl AsRef<str>], found: &mut impl FnMut(Value<'a>)) {
        descend(self, path, found);
    }

    /// Writes the value into `out` as it is encoded.
    pub fn write(&self, out: &mut ValueWriter) {
        match *self {
            Self::Null => out.null(),
            Self::Bool(value) => out.bool(value),
            Self::Int(number) => out.int(number),
            Self::Decimal(millionths) => out.decimal(millionths),
            Self::Float(number) => out.float(number),
            Self::Text(text) => out.text(text),
            Self::List(List(bytes)) => out.sized(LIST, bytes),
            Self::Map(Map(bytes)) => out.sized(MAP, bytes),
        }
    }

    /// The value as JSON, for people and programs outside.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match *self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(value),
            Self::Int(number) => Json::from(number),
            Self::Decimal(millionths) => Json::from(millionths as f64 / SCALE as f64),
            Self::Float(number) => Json::from(number),
            Self::Text(text) => Json::from(text),
            Self::List(list) => Json::Array(list.iter().map(|value| value.to_json()).collect()),
            Self::Map(map) => map.to_json(),
        }
    }
}

fn read_sized<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = u32::from_le_bytes(reader.array()?);
    reader.take(length as usize)
}

impl<'a> List<'a> {
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> {
        let mut reader = Reader::new(self.0);
        std::iter::from_fn(move || Value::read(&mut reader))
    }
}

impl<'a> Map<'a> {
    /// The entries whose encoding is `bytes`, as [`Map::bytes`] gave them.
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let mut reader = Reader::new(self.0);
        std::iter::from_fn(move || Some((reader.text()?, Value::read(&mut reader)?)))
    }

    /// The value under a key; the first one where a key was written twice.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        Value::read(&mut Reader::new(self.raw(key)?))
    }

    /// The encoded value of a key, unread.
    pub(crate) fn raw(self, key: &str) -> Option<&'a [u8]> {
        let mut reader = Reader::new(self.0);
        while let Some(name) = reader.bytes() {
            let value = reader.rest();
            skip(&mut reader)?;
            if name == key.as_bytes() {
                return Some(&value[..value.len() - reader.rest().len()]);
            }
        }
        None
    }

    /// The value at the end of a path such as `["page", "url"]`. A list on the way stands for each of its elements,
    /// so a path may lead to many values: `products.sku`.
    pub fn find(self, path: &[impl AsRef<str>], found: &mut impl FnMut(Value<'a>)) {
        if let Some((first, rest)) = path.split_first()
            && let Some(value) = self.get(first.as_ref())
        {
            descend(value, rest, found);
        }
    }

    pub fn to_json(self) -> serde_json::Value {
        let entries = self.iter().map(|(key, value)| (key.to_owned(), value.to_json()));
        serde_json::Value::Object(entries.collect())
    }
}

/// Whether an encoded value is a list.
pub(crate) fn is_list(value: &[u8]) -> bool {
    value.first() == Some(&LIST)
}

/// Goes past one value.
fn skip(reader: &mut Reader<'_>) -> Option<()> {
    match reader.byte()? {
        NULL | FALSE | TRUE => {}
        INT | DECIMAL => drop(reader.varint()?),
        FLOAT => drop(reader.take(8)?),
        TEXT => drop(reader.bytes()?),
        LIST | MAP => drop(read_sized(reader)?),
        _ => return None,
    }
    Some(())
}

fn descend<'a>(value: Value<'a>, path: &[impl AsRef<str>], found: &mut impl FnMut(Value<'a>)) {
    match value {
        Value::List(list) => list.iter().for_each(|element| descend(element, path, found)),
        Value::Map(map) if !path.is_empty() => map.find(path, found),
        _ if path.is_empty() => found(value),
        _ => {}
    }
}

/// Builds encoded values from the front to the back.
#[derive(Default)]
pub struct ValueWriter {
    bytes: Vec<u8>,
}

/// The place of an open list or map, to be handed back to [`ValueWriter::end`].
#[must_use]
pub struct Open(usize);

impl ValueWriter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Continues at the end of bytes written before.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets what was written after `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    pub fn null(&mut self) {
        self.bytes.push(NULL);
    }

    pub fn bool(&mut self, value: bool) {
        self.bytes.push(if value { TRUE } else { FALSE });
    }

    pub fn int(&mut self, number: i64) {
        self.bytes.push(INT);
        put_zigzag(&mut self.bytes, number);
    }

    pub fn decimal(&mut self, millionths: i64) {
        self.bytes.push(DECIMAL);
        put_zigzag(&mut self.bytes, millionths);
    }

    /// A float in the most exact form that holds it: whole numbers as integers, up to six decimals as millionths.
    pub fn number(&mut self, number: f64) {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let scaled = (number * SCALE as f64).round();
        if number.fract() == 0.0 && number.abs() < EXACT {
            self.int(number as i64);
        } else if scaled.abs() < EXACT && scaled / SCALE as f64 == number {
            self.decimal(scaled as i64);
        } else {
            self.float(number);
        }
    }

    pub fn float(&mut self, number: f64) {
        self.bytes.push(FLOAT);
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.bytes.push(TEXT);
        put_bytes(&mut self.bytes, text.as_bytes());
    }

    /// The name of the next entry of a map; its value follows.
    pub fn key(&mut self, name: &str) {
        put_bytes(&mut self.bytes, name.as_bytes());
    }

    pub fn begin_list(&mut self) -> Open {
        self.begin(LIST)
    }

    pub fn begin_map(&mut self) -> Open {
        self.begin(MAP)
    }

    fn begin(&mut self, tag: u8) -> Open {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(&[0; 4]);
        Open(self.bytes.len())
    }

    /// Closes a list or map and writes its length before its content.
    #[expect(clippy::needless_pass_by_value, reason = "what is closed cannot be closed again")]
    pub fn end(&mut self, open: Open) {
        let length = u32::try_from(self.bytes.len() - open.0).expect("invariant: a value is far below 4 GiB");
        self.bytes[open.0 - 4..open.0].copy_from_slice(&length.to_le_bytes());
    }

    fn sized(&mut self, tag: u8, content: &[u8]) {
        let open = self.begin(tag);
        self.bytes.extend_from_slice(content);
        self.end(open);
    }

    /// Appends a JSON value. Numbers take their most exact form.
    pub fn json(&mut self, json: &serde_json::Value) {
        use serde_json::Value as Json;
        match json {
            Json::Null => self.null(),
            Json::Bool(value) => self.bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => self.int(whole),
                None => self.number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => self.text(text),
            Json::Array(elements) => {
                let open = self.begin_list();
                elements.iter().for_each(|element| self.json(element));
                self.end(open);
            }
            Json::Object(entries) => {
                let open = self.begin_map();
                for (key, value) in entries {
                    self.key(key);
                    self.json(value);
                }
                self.end(open);
            }
        }
    }
}

/// The entries of a map, owned: what a profile or a send keeps of a record.
#[derive(Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OwnedMap(Box<[u8]>);

impl OwnedMap {
    pub fn as_map(&self) -> Map<'_> {
        Map(&self.0)
    }

    /// The map of a JSON object; `None` for other JSON.
    pub fn from_json(json: &serde_json::Value) -> Option<Self> {
        let entries = json.as_object()?;
        let mut writer = ValueWriter::new();
        for (key, value) in entries {
            writer.key(key);
            writer.json(value);
        }
        Some(Self(writer.into_bytes().into()))
    }
}

impl From<Map<'_>> for OwnedMap {
    fn from(map: Map<'_>) -> Self {
        Self(map.0.into())
    }
}

impl std::fmt::Debug for OwnedMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.as_map().to_json())
    }
}

/// One value, owned: a trait of a profile.
#[derive(Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OwnedValue(Box<[u8]>);

impl OwnedValue {
    pub fn as_value(&self) -> Value<'_> {
        Value::read(&mut Reader::new(&self.0)).expect("invariant: an owned value was written by `write`")
    }
}

impl From<Value<'_>> for OwnedValue {
    fn from(value: Value<'_>) -> Self {
        let mut writer = ValueWriter::new();
        value.write(&mut writer);
        Self(writer.into_bytes().into())
    }
}

impl std::fmt::Debug for OwnedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.as_value().to_json())
    }
}

/// Writes a map from pairs that are already encoded values.
pub fn write_entry(out: &mut Vec<u8>, key: &str, value: &OwnedValue) {
    put_varint(out, key.len() as u64);
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(&value.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_comes_back_as_it_went_in() {
        let json = json!({
            "total": 19.9, "count": 3, "big": 9_007_199_254_740_993i64, "tiny": 1.0e-9, "ok": true, "none": null,
            "products": [{"sku": "a", "price": 1.25}, {"sku": "b"}], "text": "perché no", "empty": {}
        });
        let map = OwnedMap::from_json(&json).unwrap();
        assert_eq!(map.as_map().to_json(), json);
    }

    #[test]
    fn money_is_exact_and_numbers_compare_across_forms() {
        let map = OwnedMap::from_json(&json!({"total": 19.90, "whole": 20, "float": 1.0e-9})).unwrap();
        let get = |key| map.as_map().get(key).unwrap();
        assert!(matches!(get("total"), Value::Decimal(19_900_000)));
        assert_eq!(get("total").compare(&get("whole")), Some(Ordering::Less));
        assert_eq!(get("float").compare(&get("total")), Some(Ordering::Less));
        assert_eq!(get("whole").compare(&Value::Text("20")), None);
    }

    #[test]
    fn a_path_through_a_list_finds_every_element() {
        let map = OwnedMap::from_json(&json!({"products": [{"sku": "a"}, {"sku": "b"}, 3]})).unwrap();
        let mut found = Vec::new();
        map.as_map().find(&["products", "sku"], &mut |value| found.push(value.text().unwrap()));
        assert_eq!(found, ["a", "b"]);
    }

    #[test]
    fn torn_bytes_end_the_walk() {
        let map = OwnedMap::from_json(&json!({"a": 1, "b": "two"})).unwrap();
        let bytes = map.as_map().bytes();
        for cut in 0..bytes.len() {
            assert!(Map::from_bytes(&bytes[..cut]).iter().count() <= 1);
        }
    }
}
