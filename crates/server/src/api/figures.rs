//! Key figures, funnels, cohorts and uplift. Key figures and cohorts are told from what is kept as the log grows; funnels and
//! uplift from the whole log, so one at a time.

use super::extract::Query;
use crate::figures::{
    self, Asked, FunnelReport, KeyFigureInSql, KeyFigureList, KpiReport, OfDays, ReadLog, RetentionReport,
    Unanswered, UpliftReport, Wrong,
};
use crate::hub::Hub;
use crate::problem::{Problem, READING_LOG};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::Seq;
use engine::engine::Engine;
use eventlog::log::Batches;
use eventlog::sqlite::SqliteReader;
use measure::kpi::people::Gathered;
use serde::Deserialize;
use std::sync::Arc;

/// The steps of a funnel.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Steps {
    /// Names of events with commas between them: `Page Viewed,Product Added,Order Completed`.
    steps: String,
    /// How long after the first step all others have to come: `7 days` when absent.
    within: Option<String>,
    /// From this day on, for the first step: `2026-01-31`.
    from: Option<String>,
    /// Up to this day, for the first step.
    until: Option<String>,
    /// Of people who are in this segment now.
    segment: Option<String>,
}

/// How cohorts are told.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Cohorts {
    /// `month` when absent, or `week`.
    each: Option<String>,
    /// `channel` to tell them apart by how they came to their first order.
    by: Option<String>,
    /// Of people who are in this segment now.
    segment: Option<String>,
}

/// Which flights.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Flown {
    /// The event that is counted; `Page Viewed` when absent.
    event: Option<String>,
    /// The key of one flight; the newest thousand when absent.
    flight: Option<String>,
}

/// What key figures there are. Nothing is read or counted for it.
#[utoipa::path(get, path = "/api/v1/measure/figures", responses((status = 200, body = KeyFigureList)))]
pub(super) async fn table() -> Json<KeyFigureList> {
    Json(KeyFigureList::all())
}

/// Key figures of marketing, each with its numerator, denominator, interval and instant. The first question after a start has
/// the log read for it; while that takes longer than ten seconds the answer is 503 with `reading_log`, and the same question
/// finds more of it done.
#[utoipa::path(
    get,
    path = "/api/v1/measure/kpis",
    params(Asked),
    responses(
        (status = 200, body = KpiReport),
        (status = 400, body = Problem),
        (status = 410, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn kpis(
    State(hub): State<Arc<Hub>>,
    Query(asked): Query<Asked>,
) -> Result<Json<KpiReport>, Problem> {
    kept(&hub, move |gathered| figures::kpis_of(gathered, &asked)).await
}

/// What a key figure is, and the SQL behind it, which the lake answers as it stands.
#[utoipa::path(
    get,
    path = "/api/v1/measure/figures/{name}",
    params(("name" = String, Path, description = "Its name: `orders`"), OfDays),
    responses((status = 200, body = KeyFigureInSql), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn defined(
    Path(name): Path<String>,
    Query(days): Query<OfDays>,
) -> Result<Json<KeyFigureInSql>, Problem> {
    figures::defined(&name, &days).map(Json).map_err(|wrong| match wrong.field {
        "name" => Problem::not_found(wrong.reason),
        field => Problem::bad_request("bad_parameter", field, wrong.reason),
    })
}

/// How many people went how far through steps, one after the other.
#[utoipa::path(
    get,
    path = "/api/v1/measure/funnel",
    params(Steps),
    responses((status = 200, body = FunnelReport), (status = 400, body = Problem), (status = 410, body = Problem))
)]
pub(super) async fn funnel(
    State(hub): State<Arc<Hub>>,
    Query(steps): Query<Steps>,
) -> Result<Json<FunnelReport>, Problem> {
    let Steps { steps, within, from, until, segment } = steps;
    let asked = Asked { from, until, segment, ..Asked::default() };
    let within = within.unwrap_or_else(|| "7 days".to_owned());
    answer(&hub, move |engine, read| figures::funnel(engine, read, (&steps, &within), &asked)).await
}

/// People by the month or week of their first order, and how many ordered again in each one after.
#[utoipa::path(
    get,
    path = "/api/v1/measure/retention",
    params(Cohorts),
    responses(
        (status = 200, body = RetentionReport),
        (status = 400, body = Problem),
        (status = 410, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn retention(
    State(hub): State<Arc<Hub>>,
    Query(cohorts): Query<Cohorts>,
) -> Result<Json<RetentionReport>, Problem> {
    let Cohorts { each, by, segment } = cohorts;
    let asked = Asked { by, segment, ..Asked::default() };
    kept(&hub, move |gathered| figures::retention_of(gathered, each.as_ref(), &asked)).await
}

/// How much more happened just after each spot, fair or round of flyers than is usual at that time of the week: directional,
/// and no proof.
#[utoipa::path(
    get,
    path = "/api/v1/measure/uplift",
    params(Flown),
    responses((status = 200, body = UpliftReport), (status = 400, body = Problem), (status = 410, body = Problem))
)]
pub(super) async fn uplift(
    State(hub): State<Arc<Hub>>,
    Query(flown): Query<Flown>,
) -> Result<Json<UpliftReport>, Problem> {
    let Flown { event, flight } = flown;
    answer(&hub, move |engine, read| figures::uplifts(engine, read, (event.as_ref(), flight.as_ref()))).await
}

/// Asks what is kept of everybody.
async fn kept<T: Send + 'static>(
    hub: &Arc<Hub>,
    ask: impl FnOnce(&Gathered<'_>) -> Result<T, Wrong> + Send + 'static,
) -> Result<Json<T>, Problem> {
    match figures::kept::ask(hub, ask).await {
        Ok(Some(answered)) => answered.map(Json).map_err(|wrong| problem(wrong.into())),
        Ok(None) => {
            let message = "the log is read for the figures; ask again";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, READING_LOG, message))
        }
        Err(error) => Err(problem(error.into())),
    }
}

/// Asks the whole log.
async fn answer<T: Send + 'static>(
    hub: &Arc<Hub>,
    ask: impl FnOnce(&Engine, ReadLog<'_, '_>) -> Result<T, Unanswered> + Send + 'static,
) -> Result<Json<T>, Problem> {
    let asking = move |engine: &Engine, log: &SqliteReader| {
        let read = |from: Seq| -> Result<Batches<'_>, eventlog::Error> { Ok(Box::new(log.read(from)?)) };
        ask(engine, &read)
    };
    hub.read_log(asking).await.map(Json).map_err(problem)
}

fn problem(unanswered: Unanswered) -> Problem {
    match unanswered {
        Unanswered::Wrong(wrong) => Problem::bad_request("bad_parameter", wrong.field, wrong.reason),
        Unanswered::Log(error @ eventlog::Error::Trimmed { .. }) => {
            Problem::new(StatusCode::GONE, "trimmed", error.to_string())
        }
        Unanswered::Log(error) => Problem::internal(&error.into()),
    }
}
