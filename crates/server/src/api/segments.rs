//! Segments: how many are in each, and who would be in one that nobody defined yet.

use super::address::{IdentifierView, identifiers};
use super::clusters;
use super::expressions::ExpressionGiven;
use super::extract::{Body, Query};
use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::runtime::scan;
use axum::Json;
use axum::extract::{Path, State};
use engine::engine::{Engine, SegmentView as Segment};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;

/// A segment of the programme.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SegmentView {
    name: String,
    expression: String,
    count: u64,
    /// Whether who enters and leaves is recorded: see its `changes`.
    recorded: bool,
    /// Of a cluster: what leads to it, and how much its people have of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SegmentList {
    segments: Vec<SegmentView>,
}

/// An expression to be tried.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    expression: String,
}

/// Who matches an expression now.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PreviewView {
    count: u64,
    /// The first few of them.
    sample: Vec<Person>,
    /// Milliseconds that the search took.
    took_ms: f64,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Person {
    id: u32,
    identifiers: Vec<IdentifierView>,
}

/// Every segment of the programme, by name.
#[utoipa::path(get, path = "/api/v1/segments", responses((status = 200, body = SegmentList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<SegmentList> {
    let read = |engine: &Engine| engine.segments().iter().map(|segment| view(engine, segment)).collect();
    Json(SegmentList { segments: hub.runtime.read(read).await })
}

/// One segment.
#[utoipa::path(
    get,
    path = "/api/v1/segments/{name}",
    params(("name" = String, Path, description = "Its name in the programme")),
    responses((status = 200, body = SegmentView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
) -> Result<Json<SegmentView>, Problem> {
    let read = move |engine: &Engine| {
        let unknown = || Problem::not_found(format!("the programme has no segment \"{name}\""));
        engine.segment(&name).map(|segment| Json(view(engine, &segment))).ok_or_else(unknown)
    };
    hub.runtime.read(read).await
}

/// Who would be in a segment with this expression.
#[utoipa::path(
    get,
    path = "/api/v1/segments/preview",
    params(Asked),
    responses((status = 200, body = PreviewView), (status = 400, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn preview_query(
    State(hub): State<Arc<Hub>>,
    Query(asked): Query<Asked>,
) -> Result<Json<PreviewView>, Problem> {
    preview(&hub, asked.expression, "expression").await
}

/// Who would be in a segment with this expression.
#[utoipa::path(
    post,
    path = "/api/v1/segments/preview",
    request_body = ExpressionGiven,
    responses((status = 200, body = PreviewView), (status = 400, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn preview_body(
    State(hub): State<Arc<Hub>>,
    Body(given): Body<ExpressionGiven>,
) -> Result<Json<PreviewView>, Problem> {
    let (expression, field) = given.text()?;
    preview(&hub, expression, field).await
}

/// `field` is the one that the expression came in.
async fn preview(hub: &Hub, expression: String, field: &'static str) -> Result<Json<PreviewView>, Problem> {
    let ask = move |engine: &Engine| {
        let begun = Instant::now();
        let now = clock::now().max(engine.at());
        let preview = scan::preview(engine, &expression, now)?;
        let took_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        let sample = preview
            .sample
            .into_iter()
            .filter_map(|id| Some(Person { id: id.0, identifiers: identifiers(engine.profile(id)?) }));
        Ok(PreviewView { count: preview.count, sample: sample.collect(), took_ms })
    };
    let answer = hub.runtime.ask(ask).await;
    answer.map(Json).map_err(|not_answered| Problem::not_answered(field, not_answered))
}

fn view(engine: &Engine, segment: &Segment<'_>) -> SegmentView {
    SegmentView {
        description: clusters::description_of(engine, segment.name),
        name: segment.name.to_owned(),
        expression: segment.expression.to_owned(),
        count: segment.count,
        recorded: segment.recorded,
    }
}
