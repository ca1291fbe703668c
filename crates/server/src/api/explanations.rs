//! Why a person is in a segment or not: the expression part by part, with what was found, and when time alone changes it.

use super::address::Address;
use super::expressions::ExpressionGiven;
use super::extract::Body;
use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::runtime::scan;
use axum::Json;
use axum::extract::{Path, State};
use engine::at::At;
use engine::engine::Engine;
use engine::segment::date::Date;
use engine::segment::explain::{Change, Explanation, Found, Part, Reach};
use serde::Serialize;
use std::sync::Arc;

/// Why an expression is true of a person or not.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ExplanationView {
    /// The instant of which all of it is true.
    at: String,
    /// Whether the person is one of those that the expression means.
    holds: bool,
    whole: PartView,
    /// The segments that it is built on, each after those that it is built on itself.
    built_on: Vec<BaseView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct BaseView {
    segment: String,
    whole: PartView,
}

/// A part of an expression.
#[derive(Serialize, utoipa::ToSchema)]
struct PartView {
    text: String,
    holds: bool,
    /// For people.
    sentence: String,
    /// When time alone changes it; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes_at: Option<String>,
    /// Time alone does not change it before this instant; what comes then was not looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes_not_before: Option<String>,
    /// The events that count.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// When the newest of them happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
    /// A sum, an average, the least or the greatest number; of a share or a score, what people are ranked by: a number, a
    /// count, or seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    figure: Option<f64>,
    /// Of a share: the figure of the last one in it, where one is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    cutoff: Option<f64>,
    /// From 1 to 5, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u8>,
    /// What a trait is.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<serde_json::Value>>,
    /// `granted`, `withdrawn`, `pending` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    consent: Option<&'static str>,
    /// `reached`, `no_address` or `suppressed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    address: Option<&'static str>,
    /// When the person was seen first, or last.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
    /// What it joins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    parts: Vec<PartView>,
}

/// Why a person is in a segment or not.
#[utoipa::path(
    get,
    path = "/api/v1/profiles/{address}/segments/{name}",
    params(
        ("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`"),
        ("name" = String, Path, description = "The segment's name in the programme")
    ),
    responses((status = 200, body = ExplanationView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path((address, name)): Path<(String, String)>,
) -> Result<Json<ExplanationView>, Problem> {
    let address = Address::parse("address", &address)?;
    let read = move |engine: &Engine| {
        let id = address.find(engine)?;
        let now = clock::now().max(engine.at());
        let explained = engine.explain_segment(id, &name, now);
        let unknown = || Problem::not_found(format!("the programme has no segment \"{name}\""));
        explained.map(|explained| Json(view(&explained, now))).ok_or_else(unknown)
    };
    hub.runtime.read(read).await
}

/// Why an expression is true of a person or not.
#[utoipa::path(
    post,
    path = "/api/v1/profiles/{address}/explain",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`")),
    request_body = ExpressionGiven,
    responses((status = 200, body = ExplanationView), (status = 400, body = Problem), (status = 404, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn explain(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
    Body(given): Body<ExpressionGiven>,
) -> Result<Json<ExplanationView>, Problem> {
    let address = Address::parse("address", &address)?;
    let (expression, field) = given.text()?;
    let ask = move |engine: &Engine| {
        let now = clock::now().max(engine.at());
        let question = scan::question(engine, &expression, now)?;
        Ok(address.find(engine).map(|id| Json(view(&engine.explain(id, &question, now), now))))
    };
    let answer = hub.runtime.ask(ask).await;
    answer.map_err(|not_answered| Problem::not_answered(field, not_answered))?
}

/// An explanation as it is shown.
pub(crate) fn view(explained: &Explanation, now: At) -> ExplanationView {
    let base = |(segment, whole): &(String, Part)| BaseView { segment: segment.clone(), whole: part(whole) };
    ExplanationView {
        at: shown(now),
        holds: explained.whole.holds,
        whole: part(&explained.whole),
        built_on: explained.built_on.iter().map(base).collect(),
    }
}

fn part(explained: &Part) -> PartView {
    let mut view = PartView {
        text: explained.text.clone(),
        holds: explained.holds,
        sentence: explained.sentence.clone(),
        changes_at: None,
        changes_not_before: None,
        count: None,
        newest: None,
        figure: None,
        cutoff: None,
        score: None,
        values: None,
        consent: None,
        address: None,
        seen: None,
        parts: explained.parts.iter().map(part).collect(),
    };
    match explained.change {
        Change::Never => {}
        Change::At(at) => view.changes_at = Some(shown(at)),
        Change::NotBefore(at) => view.changes_not_before = Some(shown(at)),
    }
    match &explained.found {
        Found::Nothing => {}
        Found::Events { count, newest, figure } => {
            view.count = Some(*count);
            view.newest = newest.map(shown);
            view.figure = figure.map(number);
        }
        Found::Rank { figure, cutoff } => {
            view.figure = figure.map(number);
            view.cutoff = cutoff.map(number);
        }
        Found::Score { figure, score } => {
            view.figure = figure.map(number);
            view.score = *score;
        }
        Found::Values(values) => view.values = Some(values.clone()),
        Found::Consent(state) => view.consent = Some(state.map_or("unknown", |state| state.name())),
        Found::Address(reach) => {
            view.address = Some(match reach {
                Reach::Reached => "reached",
                Reach::NoAddress => "no_address",
                Reach::Suppressed => "suppressed",
            });
        }
        Found::Offer(reached) => view.seen = reached.map(|(_, at)| shown(at)),
        Found::Seen(at) => view.seen = Some(shown(*at)),
    }
    view
}

/// As near as a number of JSON comes to it.
fn number(millionths: i128) -> f64 {
    millionths as f64 / 1e6
}

/// Without milliseconds that are none.
fn shown(at: At) -> String {
    Date::Instant(at).to_string()
}
