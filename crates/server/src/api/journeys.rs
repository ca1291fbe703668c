//! Journeys and how their runs fare.

use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use engine::engine::{Engine, JourneyView as Journey};
use engine::outbox::{Decisions, Reason};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A journey with the figures of all its versions together.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct JourneyView {
    name: String,
    /// The newest.
    version: u32,
    /// Whether the programme still has it.
    live: bool,
    /// Runs ever begun.
    entered: u64,
    /// Runs on their way.
    active: u64,
    /// Runs that came to their end or met the exit rule.
    finished: u64,
    /// Runs of people withheld to measure the journey's effect.
    held_out: u64,
    /// Runs that reached the goal.
    converted: u64,
    sends: DecisionsView,
}

/// What a journey wanted to send, and how that was decided: the three parts add up to the whole.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DecisionsView {
    wished: u64,
    /// Let go, whatever became of them since.
    send: u64,
    /// Those that wait now.
    defer: u64,
    drop: u64,
    /// Those that were dropped, by reason.
    reasons: BTreeMap<&'static str, u64>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct JourneyList {
    journeys: Vec<JourneyView>,
}

/// Every journey that there ever was, by name.
#[utoipa::path(get, path = "/api/v1/journeys", responses((status = 200, body = JourneyList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<JourneyList> {
    let read = |engine: &Engine| engine.journeys().iter().map(view).collect();
    Json(JourneyList { journeys: hub.runtime.read(read).await })
}

/// One journey.
#[utoipa::path(
    get,
    path = "/api/v1/journeys/{name}",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses((status = 200, body = JourneyView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<JourneyView>, Problem> {
    let read = move |engine: &Engine| {
        let found = engine.journeys().into_iter().find(|journey| journey.name == name);
        let unknown = || Problem::not_found(format!("there is no journey \"{name}\""));
        found.map(|journey| Json(view(&journey))).ok_or_else(unknown)
    };
    hub.runtime.read(read).await
}

fn view(journey: &Journey<'_>) -> JourneyView {
    JourneyView {
        name: journey.name.to_owned(),
        version: journey.version,
        live: journey.live,
        entered: journey.entered,
        active: journey.active,
        finished: journey.finished,
        held_out: journey.held_out,
        converted: journey.converted,
        sends: decisions(&journey.decisions),
    }
}

fn decisions(decisions: &Decisions) -> DecisionsView {
    let by_reason = Reason::ALL.map(|reason| (reason.name(), decisions.dropped(reason)));
    let reasons: BTreeMap<_, _> = by_reason.into_iter().filter(|(_, count)| *count > 0).collect();
    let Decisions { wished, send, defer, .. } = *decisions;
    DecisionsView { wished, send, defer, drop: reasons.values().sum(), reasons }
}
