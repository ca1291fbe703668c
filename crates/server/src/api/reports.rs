//! Reports: when each is due, how it would look now, and sending it.

use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::report::sending::{Handed, email, send_now, written};
use axum::Json;
use axum::extract::{Path, State};
use engine::engine::Engine;
use serde::Serialize;
use std::sync::Arc;

/// The reports of the programme.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ReportList {
    reports: Vec<ReportView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ReportView {
    name: String,
    to: Vec<String>,
    when: String,
    /// When it leaves next.
    next_at: Option<String>,
    /// The time of the schedule for which it left last; null before the first.
    last_at: Option<String>,
    /// What became of that one: `begun` (it left or did not, since a crash came between), `sent` or `failed`.
    progress: Option<&'static str>,
    /// How many recipients that one reached.
    taken: u32,
}

/// A report as a mail.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct WrittenView {
    subject: String,
    text: String,
    html: String,
}

/// What became of a report that was sent at once.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct HandedView {
    taken: u32,
    refused: Vec<RefusedView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct RefusedView {
    to: String,
    /// What the relay said.
    why: String,
}

/// Every report, with when it leaves and what became of the last one.
#[utoipa::path(get, path = "/api/v1/reports", responses((status = 200, body = ReportList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<ReportList> {
    Json(ReportList { reports: hub.runtime.read(views).await })
}

fn views(engine: &Engine) -> Vec<ReportView> {
    let view = |(name, report): (&String, &engine::programme::Report)| {
        let state = engine.report(name).filter(|state| state.progress.is_some());
        ReportView {
            name: name.clone(),
            to: report.to.clone(),
            when: report.when.clone(),
            next_at: engine.report_due(name).map(|at| at.to_string()),
            last_at: state.map(|state| state.due_at.to_string()),
            progress: state.and_then(|state| state.progress).map(engine::record::ReportProgress::name),
            taken: state.map_or(0, |state| state.taken),
        }
    };
    engine.programme().reports.iter().map(view).collect()
}

/// A report as it would be if it left now. Nothing is sent.
#[utoipa::path(
    get,
    path = "/api/v1/reports/{name}",
    params(("name" = String, Path)),
    responses((status = 200, body = WrittenView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<WrittenView>, Problem> {
    known(&hub, &name)?;
    let (_, written) = written(&hub, &name, clock::now()).await.map_err(|error| Problem::internal(&error))?;
    Ok(Json(WrittenView { subject: written.subject, text: written.text, html: written.html }))
}

/// Sends a report at once to everybody whom the programme names, beside its schedule.
#[utoipa::path(
    post,
    path = "/api/v1/reports/{name}/send",
    params(("name" = String, Path)),
    responses((status = 200, body = HandedView), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn send(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<HandedView>, Problem> {
    known(&hub, &name)?;
    let conflict = |error: anyhow::Error| {
        Problem::new(axum::http::StatusCode::CONFLICT, "no_route", format!("{error:#}"))
    };
    email(&hub).map_err(conflict)?;
    let Handed { taken, refused } = send_now(&hub, &name).await.map_err(|error| Problem::internal(&error))?;
    let refused = refused.into_iter().map(|(to, why)| RefusedView { to, why }).collect();
    Ok(Json(HandedView { taken, refused }))
}

fn known(hub: &Hub, name: &str) -> Result<(), Problem> {
    match hub.runtime.programme().reports.contains_key(name) {
        true => Ok(()),
        false => {
            let message = format!("the programme has no report \"{name}\"");
            Err(Problem { field: Some("name".into()), ..Problem::not_found(message) })
        }
    }
}
