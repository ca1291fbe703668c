//! `POST /decide/report`: what became of what a page was told to show. An event of the person, once for each thing that
//! became of it.

use super::decide::Decision;
use super::{read, source};
use crate::clock;
use crate::collect::bot::is_bot;
use crate::deliver::token::Token;
use crate::hub::Hub;
use crate::limits::{DECISION_AGE_MAX, REPORTS_MAX};
use crate::problem::Problem;
use crate::runtime::Entrance;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use engine::at::At;
use engine::identifier::HashKey;
use engine::programme::{CLICKED, Channel, DISMISSED, SHOWN, WITHHELD};
use engine::record::{Event, EventFlags, EventKind, Identifier, Record};
use engine::value::{Map, OwnedMap};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Told {
    #[serde(default, rename = "writeKey")]
    write_key: Option<String>,
    reports: Vec<Report>,
}

#[derive(Deserialize)]
struct Report {
    decision: String,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Shown,
    Clicked,
    Dismissed,
}

#[derive(Serialize)]
pub(super) struct Taken {
    /// Those that were put on record, now or before. The others were signed by somebody else, or too long ago.
    accepted: usize,
}

pub(super) async fn report(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Taken>, Problem> {
    let told: Told = read(&body)?;
    let source = source(&hub, &headers, told.write_key.as_deref())?;
    if told.reports.len() > REPORTS_MAX {
        let message = format!("a page reports at most {REPORTS_MAX} things at once");
        return Err(Problem::bad_request("too_many_reports", "reports", message));
    }
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let flags = if is_bot(agent) { EventFlags::ONSITE.with(EventFlags::BOT) } else { EventFlags::ONSITE };
    let now = clock::now();
    let hash_key = hub.runtime.read(|engine| engine.installed().map(|installed| installed.hash_key)).await;
    let hash_key = hash_key.expect("invariant: the first record installs");
    let mut waiting = Vec::new();
    for Report { decision, what } in told.reports {
        let Some(Token::Decision { text }) = hub.links.key().verify(&decision) else { continue };
        let Ok(decision) = serde_json::from_str::<Decision>(&text) else { continue };
        let is_old = now.since(At(decision.decided_at_ms)) > DECISION_AGE_MAX;
        let Some(name) = name(what, decision.withheld).filter(|_| !is_old) else { continue };
        let sent = Sent { source: &source, flags, now, hash_key: &hash_key };
        let answers =
            sent.record(&decision, name, |record| hub.runtime.submit_record(Entrance::Outside, record));
        waiting.push(answers.map_or(Ok(None), |answers| answers.map(Some))?);
    }
    let mut accepted = 0;
    for answers in waiting.into_iter().flatten() {
        accepted += usize::from(answers.await.is_ok());
    }
    Ok(Json(Taken { accepted }))
}

/// Nobody clicks what was not shown.
pub(crate) fn name(what: What, withheld: bool) -> Option<&'static str> {
    match (what, withheld) {
        (What::Shown, false) => Some(SHOWN),
        (What::Shown, true) => Some(WITHHELD),
        (What::Clicked, false) => Some(CLICKED),
        (What::Dismissed, false) => Some(DISMISSED),
        (What::Clicked | What::Dismissed, true) => None,
    }
}

pub(crate) struct Sent<'a> {
    pub(crate) source: &'a str,
    pub(crate) flags: EventFlags,
    pub(crate) now: At,
    pub(crate) hash_key: &'a HashKey,
}

impl Sent<'_> {
    pub(crate) fn record<T>(
        &self,
        decision: &Decision,
        name: &str,
        submit: impl FnOnce(&Record<'_>) -> T,
    ) -> Option<T> {
        let kind = decision.kind()?;
        let hash = self.hash_key.identifier(kind, &decision.value);
        let number = decision.number.to_string();
        let message_id = format!("onsite-{number}-{name}");
        let properties = OwnedMap::from_json(&serde_json::json!({
            "message": decision.message,
            "slot": decision.slot,
            "purpose": decision.purpose,
            "channel": Channel::Onsite.name(),
            "decision": number,
        }));
        let properties = properties.expect("invariant: it is an object");
        Some(submit(&Record::Event(Event {
            kind: EventKind::Track,
            flags: self.flags,
            occurred_at: self.now,
            received_at: self.now,
            source: self.source,
            name,
            message_id: self.hash_key.message_id(self.source, &message_id),
            identifiers: vec![Identifier { kind, hash, value: &decision.value }],
            message_id_text: &message_id,
            properties: properties.as_map(),
            traits: Map::default(),
            context: Map::default(),
        })))
    }
}
