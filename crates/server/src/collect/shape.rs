//! What a JSON value may turn out to be. The tracking API promises types that senders do not keep, so every place
//! that reads JSON says what it makes of *any* value, and no wrong type fails a whole body.

use crate::limits::VALUE_DEPTH_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
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

/// A value that nobody wants. It is read like any other and not passed over: the parser's own way of passing over
/// follows nesting without a bound, so that a few million brackets would exhaust the stack.
pub(super) struct Unwanted {
    /// How many lists and maps may still open inside it.
    depth_left: usize,
}

impl Unwanted {
    pub(super) fn new() -> Self {
        Self { depth_left: VALUE_DEPTH_MAX }
    }

    fn inner<E: Error>(&self) -> Result<Self, E> {
        let too_deep = || E::custom("nested too deeply");
        Ok(Self { depth_left: self.depth_left.checked_sub(1).ok_or_else(too_deep)? })
    }
}

impl<'de> Shape<'de> for Unwanted {
    type Value = ();

    fn plain(self, _: Plain<'de>) {}

    fn list<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Any(self.inner()?))?.is_some() {}
        Ok(())
    }

    fn map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key_seed(Any(self.inner()?))?.is_some() {
            entries.next_value_seed(Any(self.inner()?))?;
        }
        Ok(())
    }
}

/// Reads a list to its end and tells how many elements it had.
pub(super) fn skip_list<'de, A: SeqAccess<'de>>(mut elements: A) -> Result<usize, A::Error> {
    let mut count = 0;
    while elements.next_element_seed(Any(Unwanted::new()))?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// Reads a map to its end.
pub(super) fn skip_map<'de, A: MapAccess<'de>>(entries: A) -> Result<(), A::Error> {
    Unwanted::new().map(entries)
}
