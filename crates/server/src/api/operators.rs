//! Operators: made, listed, changed and removed by an owner, while the server runs.

use super::extract::Body;
use super::session::{SessionView, begun_as, done};
use crate::audit::tell;
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::operators::{Operator, Role};
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OperatorList {
    operators: Vec<Operator>,
}

/// An operator to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOperator {
    /// With which they sign in, and which stands on all that they change.
    name: String,
    role: Role,
    password: String,
}

/// The first operator, an owner.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstOperator {
    /// From the link that `trama serve` prints while there is no operator.
    token: String,
    name: String,
    password: String,
}

/// What is to be changed of an operator; what is absent stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorChange {
    role: Option<Role>,
    /// All of their sessions end.
    password: Option<String>,
}

/// Everybody who can sign in.
#[utoipa::path(get, path = "/api/v1/operators", responses((status = 200, body = OperatorList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<OperatorList> {
    Json(OperatorList { operators: hub.operators.list() })
}

/// Makes an operator.
#[utoipa::path(
    post,
    path = "/api/v1/operators",
    request_body = NewOperator,
    responses((status = 201, body = Operator), (status = 400, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn add(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Body(wanted): Body<NewOperator>,
) -> Result<(StatusCode, Json<Operator>), Problem> {
    let added = hub.operators.add(&wanted.name, wanted.role, &wanted.password, &holder).await;
    let operator = done(added.map_err(|error| Problem::internal(&error))?, &wanted.name)?;
    tell(&hub).await;
    Ok((StatusCode::CREATED, Json(operator)))
}

/// Makes the first operator, an owner, and signs them in.
#[utoipa::path(
    post,
    path = "/api/v1/operators/first",
    request_body = FirstOperator,
    responses((status = 201, body = SessionView), (status = 400, body = Problem), (status = 403, body = Problem))
)]
pub(super) async fn add_first(
    State(hub): State<Arc<Hub>>,
    Body(wanted): Body<FirstOperator>,
) -> Result<Response, Problem> {
    let added = hub.operators.add_first(&wanted.token, &wanted.name, &wanted.password).await;
    let operator = done(added.map_err(|error| Problem::internal(&error))?, &wanted.name)?;
    tell(&hub).await;
    let begun = hub.operators.begin(&operator.name, clock::now());
    let (session, token) = begun.map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::CREATED, begun_as(&hub, &session, &token).await).into_response())
}

/// Changes an operator's role or password.
#[utoipa::path(
    put,
    path = "/api/v1/operators/{name}",
    params(("name" = String, Path, description = "The operator's name")),
    request_body = OperatorChange,
    responses(
        (status = 200, body = Operator),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn change(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
    Body(wanted): Body<OperatorChange>,
) -> Result<Json<Operator>, Problem> {
    let changed = hub.operators.set(&name, wanted.role, wanted.password.as_deref(), &holder).await;
    let operator = done(changed.map_err(|error| Problem::internal(&error))?, &name)?;
    tell(&hub).await;
    Ok(Json(operator))
}

/// Removes an operator, and ends all of their sessions.
#[utoipa::path(
    delete,
    path = "/api/v1/operators/{name}",
    params(("name" = String, Path, description = "The operator's name")),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let removed = hub.operators.remove(&name, &holder).map_err(|error| Problem::internal(&error))?;
    done(removed, &name)?;
    tell(&hub).await;
    Ok(StatusCode::NO_CONTENT)
}
