//! Sends reports when they are due. A task of the server, which owns it; it wakes for the next of them, at least once a minute,
//! and for the stop.
//!
//! That a report begins to leave is on the disk before anything is handed over, and the engine takes that once for each time of
//! the schedule. So neither a restart nor a crash sends a second one; what a crash cut off shows as `begun`.

use super::sending::{Handed, TRIES_AFTER, email, hand_over, written};
use crate::clock;
use crate::hub::Hub;
use crate::limits::CLOCK_TRUST;
use engine::at::At;
use engine::engine::Engine;
use engine::record::{Record, ReportProgress, ReportSent};
use eventlog::sequencer::Outcome;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Sends what is due until the stop.
pub(crate) async fn run(hub: Arc<Hub>, mut stop: oneshot::Receiver<()>) {
    let mut changed = hub.runtime.reports_due();
    loop {
        changed.mark_unchanged();
        let now = clock::now();
        let (due, next) = hub.runtime.read(move |engine| (due(engine, now), engine.reports_due())).await;
        for (name, due_at) in due {
            // Never cut off: what began to leave is told to the end, which the stop of the server waits for.
            send(&hub, &name, due_at).await;
        }
        // What could not leave is looked at again in a while.
        let rest = next.filter(|next| *next > now).map_or(CLOCK_TRUST, clock::until).min(CLOCK_TRUST);
        tokio::select! {
            _ = &mut stop => return,
            changed = changed.changed() => changed.expect("invariant: the hub holds its sender"),
            () = tokio::time::sleep(rest) => {}
        }
    }
}

fn due(engine: &Engine, now: At) -> Vec<(String, At)> {
    let names = engine.programme().reports.keys();
    names.filter_map(|name| Some((name.clone(), engine.report_missed(name, now)?))).collect()
}

async fn send(hub: &Hub, name: &str, due_at: At) {
    if let Err(why) = email(hub) {
        return tracing::warn!(report = name, "a report is due and cannot leave: {why:#}");
    }
    let (report, written) = match written(hub, name, due_at).await {
        Ok(written) => written,
        Err(why) => return tracing::warn!(report = name, "a report is due and cannot be written: {why:#}"),
    };
    if !tell(hub, name, due_at, ReportProgress::Begun, 0).await {
        return;
    }
    let id = format!("report-{name}-{}", due_at.0);
    let Handed { taken, refused } = hand_over(hub, &report, &written, (&id, due_at), &TRIES_AFTER).await;
    for (to, why) in &refused {
        tracing::warn!(report = name, to, "a report did not reach a recipient: {why}");
    }
    let progress = if refused.is_empty() { ReportProgress::Sent } else { ReportProgress::Failed };
    tell(hub, name, due_at, progress, taken).await;
    tracing::info!(report = name, taken, "a report was sent");
}

/// Puts on record how far a report came. Whether the engine takes it.
async fn tell(hub: &Hub, name: &str, due_at: At, progress: ReportProgress, taken: u32) -> bool {
    let sent = ReportSent { report: name, due_at, progress, told_at: clock::now(), taken };
    matches!(hub.runtime.record(&Record::ReportSent(sent)).await, Ok(Outcome::Applied(_)))
}
