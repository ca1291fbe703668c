//! Broadcasts: what became of each, in counts that add up, and what operators say of them.

use super::commands::command;
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use engine::broadcast::Phase;
use engine::engine::{BroadcastView as Broadcast, Engine};
use engine::outbox::Status;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A broadcast. Its audience is those who wait, were called, or were left out when it was cancelled; whoever was called was
/// skipped, or has one send.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BroadcastView {
    name: String,
    /// `scheduled`, `sending`, `paused`, `done`, `cancelled`, or `missed`: its time was over when it was applied.
    state: &'static str,
    /// When it starts, while it is scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    /// Those for whom it was when it started.
    audience: u64,
    /// Those who are still to be called.
    waiting: u64,
    /// Those who were not called when it was cancelled.
    cancelled: u64,
    /// Those who had become one with somebody called before, or were erased.
    skipped: u64,
    /// Those for whom a send was decided.
    begun: u64,
    /// Those of them who are withheld.
    held_out: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BroadcastList {
    broadcasts: Vec<BroadcastView>,
}

/// A broadcast with its sends.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BroadcastDetail {
    #[serde(flatten)]
    broadcast: BroadcastView,
    /// How many of its sends are in each status.
    sends: BTreeMap<&'static str, u64>,
}

/// Every broadcast of the programme, and each that was ever started, by name.
#[utoipa::path(get, path = "/api/v1/broadcasts", responses((status = 200, body = BroadcastList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<BroadcastList> {
    let read = |engine: &Engine| engine.broadcasts().iter().map(view).collect();
    Json(BroadcastList { broadcasts: hub.runtime.read(read).await })
}

/// One broadcast, with what became of its sends.
#[utoipa::path(
    get,
    path = "/api/v1/broadcasts/{name}",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses((status = 200, body = BroadcastDetail), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<BroadcastDetail>, Problem> {
    let read = move |engine: &Engine| {
        let found = engine.broadcast(&name);
        let unknown = || Problem::not_found(format!("there is no broadcast \"{name}\""));
        let broadcast = view(&found.ok_or_else(unknown)?);
        let counts = Status::ALL.into_iter().zip(engine.sends_of_broadcast(&name));
        let sends = counts.filter(|(_, count)| *count > 0).map(|(status, count)| (status.name(), count));
        Ok(Json(BroadcastDetail { broadcast, sends: sends.collect() }))
    };
    hub.runtime.read(read).await
}

command! {
    /// Nobody is called until it is resumed.
    pause, "/api/v1/broadcasts/{name}/pause", Broadcast, Pause
}

command! {
    /// It goes on with those who wait.
    resume, "/api/v1/broadcasts/{name}/resume", Broadcast, Resume
}

command! {
    /// Whoever was not called is not called any more.
    cancel, "/api/v1/broadcasts/{name}/cancel", Broadcast, Cancel
}

fn view(broadcast: &Broadcast<'_>) -> BroadcastView {
    let starts_at = match broadcast.phase {
        Phase::Scheduled { at } => Some(at.to_string()),
        _ => None,
    };
    BroadcastView {
        name: broadcast.name.to_owned(),
        state: broadcast.state(),
        starts_at,
        started_at: broadcast.started_at.map(|at| at.to_string()),
        ended_at: broadcast.ended_at.map(|at| at.to_string()),
        audience: broadcast.audience,
        waiting: broadcast.waiting,
        cancelled: broadcast.cancelled,
        skipped: broadcast.skipped,
        begun: broadcast.begun,
        held_out: broadcast.held_out,
    }
}
