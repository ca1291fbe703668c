//! Where conversions come from: credit by channel, paths, and the touchpoints of a person.
//!
//! The log is read on a copy of the engine, which copies nothing at once, so that nobody waits meanwhile; one question at a
//! time, since each reads all of it.

use super::address::Address;
use super::extract::{Limit, Query};
use crate::credit::{self, Answer, Question, Shares, Told, Wrong};
use crate::hub::Hub;
use crate::problem::Problem;
use anyhow::Context;
use axum::Json;
use axum::extract::{Path, State};
use engine::Seq;
use engine::engine::Engine;
use measure::touchpoint::Walked;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which conversions.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The event that is a conversion; the programme's purchase when absent.
    conversion: Option<String>,
    /// The property that says what it is worth, words with dots; that of the purchase when absent.
    value: Option<String>,
    /// How long before a conversion a touch counts, such as `30 days`, which it is when absent.
    lookback: Option<String>,
    /// Conversions from then on, RFC 3339 or a day in UTC.
    from: Option<String>,
    /// Conversions before then.
    to: Option<String>,
    /// Whether messages that were sent are touches, beside those that were clicked.
    sends: Option<bool>,
    /// At most so many paths, 100 when absent.
    limit: Option<usize>,
    /// `first`, `last`, `linear`, `time-decay`, `position`, `markov`, `shapley`, or `all`, which it is when absent.
    model: Option<String>,
    /// Of the Markov model, 1 to 3.
    order: Option<u8>,
    /// Of time-decay, such as `7 days`.
    half_life: Option<String>,
    /// Of position, such as `40,20,40`.
    weights: Option<String>,
    /// Whether the Markov model knows of paths that did not convert; true when absent.
    null: Option<bool>,
}

impl Which {
    fn question(&self) -> Result<Question, Problem> {
        let (lookback, from, to) = (self.lookback.as_deref(), self.from.as_deref(), self.to.as_deref());
        let sends = self.sends.unwrap_or(false);
        Question::parse(self.conversion.clone(), self.value.clone(), lookback, from, to, sends).map_err(wrong)
    }

    fn shares(&self) -> Result<Shares, Problem> {
        let (model, weights) =
            (self.model.as_deref().unwrap_or("all"), self.weights.as_deref().unwrap_or("40,20,40"));
        let (order, half_life) = (self.order.unwrap_or(1), self.half_life.as_deref());
        Shares::parse(model, order, half_life, weights, self.null.unwrap_or(true), true).map_err(wrong)
    }
}

fn wrong((field, message): Wrong) -> Problem {
    Problem::bad_request("bad_parameter", field, message)
}

/// What each channel gets of the conversions.
#[utoipa::path(
    get,
    path = "/api/v1/measure/attribution",
    params(Which),
    responses((status = 200, body = Answer), (status = 400, body = Problem))
)]
pub(super) async fn attribution(
    State(hub): State<Arc<Hub>>,
    Query(which): Query<Which>,
) -> Result<Json<Answer>, Problem> {
    let (question, shares) = (which.question()?, which.shares()?);
    walked(&hub, question, move |walked| {
        let answer = credit::answer(&walked.paths, Some(walked.without_touch), &shares);
        answer.map_err(|error| Problem::bad_request("not_settled", "order", error.to_string()))
    })
    .await
    .map(Json)
}

/// The paths that people take to a conversion.
#[utoipa::path(
    get,
    path = "/api/v1/measure/paths",
    params(Which),
    responses((status = 200, body = Told), (status = 400, body = Problem))
)]
pub(super) async fn paths(
    State(hub): State<Arc<Hub>>,
    Query(which): Query<Which>,
) -> Result<Json<Told>, Problem> {
    let most = Limit::new(which.limit).count();
    walked(&hub, which.question()?, move |walked| Ok(credit::told(walked, most))).await.map(Json)
}

async fn walked<T: Send + 'static>(
    hub: &Arc<Hub>,
    question: Question,
    answer: impl FnOnce(&Walked) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    hub.read_log(move |engine, log| {
        let walked = credit::walked(engine, log, &question).map_err(|error| Problem::internal(&error))?;
        answer(&walked)
    })
    .await
}

/// What one person met of the company, oldest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct TouchpointList {
    touchpoints: Vec<TouchpointView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct TouchpointView {
    at: String,
    /// Place in the log.
    seq: u64,
    /// `visit`, `click`, `send`, or `told` by an event.
    occasion: &'static str,
    /// The touch that the person began with, however long ago and whoever they were then.
    first: bool,
    channel: String,
    source: String,
    medium: String,
    campaign: String,
    /// `inbound` or `outbound`.
    direction: &'static str,
    paid: bool,
    online: bool,
    /// The parameter with the id of the click.
    click_id: Option<&'static str>,
}

/// A person's touchpoints, oldest first.
#[utoipa::path(
    get,
    path = "/api/v1/profiles/{address}/touchpoints",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`")),
    responses((status = 200, body = TouchpointList), (status = 404, body = Problem))
)]
pub(super) async fn of_profile(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
) -> Result<Json<TouchpointList>, Problem> {
    let address = Address::parse("address", &address)?;
    let read = move |engine: &Engine| {
        let id = address.find(engine)?;
        let places: BTreeSet<Seq> =
            engine.timeline(id, usize::MAX).into_iter().map(|entry| entry.seq).collect();
        Ok::<_, Problem>((id, places))
    };
    let (id, places) = hub.runtime.read(read).await?;
    if let Some(newest) = places.last() {
        hub.runtime.durable_to(*newest).await;
    }
    let (log, runtime) = (hub.log.clone(), hub.runtime.clone());
    let read = move || {
        let batches =
            log.holding(places.iter().copied()).context("the log could not be read for touchpoints")?;
        Ok(runtime.read_blocking(|engine| list(engine, id, &batches, &places)))
    };
    let reading =
        tokio::task::spawn_blocking(read).await.expect("invariant: a reader of the log does not panic");
    reading.map(Json).map_err(|error: anyhow::Error| Problem::internal(&error))
}

fn list(
    engine: &Engine,
    id: engine::ProfileId,
    batches: &[eventlog::log::Batch],
    places: &BTreeSet<Seq>,
) -> TouchpointList {
    let mut gathered = credit::of_person(engine, id, batches, places);
    let mut points = Vec::new();
    gathered.each(|_, of, _| points.extend_from_slice(of));
    let view = |(number, point): (usize, &measure::touchpoint::Touchpoint)| {
        let touch = gathered.touch(point);
        TouchpointView {
            at: point.at.to_string(),
            seq: point.seq.0,
            occasion: point.occasion.name(),
            first: number == 0,
            channel: touch.channel.clone(),
            source: touch.source.clone(),
            medium: touch.medium.clone(),
            campaign: touch.campaign.clone(),
            direction: touch.direction.name(),
            paid: touch.paid,
            online: touch.online,
            click_id: touch.click_id,
        }
    };
    TouchpointList { touchpoints: points.iter().enumerate().map(view).collect() }
}
