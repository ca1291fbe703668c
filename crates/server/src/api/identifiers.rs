//! Identifiers that name nobody, since too many registered people came with them.

use super::address::{Address, IdentifierView};
use super::consents::{Recorded, hash};
use super::extract::{Limit, Query};
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::engine::Engine;
use engine::record::{Identifier, IdentifierLifted, Record};
use serde::Serialize;
use std::sync::Arc;

/// An identifier that joins nobody any more.
#[derive(Serialize, utoipa::ToSchema)]
struct BlockedView {
    #[serde(flatten)]
    identifier: IdentifierView,
    /// Different `user_id`s that had come with it.
    users: u32,
    at: String,
    /// Place in the log of the record with which it was one too many.
    seq: u64,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct BlockedList {
    identifiers: Vec<BlockedView>,
}

/// Identifiers that are blocked since too many registered people came with them, newest first. What the programme blocks
/// is in the programme.
#[utoipa::path(
    get,
    path = "/api/v1/identifiers/blocked",
    params(Limit),
    responses((status = 200, body = BlockedList))
)]
pub(super) async fn list(State(hub): State<Arc<Hub>>, Query(limit): Query<Limit>) -> Json<BlockedList> {
    let read = move |engine: &Engine| {
        let mut newest: Vec<_> = engine.blocked_identifiers().collect();
        newest.sort_by_key(|blocked| std::cmp::Reverse(blocked.seq));
        let views = newest.into_iter().take(limit.count()).map(|blocked| BlockedView {
            identifier: IdentifierView::new(blocked.kind, &blocked.value),
            users: blocked.users,
            at: blocked.at.to_string(),
            seq: blocked.seq.0,
        });
        views.collect()
    };
    Json(BlockedList { identifiers: hub.runtime.read(read).await })
}

/// Says that an identifier names one person after all. Who comes with it is counted anew.
#[utoipa::path(
    delete,
    path = "/api/v1/identifiers/blocked/{address}",
    params(("address" = String, Path, description = "`type:value`, such as `anonymous_id:kiosk-1`")),
    responses((status = 200, body = Recorded), (status = 404, body = Problem))
)]
pub(super) async fn lift(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(address): Path<String>,
) -> Result<Json<Recorded>, Problem> {
    let address = Address::parse("address", &address)?;
    let hash = hash(&hub, &address).await;
    let lifted = IdentifierLifted {
        identifier: Identifier { kind: address.kind, hash, value: &address.value },
        lifted_at: clock::now(),
        operator: &holder.name,
    };
    Ok(Recorded::at(hub.act(&holder, &Record::IdentifierLifted(lifted)).await?))
}
