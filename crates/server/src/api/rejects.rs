//! Events that were refused at the door, with the reason, so that their sender can be mended.

use super::extract::{Limit, Query};
use crate::hub::Hub;
use axum::Json;
use axum::extract::State;
use engine::engine::Engine;
use serde::Serialize;
use std::sync::Arc;

/// One refused event.
#[derive(Serialize, utoipa::ToSchema)]
struct RejectView {
    /// Place in the log.
    seq: u64,
    received_at: String,
    source: String,
    /// Stable code of the reason.
    code: String,
    /// The field at fault, as a path.
    field: String,
    message: String,
    /// The front of what was sent.
    payload: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RejectList {
    rejects: Vec<RejectView>,
}

/// Refused events, newest first.
#[utoipa::path(get, path = "/api/v1/rejects", params(Limit), responses((status = 200, body = RejectList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>, Query(limit): Query<Limit>) -> Json<RejectList> {
    let read = move |engine: &Engine| {
        let newest = engine.rejects().rev().take(limit.count());
        let views = newest.map(|reject| RejectView {
            seq: reject.seq.0,
            received_at: reject.received_at.to_string(),
            source: reject.source.clone(),
            code: reject.code.clone(),
            field: reject.field.clone(),
            message: reject.message.clone(),
            payload: reject.payload.clone(),
        });
        views.collect()
    };
    Json(RejectList { rejects: hub.runtime.read(read).await })
}
