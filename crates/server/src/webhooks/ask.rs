//! One question of a run: its body made of templates, the answer read as JSON, and both on record.

use super::body;
use super::post::Posted;
use super::tell::{attempt_of, installation};
use crate::hub::Hub;
use crate::limits::WEBHOOK_REST;
use crate::liquid::{Context, Escape, Map, Template, Value};
use crate::{clock, limits};
use engine::ProfileId;
use engine::engine::Engine;
use engine::journey::{AskedWebhook, CALL_ROOT};
use engine::programme::timezone;
use engine::record::{Record, WebhookAnswered, WebhookOutcome};
use engine::value::OwnedMap;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map as Object, Value as Json};

/// Asks what a run asks, if it still does.
pub(super) async fn ask(hub: &Hub, (profile, run): (ProfileId, u64)) {
    let read = move |engine: &Engine| engine.asked_webhook(profile, run);
    let Some(asked) = hub.runtime.read(read).await else { return };
    // The engine is ahead of the disk by a moment, and nobody hears of what the disk does not have.
    hub.runtime.durable_to(asked.asked).await;
    let mut posted = post(hub, &asked).await;
    let mut answer = OwnedMap::default();
    if posted.outcome == WebhookOutcome::Accepted {
        match read_answer(&posted) {
            Ok(read) => answer = read,
            Err(reason) => (posted.outcome, posted.reason) = (WebhookOutcome::Refused, reason.to_owned()),
        }
    }
    hub.metrics.webhook(&asked.webhook, posted.outcome);
    let attempt = attempt_of(&posted, asked.attempt);
    let (profile, run, asked) = (asked.profile, asked.run, asked.asked);
    let record =
        Record::WebhookAnswered(WebhookAnswered { profile, run, asked, attempt, answer: answer.as_map() });
    // A refusal says that nobody waits any more: the run went on, or the person is gone.
    while hub.runtime.record(&record).await.is_err() && !*hub.stopping.borrow() {
        tokio::time::sleep(WEBHOOK_REST).await;
    }
}

async fn post(hub: &Hub, asked: &AskedWebhook) -> Posted {
    let programme = hub.runtime.programme();
    let Some(webhook) = programme.webhooks.get(&asked.webhook).cloned() else {
        return Posted::failed(WebhookOutcome::Refused, "the programme has no such webhook any more");
    };
    let zone = timezone(&programme.timezone).unwrap_or(TimeZone::UTC);
    let content = match content(asked, &zone) {
        Ok(content) => content,
        Err(reason) => return Posted::failed(WebhookOutcome::Refused, reason),
    };
    let (profile, journey, at) = (asked.profile, asked.journey.clone(), asked.asked_at);
    let (url, described) = (webhook.url.clone(), webhook);
    let read = move |engine: &Engine| body::of_call(engine, &described, profile, (&journey, at), content);
    let Some(body) = hub.runtime.read(read).await else {
        return Posted::failed(WebhookOutcome::Dropped, "there is nobody any more whom it is about");
    };
    let id = format!("ask_{:016x}_{}_{}", installation(hub).await, asked.run, asked.asked);
    hub.post.post(&asked.webhook, &url, &id, body.to_string().into_bytes()).await
}

/// The fields of the body. One that is nothing but a value keeps its kind; any other is a text.
fn content(asked: &AskedWebhook, zone: &TimeZone) -> Result<Object<String, Json>, String> {
    let (traits, event) = (asked.traits.as_map(), asked.event.as_map());
    let answers = event.get(CALL_ROOT).and_then(|value| value.map()).unwrap_or_default();
    let values = Map::from_iter([
        ("profile", Value::map(Map::from(traits))),
        ("event", Value::map(Map::from(event))),
        (CALL_ROOT, Value::map(Map::from(answers))),
    ]);
    let own_zone = traits.get("timezone").and_then(|zone| TimeZone::get(zone.text()?).ok());
    let context = Context {
        values: &values,
        escape: Escape::Plain,
        now: Timestamp::from_millisecond(clock::now().0).unwrap_or_default(),
        time_zone: own_zone.as_ref().unwrap_or(zone),
        language: "en",
        links: None,
    };
    let roots = [("profile", traits), ("event", event), (CALL_ROOT, answers)];
    let mut content = Object::new();
    for (name, source) in &asked.body {
        let value = match bare_path(source) {
            Some((root, path)) => {
                let map =
                    roots.iter().find(|(name, _)| *name == root).map(|(_, map)| *map).unwrap_or_default();
                let mut found = Json::Null;
                map.find(&path, &mut |value| found = value.to_json());
                found
            }
            None => {
                let rendered = Template::parse(source).and_then(|template| template.render(&context));
                rendered.map_err(|error| format!("the field {name} of the body: {error}"))?.into()
            }
        };
        content.insert(name.clone(), value);
    }
    Ok(content)
}

/// `{{ event.total }}` and nothing else: whose value, and which.
fn bare_path(source: &str) -> Option<(&str, Vec<&str>)> {
    let inside = source.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let (root, rest) = inside.split_once('.')?;
    let is_word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let path: Vec<&str> = rest.split('.').collect();
    let is_path = ["profile", "event", CALL_ROOT].contains(&root) && path.iter().all(|part| is_word(part));
    is_path.then_some((root, path))
}

/// What was answered: an object, or nothing at all.
fn read_answer(posted: &Posted) -> Result<OwnedMap, &'static str> {
    const { assert!(limits::WEBHOOK_ANSWER_BYTES_MAX < u32::MAX as usize) };
    if posted.answer.iter().all(u8::is_ascii_whitespace) {
        return if posted.reason.is_empty() {
            Ok(OwnedMap::default())
        } else {
            Err("the answer cannot be read")
        };
    }
    let json: Json = serde_json::from_slice(&posted.answer).map_err(|_| "the answer is no JSON")?;
    OwnedMap::from_json(&json).ok_or("the answer is JSON, and no object")
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::Seq;
    use engine::at::At;
    use serde_json::json;

    #[test]
    fn a_value_keeps_its_kind_and_a_text_around_it_makes_it_one() {
        let map = |json| OwnedMap::from_json(&json).unwrap();
        let body = [
            ("total", "{{ event.total }}"),
            ("zip", "{{profile.address.zip}}"),
            ("points", "{{ webhook.loyalty.points }}"),
            ("missing", "{{ event.nothing }}"),
            ("text", "{{ event.total }} euro"),
            ("filtered", "{{ profile.name | upcase }}"),
            ("plain", "oil"),
            ("hour", "{{ event.at | date: '%H' }}"),
        ];
        let asked = AskedWebhook {
            profile: ProfileId(0),
            run: 1,
            asked: Seq(1),
            asked_at: At(0),
            attempt: 1,
            ends_at: At(0),
            webhook: "erp".to_owned(),
            journey: "thanks".to_owned(),
            body: body.map(|(name, source)| (name.to_owned(), source.to_owned())).into(),
            traits: map(json!({ "name": "Ada", "address": { "zip": "0123" }, "timezone": "Asia/Tokyo" })),
            event: map(json!({
                "total": 12.5, "at": "2026-01-05T12:00:00Z", "webhook": { "loyalty": { "points": 7 } },
            })),
        };
        let expected = json!({
            "total": 12.5, "zip": "0123", "points": 7, "missing": null, "text": "12.5 euro", "filtered": "ADA",
            "plain": "oil", "hour": "21",
        });
        assert_eq!(Json::Object(content(&asked, &TimeZone::UTC).unwrap()), expected);
    }
}
