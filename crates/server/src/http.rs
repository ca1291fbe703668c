//! Everything that this server answers on its one port, put together.

use crate::access::{Permission, guard};
use crate::api;
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// All routes of a server.
pub fn router(hub: &Arc<Hub>) -> Router {
    let guarded = middleware::from_fn_with_state((Arc::clone(hub), Permission::ReadOrLocal), guard);
    Router::new()
        .route("/metrics", get(metrics).route_layer(guarded))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .merge(api::router(hub))
        .fallback(nothing_here)
        .with_state(Arc::clone(hub))
}

/// The process is alive. Open to everybody: whoever probes has no token, and learns nothing from it.
async fn healthy() -> &'static str {
    "ok\n"
}

/// Requests are welcome.
async fn ready(State(hub): State<Arc<Hub>>) -> (StatusCode, &'static str) {
    if hub.stopping.load(Ordering::Relaxed) {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else if hub.runtime.is_overloaded() {
        (StatusCode::SERVICE_UNAVAILABLE, "overloaded\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

async fn metrics(State(hub): State<Arc<Hub>>) -> impl IntoResponse {
    let (runtime, figures) = (hub.runtime.clone(), Arc::clone(&hub.metrics));
    let text = hub.runtime.read(move |engine| figures.text(engine, runtime.progress_of(engine))).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text)
}

async fn nothing_here() -> Problem {
    Problem::not_found("there is nothing at this address")
}
