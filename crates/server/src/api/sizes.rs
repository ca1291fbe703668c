//! How large a segment was, day by day.

use super::extract::Query;
use crate::hub::Hub;
use crate::limits::{SIZES_DAYS_MAX, SIZES_DAYS_USUAL};
use crate::problem::{Problem, READING_LOG};
use crate::sizes::of_segment;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::engine::Engine;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A segment on a day.
#[derive(Serialize, utoipa::ToSchema)]
struct SizeView {
    /// Of the calendar where the programme is.
    day: String,
    /// People who were in it when the day ended, as it was defined then; absent where there was no such segment, or where the
    /// log was trimmed or redacted and tells of that day no longer. Of today, those who are in it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SizeList {
    segment: String,
    /// Where its days begin and end.
    timezone: String,
    /// Oldest first; the last one is today.
    days: Vec<SizeView>,
}

/// How far back.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// So many days, today among them; 90 when absent, 366 at most.
    days: Option<usize>,
}

/// How large a segment was at the end of each of the last days. Days that nobody asked for yet are told from the log, beside
/// all else; while that takes longer than ten seconds the answer is 503 with `reading_log`, and the same question finds
/// more of it done.
#[utoipa::path(
    get,
    path = "/api/v1/segments/{name}/sizes",
    params(("name" = String, Path, description = "Its name in the programme, or in one of before"), Asked),
    responses(
        (status = 200, body = SizeList),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<SizeList>, Problem> {
    let count = asked.days.unwrap_or(SIZES_DAYS_USUAL);
    if !(1..=SIZES_DAYS_MAX).contains(&count) {
        let message = format!("ask for 1 to {SIZES_DAYS_MAX} days");
        return Err(Problem::bad_request("bad_parameter", "days", message));
    }
    let known = name.clone();
    let is_known = hub.runtime.read(move |engine: &Engine| engine.had_segment(&known)).await;
    if !is_known {
        return Err(Problem::not_found(format!("no programme ever had a segment \"{name}\"")));
    }
    let told = of_segment(&hub, &name, count).await.map_err(|error| Problem::internal(&error))?;
    let reading = || {
        let message = "the log is told again for the sizes of past days; ask again";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, READING_LOG, message)
    };
    let days = told.ok_or_else(reading)?.into_iter();
    let days = days.map(|one| SizeView { day: one.day.to_string(), size: one.size }).collect();
    let timezone = hub.runtime.programme().timezone.clone();
    Ok(Json(SizeList { segment: name, timezone, days }))
}
