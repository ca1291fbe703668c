//! What a JSON value may turn out to be. The tracking API promises types that senders do not keep, so every place
//! that reads JSON says what it makes of *any* value, and no wrong type fails a whole body.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;

/// A JSON value that is neither list nor map.
pub(super) enum Plain<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Without NUL.
    Text(Cow<'a, str>),
}

/// A reader of one JSON value of any kind.
pub(super) trait Shape<'de>: Sized {
    type Value;

    fn plain(self, plain: Plain<'de>) -> Self::Value;
    fn list<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error>;
    fn map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error>;
}

/// Lets serde's formats drive a [`Shape`].
pub(super) struct Any<S>(pub(super) S);

impl<'de, S: Shape<'de>> DeserializeSeed<'de> for Any<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Shape<'de>> Visitor<'de> for Any<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<S::Value, E> {
        Ok(self.0.plain(Plain::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<S::Value, E> {
        Ok(self.0.plain(Plain::Bool(value)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<S::Value, E> {
        Ok(self.0.plain(Plain::Int(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<S::Value, E> {
        let plain = i64::try_from(number).map_or(Plain::Float(number as f64), Plain::Int);
        Ok(self.0.plain(plain))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<S::Value, E> {
        Ok(self.0.plain(Plain::Float(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<S::Value, E> {
        Ok(self.0.plain(Plain::Text(Cow::Owned(without_nul(text)))))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<S::Value, E> {
        Ok(self.0.plain(Plain::Text(Cow::Borrowed(text))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<S::Value, A::Error> {
        self.0.list(elements)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<S::Value, A::Error> {
        self.0.map(entries)
    }
}

/// The text without NUL, which neither databases nor C programs survive. JSON has it only as an escape, so that a text
/// borrowed from a body is free of it.
pub(super) fn without_nul(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}

/// Reads a list to its end, checks its syntax and keeps how many elements it had.
pub(super) fn skip_list<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<usize, A::Error> {
    let mut count = 0;
    while elements.next_element::<IgnoredAny>()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Reads a map to its end and checks its syntax.
pub(super) fn skip_map<'de, A: MapAccess<'de>>(mut entries: A) -> Result<(), A::Error> {
    while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}
