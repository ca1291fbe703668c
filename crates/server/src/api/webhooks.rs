//! Webhooks: how each of them stands, what was told to it, and what operators say of that.

use super::commands::command;
use super::consents::Recorded;
use super::extract::{Limit, Query};
use crate::audit::{What, noted};
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use crate::webhooks::tell;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::Seq;
use engine::engine::Engine;
use engine::record::{DeliveryRequested, Record};
use engine::webhook::{Attempt, Delivery, WebhookState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Another program that hears of what happens.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct WebhookView {
    name: String,
    url: String,
    hears: Vec<String>,
    /// What of a person goes out.
    fields: Vec<String>,
    /// Place in the log up to which it was told.
    told: u64,
    /// Records on the disk behind that place, whether it hears of them or not.
    behind: u64,
    /// Deliveries that wait for another attempt.
    waiting: usize,
    /// When the first of them is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
    /// Since when every attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing_since: Option<String>,
    /// It is told nothing until it is resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    off: Option<OffView>,
    /// Deliveries that were taken.
    accepted: u64,
    /// Attempts that failed.
    failed: u64,
    /// Deliveries that were tried for days and given up.
    given_up: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
struct OffView {
    since: String,
    /// `paused`, `gone` (it answered 410) or `failing` (it took nothing for days).
    reason: &'static str,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct WebhookList {
    webhooks: Vec<WebhookView>,
}

/// An attempt to tell a webhook something.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DeliveryView {
    /// Of the attempt, from 1.
    number: u64,
    /// What it told: a place in the log, and which of the things that the record there tells.
    delivery: String,
    /// 1 for the first of this delivery.
    attempt: u8,
    /// `accepted`, `failed`, `refused`, `gone`, or `dropped`: there was nobody any more whom it was about.
    outcome: &'static str,
    /// Of HTTP; absent where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    at: String,
    took_ms: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// When it was to be tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
}

/// The newest attempts, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DeliveryList {
    deliveries: Vec<DeliveryView>,
}

/// Which attempts.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only attempts with a smaller number: the last one of the page before.
    before: Option<u64>,
    /// At most this many; 100 when absent. The newest 500 are listed, and the log has them all.
    limit: Option<usize>,
}

/// How a webhook answered a message that tells nothing.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TestAnswer {
    /// `accepted`, `failed`, `refused` or `gone`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    took_ms: u32,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

/// Every webhook of the programme, by name.
#[utoipa::path(get, path = "/api/v1/webhooks", responses((status = 200, body = WebhookList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<WebhookList> {
    let durable = *hub.runtime.durable().borrow();
    let read = move |engine: &Engine| {
        engine.webhooks().map(|(name, state)| view(engine, name, state, durable)).collect()
    };
    Json(WebhookList { webhooks: hub.runtime.read(read).await })
}

fn view(engine: &Engine, name: &str, state: &WebhookState, durable: Seq) -> WebhookView {
    let described = engine.programme().webhooks.get(name).cloned().unwrap_or_default();
    WebhookView {
        name: name.to_owned(),
        url: described.url,
        hears: described.hears,
        fields: described.fields,
        told: state.told.seq.0,
        behind: durable.0.saturating_sub(state.told.seq.0),
        waiting: state.waiting.len(),
        next_at: state.next_due().map(|(at, ..)| at.to_string()),
        failing_since: state.failing_since.map(|at| at.to_string()),
        off: state.off.map(|(since, off)| OffView { since: since.to_string(), reason: off.name() }),
        accepted: state.counts.accepted,
        failed: state.counts.failed,
        given_up: state.counts.given_up,
    }
}

/// What was told to a webhook, attempt by attempt.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{name}/deliveries",
    params(("name" = String, Path, description = "Its name in the programme"), Filter),
    responses((status = 200, body = DeliveryList), (status = 404, body = Problem))
)]
pub(super) async fn deliveries(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Json<DeliveryList>, Problem> {
    let limit = Limit::new(filter.limit).count();
    let before = filter.before.unwrap_or(u64::MAX);
    let read = move |engine: &Engine| {
        let state = engine.webhook(&name).ok_or_else(|| unknown(&name))?;
        let numbers = (1..=state.counts.attempts).rev();
        let newest = numbers.zip(state.attempts.iter().rev()).filter(|(number, _)| *number < before);
        Ok(newest.take(limit).map(|(number, attempt)| delivery(number, attempt)).collect())
    };
    hub.runtime.read(read).await.map(|deliveries| Json(DeliveryList { deliveries }))
}

fn delivery(number: u64, attempt: &Attempt) -> DeliveryView {
    DeliveryView {
        number,
        delivery: attempt.delivery.to_string(),
        attempt: attempt.attempt,
        outcome: attempt.outcome.name(),
        status: (attempt.status != 0).then_some(attempt.status),
        at: attempt.at.to_string(),
        took_ms: attempt.took_ms,
        reason: attempt.reason.clone(),
        next_at: attempt.next_at.map(|at| at.to_string()),
    }
}

fn unknown(name: &str) -> Problem {
    Problem::not_found(format!("the programme has no webhook \"{name}\""))
}

/// Tells something once more, whatever became of it before. The receiver knows it again by its `webhook-id`.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{name}/deliveries/{delivery}/retry",
    params(
        ("name" = String, Path, description = "The webhook's name in the programme"),
        ("delivery" = String, Path, description = "As the list of deliveries gives it, such as `120-0`")
    ),
    responses((status = 200, body = Recorded), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn retry(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path((name, delivery)): Path<(String, String)>,
) -> Result<Json<Recorded>, Problem> {
    let read = delivery
        .split_once('-')
        .and_then(|(seq, place)| Some(Delivery { seq: Seq(seq.parse().ok()?), place: place.parse().ok()? }));
    let delivery = read.ok_or_else(|| {
        Problem::bad_request("bad_delivery", "delivery", "a delivery is two numbers, such as 120-0")
    })?;
    let requested =
        DeliveryRequested { webhook: &name, delivery, requested_at: clock::now(), operator: &holder.name };
    Ok(Recorded::at(hub.act(&holder, &Record::DeliveryRequested(requested)).await?))
}

command! {
    /// Tells a webhook nothing until it is resumed.
    pause, "/api/v1/webhooks/{name}/pause", Webhook, Pause
}

command! {
    /// Goes on where it was paused or switched off, so that nothing in between is missed.
    resume, "/api/v1/webhooks/{name}/resume", Webhook, Resume
}

/// Sends a webhook a message of the type `test`, and gives its answer.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{name}/test",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses((status = 200, body = TestAnswer), (status = 404, body = Problem))
)]
pub(super) async fn test(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
) -> Result<Json<TestAnswer>, Problem> {
    let posted = tell::test(&hub, &name).await.ok_or_else(|| unknown(&name))?;
    let what = What::beside("webhook.test", &name, Value::Null, json!({"outcome": posted.outcome.name()}));
    noted(&hub.runtime, &holder, what).await?;
    Ok(Json(TestAnswer {
        outcome: posted.outcome.name(),
        status: (posted.status != 0).then_some(posted.status),
        took_ms: posted.took_ms,
        reason: posted.reason,
    }))
}
