//! Lifetime value of everybody who ordered, and what is foretold of each as traits.
//!
//! The log is read on a copy of the engine, which copies nothing at once, so that nobody waits meanwhile; one question at a
//! time, since each reads all of it.

use super::extract::Query;
use super::traits::state_all;
use crate::clock;
use crate::forecast::{self, Outlook};
use crate::hub::Hub;
use crate::keys::Holder;
use crate::ltv::first::{Acquired, acquired, first_touches};
use crate::ltv::log::{ReadLog, Which, buyers};
use crate::ltv::{Answer, Buyers, Question, Wrong, answer, costs};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use engine::engine::Engine;
use engine::value::OwnedMap;
use engine::{ProfileId, Seq};
use eventlog::log::Batches;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is asked of lifetime value.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Unit of time: `day`, `week` or `month`; `week` when absent.
    period: Option<String>,
    /// `bg-nbd`, `mbg-nbd`, `pareto-nbd`, or several with commas; the first of them foretells, `bg-nbd` when absent.
    model: Option<String>,
    /// The share of what customers pay that is earned; 1 when absent.
    margin: Option<f64>,
    /// What money loses in a year: 0.1 is ten percent, and 0 when absent.
    discount: Option<f64>,
    /// How far to look ahead, in periods; a year when absent.
    horizon: Option<f64>,
    /// The last day that the models know of: `2026-01-31`; today when absent.
    as_of: Option<String>,
    /// Periods after that day for which the forecast is scored.
    holdout: Option<f64>,
    /// The event that is an order; the programme's purchase when absent.
    order: Option<String>,
    /// The property that says for how much; that of the purchase when absent.
    amount: Option<String>,
    /// The event that gives an order back; `Order Refunded` when absent.
    refund: Option<String>,
    /// The currency of orders that count; that of most when absent.
    currency: Option<String>,
    /// The trait that says by which channel somebody came.
    channel: Option<String>,
    /// `channel` tells people apart by the channel of their first touch, and puts what was spent on it beside them; not
    /// together with the trait.
    by: Option<String>,
    /// What winning the customers of channels cost: `newsletter=1200,search=800`.
    costs: Option<String>,
}

/// How many people something was stated of.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Stated {
    people: u64,
}

impl Asked {
    fn question(&self) -> Result<(Question, Which), Wrong> {
        if self.by.is_some() && self.channel.is_some() {
            return Err((
                "by",
                "people are told apart by their first touch or by a trait, and not by both".to_owned(),
            ));
        }
        let (period, model) = (self.period.as_deref(), self.model.as_deref());
        let question = Question::parse(period, model, self.margin, self.discount, self.horizon)?;
        let which = Which {
            order: self.order.clone(),
            amount: self.amount.clone(),
            refund: self.refund.clone(),
            currency: self.currency.clone(),
            channel: self.channel.clone(),
            by_channel: Which::by(self.by.as_deref())?,
            as_of: Which::as_of(self.as_of.as_deref())?,
            holdout: self.holdout,
        };
        Ok((question, which))
    }
}

fn wrong((field, message): Wrong) -> Problem {
    Problem::bad_request("bad_parameter", field, message)
}

/// What customers are worth: purchases to come, who still buys, and the margin of both.
#[utoipa::path(
    get,
    path = "/api/v1/measure/ltv",
    params(Asked),
    responses((status = 200, body = Answer), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Answer>, Problem> {
    Ok(Json(answered(&hub, &asked).await?.1))
}

/// States what is foretold of everybody who ordered as the traits `predicted.value`, `predicted.purchases` and
/// `predicted.alive`, so that segments can ask for them.
#[utoipa::path(
    post,
    path = "/api/v1/measure/ltv/traits",
    params(Asked),
    responses((status = 200, body = Stated), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn state(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Query(asked): Query<Asked>,
) -> Result<Json<Stated>, Problem> {
    let (buyers, answer) = answered(&hub, &asked).await?;
    let pairs: Vec<(ProfileId, OwnedMap)> = buyers
        .buyers
        .iter()
        .zip(&answer.prospects)
        .map(|(buyer, prospect)| {
            let round = |number: f64| (number * 1e4).round() / 1e4;
            let traits = serde_json::json!({"predicted": {
                "value": round(prospect.value),
                "purchases": round(prospect.purchases),
                "alive": round(prospect.alive),
            }});
            let traits = OwnedMap::from_json(&traits).expect("invariant: it is an object");
            let number =
                buyer.id.parse().expect("invariant: buyers of the log go by their profiles' numbers");
            (ProfileId(number), traits)
        })
        .collect();
    Ok(Json(Stated { people: state_all(&hub, &holder, "ltv", &pairs).await? }))
}

/// By what people first came: channel and campaign of the first touch, kept through their sign-up.
#[utoipa::path(
    get,
    path = "/api/v1/measure/acquisition",
    responses((status = 200, body = Acquired))
)]
pub(super) async fn acquisition(State(hub): State<Arc<Hub>>) -> Result<Json<Acquired>, Problem> {
    read(&hub, acquired).await.map(Json)
}

/// States by what people first came as the traits `acquisition.channel` and `acquisition.campaign`, of everybody of whom that is
/// not stated yet, so that segments can ask for them.
#[utoipa::path(
    post,
    path = "/api/v1/measure/acquisition/traits",
    responses((status = 200, body = Stated))
)]
pub(super) async fn state_acquisition(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
) -> Result<Json<Stated>, Problem> {
    let pairs = read(&hub, |engine, read| {
        let firsts = first_touches(engine, read)?.into_iter();
        let told = firsts.filter_map(|(id, first)| {
            let mut acquisition = serde_json::json!({"channel": first.channel});
            if !first.campaign.is_empty() {
                acquisition["campaign"] = first.campaign.into();
            }
            let traits = serde_json::json!({"acquisition": acquisition});
            let stated = engine.profile(id)?.traits_map().as_map().to_json();
            let traits = OwnedMap::from_json(&traits).expect("invariant: it is an object");
            (stated["acquisition"] != acquisition).then_some((id, traits))
        });
        Ok(told.collect::<Vec<_>>())
    })
    .await?;
    Ok(Json(Stated { people: state_all(&hub, &holder, "acquisition", &pairs).await? }))
}

async fn answered(hub: &Arc<Hub>, asked: &Asked) -> Result<(Buyers, Answer), Problem> {
    let (question, which) = asked.question().map_err(wrong)?;
    let costs = costs(asked.costs.as_deref().unwrap_or_default()).map_err(wrong)?;
    read(hub, move |engine, read| {
        let buyers = buyers(engine, read, &which, &question, clock::now())?;
        let answer = answer(&buyers, &question, &costs)?;
        Ok((buyers, answer))
    })
    .await
}

/// Leads, orders or revenue to come, with an interval for each period and how good the forecast was so far.
#[utoipa::path(
    get,
    path = "/api/v1/measure/forecast",
    params(forecast::Asked),
    responses((status = 200, body = Outlook), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn forecast(
    State(hub): State<Arc<Hub>>,
    Query(asked): Query<forecast::Asked>,
) -> Result<Json<Outlook>, Problem> {
    let question = asked.question().map_err(wrong)?;
    read(&hub, move |engine, read| question.of_log(engine, read, clock::now())).await.map(Json)
}

/// Reads the log up to where the engine stands, away from the threads that serve connections.
async fn read<T: Send + 'static>(
    hub: &Arc<Hub>,
    answer: impl FnOnce(&Engine, ReadLog<'_, '_>) -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let read = hub.read_log(move |engine, log| {
        let read = |from: Seq| -> Result<Batches<'_>, eventlog::Error> { Ok(Box::new(log.read(from)?)) };
        answer(engine, &read)
    });
    read.await.map_err(|error| match error.downcast_ref::<eventlog::Error>() {
        Some(_) => Problem::internal(&error),
        None => Problem::new(StatusCode::CONFLICT, "not_enough_known", format!("{error:#}")),
    })
}
