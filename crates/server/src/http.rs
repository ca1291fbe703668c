//! Everything that this server answers on its one port, put together.

use crate::access::{Permission, Rights, guard};
use crate::api;
use crate::clock;
use crate::collect::door::Door;
use crate::collect::routes::{Collect, routes};
use crate::console;
use crate::hub::Hub;
use crate::keys::Scope;
use crate::problem::Problem;
use crate::public;
use crate::runtime::Runtime;
use crate::site;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::get;
use std::sync::Arc;

/// All routes of a server.
pub fn router(hub: &Arc<Hub>) -> Router {
    let guarded = middleware::from_fn_with_state((Arc::clone(hub), Permission::ReadOrLocal), guard);
    Router::new()
        .route("/metrics", get(metrics).route_layer(guarded))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .merge(console::routes())
        .merge(api::router(hub))
        .merge(public::router(hub))
        .merge(site::router())
        .with_state(Arc::clone(hub))
        .merge(routes(tracking(hub)))
        .fallback(nothing_here)
}

/// The tracking API, which knows of this server only what it needs.
fn tracking(hub: &Arc<Hub>) -> Arc<Collect<Runtime>> {
    let hash_key = hub.runtime.read_blocking(|engine| engine.installed().map(|installed| installed.hash_key));
    let door = Door::new(hash_key.expect("invariant: the first record installs"));
    let keys = Arc::clone(hub);
    let source_of = move |key: &str| {
        let holder = keys.keys.holder(key).filter(|holder| holder.rights == Rights::Key(Scope::Write))?;
        Some(Arc::from(holder.name))
    };
    Arc::new(Collect::new(door, hub.runtime.clone(), Box::new(source_of), clock::now))
}

/// The process is alive. Open to everybody: whoever probes has no token, and learns nothing from it.
async fn healthy() -> &'static str {
    "ok\n"
}

/// Requests are welcome.
async fn ready(State(hub): State<Arc<Hub>>) -> (StatusCode, &'static str) {
    if *hub.stopping.borrow() {
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
