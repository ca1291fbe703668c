//! One call as its JSON says it, before any rule: short fields are borrowed from the body, maps are transcoded.

use super::shape::{Any, Plain, Shape, Unwanted, skip_list, skip_map};
use super::transcode::{Transcode, entries_into};
use crate::limits::BATCH_EVENTS_MAX;
use engine::value::ValueWriter;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::ops::Range;

/// The fields of one call, or of a batch around its calls.
#[derive(Debug, Default)]
pub(super) struct Item<'a> {
    /// The JSON was no object, so that every other field is absent.
    pub(super) not_an_object: bool,
    pub(super) kind: Scalar<'a>,
    pub(super) event: Scalar<'a>,
    pub(super) name: Scalar<'a>,
    pub(super) category: Scalar<'a>,
    pub(super) user_id: Scalar<'a>,
    pub(super) anonymous_id: Scalar<'a>,
    pub(super) previous_id: Scalar<'a>,
    pub(super) group_id: Scalar<'a>,
    pub(super) message_id: Scalar<'a>,
    pub(super) timestamp: Scalar<'a>,
    pub(super) original_timestamp: Scalar<'a>,
    pub(super) sent_at: Scalar<'a>,
    pub(super) write_key: Scalar<'a>,
    pub(super) properties: Section,
    pub(super) traits: Section,
    pub(super) context: Section,
    /// `context.traits`, which are kept apart from the context that they came in.
    pub(super) context_traits: Section,
    pub(super) seen: Seen<'a>,
    /// Bytes that its maps take.
    pub(super) size: usize,
}

/// What was noticed in `context` on the way through, so that it need not be searched again.
#[derive(Debug, Default)]
pub(super) struct Seen<'a> {
    pub(super) ip: bool,
    /// `context.direct`: the connection's own address is the person's.
    pub(super) direct: bool,
    pub(super) device: bool,
    pub(super) external_ids: bool,
    pub(super) user_agent: Scalar<'a>,
}

/// A field that should hold a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    #[default]
    Absent,
    /// As written; a number or truth value in its JSON form.
    Text(Cow<'a, str>),
    /// A list or a map.
    Wrong,
}

impl Scalar<'_> {
    /// The text without white space around it, where anything is left.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Self::Absent | Self::Wrong => None,
        }
    }
}

/// A field that should hold a map: where its entries lie in the arena.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Section {
    #[default]
    Absent,
    Map(Range<usize>),
    /// Neither a map nor null.
    Wrong,
    /// A map with something nested too deeply.
    TooDeep,
}

impl Section {
    pub(super) fn range(&self) -> Range<usize> {
        match self {
            Self::Map(range) => range.clone(),
            Self::Absent | Self::Wrong | Self::TooDeep => 0..0,
        }
    }
}

/// The entries of all maps of a body.
pub(super) struct Arena {
    pub(super) values: ValueWriter,
    pub(super) context_traits: ValueWriter,
}

impl Arena {
    /// For a body of so many bytes: what it holds takes about as much as a value as it does as JSON.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let values = ValueWriter::from_bytes(Vec::with_capacity(bytes));
        Self { values, context_traits: ValueWriter::new() }
    }

    fn len(&self) -> usize {
        self.values.len() + self.context_traits.len()
    }
}

/// The calls of a batch.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub(super) items: Vec<Item<'a>>,
    /// Calls beyond the limit, counted and not read.
    pub(super) beyond: usize,
    /// Whether there was a list of calls at all.
    pub(super) found: bool,
}

/// Reads one call; with `batch`, the object around a batch, whose calls go there.
pub(super) struct ReadItem<'w, 'a> {
    /// Filled where it lies: an item is large, and would otherwise be copied several times on its way.
    pub(super) item: &'w mut Item<'a>,
    pub(super) arena: &'w mut Arena,
    pub(super) batch: Option<&'w mut Batch<'a>>,
}

impl<'de> Shape<'de> for ReadItem<'_, 'de> {
    type Value = ();

    fn plain(self, _: Plain<'de>) {
        self.item.not_an_object = true;
    }

    fn list<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        self.item.not_an_object = true;
        skip_list(elements).map(|_| ())
    }

    fn map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { item, arena, mut batch } = self;
        let before = arena.len();
        while let Some(field) = entries.next_key()? {
            let text = match field {
                Field::Type => &mut item.kind,
                Field::Event => &mut item.event,
                Field::Name => &mut item.name,
                Field::Category => &mut item.category,
                Field::UserId => &mut item.user_id,
                Field::AnonymousId => &mut item.anonymous_id,
                Field::PreviousId => &mut item.previous_id,
                Field::GroupId => &mut item.group_id,
                Field::MessageId => &mut item.message_id,
                Field::Timestamp => &mut item.timestamp,
                Field::OriginalTimestamp => &mut item.original_timestamp,
                Field::SentAt => &mut item.sent_at,
                Field::WriteKey => &mut item.write_key,
                Field::Properties => {
                    item.properties = entries.next_value_seed(Any(ReadSection(&mut arena.values)))?;
                    continue;
                }
                Field::Traits => {
                    item.traits = entries.next_value_seed(Any(ReadSection(&mut arena.values)))?;
                    continue;
                }
                Field::Context => {
                    let traits = &mut item.context_traits;
                    let context = ReadContext { arena: &mut *arena, traits, seen: &mut item.seen };
                    item.context = entries.next_value_seed(Any(context))?;
                    continue;
                }
                Field::Batch if let Some(batch) = batch.as_deref_mut() => {
                    entries.next_value_seed(Any(ReadBatch { arena: &mut *arena, batch }))?;
                    continue;
                }
                Field::Batch | Field::Other => {
                    entries.next_value_seed(Any(Unwanted::new()))?;
                    continue;
                }
            };
            *text = entries.next_value_seed(Any(ReadScalar))?;
        }
        item.size = arena.len() - before;
        Ok(())
    }
}

struct ReadBatch<'w, 'a> {
    arena: &'w mut Arena,
    batch: &'w mut Batch<'a>,
}

impl<'de> Shape<'de> for ReadBatch<'_, 'de> {
    type Value = ();

    fn plain(self, _: Plain<'de>) {}

    fn list<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let Self { arena, batch } = self;
        batch.found = true;
        while batch.items.len() < BATCH_EVENTS_MAX {
            batch.items.push(Item::default());
            let item = batch.items.last_mut().expect("just pushed");
            if elements.next_element_seed(Any(ReadItem { item, arena: &mut *arena, batch: None }))?.is_none()
            {
                batch.items.pop();
                return Ok(());
            }
        }
        batch.beyond += skip_list(elements)?;
        Ok(())
    }

    fn map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        skip_map(entries)
    }
}

struct ReadScalar;

impl<'de> Shape<'de> for ReadScalar {
    type Value = Scalar<'de>;

    fn plain(self, plain: Plain<'de>) -> Scalar<'de> {
        Scalar::Text(match plain {
            Plain::Null => return Scalar::Absent,
            Plain::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Plain::Int(number) => Cow::Owned(number.to_string()),
            Plain::Float(number) => Cow::Owned(number.to_string()),
            Plain::Text(text) => text,
        })
    }

    fn list<A: SeqAccess<'de>>(self, elements: A) -> Result<Scalar<'de>, A::Error> {
        skip_list(elements).map(|_| Scalar::Wrong)
    }

    fn map<A: MapAccess<'de>>(self, entries: A) -> Result<Scalar<'de>, A::Error> {
        skip_map(entries).map(|()| Scalar::Wrong)
    }
}

struct ReadSection<'w>(&'w mut ValueWriter);

impl<'de> Shape<'de> for ReadSection<'_> {
    type Value = Section;

    fn plain(self, plain: Plain<'de>) -> Section {
        if matches!(plain, Plain::Null) { Section::Absent } else { Section::Wrong }
    }

    /// PHP writes an empty map as an empty list.
    fn list<A: SeqAccess<'de>>(self, elements: A) -> Result<Section, A::Error> {
        Ok(if skip_list(elements)? == 0 { Section::Absent } else { Section::Wrong })
    }

    fn map<A: MapAccess<'de>>(self, entries: A) -> Result<Section, A::Error> {
        let start = self.0.len();
        let whole = entries_into(self.0, 1, entries)?;
        Ok(if whole { Section::Map(start..self.0.len()) } else { Section::TooDeep })
    }
}

struct ReadContext<'w, 'a> {
    arena: &'w mut Arena,
    traits: &'w mut Section,
    seen: &'w mut Seen<'a>,
}

impl<'de> Shape<'de> for ReadContext<'_, 'de> {
    type Value = Section;

    fn plain(self, plain: Plain<'de>) -> Section {
        ReadSection(&mut self.arena.values).plain(plain)
    }

    fn list<A: SeqAccess<'de>>(self, elements: A) -> Result<Section, A::Error> {
        ReadSection(&mut self.arena.values).list(elements)
    }

    fn map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Section, A::Error> {
        let Self { arena, traits, seen } = self;
        let start = arena.values.len();
        let mut whole = true;
        while let Some(name) = entries.next_key_seed(Any(ReadScalar))? {
            let name = if let Scalar::Text(name) = &name { &**name } else { "" };
            match name {
                "traits" => *traits = entries.next_value_seed(Any(ReadSection(&mut arena.context_traits)))?,
                "ip" => {
                    let ip = entries.next_value_seed(Any(ReadScalar))?;
                    if let Some(ip) = ip.text() {
                        seen.ip = true;
                        arena.values.key(name);
                        arena.values.text(ip);
                    }
                }
                "userAgent" => {
                    seen.user_agent = entries.next_value_seed(Any(ReadScalar))?;
                    arena.values.key(name);
                    arena.values.text(seen.user_agent.text().unwrap_or_default());
                }
                "direct" => {
                    seen.direct = entries.next_value_seed(Any(ReadScalar))?.text() == Some("true");
                    arena.values.key(name);
                    arena.values.bool(seen.direct);
                }
                _ => {
                    seen.device |= name == "device";
                    seen.external_ids |= name == "externalIds";
                    arena.values.key(name);
                    let value = Transcode { out: &mut arena.values, depth: 1 };
                    whole &= entries.next_value_seed(Any(value))?;
                }
            }
        }
        Ok(if whole { Section::Map(start..arena.values.len()) } else { Section::TooDeep })
    }
}

/// The fields that mean something to us. `integrations` is not among them: it steers which other companies Segment
/// passes an event on to, and we pass it on to none.
enum Field {
    Type,
    Event,
    Name,
    Category,
    UserId,
    AnonymousId,
    PreviousId,
    GroupId,
    MessageId,
    Timestamp,
    OriginalTimestamp,
    SentAt,
    WriteKey,
    Properties,
    Traits,
    Context,
    Batch,
    Other,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(ReadField)
    }
}

struct ReadField;

impl Visitor<'_> for ReadField {
    type Value = Field;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
        Ok(match name {
            "type" => Field::Type,
            "event" => Field::Event,
            "name" => Field::Name,
            "category" => Field::Category,
            "userId" => Field::UserId,
            "anonymousId" => Field::AnonymousId,
            "previousId" => Field::PreviousId,
            "groupId" => Field::GroupId,
            "messageId" => Field::MessageId,
            "timestamp" => Field::Timestamp,
            "originalTimestamp" => Field::OriginalTimestamp,
            "sentAt" => Field::SentAt,
            "writeKey" => Field::WriteKey,
            "properties" => Field::Properties,
            "traits" => Field::Traits,
            "context" => Field::Context,
            "batch" => Field::Batch,
            _ => Field::Other,
        })
    }
}
