//! Journeys: how their runs fare, where people are in them, and what operators and programs say of them.

use super::address::Address;
use super::commands::command;
use super::consents::{Recorded, hash};
use super::extract::Body;
use super::steps::{self, StepSends};
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::engine::{Engine, JourneyView as Journey, VersionView as Version};
use engine::outbox::{Decisions, Reason};
use engine::record::{Identifier, Record, RunRequested};
use engine::value::OwnedMap;
use serde::{Deserialize, Serialize};
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
    /// `open`; `paused`: nobody comes in or goes on; `draining`: nobody comes in.
    standing: &'static str,
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
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(super) struct DecisionsView {
    pub(super) wished: u64,
    /// Let go, whatever became of them since.
    pub(super) send: u64,
    /// Those that wait now.
    pub(super) defer: u64,
    pub(super) drop: u64,
    /// Those that were dropped, by reason.
    pub(super) reasons: BTreeMap<&'static str, u64>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct JourneyList {
    journeys: Vec<JourneyView>,
}

/// A journey, and where people are in it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct JourneyDetail {
    #[serde(flatten)]
    journey: JourneyView,
    /// Those that somebody is on their way through, and the live one.
    versions: Vec<VersionView>,
    /// Steps of the live version that send, with what became of their newest sends.
    steps: Vec<StepSends>,
    /// Where the ledger is so long that only its newest part was counted for the steps: since when that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps_since: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JourneyVersion)]
struct VersionView {
    version: u32,
    live: bool,
    active: u64,
    /// In the order of the steps.
    positions: Vec<PositionView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct PositionView {
    /// The step's name, or its number: `2`, and inside the second way of a branch or a split `2b.1`.
    step: String,
    people: u64,
}

/// Somebody who is to begin a run.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunRequest {
    /// `type:value` of a person who is known.
    profile: String,
    /// What the run begins with: `event.` in its rules and its messages.
    #[serde(default)]
    #[schema(value_type = Object)]
    data: serde_json::Map<String, serde_json::Value>,
}

/// Every journey that there ever was, by name.
#[utoipa::path(get, path = "/api/v1/journeys", responses((status = 200, body = JourneyList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<JourneyList> {
    let read = |engine: &Engine| engine.journeys().iter().map(view).collect();
    Json(JourneyList { journeys: hub.runtime.read(read).await })
}

/// One journey, and where people are in it.
#[utoipa::path(
    get,
    path = "/api/v1/journeys/{name}",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses((status = 200, body = JourneyDetail), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<JourneyDetail>, Problem> {
    let read = move |engine: &Engine| {
        let found = engine.journeys().into_iter().find(|journey| journey.name == name);
        let unknown = || Problem::not_found(format!("there is no journey \"{name}\""));
        let journey = view(&found.ok_or_else(unknown)?);
        let versions = engine.versions_of(&name).into_iter().map(version).collect();
        let (steps, steps_since) = steps::of(engine, &name);
        Ok(Json(JourneyDetail { journey, versions, steps, steps_since }))
    };
    hub.runtime.walk(read).await
}

/// Begins a run for somebody, where the journey lets them in.
#[utoipa::path(
    post,
    path = "/api/v1/journeys/{name}/runs",
    params(("name" = String, Path, description = "Its name in the programme")),
    request_body = RunRequest,
    responses(
        (status = 200, body = Recorded),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn request(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(request): Body<RunRequest>,
) -> Result<Json<Recorded>, Problem> {
    let address = Address::parse("profile", &request.profile)?;
    let hash = hash(&hub, &address).await;
    let data = OwnedMap::from_json(&request.data.into()).expect("invariant: it is an object");
    let requested = RunRequested {
        journey: &name,
        identifier: Identifier { kind: address.kind, hash, value: &address.value },
        requested_at: clock::now(),
        operator: &holder.name,
        data: data.as_map(),
    };
    Ok(Recorded::at(hub.act(&holder, &Record::RunRequested(requested)).await?))
}

command! {
    /// Nobody comes in or goes on until the journey is resumed.
    pause, "/api/v1/journeys/{name}/pause", Journey, Pause
}

command! {
    /// The journey lets people in again; whoever is inside goes on where they were, those first whose waits were over first.
    resume, "/api/v1/journeys/{name}/resume", Journey, Resume
}

command! {
    /// Nobody comes in any more, and whoever is inside goes on to the end.
    drain, "/api/v1/journeys/{name}/drain", Journey, Drain
}

fn view(journey: &Journey<'_>) -> JourneyView {
    JourneyView {
        name: journey.name.to_owned(),
        version: journey.version,
        live: journey.live,
        standing: journey.standing.name(),
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

fn version(view: Version) -> VersionView {
    let position = |(step, people): (Arc<str>, u64)| PositionView { step: step.to_string(), people };
    VersionView {
        version: view.version,
        live: view.live,
        active: view.active,
        positions: view.positions.into_iter().map(position).collect(),
    }
}
