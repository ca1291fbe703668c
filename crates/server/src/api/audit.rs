//! Who changed what: the acts of operators and keys, newest first, read from the log.

use super::address::Address;
use super::extract::{Limit, Query};
use crate::audit::{Filter, Page, Places, page};
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use engine::Seq;
use serde::Deserialize;
use std::sync::Arc;

/// Which acts are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Only what came before this place in the log: `next` of the page before.
    before: Option<u64>,
    /// At most this many; 100 when absent, 1,000 at most.
    limit: Option<usize>,
    /// The name of an operator or of a key.
    operator: Option<String>,
    /// What was done, such as `journey.pause`, or the front of it, such as `journey`.
    act: Option<String>,
    /// `type:value` of somebody whom it is about.
    profile: Option<String>,
}

/// What operators and keys changed, newest first. With a filter that fits few, a page may be short and `next` still there.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    params(Asked),
    responses((status = 200, body = Page), (status = 400, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Page>, Problem> {
    let address = asked.profile.as_deref().map(|text| Address::parse("profile", text)).transpose()?;
    let person = address.map(|address| (address.kind, address.value));
    let filter = Filter { operator: asked.operator, act: asked.act, person };
    let (before, wanted) = (Seq(asked.before.unwrap_or(u64::MAX)), filter.clone());
    let places = hub.runtime.read(move |engine| Places::of(engine, before, &wanted)).await;
    if let Some(newest) = places.newest() {
        hub.runtime.durable_to(newest).await;
    }
    let (log, limit) = (hub.log.clone(), Limit::new(asked.limit).count());
    let reading = tokio::task::spawn_blocking(move || page(&log, &places, &filter, limit)).await;
    let page = reading.expect("invariant: a reader of the log does not panic");
    page.map(Json).map_err(|error| Problem::internal(&error))
}
