//! Dry runs on a live server: its own history told again to another programme, beside all else that it does. One at a time,
//! since each reads the log and keeps two engines.

use super::address::Address;
use super::drafts::{Draft, Laid, MistakenView, laid};
use super::extract::Body;
use crate::dryrun::{Asked, Person, Unrun, told};
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
    /// A programme in its canonical form; without it, the live one with the definitions below.
    #[schema(value_type = Option<Object>)]
    programme: Option<Programme>,
    /// Laid over the live programme: as they are to be, or taken out.
    #[serde(default)]
    definitions: Vec<Draft>,
    /// When it is taken to be made live: `2026-01-31`, where the programme is, or an instant.
    from: String,
    /// Up to when, written in the same way; the end of the log, when absent.
    to: Option<String>,
    /// So many people are named for whom it makes the most difference; nobody, when absent.
    #[serde(default)]
    people: usize,
    /// `type:value` of somebody who is told of step by step, as it was and as it would have been.
    follow: Option<String>,
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

/// What would have come of a programme, had it been live from a day of the past on: a whole one, or the live one with other
/// definitions in it. Nothing is changed or sent.
#[utoipa::path(
    post,
    path = "/api/v1/simulate",
    request_body = Simulation,
    responses(
        (status = 200, body = Object, description = "The report of `trama simulate`"),
        (status = 400, body = MistakenView),
        (status = 429, body = Problem, description = "Another one runs")
    )
)]
pub(super) async fn run(
    State(hub): State<Arc<Hub>>,
    Body(asked): Body<Simulation>,
) -> Result<Response, Problem> {
    let follow = asked.follow.as_deref().map(|text| Address::parse("follow", text)).transpose()?;
    let follow: Option<Person> = follow.map(|address| (address.kind, address.value));
    let programme = match (asked.programme, asked.definitions) {
        (Some(programme), definitions) if definitions.is_empty() => programme,
        (None, definitions) if !definitions.is_empty() => {
            let edits = definitions.into_iter().map(Draft::edit).collect::<Result<_, _>>()?;
            let defined = hub.definitions.live(&hub.runtime).await;
            match laid(&defined, edits).await? {
                Laid::Fit(edited) => edited.checked.programme,
                Laid::Mistaken(answer) => return Ok(answer),
            }
        }
        _ => {
            let message =
                "give either a whole `programme`, or the `definitions` that differ from the live one";
            return Err(Problem::bad_request("bad_json", "definitions", message));
        }
    };
    let Ok(turn) = Arc::clone(&hub.dry_runs).try_acquire_owned() else {
        let message = "another dry run is under way, and there is one at a time; ask again when it has ended";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "busy", message));
    };
    let form = asked.form;
    let run = move || {
        let (from, to, people) = (asked.from.as_str(), asked.to.as_deref(), asked.people);
        let wanted = Asked { programme: &programme, from, to, people, follow: follow.as_ref() };
        let ran = wanted.run(&hub.log, &hub.data);
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
