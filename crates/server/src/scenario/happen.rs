//! Lines of a story as the records that the server's doors would make of them.

use super::story::{Happens, Person, PersonId, StoryEvent};
use super::world::{HASH_KEY, World};
use engine::at::At;
use engine::governor::address_kind;
use engine::identifier::{IdentifierKind, Unusable, normalise};
use engine::programme::Channel;
use engine::record::{
    ConsentSource, ConsentStated, Engaged, Engagement, Event, EventFlags, EventKind, Identifier, Record,
    Subject, SuppressionStated,
};
use engine::value::{Map, OwnedMap};
use serde_json::{Value, json};

impl Person {
    /// The kind of their first identifier.
    pub(super) fn kind(&self) -> IdentifierKind {
        if self.is_visitor { IdentifierKind::AnonymousId } else { IdentifierKind::UserId }
    }
}

/// Applies what happens, now.
pub(super) fn happen(world: &mut World<'_>, what: &Happens) -> Result<(), String> {
    match what {
        Happens::Event { person, event } => occur(world, *person, event),
        Happens::Consent { person, purpose, channel, granted } => {
            let (kind, value) = world.known[*person][0].clone();
            let identifier = identify(kind, &value)?;
            let subject = Subject::Identifier(identifier.borrowed());
            consent(world, subject, purpose, channel, *granted, ConsentSource::Api)
        }
        Happens::Confirms { person, message } => {
            let send = world.newest(*person, message)?;
            let (subject, purpose) = (Subject::Send(send.id), send.purpose.clone());
            let channel = send.channel.map_or("", Channel::name);
            consent(world, subject, &purpose, channel, true, ConsentSource::DoubleOptIn)
        }
        Happens::Unsubscribes { person, message } => {
            let send = world.newest(*person, message)?;
            let (subject, purpose) = (Subject::Send(send.id), send.purpose.clone());
            let channel = send.channel.map_or("", Channel::name);
            consent(world, subject, &purpose, channel, false, ConsentSource::OneClick)
        }
        Happens::Opens { person, message } => engage(world, *person, message, Engagement::Opened, false),
        Happens::Clicks { person, message, machine } => {
            engage(world, *person, message, Engagement::Clicked, *machine)
        }
        Happens::Suppress { person, channel, lifted, reason } => {
            let (kind, value) = address(world, *person, *channel)?;
            let identifier = identify(kind, &value)?;
            let (identifier, stated_at) = (identifier.borrowed(), world.now);
            let stated = SuppressionStated { identifier, lifted: *lifted, stated_at, reason };
            world.apply(&Record::SuppressionStated(stated))
        }
        Happens::HandOver { .. } | Happens::Apply(_) => {
            unreachable!("the story's own, and no record of the door")
        }
    }
}

/// An identifier with its own text, to be lent to a record.
struct OwnIdentifier {
    kind: IdentifierKind,
    value: String,
}

impl OwnIdentifier {
    fn borrowed(&self) -> Identifier<'_> {
        Identifier { kind: self.kind, hash: HASH_KEY.identifier(self.kind, &self.value), value: &self.value }
    }
}

fn identify(kind: IdentifierKind, raw: &str) -> Result<OwnIdentifier, String> {
    let value = normalise(kind, raw).map_err(|unusable| match unusable {
        Unusable::Blocked => format!("\"{raw}\" names nobody: senders put it where a name is missing"),
        _ => format!("\"{raw}\" cannot be a {}", kind.name().replace('_', " ")),
    })?;
    Ok(OwnIdentifier { kind, value })
}

fn occur(world: &mut World<'_>, person: PersonId, event: &StoryEvent) -> Result<(), String> {
    let mut fields = event.fields.clone();
    let mut identifiers = world.known[person].clone();
    let mut context = serde_json::Map::new();
    if event.kind == EventKind::Identify {
        take_identifiers(&mut fields, &mut identifiers);
        if let Some(consent) = fields.remove("consent") {
            context.insert("consent".to_owned(), preferences(&consent)?);
        }
        // As the SDKs do, later events carry the name that the person signed in with.
        let signed_in = identifiers.iter().find(|(kind, _)| *kind == IdentifierKind::UserId);
        let known = &mut world.known[person];
        if let Some(one) = signed_in.filter(|one| !known.contains(one)) {
            known.push(one.clone());
        }
    }
    identifiers.sort_by_key(|(kind, _)| *kind);
    let identifiers =
        identifiers.iter().map(|(kind, raw)| identify(*kind, raw)).collect::<Result<Vec<_>, _>>()?;
    world.events += 1;
    let id = event.message_id.clone().unwrap_or_else(|| format!("line {}", world.events));
    let fields = owned(fields);
    let context = owned(context);
    let is_identify = event.kind == EventKind::Identify;
    let (properties, traits) =
        if is_identify { (Map::default(), fields.as_map()) } else { (fields.as_map(), Map::default()) };
    let occurred_at = event.occurred_at.unwrap_or(world.now).min(world.now);
    let record = Event {
        kind: event.kind,
        flags: EventFlags::default(),
        occurred_at,
        received_at: world.now,
        source: "story",
        name: &event.name,
        message_id: HASH_KEY.message_id("story", &id),
        identifiers: identifiers.iter().map(OwnIdentifier::borrowed).collect(),
        message_id_text: &id,
        properties,
        traits,
        context: context.as_map(),
    };
    world.apply(&Record::Event(record))
}

/// Moves identifiers out of the traits of an identify. An email and a phone stay traits as well, as at the door.
fn take_identifiers(
    fields: &mut serde_json::Map<String, Value>,
    identifiers: &mut Vec<(IdentifierKind, String)>,
) {
    use IdentifierKind::{AnonymousId, DeviceToken, Email, Phone, UserId};
    for kind in [UserId, AnonymousId, Email, Phone, DeviceToken] {
        let value = match kind {
            Email | Phone => fields.get(kind.name()).cloned(),
            _ => fields.remove(kind.name()),
        };
        let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        identifiers.extend(text.map(|text| (kind, text)));
    }
}

/// `consent=offers.email,newsletter` as SDKs write it.
fn preferences(consent: &Value) -> Result<Value, String> {
    let names = consent.as_str().ok_or("`consent=` names purposes, such as `offers.email,newsletter`")?;
    let granted = names.split(',').map(|name| (name.trim().to_owned(), Value::Bool(true)));
    Ok(json!({ "categoryPreferences": granted.collect::<serde_json::Map<_, _>>() }))
}

fn owned(map: serde_json::Map<String, Value>) -> OwnedMap {
    OwnedMap::from_json(&Value::Object(map)).expect("invariant: an object is a map")
}

fn consent(
    world: &mut World<'_>,
    subject: Subject<'_>,
    purpose: &str,
    channel: &str,
    granted: bool,
    source: ConsentSource,
) -> Result<(), String> {
    let stated_at: At = world.now;
    let stated = ConsentStated {
        subject,
        purpose,
        channel,
        granted,
        source,
        stated_at,
        wording: "",
        proof: "a story",
    };
    world.apply(&Record::ConsentStated(stated))
}

fn engage(
    world: &mut World<'_>,
    person: PersonId,
    message: &str,
    engagement: Engagement,
    machine: bool,
) -> Result<(), String> {
    let send = world.newest(person, message)?.id;
    let url = "https://shop.example/";
    world.apply(&Record::Engaged(Engaged { send, engagement, machine, occurred_at: world.now, url }))
}

/// Where a channel reaches somebody.
fn address(
    world: &World<'_>,
    person: PersonId,
    channel: Channel,
) -> Result<(IdentifierKind, String), String> {
    let kind = address_kind(channel).ok_or_else(|| format!("{} has no addresses", channel.name()))?;
    let profile = world.profile(person).and_then(|id| world.engine.profile(id));
    let identifiers = profile.map(|profile| profile.identifiers()).unwrap_or_default();
    let found = identifiers.iter().rev().find(|identifier| identifier.kind == kind);
    let name = &world.story.people[person].name;
    let found = found.ok_or_else(|| format!("{name} has no {}", kind.name()))?;
    Ok((kind, found.value.clone()))
}
