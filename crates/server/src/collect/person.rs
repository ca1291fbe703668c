//! Whom a call speaks of: every usable identifier in it, normalised and hashed.

use super::item::{Item, Scalar};
use super::rejection::Reason;
use engine::identifier::{HashKey, IdentifierKind, KeyedHash, Unusable, normalise};
use engine::limits::RECORD_IDENTIFIERS_MAX;
use engine::record::{EventKind, Identifier};
use engine::value::{Map, Value};

/// The identifiers of one call, cleared and filled again for each.
pub(super) struct Person {
    key: HashKey,
    found: Vec<Found>,
}

struct Found {
    kind: IdentifierKind,
    hash: KeyedHash,
    value: String,
}

impl Person {
    pub(super) fn new(key: HashKey) -> Self {
        Self { key, found: Vec::new() }
    }

    /// Takes what the call and the batch around it say of the person. `traits` are the person's own, not a group's.
    pub(super) fn read(
        &mut self,
        kind: EventKind,
        item: &Item<'_>,
        around: &Item<'_>,
        traits: Map<'_>,
        context: Map<'_>,
    ) -> Result<(), Reason> {
        self.found.clear();
        self.stated(IdentifierKind::UserId, "userId", &item.user_id)?;
        self.stated(IdentifierKind::AnonymousId, "anonymousId", &item.anonymous_id)?;
        // An alias joins the name that somebody had until now, which is an anonymous one by the API's own description.
        // Where it is the user's own (Segment's browser SDK sends such), there is nothing to join.
        if kind == EventKind::Alias && item.previous_id.text() != item.user_id.text() {
            self.stated(IdentifierKind::AnonymousId, "previousId", &item.previous_id)?;
        }
        if !traits.is_empty() {
            self.promote(IdentifierKind::Email, traits.get("email"));
            self.promote(IdentifierKind::Phone, traits.get("phone"));
        }
        if item.seen.device || around.seen.device {
            let device = context.get("device").and_then(|device| device.map()).unwrap_or_default();
            self.promote(IdentifierKind::DeviceToken, device.get("token"));
        }
        if item.seen.external_ids || around.seen.external_ids {
            self.external(context);
        }
        if self.found.is_empty() {
            return Err(Reason::MissingIdentifier);
        }
        self.found.sort_by_key(|found| found.kind);
        self.found.truncate(RECORD_IDENTIFIERS_MAX);
        Ok(())
    }

    /// As a record wants them: highest trust first.
    pub(super) fn identifiers(&self) -> Vec<Identifier<'_>> {
        self.found
            .iter()
            .map(|Found { kind, hash, value }| Identifier { kind: *kind, hash: *hash, value })
            .collect()
    }

    /// A field of the call itself. One that is there and cannot be read would be a person lost, so it is refused.
    fn stated(
        &mut self,
        kind: IdentifierKind,
        field: &'static str,
        scalar: &Scalar<'_>,
    ) -> Result<(), Reason> {
        if *scalar == Scalar::Wrong {
            return Err(Reason::WrongType(field, "a text"));
        }
        let Some(text) = scalar.text() else { return Ok(()) };
        match self.add(kind, text) {
            Err(Unusable::TooLong) => Err(Reason::IdentifierTooLong(field)),
            Ok(()) | Err(Unusable::Absent | Unusable::Blocked | Unusable::Malformed) => Ok(()),
        }
    }

    /// A trait or the like: it stays what it is, and becomes an identifier where it can be one.
    fn promote(&mut self, kind: IdentifierKind, value: Option<Value<'_>>) {
        match value {
            Some(Value::Text(text)) => _ = self.add(kind, text),
            Some(Value::Int(number)) => _ = self.add(kind, &number.to_string()),
            _ => {}
        }
    }

    /// `context.externalIds`: `[{id, type, collection, encoding}]`.
    fn external(&mut self, context: Map<'_>) {
        let Some(Value::List(list)) = context.get("externalIds") else { return };
        for entry in list.iter().filter_map(|entry| entry.map()).take(RECORD_IDENTIFIERS_MAX) {
            let text = |name| entry.get(name).and_then(|value| value.text()).unwrap_or_default();
            let (kind, id) = (text("type"), text("id"));
            if !matches!(text("collection"), "" | "users") || kind.is_empty() {
                continue;
            }
            let known = IdentifierKind::ALL.into_iter().find(|known| known.name() == kind);
            _ = match known {
                Some(known) if known != IdentifierKind::External => self.add(known, id),
                _ if kind.ends_with("push_token") => self.add(IdentifierKind::DeviceToken, id),
                _ if normalise(IdentifierKind::External, id).is_err() => Err(Unusable::Blocked),
                _ => self.add(IdentifierKind::External, &format!("{kind}:{id}")),
            };
        }
    }

    fn add(&mut self, kind: IdentifierKind, raw: &str) -> Result<(), Unusable> {
        let value = normalise(kind, raw)?;
        let hash = self.key.identifier(kind, &value);
        if !self.found.iter().any(|found| found.hash == hash) {
            self.found.push(Found { kind, hash, value });
        }
        Ok(())
    }
}
