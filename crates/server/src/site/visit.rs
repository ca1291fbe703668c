//! `POST /v1/visit`: the browser of a page of the company's says that it came by one of our links, so that the visit there and
//! the one here are one person's.

use super::{read, source};
use crate::hub::Hub;
use crate::problem::Problem;
use crate::public::hosted;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
pub(super) struct Told {
    #[serde(default, rename = "writeKey")]
    write_key: Option<String>,
    /// What the address said as `trama_visit`.
    visit: String,
    anonymous_id: String,
}

#[derive(Serialize)]
pub(super) struct Taken {
    /// Whether both are one now; a token that is too old, or not ours, joins nothing.
    joined: bool,
}

pub(super) async fn join(
    State(hub): State<Arc<Hub>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Taken>, Problem> {
    let told: Told = read(&body)?;
    source(&hub, &headers, told.write_key.as_deref())?;
    let joined = hosted::join(&hub, &told.visit, &told.anonymous_id).await?;
    Ok(Json(Taken { joined }))
}
