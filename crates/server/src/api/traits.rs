//! What is stated of people who are not there: one person's traits, corrected by an operator, or those of many, found out by
//! a model. Both are events of Trama's own source, by which nobody was seen.

use super::address::Address;
use super::consents::Recorded;
use super::extract::Body;
use crate::audit::What;
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::keys::token::random_text;
use crate::limits::{EVENT_BYTES_MAX, STATED_TOGETHER, TRAIT_NAME_BYTES_MAX, VALUE_DEPTH_MAX};
use crate::problem::Problem;
use crate::runtime::Entrance;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use engine::ProfileId;
use engine::at::At;
use engine::engine::Engine;
use engine::identifier::{IdentifierKind, KeyedHash, normalise};
use engine::profile::Profile;
use engine::record::{Event, EventFlags, EventKind, Identifier, Record};
use engine::value::{Map, OwnedMap};
use eventlog::frame::push_record;
use eventlog::sequencer::Outcome;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The source of statements that Trama makes itself.
const SOURCE: &str = "trama";

/// What a person is like.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TraitsStatement {
    /// By name; `null` takes a trait away, and what is not named stays. An `email` or a `phone` also becomes an identifier.
    #[schema(value_type = Object)]
    traits: serde_json::Map<String, Value>,
}

/// Corrects the traits of a person. By that nobody was seen, and whoever is known by the address now is meant, merged or not.
#[utoipa::path(
    patch,
    path = "/api/v1/profiles/{address}",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`")),
    request_body = TraitsStatement,
    responses(
        (status = 200, body = Recorded),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn correct(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(address): Path<String>,
    Body(statement): Body<TraitsStatement>,
) -> Result<Json<Recorded>, Problem> {
    let address = Address::parse("address", &address)?;
    let traits = checked(&statement.traits)?;
    let addresses = addresses(&statement.traits)?;
    let read = move |engine: &Engine| {
        let who = address.find(engine)?;
        let profile = engine.profile(who).expect("invariant: a profile that was found is there");
        if !profile.has_room_for(statement.traits.keys().map(String::as_str)) {
            let message = "the person has as many traits as one may have";
            return Err(conflict("too_many_traits", "traits", message));
        }
        let stated = Stated { names: names(engine, (who, profile), &address, addresses)?, traits };
        Ok(stated.bytes(engine, &random_text::<12>(), clock::now()))
    };
    let bytes = hub.runtime.read(read).await?;
    let record = Record::decode(&bytes).expect("invariant: what was encoded can be decoded");
    Ok(Recorded::at(hub.act(&holder, &record).await?))
}

/// States traits of people, some thousand at a time; how many they were.
pub(super) async fn state_all(
    hub: &Arc<Hub>,
    by: &Holder,
    what: &'static str,
    pairs: &[(ProfileId, OwnedMap)],
) -> Result<u64, Problem> {
    let mut people = 0;
    for some in pairs.chunks(STATED_TOGETHER) {
        let some = some.to_vec();
        let (mut framed, count) = hub.runtime.read(move |engine| statements(engine, what, &some)).await;
        if count == 0 {
            continue;
        }
        let stated = json!({"of": what, "people": count});
        What::beside("profile.state", "", Value::Null, stated).push(by, &mut framed);
        let answers = hub.runtime.submit(Entrance::Inside, framed, count + 1)?;
        // Only a stop drops the question.
        let outcomes = answers.await.map_err(|_| crate::runtime::NotTaken::Stopping)?;
        let stated = outcomes.iter().take(count as usize);
        people += stated.filter(|outcome| matches!(outcome, Outcome::Applied(_))).count() as u64;
    }
    Ok(people)
}

/// A statement for each profile that still stands, by its most trusted name.
fn statements(engine: &Engine, what: &str, pairs: &[(ProfileId, OwnedMap)]) -> (Vec<u8>, u32) {
    let (now, mut framed, mut count) = (clock::now(), Vec::new(), 0);
    for (id, traits) in pairs {
        let Some(name) = engine.profile(*id).and_then(|profile| usable_name(engine, profile)) else {
            continue;
        };
        let stated = Stated { names: vec![name], traits: traits.clone() };
        push_record(&mut framed, &stated.bytes(engine, &format!("{what}-{}-{}", id.0, now.0), now));
        count += 1;
    }
    (framed, count)
}

/// What is stated of one person.
struct Stated {
    names: Vec<(IdentifierKind, String)>,
    traits: OwnedMap,
}

impl Stated {
    /// The record of it.
    fn bytes(&self, engine: &Engine, message_id: &str, now: At) -> Vec<u8> {
        let key = engine.installed().expect("invariant: the first record installs").hash_key;
        // What the log has already was said before.
        let now = now.max(engine.at());
        let identifier = |(kind, value): &(IdentifierKind, String)| (*kind, key.identifier(*kind, value));
        let hashed: Vec<(IdentifierKind, KeyedHash)> = self.names.iter().map(identifier).collect();
        let identifiers = hashed.iter().zip(&self.names);
        let event = Event {
            kind: EventKind::Identify,
            flags: EventFlags::ABSENT,
            occurred_at: now,
            received_at: now,
            source: SOURCE,
            name: "Identified",
            message_id: key.message_id(SOURCE, message_id),
            identifiers: identifiers
                .map(|((kind, hash), (_, value))| Identifier { kind: *kind, hash: *hash, value })
                .collect(),
            message_id_text: message_id,
            properties: Map::default(),
            traits: self.traits.as_map(),
            context: Map::default(),
        };
        let mut bytes = Vec::new();
        Record::Event(event).encode(&mut bytes);
        bytes
    }
}

/// The most trusted name that leads to a profile.
fn usable_name(engine: &Engine, profile: &Profile) -> Option<(IdentifierKind, String)> {
    let usable = profile.identifiers().iter().filter(|one| !engine.names_nobody(one.kind, &one.value));
    usable.min_by_key(|one| one.kind).map(|one| (one.kind, one.value.to_string()))
}

/// The names under which a person is corrected, the most trusted first: the one that was used, and new addresses. One that is
/// somebody else's would make one person of two.
fn names(
    engine: &Engine,
    (who, profile): (ProfileId, &Profile),
    asked: &Address,
    addresses: Vec<(IdentifierKind, String)>,
) -> Result<Vec<(IdentifierKind, String)>, Problem> {
    let asked = (asked.kind, asked.value.clone());
    let name = match engine.names_nobody(asked.0, &asked.1) {
        false => Some(asked),
        true => usable_name(engine, profile),
    };
    let blocked = || {
        let message = "every name of this person is blocked, so that nothing can be said of them";
        conflict("blocked_identifier", "address", message)
    };
    let mut names = vec![name.ok_or_else(blocked)?];
    for (kind, value) in addresses {
        if engine.find(kind, &value).is_some_and(|other| other != who) {
            let message = "somebody else is known by it; where both are one person, merge them";
            return Err(conflict("address_of_another", &field(kind.name()), message));
        }
        if !names.contains(&(kind, value.clone())) {
            names.push((kind, value));
        }
    }
    names.sort_by_key(|(kind, _)| *kind);
    Ok(names)
}

/// The addresses among traits, in normalised form.
fn addresses(traits: &serde_json::Map<String, Value>) -> Result<Vec<(IdentifierKind, String)>, Problem> {
    let mut found = Vec::new();
    for (kind, what) in
        [(IdentifierKind::Email, "an email address"), (IdentifierKind::Phone, "a phone number")]
    {
        let text = match traits.get(kind.name()) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let value = normalise(kind, &text).map_err(|_| {
            Problem::bad_request(
                "bad_value",
                &field(kind.name()),
                format!("write {what}, or null to take it away"),
            )
        })?;
        found.push((kind, value));
    }
    Ok(found)
}

/// The traits as a record has them, or which of them cannot be one.
fn checked(traits: &serde_json::Map<String, Value>) -> Result<OwnedMap, Problem> {
    if traits.is_empty() {
        return Err(Problem::bad_request("nothing_stated", "traits", "name a trait and what it is to be"));
    }
    for (name, value) in traits {
        if name.trim().is_empty() || name.len() > TRAIT_NAME_BYTES_MAX || name.chars().any(char::is_control) {
            let message = format!(
                "the name of a trait has 1 to {TRAIT_NAME_BYTES_MAX} bytes, not only spaces, and no control characters"
            );
            return Err(Problem::bad_request("bad_name", "traits", message));
        }
        if let Some(why) = wrong(value, VALUE_DEPTH_MAX) {
            return Err(Problem::bad_request("bad_value", &field(name), why));
        }
    }
    let all = Value::Object(traits.clone());
    let map = OwnedMap::from_json(&all).expect("invariant: it is an object");
    if map.as_map().bytes().len() > EVENT_BYTES_MAX {
        let message = format!("what is stated at once takes at most {EVENT_BYTES_MAX} bytes");
        return Err(Problem::bad_request("too_large", "traits", message));
    }
    Ok(map)
}

/// Why a value cannot be kept, if it lies in so many lists and maps less than may be.
fn wrong(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) if text.contains('\0') => Some("a text has no NUL".to_owned()),
        Value::Array(_) | Value::Object(_) if depth <= 1 => {
            Some(format!("it is nested more than {VALUE_DEPTH_MAX} deep"))
        }
        Value::Array(list) => list.iter().find_map(|one| wrong(one, depth - 1)),
        Value::Object(entries) if entries.keys().any(|name| name.contains('\0')) => {
            Some("a name has no NUL".to_owned())
        }
        Value::Object(entries) => entries.values().find_map(|one| wrong(one, depth - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn field(name: &str) -> String {
    format!("traits.{name}")
}

fn conflict(code: &'static str, field: &str, message: &str) -> Problem {
    Problem { field: Some(field.into()), ..Problem::new(StatusCode::CONFLICT, code, message) }
}
