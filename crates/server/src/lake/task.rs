//! Brings the lake up to the log in turn. A task of the server, which owns it; it wakes when the keeper has rested, and for
//! the stop.

use crate::hub::Hub;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Refreshes until the stop.
pub async fn run(hub: Arc<Hub>, mut stop: oneshot::Receiver<()>) {
    let mut is_failing = false;
    loop {
        tokio::select! {
            _ = &mut stop => break,
            () = tokio::time::sleep(hub.lake.rest()) => {}
        }
        let refreshing = hub.lake.refresh(&hub.runtime, &hub.log);
        let refreshed = tokio::select! {
            _ = &mut stop => break,
            refreshed = refreshing => refreshed,
        };
        match refreshed {
            Ok(()) => is_failing = false,
            // Once, and not every time that it is tried: the status tells it all along.
            Err(why) if !is_failing => {
                tracing::warn!(why, "the lake does not get on; this is tried again");
                is_failing = true;
            }
            Err(_) => {}
        }
    }
    hub.lake.stop();
}
