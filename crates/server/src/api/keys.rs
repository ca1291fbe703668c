//! API keys: made, listed and revoked while the server runs.

use super::extract::Body;
use crate::audit::tell;
use crate::hub::Hub;
use crate::keys::{Created, Holder, Key, Scope};
use crate::limits::{KEY_NAME_BYTES_MAX, KEYS_MAX};
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct KeyList {
    keys: Vec<Key>,
}

/// A key to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Of a write key, the name of the source that sends with it.
    name: String,
    scope: Scope,
}

/// A key with its token, which is shown this once.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct NewKey {
    #[serde(flatten)]
    key: Key,
    token: String,
}

/// Every key, without its token.
#[utoipa::path(get, path = "/api/v1/keys", responses((status = 200, body = KeyList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<KeyList> {
    Json(KeyList { keys: hub.keys.list() })
}

/// Makes a key.
#[utoipa::path(
    post,
    path = "/api/v1/keys",
    request_body = Wanted,
    responses((status = 201, body = NewKey), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn create(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<NewKey>), Problem> {
    let created = hub.keys.create(&wanted.name, wanted.scope, &holder);
    match created.map_err(|error| Problem::internal(&error))? {
        Created::Key { key, token } => {
            tell(&hub).await;
            Ok((StatusCode::CREATED, Json(NewKey { key, token })))
        }
        Created::NameTaken => {
            let message = format!("there is a key named \"{}\" already", wanted.name);
            Err(Problem::new(StatusCode::CONFLICT, "name_taken", message))
        }
        Created::NameUnusable => {
            let message = format!("a name has 1 to {KEY_NAME_BYTES_MAX} bytes and no control characters");
            Err(Problem::bad_request("bad_name", "name", message))
        }
        Created::TooMany => {
            let message = format!("there are {KEYS_MAX} keys; revoke one that is no longer used");
            Err(Problem::new(StatusCode::CONFLICT, "too_many_keys", message))
        }
    }
}

/// Revokes a key, at once.
#[utoipa::path(
    delete,
    path = "/api/v1/keys/{id}",
    params(("id" = String, Path, description = "The key's id or its name")),
    responses((status = 204), (status = 404, body = Problem))
)]
pub(super) async fn revoke(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let revoked = hub.keys.revoke(&id, &holder).map_err(|error| Problem::internal(&error))?;
    if revoked {
        tell(&hub).await;
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found(format!("there is no key \"{id}\"")))
    }
}
