//! Clusters: looks at everybody when that is due, and submits what was found as a record. A task of the server, which owns
//! it; it wakes for that instant, when another one takes its place, and for the stop. An operator may ask for it as well.

use super::{NotTaken, Runtime, scan};
use crate::clock;
use crate::limits::CLOCK_TRUST;
use engine::engine::Engine;
use eventlog::sequencer::Outcome;
use measure::clusters::Search;
use std::time::Instant;
use tokio::sync::oneshot;

/// States clusters until the stop.
pub async fn run(runtime: Runtime, mut stop: oneshot::Receiver<()>) {
    let mut due = runtime.shared.clusters_due.subscribe();
    loop {
        let next = *due.borrow_and_update();
        let rest = next.map_or(CLOCK_TRUST, clock::until).min(CLOCK_TRUST);
        tokio::select! {
            _ = &mut stop => return,
            changed = due.changed() => changed.expect("invariant: the sender lives as long as the runtime"),
            () = tokio::time::sleep(rest), if next.is_some() => {
                if !state_due(&runtime).await {
                    // It would be refused again at once: another programme, or time, has to come first.
                    tokio::select! {
                        _ = &mut stop => return,
                        changed = due.changed() => changed.expect("invariant: as above"),
                        () = tokio::time::sleep(CLOCK_TRUST) => {}
                    }
                }
            }
        }
    }
}

/// States those of every set that are due; whether the engine took them.
async fn state_due(runtime: &Runtime) -> bool {
    let due = runtime.read(|engine| engine.cluster_sets_due(clock::now())).await;
    for set in due {
        match state(runtime, set.clone()).await {
            Ok(Some(Outcome::Applied(_))) => {}
            Ok(Some(Outcome::Refused(refusal))) => {
                tracing::warn!(set, %refusal, "clusters were not taken");
                return false;
            }
            _ => return false,
        }
    }
    true
}

/// Looks for the clusters of a set on a copy of the engine, which copies nothing at once, so that nobody waits meanwhile,
/// and states what comes of it. None where the programme has no such set.
pub async fn state(runtime: &Runtime, set: String) -> Result<Option<Outcome>, NotTaken> {
    let _held = runtime.shared.search.lock().await;
    let begun = Instant::now();
    let engine = runtime.read(Engine::clone).await;
    let searching = tokio::task::spawn_blocking(move || {
        let now = clock::now().max(engine.at());
        let search = Search::begin(&engine, &set, now, scan::survey)?;
        drop(engine);
        let finding = search.end();
        Some((search, finding))
    });
    let Some((search, finding)) = searching.await.expect("invariant: a search does not panic") else {
        return Ok(None);
    };
    let took_ms = begun.elapsed().as_millis() as u64;
    let outcome = runtime.record(&search.stated(finding)).await?;
    tracing::info!(took_ms, ?outcome, "clusters were looked for");
    Ok(Some(outcome))
}
