//! The rules of the tracking API: a readable body in, records out. Pure: it is told the time, the source and whatever
//! else it must know, so the same body makes the same records.

use super::endpoint::Endpoint;
use super::envelope::{Envelope, EnvelopeError, sources};
use super::item::{Item, Scalar, Section};
use super::moment::{Stated, occurred_at};
use super::person::Person;
use super::rejection::{Reason, Rejection};
use super::shape::without_nul;
use super::transcode::{merged, with_texts};
use super::visitor::{Peer, Visitor};
use crate::limits::{
    BEYOND_LISTED_MAX, EVENT_BYTES_MAX, EVENT_NAME_BYTES_MAX, MESSAGE_ID_CHARS_MAX,
    REJECTED_PAYLOAD_BYTES_MAX,
};
use engine::at::At;
use engine::codec::put_bytes;
use engine::identifier::HashKey;
use engine::record::{Event, EventFlags, EventKind, Record, Rejected};
use engine::value::Map;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Makes records of bodies.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    hash_key: HashKey,
}

/// Whether an event of this name leads to somebody by its properties: a till often knows nothing of a customer but a code.
pub type Leads<'a> = dyn Fn(&str, Map<'_>) -> bool + 'a;

/// What is known of a body besides its content.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Name of the source whose write key came with it.
    pub source: &'a str,
    pub received_at: At,
    /// A number that no other body received at this instant has. It goes into the message ids of events without one.
    pub serial: u64,
    pub peer: Peer<'a>,
}

/// What came of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Each record as a varint of its length and its bytes. Record `n` is that of event `n`, accepted or rejected;
    /// one more stands for all events beyond the batch limit.
    pub records: Vec<u8>,
    pub count: u32,
    pub accepted: usize,
    pub rejections: Vec<Rejection>,
}

impl Door {
    pub fn new(hash_key: HashKey) -> Self {
        Self { hash_key }
    }

    /// Applies the rules to every event of a body.
    pub fn read(&self, envelope: &Envelope<'_>, arrival: &Arrival<'_>) -> Reading {
        self.read_leading(envelope, arrival, &|_, _| false)
    }

    /// The same where events may lead to somebody whom they do not name.
    pub fn read_leading(&self, envelope: &Envelope<'_>, arrival: &Arrival<'_>, leads: &Leads<'_>) -> Reading {
        let mut reading = Reading { records: Vec::with_capacity(envelope.size()), ..Reading::default() };
        let mut desk = Desk::new(self.hash_key, envelope, arrival, leads);
        let (text, walked) = (OnceCell::new(), OnceCell::new());
        for (index, item) in envelope.items.iter().enumerate() {
            match desk.event(index, item) {
                Ok(()) => reading.accepted += 1,
                Err(reason) => {
                    let sources = walked.get_or_init(|| sources(text.get_or_init(|| envelope.text())));
                    desk.rejected(&reason, sources.get(index).map_or("", |source| source));
                    reading.rejections.push(Rejection::new(index, item.message_id.text(), &reason));
                }
            }
            put_bytes(&mut reading.records, &desk.record);
        }
        reading.count = envelope.items.len() as u32;
        if envelope.beyond > 0 {
            let first = envelope.items.len();
            let reason = Reason::BatchTooLong(first + envelope.beyond);
            desk.rejected(&reason, "");
            put_bytes(&mut reading.records, &desk.record);
            reading.count += 1;
            let listed = envelope.beyond.min(BEYOND_LISTED_MAX);
            reading.rejections.extend((first..first + listed).map(|n| Rejection::new(n, None, &reason)));
        }
        reading
    }
}

/// The framed record that a body nobody can read leaves behind.
pub fn unreadable(body: &[u8], error: &EnvelopeError, source: &str, received_at: At) -> Vec<u8> {
    let payload = String::from_utf8_lossy(&body[..body.len().min(REJECTED_PAYLOAD_BYTES_MAX)]);
    let message = error.to_string();
    let rejected = Rejected {
        received_at,
        source,
        code: error.code(),
        field: "",
        message: &message,
        payload: &without_nul(&payload),
    };
    let (mut record, mut framed) = (Vec::new(), Vec::new());
    Record::Rejected(rejected).encode(&mut record);
    put_bytes(&mut framed, &record);
    framed
}

/// Where the records of one body are made, one after the other.
struct Desk<'d> {
    hash_key: HashKey,
    envelope: &'d Envelope<'d>,
    arrival: &'d Arrival<'d>,
    leads: &'d Leads<'d>,
    visitor: Visitor<'d>,
    person: Person,
    /// The record made last, and room for the maps of one event.
    record: Vec<u8>,
    properties: Vec<u8>,
    traits: Vec<u8>,
    context: Vec<u8>,
    /// The context with the connection's address.
    addressed: Vec<u8>,
}

impl<'d> Desk<'d> {
    fn new(
        hash_key: HashKey,
        envelope: &'d Envelope<'d>,
        arrival: &'d Arrival<'d>,
        leads: &'d Leads<'d>,
    ) -> Self {
        Self {
            hash_key,
            envelope,
            arrival,
            leads,
            visitor: Visitor::new(arrival.peer),
            person: Person::new(hash_key),
            record: Vec::new(),
            properties: Vec::new(),
            traits: Vec::new(),
            context: Vec::new(),
            addressed: Vec::new(),
        }
    }

    /// Makes the record of one event, or says why there is none.
    fn event(&mut self, index: usize, item: &Item<'_>) -> Result<(), Reason> {
        let Self { envelope, arrival, leads, .. } = *self;
        let around = &envelope.around;
        let kind = kind(envelope.endpoint(), item)?;
        check_form(item)?;
        let name = name(kind, item)?;
        let message_id = message_id(item, index, arrival)?;
        let (base, extra) = properties(kind, item, envelope)?;
        let properties = with_texts(base, &extra, &mut self.properties);

        let stated = if kind == EventKind::Group { Map::default() } else { envelope.map(&item.traits) };
        let traits = merged(stated, envelope.context_traits(item), &mut self.traits);
        let ip = self.visitor.ip(item, around);
        let own = merged(envelope.map(&item.context), envelope.map(&around.context), &mut self.context);
        let signal = self.visitor.privacy_signal(own);
        let context = with_texts(own, &[("ip", ip), ("gpc", signal)], &mut self.addressed);

        match self.person.read(kind, item, around, traits, context) {
            Err(Reason::MissingIdentifier) if kind == EventKind::Track && leads(name, properties) => {}
            read => read?,
        }
        let (occurred_at, mut flags) = occurred_at(&stated_times(item, around), arrival.received_at);
        if envelope.endpoint() == Endpoint::Import && flags.has(EventFlags::LATE) {
            flags = flags.with(EventFlags::IMPORTED);
        }
        if self.visitor.is_bot(item, around) {
            flags = flags.with(EventFlags::BOT);
        }
        let event = Event {
            kind,
            flags,
            occurred_at,
            received_at: arrival.received_at,
            source: arrival.source,
            name,
            message_id: self.hash_key.message_id(arrival.source, &message_id),
            identifiers: self.person.identifiers(),
            message_id_text: &message_id,
            properties,
            traits,
            context,
        };
        self.record.clear();
        Record::Event(event).encode(&mut self.record);
        Ok(())
    }

    /// Makes the record of an event that is not taken.
    fn rejected(&mut self, reason: &Reason, payload: &str) {
        let rejected = Rejected {
            received_at: self.arrival.received_at,
            source: self.arrival.source,
            code: reason.code(),
            field: reason.field(),
            message: &reason.to_string(),
            payload: &payload[..payload.floor_char_boundary(REJECTED_PAYLOAD_BYTES_MAX)],
        };
        self.record.clear();
        Record::Rejected(rejected).encode(&mut self.record);
    }
}

fn kind(endpoint: Endpoint, item: &Item<'_>) -> Result<EventKind, Reason> {
    if item.not_an_object {
        return Err(Reason::NotAnObject);
    }
    if let Endpoint::Single(kind) = endpoint {
        return Ok(kind);
    }
    let name = text("type", &item.kind)?.ok_or(Reason::MissingType)?;
    let known = EventKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name));
    known.ok_or_else(|| Reason::UnknownType(name.chars().take(32).collect()))
}

fn check_form(item: &Item<'_>) -> Result<(), Reason> {
    for (field, section) in [
        ("properties", &item.properties),
        ("traits", &item.traits),
        ("context", &item.context),
        ("context.traits", &item.context_traits),
    ] {
        match section {
            Section::Absent | Section::Map(_) => {}
            Section::Wrong => return Err(Reason::WrongType(field, "a map")),
            Section::TooDeep => return Err(Reason::TooDeep(field)),
        }
    }
    let texts = [&item.name, &item.category, &item.group_id, &item.previous_id];
    let size = item.size + texts.into_iter().filter_map(|text| text.text()).map(str::len).sum::<usize>();
    if size > EVENT_BYTES_MAX { Err(Reason::EventTooLarge(size)) } else { Ok(()) }
}

fn name<'i>(kind: EventKind, item: &'i Item<'_>) -> Result<&'i str, Reason> {
    Ok(match kind {
        EventKind::Track => {
            let name = text("event", &item.event)?.ok_or(Reason::MissingEvent)?;
            if name.len() > EVENT_NAME_BYTES_MAX {
                return Err(Reason::EventNameTooLong);
            }
            name
        }
        EventKind::Identify => "Identified",
        EventKind::Page => "Page Viewed",
        EventKind::Screen => "Screen Viewed",
        EventKind::Group => "Group Joined",
        EventKind::Alias => "Aliased",
    })
}

/// The id as sent, or one of ours, under which no second delivery can be recognised.
fn message_id<'i>(item: &'i Item<'_>, index: usize, arrival: &Arrival<'_>) -> Result<Cow<'i, str>, Reason> {
    match text("messageId", &item.message_id)? {
        Some(id) if id.len() > MESSAGE_ID_CHARS_MAX && id.chars().count() > MESSAGE_ID_CHARS_MAX => {
            Err(Reason::MessageIdTooLong)
        }
        Some(id) => Ok(Cow::Borrowed(id)),
        None => Ok(Cow::Owned(format!("minted-{}-{}-{index}", arrival.received_at.0, arrival.serial))),
    }
}

/// Fields of a call that belong among its event's properties.
type Extra<'i> = [(&'static str, Option<&'i str>); 2];

/// The map that an event's properties start from, and the fields of the call that belong among them.
fn properties<'i>(
    kind: EventKind,
    item: &'i Item<'_>,
    envelope: &'i Envelope<'_>,
) -> Result<(Map<'i>, Extra<'i>), Reason> {
    const NONE: (&str, Option<&str>) = ("", None);
    let own = envelope.map(&item.properties);
    let missing = |name, text: Option<&'i str>| (name, text.filter(|_| own.get(name).is_none()));
    Ok(match kind {
        EventKind::Track | EventKind::Identify => (own, [NONE, NONE]),
        EventKind::Page | EventKind::Screen => {
            let (name, category) = (text("name", &item.name)?, text("category", &item.category)?);
            (own, [missing("name", name), missing("category", category)])
        }
        // The traits of a group call are the group's and not the person's.
        EventKind::Group => {
            let group_id = text("groupId", &item.group_id)?.ok_or(Reason::MissingGroupId)?;
            let traits = envelope.map(&item.traits);
            (traits, [("groupId", Some(group_id).filter(|_| traits.get("groupId").is_none())), NONE])
        }
        EventKind::Alias => {
            let previous_id = text("previousId", &item.previous_id)?.ok_or(Reason::MissingPreviousId)?;
            (own, [missing("previousId", Some(previous_id)), NONE])
        }
    })
}

fn stated_times<'i>(item: &'i Item<'_>, around: &'i Item<'_>) -> Stated<'i> {
    // A list or map in place of a time is a time that cannot be read.
    let written = |scalar: &'i Scalar<'_>| match scalar {
        Scalar::Wrong => Some(""),
        _ => scalar.text(),
    };
    Stated {
        timestamp: written(&item.timestamp),
        original_timestamp: written(&item.original_timestamp),
        sent_at: item.sent_at.text().or(around.sent_at.text()),
    }
}

fn text<'i>(field: &'static str, scalar: &'i Scalar<'_>) -> Result<Option<&'i str>, Reason> {
    if *scalar == Scalar::Wrong { Err(Reason::WrongType(field, "a text")) } else { Ok(scalar.text()) }
}
