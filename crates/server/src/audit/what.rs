//! What a change is, read off the record that makes it.

use crate::wire::record_json;
use engine::Seq;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::programme::{Channel, Programme};
use engine::record::{Commandable, Commanded, ConsentStated, Identifier, Record, Subject};
use serde_json::{Map, Value, json};

/// A change, as the audit tells of it.
pub(crate) struct What {
    /// A stable word, such as `journey.pause`.
    pub(crate) act: String,
    /// The name of what was changed; empty where that is people.
    pub(crate) subject: String,
    /// The people whom it is about, with the hashes of their names.
    pub(crate) people: Vec<(IdentifierKind, u128, String)>,
    /// Null where there was nothing.
    pub(crate) before: Value,
    pub(crate) after: Value,
}

impl What {
    /// A change that lies beside the log.
    pub(crate) fn beside(act: &str, subject: &str, before: Value, after: Value) -> Self {
        let (act, subject) = (act.to_owned(), subject.to_owned());
        Self { act, subject, people: Vec::new(), before, after }
    }

    /// The change that a record is about to make. Of an erasure nothing is told that leads to the person.
    pub(crate) fn of(engine: &Engine, record: &Record<'_>) -> Self {
        let mut after = content(engine, record);
        let kind = after.remove("kind").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
        let (act, subject) = named(record).unwrap_or((kind, String::new()));
        let after = Value::Object(after);
        match record {
            Record::ProgrammeApplied(applied) => {
                let (before, after) = differing(engine.programme(), applied.definition);
                Self { act, subject, people: Vec::new(), before, after }
            }
            _ => Self { act, subject, people: people(record), before: before(engine, record), after },
        }
    }
}

/// The word for it, and the name of what it is about.
fn named(record: &Record<'_>) -> Option<(String, String)> {
    let (act, subject) = match record {
        Record::Event(_) => ("profile.correct", String::new()),
        Record::ConsentStated(_) => ("consent.state", String::new()),
        Record::PreferenceStated(_) => ("preference.state", String::new()),
        Record::SuppressionStated(stated) if stated.lifted => ("suppression.lift", String::new()),
        Record::SuppressionStated(_) => ("suppression.make", String::new()),
        Record::RegisterListed(stated) => ("register.list", stated.register.to_owned()),
        Record::RegisterChecked(checked) => ("register.check", checked.register.to_owned()),
        Record::ProgrammeApplied(_) => ("programme.apply", String::new()),
        Record::ProfilesMerged(_) => ("profile.merge", String::new()),
        Record::MergeUndone(undone) => ("merge.undo", undone.merge.0.to_string()),
        Record::IdentifierLifted(_) => ("identifier.lift", String::new()),
        Record::ProfileErased(erased) => ("profile.erase", erased.profile.0.to_string()),
        Record::RunRequested(requested) => ("run.request", requested.journey.to_owned()),
        Record::CodesAdded(added) => ("offer.codes", added.offer.to_owned()),
        Record::OfferRedeemed(redeemed) => ("offer.redeem", redeemed.offer.to_owned()),
        Record::OfferNoted(noted) => ("offer.note", noted.offer.to_owned()),
        Record::DeliveryRequested(requested) => ("webhook.retry", requested.webhook.to_owned()),
        Record::Commanded(Commanded { what, name, command, .. }) => {
            return Some((format!("{}.{}", what.name(), command.name()), (*name).to_owned()));
        }
        _ => return None,
    };
    Some((act.to_owned(), subject))
}

/// Whom it is about.
fn people(record: &Record<'_>) -> Vec<(IdentifierKind, u128, String)> {
    let about: Vec<&Identifier<'_>> = match record {
        Record::Event(event) => event.identifiers.iter().collect(),
        Record::ConsentStated(ConsentStated { subject: Subject::Identifier(one), .. }) => vec![one],
        Record::SuppressionStated(stated) => vec![&stated.identifier],
        Record::ProfilesMerged(merged) => vec![&merged.from, &merged.into],
        Record::IdentifierLifted(lifted) => vec![&lifted.identifier],
        Record::RunRequested(requested) => vec![&requested.identifier],
        Record::OfferRedeemed(redeemed) => redeemed.identifier.iter().collect(),
        Record::OfferNoted(noted) => vec![&noted.identifier],
        _ => Vec::new(),
    };
    about.into_iter().map(|one| (one.kind, one.hash.0, one.value.to_owned())).collect()
}

/// What the record says, without what the act says besides: who, when, and whom.
fn content(engine: &Engine, record: &Record<'_>) -> Map<String, Value> {
    let Value::Object(mut content) = record_json(Seq(0), engine.at(), record) else {
        unreachable!("invariant: a record is told as an object")
    };
    let told = ["seq", "at", "operator", "identifier", "subject"];
    content.retain(|name, _| !told.contains(&name.as_str()) && !name.ends_with("_at"));
    match record {
        // An operator states traits with it, and nothing else.
        Record::Event(_) => content.retain(|name, _| name == "traits"),
        // Which is which is told by their order among the people.
        Record::ProfilesMerged(_) => content.retain(|name, _| name == "kind"),
        // A programme is told by what differs, and codes are as good as what they give.
        Record::ProgrammeApplied(_) => _ = content.remove("definition"),
        Record::CodesAdded(added) => _ = content.insert("codes".to_owned(), added.codes.len().into()),
        Record::OfferRedeemed(_) => _ = content.remove("code"),
        _ => {}
    }
    content
}

/// How it stood.
fn before(engine: &Engine, record: &Record<'_>) -> Value {
    match record {
        Record::Event(event) => {
            let named = event.identifiers.iter().find_map(|one| engine.find(one.kind, one.value));
            let Some(profile) = named.and_then(|id| engine.profile(id)) else { return Value::Null };
            let was = |(name, _): (&str, _)| Some((name.to_owned(), profile.trait_value(name)?.to_json()));
            json!({"traits": event.traits.iter().filter_map(was).collect::<Map<_, _>>()})
        }
        Record::ConsentStated(ConsentStated {
            subject: Subject::Identifier(one), purpose, channel, ..
        }) => {
            let profile = engine.find(one.kind, one.value).and_then(|id| engine.profile(id));
            let on_channel =
                |on: Option<Channel>| channel.is_empty() || on.is_none_or(|on| on.name() == *channel);
            let about = profile.into_iter().flat_map(|profile| profile.consents().iter().rev());
            let mut about = about.filter(|one| one.purpose == *purpose && on_channel(one.channel));
            about.next().map_or(Value::Null, |one| {
                json!({"state": one.state.name(), "source": one.source.name(), "stated_at": one.stated_at.to_string()})
            })
        }
        Record::SuppressionStated(stated) => {
            let known = engine.suppression(stated.identifier.kind, stated.identifier.value);
            known.map_or(
                Value::Null,
                |known| json!({"reason": known.reason, "stated_at": known.stated_at.to_string()}),
            )
        }
        Record::Commanded(Commanded { what: Commandable::Journey, name, .. }) => {
            json!({"state": engine.standing_of(name).name()})
        }
        Record::Commanded(Commanded { what: Commandable::Broadcast, name, .. }) => {
            engine.broadcast(name).map_or(Value::Null, |broadcast| json!({"state": broadcast.state()}))
        }
        Record::IdentifierLifted(lifted) => {
            let (kind, value) = (lifted.identifier.kind, lifted.identifier.value);
            engine
                .blocked_identifier(kind, value)
                .map_or(Value::Null, |blocked| json!({"users": blocked.users}))
        }
        _ => Value::Null,
    }
}

/// The definitions of two programmes that are not the same, each by its path, such as `journeys.cart-reminder`.
fn differing(before: &Programme, after: &str) -> (Value, Value) {
    let before = serde_json::to_value(before).unwrap_or_default();
    let after: Value = serde_json::from_str(after).unwrap_or_default();
    let (mut was, mut is) = (Map::new(), Map::new());
    let none = Map::new();
    let (old, new) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    for section in all_names(old, new) {
        let (one, two) = (old.get(section), new.get(section));
        if one == two {
            continue;
        }
        let entries = |value: Option<&Value>| match value {
            None => Some(Map::new()),
            Some(value) => value.as_object().cloned(),
        };
        match (entries(one), entries(two)) {
            (Some(one), Some(two)) => {
                for name in all_names(&one, &two).filter(|name| one.get(*name) != two.get(*name)) {
                    let path = format!("{section}.{name}");
                    was.extend(one.get(name).map(|entry| (path.clone(), entry.clone())));
                    is.extend(two.get(name).map(|entry| (path, entry.clone())));
                }
            }
            _ => {
                was.extend(one.map(|one| (section.to_owned(), one.clone())));
                is.extend(two.map(|two| (section.to_owned(), two.clone())));
            }
        }
    }
    (Value::Object(was), Value::Object(is))
}

fn all_names<'a>(one: &'a Map<String, Value>, two: &'a Map<String, Value>) -> impl Iterator<Item = &'a str> {
    one.keys().chain(two.keys().filter(|name| !one.contains_key(*name))).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_of_a_programme_is_told() {
        let one: Programme = serde_json::from_value(json!({
            "name": "bottega", "languages": ["it"],
            "segments": {"vip": "did \"X\"", "old": "did \"Y\"", "same": "did \"Z\""},
        }))
        .unwrap();
        let mut two = one.clone();
        two.segments.remove("old");
        two.segments.insert("vip".to_owned(), "did \"W\"".to_owned());
        two.segments.insert("new".to_owned(), "did \"V\"".to_owned());
        two.languages.push("en".to_owned());
        two.currency = Some("EUR".to_owned());
        let (was, is) = differing(&one, &serde_json::to_string(&two).unwrap());
        let expected = json!({"languages": ["it"], "segments.vip": "did \"X\"", "segments.old": "did \"Y\""});
        assert_eq!(was, expected);
        assert_eq!(
            is,
            json!({"languages": ["it", "en"], "segments.vip": "did \"W\"", "segments.new": "did \"V\"",
                "currency": "EUR"})
        );
        let (was, is) = differing(&one, &serde_json::to_string(&one).unwrap());
        assert_eq!((was, is), (json!({}), json!({})));
    }
}
