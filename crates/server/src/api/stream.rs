//! What consoles follow: how far everything has come, and each programme that is made live, as server-sent events.
//!
//! It wakes when something becomes durable, and then rests for a moment, so that a window is told four times a second at
//! most. Nothing is replayed: whoever comes back is told how things stand now.

use super::{status, versions};
use crate::hub::Hub;
use crate::limits::{CHANGES_WAITING, FOLLOWER_SILENCE_MAX, STREAM_REST};
use crate::problem::Problem;
use async_channel::Sender;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

type ToClient = Sender<Result<Event, Infallible>>;

/// How things stand and each programme that is made live, without an end. `status` is the first event, and comes again when
/// anything changed, four times a second at most; its data is the answer of `/api/v1/status`. `programme` comes for each
/// version of the programme; its data is an entry of `/api/v1/programme/versions`.
#[utoipa::path(
    get,
    path = "/api/v1/stream",
    responses((status = 200, content_type = "text/event-stream", body = status::StatusView), (status = 503, body = Problem))
)]
pub(super) async fn follow(State(hub): State<Arc<Hub>>) -> Result<Response, Problem> {
    let permit = Arc::clone(&hub.followers).try_acquire_owned().map_err(|_| {
        let message = "as many windows and programs follow this server as may; let one of them end";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_followers", message)
    })?;
    let (to_client, events) = async_channel::bounded(CHANGES_WAITING);
    tokio::spawn(send(hub, to_client, permit));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(FOLLOWER_SILENCE_MAX)).into_response())
}

/// Sends until the client has gone or the server stops.
async fn send(hub: Arc<Hub>, to_client: ToClient, _permit: OwnedSemaphorePermit) {
    let (mut durable, mut stopping) = (hub.runtime.durable(), hub.stopping.subscribe());
    let mut revision = None;
    loop {
        let seen = *durable.borrow_and_update();
        let status = status::now(&hub).await;
        let newest = status.revision();
        let mut told = told(&to_client, "status", &status).await;
        if let Some(before) = revision.replace(newest).filter(|before| *before < newest) {
            for version in versions::newer_than(&hub, before).await.unwrap_or_default() {
                told = told && self::told(&to_client, "programme", &version).await;
            }
        }
        if !told {
            return;
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = to_client.closed() => return,
            () = tokio::time::sleep(STREAM_REST) => {}
        }
        tokio::select! {
            _ = durable.wait_for(|durable| *durable > seen) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = to_client.closed() => return,
        }
    }
}

/// Whether the client is still there to be told.
async fn told(to_client: &ToClient, name: &str, what: &impl Serialize) -> bool {
    let event = Event::default().event(name).json_data(what).expect("invariant: it is plain JSON");
    to_client.send(Ok(event)).await.is_ok()
}
