//! What a webhook is told of something that it heard: what happened, to whom by number, and of that person no more than its
//! `fields` name. Read off the engine at the moment of telling, so that nobody is told of who was erased meanwhile.

use engine::ProfileId;
use engine::at::At;
use engine::change::ChangeKind;
use engine::engine::Engine;
use engine::programme::{Field, Webhook};
use engine::record::{Event, Subject};
use engine::value::Map;
use engine::webhook::{Heard, Whose};
use serde_json::{Map as Object, Value as Json, json};

/// The body of a delivery; `None` where there is nobody any more whom it would be about.
pub(super) fn of_heard(engine: &Engine, webhook: &Webhook, heard: &Heard<'_>) -> Option<Json> {
    let fields = fields(webhook);
    let no_properties = Map::default();
    let told = match heard {
        Heard::Event(event) => {
            let mut content = person(engine, of_event(engine, event)?, &fields, event.properties)?;
            content.insert("event".to_owned(), event.name.into());
            message("event", event.occurred_at, content)
        }
        Heard::Change { segment, change } => {
            let mut content = match change.kind {
                ChangeKind::Entered | ChangeKind::Left => {
                    person(engine, change.profile, &fields, no_properties)?
                }
                // Who was told of the person is to know that they are no more, whoever they were.
                ChangeKind::Merged | ChangeKind::Erased => number(change.profile),
            };
            content.insert("segment".to_owned(), (*segment).into());
            content.insert("change".to_owned(), change.kind.name().into());
            let kind = if change.kind == ChangeKind::Entered { "segment.entered" } else { "segment.left" };
            message(kind, change.at, content)
        }
        Heard::Send { send, what, at } => {
            let send = engine.send(*send)?;
            let mut content = person(engine, send.profile, &fields, no_properties)?;
            content.insert("send".to_owned(), send.id.0.into());
            content.insert("message".to_owned(), (*send.message).into());
            content.insert("journey".to_owned(), (*send.journey).into());
            content.insert("channel".to_owned(), send.channel.map(|channel| channel.name()).into());
            message(&format!("send.{what}"), *at, content)
        }
        Heard::Consent { purpose, channel, granted, at, .. } => {
            let mut content = person(engine, whose(engine, heard)?, &fields, no_properties)?;
            content.insert("purpose".to_owned(), (*purpose).into());
            if !channel.is_empty() {
                content.insert("channel".to_owned(), (*channel).into());
            }
            message(if *granted { "consent.granted" } else { "consent.withdrawn" }, *at, content)
        }
        Heard::Erased { profile, at } => message("profile.erased", *at, number(*profile)),
    };
    Some(told)
}

/// Whom something is about, where that is somebody whom we know.
pub(crate) fn whose(engine: &Engine, heard: &Heard<'_>) -> Option<ProfileId> {
    let profile = match heard {
        Heard::Event(event) => of_event(engine, event)?,
        Heard::Change { change, .. } => change.profile,
        Heard::Send { send, .. } => engine.send(*send)?.profile,
        Heard::Consent { whose, .. } => match whose {
            Whose::Subject(Subject::Identifier(one)) => engine.find(one.kind, one.value)?,
            Whose::Subject(Subject::Send(send)) => engine.send(*send)?.profile,
            Whose::Event(event) => of_event(engine, event)?,
        },
        Heard::Erased { profile, .. } => *profile,
    };
    Some(engine.canonical(profile))
}

/// The body of a run's question.
pub(super) fn of_call(
    engine: &Engine,
    webhook: &Webhook,
    profile: ProfileId,
    (journey, at): (&str, At),
    body: Object<String, Json>,
) -> Option<Json> {
    let mut content = person(engine, profile, &fields(webhook), Map::default())?;
    content.insert("journey".to_owned(), journey.into());
    content.insert("body".to_owned(), Json::Object(body));
    Some(message("journey.asks", at, content))
}

/// Nothing happened: an operator wants to know whether the other side listens.
pub(super) fn of_test(at: At) -> Json {
    message("test", at, Object::new())
}

fn message(kind: &str, at: At, content: Object<String, Json>) -> Json {
    let mut told = json!({ "type": kind, "timestamp": at.to_string() });
    told["data"] = Json::Object(content);
    told
}

fn fields(webhook: &Webhook) -> Vec<(&str, Field)> {
    let fields = webhook.fields.iter();
    fields.filter_map(|text| Some((text.as_str(), Field::parse(text)?))).collect()
}

fn of_event(engine: &Engine, event: &Event<'_>) -> Option<ProfileId> {
    event.identifiers.iter().find_map(|one| engine.find(one.kind, one.value))
}

fn number(profile: ProfileId) -> Object<String, Json> {
    Object::from_iter([("profile".to_owned(), profile.0.into())])
}

/// Who it is: a number that means nothing elsewhere, and what the fields name.
fn person(
    engine: &Engine,
    profile: ProfileId,
    fields: &[(&str, Field)],
    properties: Map<'_>,
) -> Option<Object<String, Json>> {
    let known = engine.profile(profile)?;
    let mut content = number(engine.canonical(profile));
    for (name, field) in fields {
        let mut values = Vec::new();
        match field {
            Field::Identifier(kind) => {
                let own = known.identifiers().iter().filter(|one| one.kind == *kind);
                values.extend(own.map(|one| Json::from(&*one.value)).take(1));
            }
            Field::Trait(path) => {
                let value = known.traits().find(|(name, _)| *name == path[0]);
                value.into_iter().for_each(|(_, value)| {
                    value.find(&path[1..], &mut |found| values.push(found.to_json()));
                });
            }
            Field::Properties => values.extend((!properties.is_empty()).then(|| properties.to_json())),
            Field::Property(path) => properties.find(path, &mut |found| values.push(found.to_json())),
        }
        match values.len() {
            0 => {}
            1 => _ = content.insert((*name).to_owned(), values.remove(0)),
            _ => _ = content.insert((*name).to_owned(), Json::Array(values)),
        }
    }
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Seq;
    use engine::change::Change;
    use engine::identifier::{HashKey, IdentifierKind};
    use engine::programme::{
        Channel, Choices, EmailMessage, Journey, Message, OptIn, Programme, Purpose, Step,
    };
    use engine::record::{EventFlags, EventKind, Identifier, Installed, ProgrammeApplied, Record};
    use engine::value::OwnedMap;

    const AT: At = At(1_767_600_000_000);

    /// Ada has two addresses, and was written to.
    fn engine() -> Engine {
        let mut programme = Programme { name: "shop".into(), timezone: "UTC".into(), ..Programme::default() };
        programme.languages = vec!["en".into()];
        let purpose = Purpose { channels: vec![Channel::Email], opt_in: OptIn::None, ..Purpose::default() };
        programme.purposes.insert("orders".into(), purpose);
        let receipt = Message { email: Some(EmailMessage::default()), ..Message::default() };
        programme.messages.insert("receipt".into(), receipt);
        let journey = Journey {
            purpose: "orders".into(),
            enter: r#"did "Bought""#.into(),
            steps: vec![Step::Send {
                message: "receipt".into(),
                channels: Vec::new(),
                choices: Choices::default(),
            }],
            ..Journey::default()
        };
        programme.journeys.insert("thanks".into(), journey);
        let definition = serde_json::to_string(&programme).unwrap();
        let key = HashKey([7; 16]);
        let mut engine = Engine::new();
        let mut apply = |record: &Record<'_>| {
            engine.apply(engine.seq().next(), AT, record, &mut Vec::new());
        };
        apply(&Record::Installed(Installed { installation: 1, hash_key: key, seed: 1, link_key: [1; 32] }));
        let applied = ProgrammeApplied { applied_at: AT, operator: "op", definition: &definition };
        apply(&Record::ProgrammeApplied(applied));
        let named = |kind, value| Identifier { kind, hash: key.identifier(kind, value), value };
        let traits = OwnedMap::from_json(&json!({ "plan": "pro" })).unwrap();
        for (id, email) in [("1", "ada@example.com"), ("2", "ada@example.org")] {
            apply(&Record::Event(Event {
                kind: EventKind::Track,
                flags: EventFlags::default(),
                occurred_at: AT,
                received_at: AT,
                source: "shop",
                name: "Bought",
                message_id: key.message_id("shop", id),
                identifiers: vec![named(IdentifierKind::UserId, "ada"), named(IdentifierKind::Email, email)],
                message_id_text: id,
                properties: Map::default(),
                traits: traits.as_map(),
                context: Map::default(),
            }));
        }
        engine
    }

    fn told(heard: &Heard<'_>) -> Json {
        let fields = ["email", "trait.plan", "trait.age"].map(str::to_owned).into();
        let webhook = Webhook { fields, ..Webhook::default() };
        of_heard(&engine(), &webhook, heard).expect("there is somebody")
    }

    #[test]
    fn of_a_person_it_says_what_its_fields_name_and_one_address() {
        let at = AT;
        let send = told(&Heard::Send { send: engine::SendId(0), what: "accepted", at });
        let expected = json!({
            "profile": 0, "email": "ada@example.com", "trait.plan": "pro", "send": 0, "message": "receipt",
            "journey": "thanks", "channel": "email",
        });
        assert_eq!((&send["type"], &send["data"]), (&json!("send.accepted"), &expected));
        let profile = ProfileId(0);
        for (kind, what, is_named) in [
            (ChangeKind::Entered, "segment.entered", true),
            (ChangeKind::Left, "segment.left", true),
            (ChangeKind::Merged, "segment.left", false),
            (ChangeKind::Erased, "segment.left", false),
        ] {
            let change = Change { profile, kind, at, cause: Seq(1) };
            let change = told(&Heard::Change { segment: "vip", change });
            let (data, name) = (&change["data"], kind.name());
            assert_eq!(
                (&change["type"], &data["change"], &data["profile"]),
                (&json!(what), &json!(name), &json!(0))
            );
            assert_eq!(
                data["email"].is_string(),
                is_named,
                "who is no more has nothing but a number: {change}"
            );
        }
        let erased = told(&Heard::Erased { profile, at });
        assert_eq!(erased["data"], json!({ "profile": 0 }));
    }
}
