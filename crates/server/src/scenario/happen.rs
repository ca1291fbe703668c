//! Lines of a story as the records that the server's doors make of them. Events go through the very door of the
//! tracking API, as the JSON that an SDK would send.

use super::story::{Happens, Person, PersonId, StoryEvent, Wanted};
use super::world::{HASH_KEY, SOURCE, World};
use crate::collect::door::{Arrival, Door};
use crate::collect::endpoint::Endpoint;
use crate::collect::envelope::Envelope;
use crate::collect::visitor::Peer;
use crate::site::report::What;
use engine::codec::Reader;
use engine::governor::address_kind;
use engine::identifier::{IdentifierKind, normalise};
use engine::programme::{Channel, Codes};
use engine::record::{
    Commanded, ConsentSource, ConsentStated, Engaged, Engagement, EventKind, Identifier, MergeUndone,
    OfferRedeemed, Preference, PreferenceStated, ProfileErased, ProfilesMerged, Record, Returned,
    RunRequested, Subject, SuppressionStated,
};
use engine::value::OwnedMap;
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
            let told = &world.story.people[*person];
            let identifier = identify(told.kind(), &told.name)?;
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
        Happens::Prefers { person, preference } => prefer(world, *person, preference),
        Happens::Returns { person, message, verdict } => {
            let send = world.newest(*person, message)?.id;
            let returned = Returned { send, verdict: *verdict, returned_at: world.now, reply: "a story" };
            world.apply(&Record::Returned(returned))
        }
        Happens::Opens { person, message } => engage(world, *person, message, Engagement::Opened, false),
        Happens::Sees { person, slot, from_search } => world.show(*person, slot, *from_search),
        Happens::Dismisses { person, message } => {
            if world.react(*person, message, What::Dismissed)? {
                return Ok(());
            }
            engage(world, *person, message, Engagement::Dismissed, false)
        }
        Happens::Clicks { person, message, machine } => {
            if !machine && world.react(*person, message, What::Clicked)? {
                return Ok(());
            }
            engage(world, *person, message, Engagement::Clicked, *machine)
        }
        Happens::Suppress { person, channel, lifted, reason } => {
            let (kind, value) = address(world, *person, *channel)?;
            let identifier = identify(kind, &value)?;
            let (identifier, stated_at) = (identifier.borrowed(), world.now);
            let stated = SuppressionStated { identifier, lifted: *lifted, stated_at, reason };
            world.apply(&Record::SuppressionStated(stated))
        }
        Happens::Merge { person, into } => {
            let [from, into] = [person, into].map(|person| &world.story.people[*person]);
            let (from, into) = (identify(from.kind(), &from.name)?, identify(into.kind(), &into.name)?);
            let (from, into, merged_at) = (from.borrowed(), into.borrowed(), world.now);
            world.apply(&Record::ProfilesMerged(ProfilesMerged { from, into, merged_at, operator: "story" }))
        }
        Happens::Unmerge { person } => unmerge(world, *person),
        Happens::Erase { person } => {
            let unknown = || format!("{} is not known by then", world.story.people[*person].name);
            let profile = world.profile(*person).ok_or_else(unknown)?;
            let erased_at = world.now;
            world.apply(&Record::ProfileErased(ProfileErased { profile, erased_at, operator: "story" }))
        }
        Happens::Begins { person, journey, data } => {
            let told = &world.story.people[*person];
            let identifier = identify(told.kind(), &told.name)?;
            let data = OwnedMap::from_json(&Value::Object(data.clone())).expect("invariant: it is an object");
            let (identifier, requested_at) = (identifier.borrowed(), world.now);
            let data = data.as_map();
            let operator = "story";
            world.apply(&Record::RunRequested(RunRequested {
                journey,
                identifier,
                requested_at,
                operator,
                data,
            }))
        }
        Happens::Redeems { person, offer, code } => redeem(world, *person, offer, code.as_deref()),
        Happens::Command { what, name, command } => {
            let (what, command, commanded_at) = (*what, *command, world.now);
            let operator = "story";
            world.apply(&Record::Commanded(Commanded { what, name, command, commanded_at, operator }))
        }
        Happens::HandOver { .. } | Happens::Webhook { .. } | Happens::Apply(_) => {
            unreachable!("the story's own, and no record of the door")
        }
    }
}

fn prefer(world: &mut World<'_>, person: PersonId, preference: &Wanted) -> Result<(), String> {
    let told = &world.story.people[person];
    let identifier = identify(told.kind(), &told.name)?;
    let preference = match preference {
        Wanted::Pause(span) => Preference::PausedUntil(world.now.plus(*span)),
        Wanted::Fewer(fewer) => Preference::Fewer(*fewer),
    };
    world.apply(&Record::PreferenceStated(PreferenceStated {
        subject: Subject::Identifier(identifier.borrowed()),
        preference,
        source: ConsentSource::PreferenceCentre,
        stated_at: world.now,
        proof: "a story",
    }))
}

/// At the till nobody is named where the code is somebody's own.
fn redeem(world: &mut World<'_>, person: PersonId, offer: &str, code: Option<&str>) -> Result<(), String> {
    let told = &world.story.people[person];
    let unknown = || format!("{} was never given the offer {offer}", told.name);
    let id = world.profile(person).ok_or_else(unknown)?;
    let held = world.engine.offers_of(id, world.now);
    let own = held.iter().find(|one| one.name == offer).map(|one| one.code.clone());
    let is_own = own.as_ref().is_some_and(|own| !own.is_empty())
        && world
            .engine
            .offer(offer)
            .is_some_and(|one| matches!(one.definition.codes, Codes::Own | Codes::Listed));
    let named = identify(told.kind(), &told.name)?;
    let code = code.map(str::to_owned).or(own.filter(|_| is_own));
    let identifier = if is_own { None } else { Some(named.borrowed()) };
    let (redeemed_at, operator) = (world.now, "story");
    let code = code.unwrap_or_default();
    let redeemed = OfferRedeemed { offer, identifier, redeemed_at, operator, code: &code };
    world.apply(&Record::OfferRedeemed(redeemed))
}

fn unmerge(world: &mut World<'_>, person: PersonId) -> Result<(), String> {
    let told = &world.story.people[person];
    let name = identify(told.kind(), &told.name)?;
    let took_in = world.engine.merges().rev().find(|(_, merge)| {
        let mut brought = world.engine.identifiers_of(merge);
        merge.undone.is_none() && brought.any(|one| one.kind == name.kind && *one.value == *name.value)
    });
    let took_in = took_in.map(|(merge, _)| merge);
    let merge = took_in.ok_or_else(|| format!("{} was not merged into anybody", told.name))?;
    let undone_at = world.now;
    world.apply(&Record::MergeUndone(MergeUndone { merge, undone_at, operator: "story" }))
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
    let value = normalise(kind, raw).map_err(|_| format!("\"{raw}\" cannot be a {}", kind.name()))?;
    Ok(OwnIdentifier { kind, value })
}

fn occur(world: &mut World<'_>, person: PersonId, event: &StoryEvent) -> Result<(), String> {
    let call = call(world, person, event)?;
    let body = call.to_string();
    let envelope =
        Envelope::read(body.as_bytes(), Endpoint::Single(event.kind)).map_err(|error| error.to_string())?;
    world.events += 1;
    let arrival =
        Arrival { source: SOURCE, received_at: world.now, serial: world.events, peer: Peer::default() };
    let reading = Door::new(HASH_KEY).read(&envelope, &arrival);
    if let Some(rejection) = reading.rejections.first() {
        return Err(format!("the door does not take this event: {}", rejection.message));
    }
    let mut records = Reader::new(&reading.records);
    while let Some(bytes) = records.bytes() {
        let record = Record::decode(bytes).map_err(|malformed| format!("{malformed:?}"))?;
        world.apply(&record)?;
    }
    Ok(())
}

/// The call that an SDK would send for the event. As SDKs do, it carries both names of somebody who signed in.
fn call(world: &mut World<'_>, person: PersonId, event: &StoryEvent) -> Result<Value, String> {
    let mut fields = event.fields.clone();
    let mut call = json!({ "type": event.kind.name(), "context": {} });
    if event.kind == EventKind::Identify {
        for (kind, name) in
            [(IdentifierKind::UserId, "user_id"), (IdentifierKind::AnonymousId, "anonymous_id")]
        {
            if let Some(value) = fields.remove(name) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                world.known[person].insert(kind, text);
            }
        }
        if let Some(token) = fields.remove("device_token") {
            call["context"]["device"] = json!({ "token": token });
        }
        if let Some(consent) = fields.remove("consent") {
            call["context"]["consent"] = preferences(&consent)?;
        }
        call["traits"] = Value::Object(fields);
    } else {
        call["event"] = Value::from(event.name.as_str());
        call["name"] = fields.get("name").cloned().unwrap_or_default();
        call["properties"] = Value::Object(fields);
    }
    for (kind, name) in &world.known[person] {
        call[if *kind == IdentifierKind::UserId { "userId" } else { "anonymousId" }] =
            Value::from(name.as_str());
    }
    if let Some(id) = &event.message_id {
        call["messageId"] = Value::from(id.as_str());
    }
    if let Some(occurred_at) = event.occurred_at {
        call["timestamp"] = Value::from(occurred_at.to_string());
    }
    Ok(call)
}

/// `consent=offers.email,newsletter` as SDKs write it.
fn preferences(consent: &Value) -> Result<Value, String> {
    let names = consent.as_str().ok_or("`consent=` names purposes, such as `offers.email,newsletter`")?;
    let granted = names.split(',').map(|name| (name.trim().to_owned(), Value::Bool(true)));
    Ok(json!({ "categoryPreferences": granted.collect::<serde_json::Map<_, _>>() }))
}

fn consent(
    world: &mut World<'_>,
    subject: Subject<'_>,
    purpose: &str,
    channel: &str,
    granted: bool,
    source: ConsentSource,
) -> Result<(), String> {
    let stated_at = world.now;
    let stated = ConsentStated {
        subject,
        purpose,
        channel,
        granted,
        source,
        stated_at,
        wording: "",
        language: "",
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
    Ok((kind, found.value.to_string()))
}
