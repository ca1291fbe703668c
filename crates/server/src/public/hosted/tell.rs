//! What visitors do, told through the door of the tracking API: one set of rules for whoever says it.

use super::caller::Caller;
use super::visitor::{Visit, Visitor, Who, best, drawn};
use crate::clock;
use crate::collect::door::{Arrival, Door};
use crate::collect::endpoint::Endpoint;
use crate::collect::envelope::Envelope;
use crate::collect::visitor::Peer;
use crate::hub::Hub;
use crate::limits::{PUBLIC_DATA_AGE_MAX, VISIT_AGE_MAX};
use crate::problem::Problem;
use crate::runtime::Entrance;
use engine::SendId;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The source of all of it.
const SOURCE: &str = "hosted";

/// One call, with the names of whoever it is about.
pub(super) fn call(kind: &str, name: &str, visitor: &Visitor, content: &Value) -> Value {
    let mut call = named(&visitor.names);
    let field = if kind == "track" { "event" } else { "name" };
    call.insert("type".to_owned(), kind.into());
    if !name.is_empty() {
        call.insert(field.to_owned(), name.into());
    }
    let context = call.remove("context").and_then(|own| own.as_object().cloned()).unwrap_or_default();
    for (field, value) in content.as_object().into_iter().flatten() {
        call.insert(field.clone(), value.clone());
    }
    if !context.is_empty() {
        let whole = call.entry("context").or_insert_with(|| json!({}));
        whole.as_object_mut().expect("invariant: a context is an object").extend(context);
    }
    call.entry("messageId").or_insert_with(|| format!("hosted-{}", drawn()).into());
    Value::Object(call)
}

fn named(names: &Value) -> Map<String, Value> {
    names.as_object().cloned().unwrap_or_default()
}

/// Tells it; durable on return.
pub(super) async fn tell(hub: &Hub, caller: &Caller, calls: Vec<Value>) -> Result<(), Problem> {
    let hash_key = hub.runtime.read(|engine| engine.installed().map(|installed| installed.hash_key)).await;
    let door = Door::new(hash_key.expect("invariant: the first record installs"));
    let mut context = json!({ "userAgent": caller.agent });
    if let Some(language) = caller.languages.first() {
        context["locale"] = language.as_str().into();
    }
    let body = json!({ "context": context, "batch": calls }).to_string();
    let envelope = Envelope::read(body.as_bytes(), Endpoint::Batch).expect("invariant: it was written here");
    let peer = Peer {
        ip: None,
        user_agent: &caller.agent,
        prefetch: caller.prefetch,
        privacy_signal: caller.privacy_signal,
    };
    let arrival = Arrival { source: SOURCE, received_at: clock::now(), serial: 0, peer };
    let reading = door.read(&envelope, &arrival);
    // What was refused is not told in part: a lead without its form would be lost to every journey.
    if let Some(rejection) = reading.rejections.first() {
        return Err(Problem::bad_request(rejection.code, rejection.field, rejection.message.clone()));
    }
    let answers = hub.runtime.submit(Entrance::Outside, reading.records, reading.count)?;
    let _only_a_stop_drops_it = answers.await;
    Ok(())
}

/// Tells it while the visitor goes on: nobody waits for our books, and under overload it is lost. What a scanner of mail
/// does is not told.
pub(super) fn tell_later(hub: &Arc<Hub>, caller: Caller, visitor: Visitor, calls: Vec<Value>) {
    if caller.is_blind {
        return;
    }
    let hub = Arc::clone(hub);
    tokio::spawn(async move {
        if !visitor.is_scanner(&hub).await {
            drop(tell(&hub, &caller, calls).await);
        }
    });
}

/// Joins the visit of a token with the browser that a page of the company's knows; whether it was young enough.
pub(crate) async fn join(hub: &Hub, token: &str, anonymous_id: &str) -> Result<bool, Problem> {
    let Some(visit) = Visit::read(hub, token).filter(|visit| visit.age() < VISIT_AGE_MAX) else {
        return Ok(false);
    };
    let names = match visit.who {
        Who::Visitor(id) if id == anonymous_id => return Ok(true),
        Who::Visitor(id) => Some(json!({ "anonymousId": id })),
        Who::Recipient { send, link, at_ms } => {
            if hub.clicks.is_burst(SendId(send), link, engine::at::At(at_ms)) {
                return Ok(false);
            }
            let read = move |engine: &Engine| {
                let send = engine.send(SendId(send))?;
                if clock::now().since(send.decided_at) >= PUBLIC_DATA_AGE_MAX {
                    return None;
                }
                let profile = engine.canonical(send.profile);
                best(engine.profile(profile)?.identifiers())
            };
            hub.runtime.read(read).await
        }
    };
    let Some(names) = names else { return Ok(false) };
    let is_usable = engine::identifier::normalise(IdentifierKind::AnonymousId, anonymous_id).is_ok();
    if !is_usable {
        let message = "this is a placeholder, or too long for a name";
        return Err(Problem::bad_request("bad_identifier", "anonymous_id", message));
    }
    let mut alias = named(&names);
    alias.insert("type".to_owned(), "alias".into());
    alias.insert("previousId".to_owned(), anonymous_id.into());
    alias.insert("messageId".to_owned(), format!("join-{}-{anonymous_id}", visit.at_ms).into());
    let caller = Caller::unseen();
    tell(hub, &caller, vec![Value::Object(alias)]).await?;
    Ok(true)
}
