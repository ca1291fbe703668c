//! Records as the door would make them, for an installation that uses one key.

use engine::at::At;
use engine::identifier::{HashKey, IdentifierKind};
use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
use engine::value::Map;
use eventlog::frame::push_record;

pub(crate) const KEY: HashKey = HashKey(*b"a key of sixteen");

pub(crate) fn installed() -> Installed {
    Installed { installation: 1, hash_key: KEY, seed: 2, link_key: [3; 32] }
}

/// A submission of one record.
pub(crate) fn framed(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    let mut body = Vec::new();
    push_record(&mut body, &bytes);
    body
}

/// A programme with one segment that time alone ends.
pub(crate) fn programme() -> Vec<u8> {
    framed(&Record::ProgrammeApplied(ProgrammeApplied {
        applied_at: At(0),
        operator: "start",
        definition: r#"{"name":"shop","languages":["en"],"segments":{"fresh":"did \"Seen\" within 1 hour"}}"#,
    }))
}

/// The same programme with a segment that asks events for `n`.
pub(crate) fn asking_programme() -> Vec<u8> {
    framed(&Record::ProgrammeApplied(ProgrammeApplied {
        applied_at: At(0),
        operator: "start",
        definition: r#"{"name":"shop","languages":["en"],"segments":{"often":"did \"Seen\" (n > 1)"}}"#,
    }))
}

/// `user` was seen at an instant; the message id is the only thing that tells two such events apart.
pub(crate) fn seen(user: &str, message_id: &str, at: i64) -> Vec<u8> {
    seen_with(user, message_id, at, Map::default())
}

/// The same with properties.
pub(crate) fn seen_with(user: &str, message_id: &str, at: i64, properties: Map<'_>) -> Vec<u8> {
    let identifiers = vec![Identifier {
        kind: IdentifierKind::UserId,
        hash: KEY.identifier(IdentifierKind::UserId, user),
        value: user,
    }];
    framed(&Record::Event(Event {
        kind: EventKind::Track,
        flags: EventFlags::default(),
        occurred_at: At(at),
        received_at: At(at),
        source: "shop",
        name: "Seen",
        message_id: KEY.message_id("shop", message_id),
        identifiers: if user.is_empty() { vec![] } else { identifiers },
        message_id_text: message_id,
        properties,
        traits: Map::default(),
        context: Map::default(),
    }))
}
