//! Suppressions: addresses that get nothing, whatever the consent.

use super::address::{Address, IdentifierView};
use super::consents::{Recorded, hash};
use super::extract::{Body, Limit, Query};
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::Seq;
use engine::engine::Engine;
use engine::record::{Identifier, Record, SuppressionStated};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A blocked address.
#[derive(Serialize, utoipa::ToSchema)]
struct SuppressionView {
    #[serde(flatten)]
    identifier: IdentifierView,
    reason: String,
    stated_at: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SuppressionList {
    suppressions: Vec<SuppressionView>,
}

/// An address to be blocked.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SuppressionStatement {
    /// `type:value`, such as `email:ada@example.com`.
    address: String,
    /// Why; shown with every message that is not sent for it.
    #[serde(default)]
    reason: String,
}

/// Blocked addresses, newest first.
#[utoipa::path(get, path = "/api/v1/suppressions", params(Limit), responses((status = 200, body = SuppressionList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>, Query(limit): Query<Limit>) -> Json<SuppressionList> {
    let read = move |engine: &Engine| {
        let mut newest: Vec<_> = engine.suppressions().collect();
        newest.sort_by_key(|suppression| std::cmp::Reverse(suppression.stated_at));
        let views = newest.into_iter().take(limit.count()).map(|suppression| SuppressionView {
            identifier: IdentifierView::new(suppression.kind, &suppression.value),
            reason: suppression.reason.clone(),
            stated_at: suppression.stated_at.to_string(),
        });
        views.collect()
    };
    Json(SuppressionList { suppressions: hub.runtime.read(read).await })
}

/// Blocks an address.
#[utoipa::path(
    post,
    path = "/api/v1/suppressions",
    request_body = SuppressionStatement,
    responses((status = 200, body = Recorded), (status = 400, body = Problem))
)]
pub(super) async fn suppress(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Body(statement): Body<SuppressionStatement>,
) -> Result<Json<Recorded>, Problem> {
    let reason = if statement.reason.is_empty() { "manual" } else { &statement.reason };
    let address = Address::parse("address", &statement.address)?;
    Ok(Recorded::at(record((&hub, &holder), &address, false, reason).await?))
}

/// Ends the block of an address.
#[utoipa::path(
    delete,
    path = "/api/v1/suppressions/{address}",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`")),
    responses((status = 200, body = Recorded), (status = 404, body = Problem))
)]
pub(super) async fn lift(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(address): Path<String>,
) -> Result<Json<Recorded>, Problem> {
    let address = Address::parse("address", &address)?;
    let (kind, value) = (address.kind, address.value.clone());
    let blocked = hub.runtime.read(move |engine| engine.suppression(kind, &value).is_some()).await;
    if !blocked {
        return Err(Problem::not_found(format!("{} is not suppressed", address.shown())));
    }
    Ok(Recorded::at(record((&hub, &holder), &address, true, "").await?))
}

async fn record(
    (hub, holder): (&Hub, &Holder),
    address: &Address,
    lifted: bool,
    reason: &str,
) -> Result<Seq, Problem> {
    let hash = hash(hub, address).await;
    let identifier = Identifier { kind: address.kind, hash, value: &address.value };
    let stated_at = clock::now();
    let stated = SuppressionStated { identifier, lifted, stated_at, reason };
    hub.act(holder, &Record::SuppressionStated(stated)).await
}
