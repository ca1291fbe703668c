//! Messages as somebody would get them, before they are sent to anybody.

use super::address::Address;
use super::extract::Query;
use crate::clock;
use crate::deliver::preview::{PreviewView, preview};
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use engine::engine::Engine;
use serde::Deserialize;
use std::sync::Arc;

/// For whom.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct For {
    /// `type:value`, such as `email:ada@example.com`.
    profile: String,
    /// Instead of the person's own.
    language: Option<String>,
}

/// A message as one person would get it now. Nothing is sent.
#[utoipa::path(
    get,
    path = "/api/v1/messages/{name}/preview",
    params(("name" = String, Path, description = "The message's name in the programme"), For),
    responses((status = 200, body = PreviewView), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(asked): Query<For>,
) -> Result<Json<PreviewView>, Problem> {
    let address = Address::parse("profile", &asked.profile)?;
    let programme = hub.runtime.programme();
    if !programme.messages.contains_key(&name) {
        return Err(Problem::not_found(format!("the programme has no message \"{name}\"")));
    }
    let links = hub.links.clone();
    let read = move |engine: &Engine| {
        let person = (address.find(engine)?, asked.language.as_deref());
        let now = clock::now().max(engine.at());
        let written = preview(engine, &programme, &links, &name, person, now);
        let no = |why: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "cannot_be_written", why);
        written.map(Json).map_err(no)
    };
    hub.runtime.read(read).await
}
