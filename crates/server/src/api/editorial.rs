//! The editorial plan of the programme that is live: how its spaces fare, and who has more to write than time.

use super::extract::Query;
use crate::clock;
use crate::editorial::{EditorialView, day_of, editorial_today, editorial_view};
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use engine::engine::Engine;
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::Arc;

/// For when.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct When {
    /// The day that it is told for, 2026-10-12; today where the programme is when absent.
    as_of: Option<String>,
}

/// How the spaces of the editorial plan fare. Visits are told by the log, and kept for today as far as they were read.
#[utoipa::path(
    get,
    path = "/api/v1/editorial",
    params(When),
    responses((status = 200, body = EditorialView), (status = 400, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Query(when): Query<When>,
) -> Result<Json<EditorialView>, Problem> {
    let day = |text: String| {
        let wrong = || format!("{text} is no day: write 2026-10-12");
        text.parse::<Date>().map_err(|_| Problem::bad_request("bad_parameter", "as_of", wrong()))
    };
    let as_of = when.as_of.map(day).transpose()?;
    let read = |engine: &Engine| (engine.programme().clone(), engine.seq());
    let (programme, seq) = hub.runtime.read(read).await;
    hub.runtime.durable_to(seq).await;
    let told = Arc::clone(&hub);
    let reading = hub.patient.spawn_blocking(move || match as_of {
        Some(day) => editorial_view(&programme, Some(&told.log), day),
        None => editorial_today(&programme, (&told.log, &told.readers), day_of(&programme, clock::now())),
    });
    let outlook = reading.await.expect("invariant: a reader of the log does not panic");
    outlook.map(Json).map_err(|error| Problem::internal(&error))
}
