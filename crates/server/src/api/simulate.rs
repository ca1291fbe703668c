//! Dry runs on a live server: its own history told again to another programme, beside all else that it does. One at a time,
//! since each reads the log and keeps two engines.

use super::extract::Body;
use crate::dryrun::{Asked, Unrun, told};
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::programme::Programme;
use serde::Deserialize;
use std::sync::Arc;

/// Which programme, over which stretch of the log.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Simulation {
    /// A programme in its canonical form.
    #[schema(value_type = Object)]
    programme: Programme,
    /// When it is taken to be made live: `2026-01-31`, where the programme is, or an instant.
    from: String,
    /// Up to when, written in the same way; the end of the log, when absent.
    to: Option<String>,
    /// So many people are named for whom it makes the most difference; nobody, when absent.
    #[serde(default)]
    people: usize,
    /// `text` for a table that people read.
    #[serde(default, rename = "as")]
    form: Form,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Form {
    #[default]
    Json,
    Text,
}

/// What would have come of a programme, had it been live from a day of the past on. Nothing is changed or sent.
#[utoipa::path(
    post,
    path = "/api/v1/simulate",
    request_body = Simulation,
    responses(
        (status = 200, body = Object, description = "The report of `trama simulate`"),
        (status = 400, body = Problem),
        (status = 429, body = Problem, description = "Another one runs")
    )
)]
pub(super) async fn run(
    State(hub): State<Arc<Hub>>,
    Body(asked): Body<Simulation>,
) -> Result<Response, Problem> {
    let Ok(turn) = Arc::clone(&hub.dry_runs).try_acquire_owned() else {
        let message = "another dry run is under way, and there is one at a time; ask again when it has ended";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", message));
    };
    let form = asked.form;
    let run = move || {
        let (from, to, people) = (asked.from.as_str(), asked.to.as_deref(), asked.people);
        let ran = Asked { programme: &asked.programme, from, to, people }.run(&hub.log, &hub.data);
        drop(turn);
        ran
    };
    let ran = tokio::task::spawn_blocking(run).await.expect("invariant: a dry run does not panic");
    let report = ran.map_err(|unrun| match unrun {
        Unrun::Asked { field, message } => Problem::bad_request("bad_window", field, message),
        Unrun::Programme(mistakes) => Problem::programme(mistakes),
        Unrun::Refused(refusal) => {
            Problem::new(StatusCode::BAD_REQUEST, "bad_programme", refusal.to_string())
        }
        Unrun::Log(error) => Problem::internal(&error.into()),
    })?;
    Ok(match form {
        Form::Json => Json(report).into_response(),
        Form::Text => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], told(&report)).into_response(),
    })
}
