//! The ledger of sends: what was decided for whom, why, and what came of it.

use super::address::{Address, IdentifierView, identifiers};
use super::best::{ChoiceView, choices};
use super::extract::{Limit, Query};
use super::person::name;
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use engine::at::At;
use engine::engine::Engine;
use engine::outbox::{Decision, Send};
use engine::programme::Channel;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One decided message for one person.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SendView {
    id: u64,
    /// Absent once the person was erased.
    profile: Option<u32>,
    /// The person's names.
    identifiers: Vec<IdentifierView>,
    /// The person's, as the traits give it.
    name: Option<String>,
    message: String,
    purpose: String,
    /// Absent for a message that asks to confirm a consent.
    journey: Option<String>,
    /// Absent where no channel could reach the person.
    channel: Option<&'static str>,
    address: String,
    language: String,
    /// Which of the message's wordings; absent where it has only one.
    variant: Option<String>,
    /// What its step left open, what was chosen, and why.
    choices: Vec<ChoiceView>,
    /// Whether somebody answered it in time, so far as it counts for what is learned; absent while it does not.
    responded: Option<bool>,
    /// `send`, `defer` or `drop`.
    decision: &'static str,
    /// On what ground it was let go: `opt_in`, `double`, `soft_opt_in`, or `none` where nothing was asked.
    basis: &'static str,
    /// Code of the one reason, where the decision is not to send now.
    reason: Option<&'static str>,
    /// The reason as a sentence.
    explanation: Option<&'static str>,
    /// Until when it is deferred.
    until: Option<String>,
    /// `dropped`, `deferred`, `queued`, `attempted`, `accepted`, `bounced`, `failed`, `unknown` or `complained`.
    status: &'static str,
    /// Hand-overs begun.
    attempts: u8,
    /// When somebody wanted to send it.
    wished_at: String,
    /// When it was decided, or let go after a wait.
    decided_at: String,
    attempted_at: Option<String>,
    settled_at: Option<String>,
    retry_at: Option<String>,
    opened_at: Option<String>,
    clicked_at: Option<String>,
    /// What came back of it after its receipt: `refused`, `soft_bounce`, `hard_bounce` or `complaint`.
    returned: Option<&'static str>,
    returned_at: Option<String>,
    /// The provider's last words.
    reply: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SendList {
    sends: Vec<SendView>,
}

/// Which part of the ledger.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// `type:value`: this person's sends only.
    profile: Option<String>,
    /// Only sends with a smaller id: the last one of the page before.
    before: Option<u64>,
    /// At most this many, newest first; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// The ledger, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/sends",
    params(Filter),
    responses((status = 200, body = SendList), (status = 404, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(filter): Query<Filter>,
) -> Result<Json<SendList>, Problem> {
    let address = filter.profile.as_deref().map(|text| Address::parse("profile", text)).transpose()?;
    let limit = Limit::new(filter.limit).count();
    let before = filter.before.unwrap_or(u64::MAX);
    let read = move |engine: &Engine| {
        let page = |send: &Send| send.id.0 < before;
        let sends = match address {
            Some(address) => {
                let sends = engine.sends_of(address.find(engine)?).rev().filter(page).take(limit);
                sends.map(|send| view(engine, &send)).collect()
            }
            None => {
                let end = usize::try_from(before).unwrap_or(usize::MAX).min(engine.sends().len());
                let sends = engine.sends().take(end).rev().take(limit);
                sends.map(|send| view(engine, &send)).collect()
            }
        };
        Ok(Json(SendList { sends }))
    };
    hub.runtime.read(read).await
}

pub(crate) fn view(engine: &Engine, send: &Send) -> SendView {
    let time = |at: Option<At>| at.map(|at| at.to_string());
    let reason = send.decision.reason();
    let until = match send.decision {
        Decision::Defer { until, .. } => Some(until),
        Decision::Send | Decision::Drop { .. } => None,
    };
    SendView {
        id: send.id.0,
        profile: engine.profile(send.profile).map(|_| engine.canonical(send.profile).0),
        identifiers: engine.profile(send.profile).map(identifiers).unwrap_or_default(),
        name: engine.profile(send.profile).and_then(name),
        message: send.message.to_string(),
        purpose: send.purpose.to_string(),
        journey: (!send.journey.is_empty()).then(|| send.journey.to_string()),
        channel: send.channel.map(Channel::name),
        address: send.address.to_string(),
        language: send.language.to_string(),
        variant: (!send.variant.is_empty()).then(|| send.variant.to_string()),
        choices: choices(engine, send),
        responded: send.hour.map(|_| send.responded),
        decision: send.decision.name(),
        basis: send.basis.name(),
        reason: reason.map(|reason| reason.name()),
        explanation: reason.map(|reason| reason.sentence()),
        until: time(until),
        status: send.status.name(),
        attempts: send.attempts,
        wished_at: send.wished_at.to_string(),
        decided_at: send.decided_at.to_string(),
        attempted_at: time(send.attempted_at),
        settled_at: time(send.settled_at),
        retry_at: time(send.retry_at),
        opened_at: time(send.opened_at),
        clicked_at: time(send.clicked_at),
        returned: send.returned.map(|(verdict, _)| verdict.name()),
        returned_at: time(send.returned.map(|(_, at)| at)),
        reply: send.reply.clone(),
    }
}
