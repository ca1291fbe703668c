//! A body taken apart: its calls and what surrounds them. Pure reading; the rules are in `door.rs`.

use super::endpoint::Endpoint;
use super::item::{Arena, Batch, Item, ReadItem, Section};
use super::shape::Any;
use crate::limits::BATCH_EVENTS_MAX;
use engine::value::Map;
use serde::de::DeserializeSeed;
use sonic_rs::LazyValue;
use std::borrow::Cow;

/// A body that is JSON of the right outer form. Borrows from it.
pub struct Envelope<'a> {
    body: &'a [u8],
    endpoint: Endpoint,
    /// The object around a batch; of a single call, empty.
    pub(super) around: Item<'a>,
    pub(super) items: Vec<Item<'a>>,
    /// Calls that came after the most that a batch may hold.
    pub(super) beyond: usize,
    values: Vec<u8>,
    context_traits: Vec<u8>,
}

/// Why a body as a whole cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the body is not JSON: {reason} at line {line}, column {column}")]
    Json { reason: String, line: usize, column: usize },
    #[error("the body is empty")]
    Empty,
    #[error("the body is JSON, but not an object")]
    NotAnObject,
    #[error("there is no list of events in the field `batch`")]
    MissingBatch,
    #[error("the body could not be decompressed: {0}")]
    Encoding(String),
    #[error("the body broke off: {0}")]
    Interrupted(String),
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

impl EnvelopeError {
    /// The stable name of the mistake.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "invalid_json",
            Self::Empty => "empty_body",
            Self::NotAnObject => "not_an_object",
            Self::MissingBatch => "missing_batch",
            Self::Encoding(_) => "invalid_encoding",
            Self::Interrupted(_) => "interrupted",
            Self::TooLarge { .. } => "body_too_large",
        }
    }
}

impl<'a> Envelope<'a> {
    /// Reads a body that is already decompressed.
    pub fn read(body: &'a [u8], endpoint: Endpoint) -> Result<Self, EnvelopeError> {
        let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        if json.trim_ascii().is_empty() {
            return Err(EnvelopeError::Empty);
        }
        let mut arena = Arena::with_capacity(json.len());
        let (mut around, mut batch) = (Item::default(), Batch::default());
        // Senders cut texts in the middle of a character; what is left of it becomes U+FFFD.
        let mut deserializer = sonic_rs::Deserializer::from_slice(json).utf8_lossy();
        let read = ReadItem { item: &mut around, arena: &mut arena, batch: Some(&mut batch) };
        Any(read)
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end())
            .map_err(|error| syntax(&error))?;
        if around.not_an_object {
            return Err(EnvelopeError::NotAnObject);
        }
        let (around, items) = match endpoint {
            _ if batch.found => (around, batch.items),
            Endpoint::Single(_) => (Item::default(), vec![around]),
            Endpoint::Batch | Endpoint::Import => return Err(EnvelopeError::MissingBatch),
        };
        let values = arena.values.into_bytes();
        let context_traits = arena.context_traits.into_bytes();
        Ok(Self { body: json, endpoint, around, items, beyond: batch.beyond, values, context_traits })
    }

    /// The write key that the body names: around the batch, or on its first call, as the browser SDK does.
    pub fn write_key(&self) -> Option<&str> {
        let first = || self.items.first().and_then(|item| item.write_key.text());
        self.around.write_key.text().or_else(first)
    }

    /// How many events it holds, those beyond the limit included.
    pub fn count(&self) -> usize {
        self.items.len() + self.beyond
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// Bytes of the body, which are about those of its records.
    pub(super) fn size(&self) -> usize {
        self.body.len()
    }

    pub(super) fn map(&self, section: &Section) -> Map<'_> {
        Map::from_bytes(&self.values[section.range()])
    }

    /// `context.traits` of a call, or those around the batch where it has none.
    pub(super) fn context_traits(&self, item: &Item<'_>) -> Map<'_> {
        let own = &item.context_traits;
        let section = if *own == Section::Absent { &self.around.context_traits } else { own };
        Map::from_bytes(&self.context_traits[section.range()])
    }

    /// The body, for [`sources`].
    pub(super) fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }
}

/// The JSON of every call of a body, for the records of rejected ones. A second walk, so only for bodies that have one,
/// and only for bodies that could be read: it would follow any nesting.
pub(super) fn sources(text: &str) -> Vec<Cow<'_, str>> {
    match sonic_rs::get(text, ["batch"]).ok().and_then(LazyValue::into_array_iter) {
        Some(calls) => {
            calls.take(BATCH_EVENTS_MAX).map_while(Result::ok).map(|call| call.as_raw_cow()).collect()
        }
        None => vec![Cow::Borrowed(text)],
    }
}

fn syntax(error: &sonic_rs::Error) -> EnvelopeError {
    let described = error.to_string();
    let reason = described.split(" at line ").next().unwrap_or_default().to_owned();
    EnvelopeError::Json { reason, line: error.line(), column: error.column() }
}
