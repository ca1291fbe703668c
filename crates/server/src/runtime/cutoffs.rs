//! Cut-offs: ranks everybody when that is due, and submits what was found as a record. A task of the server, which owns
//! it; it wakes for that instant, when another one takes its place, and for the stop.

use super::{Runtime, scan};
use crate::clock;
use crate::limits::CLOCK_TRUST;
use engine::engine::Engine;
use engine::record::{CutoffsStated, Record};
use engine::segment::cutoff::Cutoff;
use std::time::Instant;
use tokio::sync::oneshot;

/// States cut-offs until the stop.
pub async fn run(runtime: Runtime, mut stop: oneshot::Receiver<()>) {
    let mut due = runtime.shared.cutoffs_due.subscribe();
    loop {
        let next = *due.borrow_and_update();
        let rest = next.map_or(CLOCK_TRUST, clock::until).min(CLOCK_TRUST);
        tokio::select! {
            _ = &mut stop => return,
            changed = due.changed() => changed.expect("invariant: the sender lives as long as the runtime"),
            () = tokio::time::sleep(rest), if next.is_some() => {
                if next.is_some_and(|due| due <= clock::now()) && !state(&runtime).await {
                    return;
                }
            }
        }
    }
}

/// Ranks a copy of the engine, which copies nothing at once, so that nobody waits meanwhile. Whether more may follow.
async fn state(runtime: &Runtime) -> bool {
    let begun = Instant::now();
    let engine = runtime.read(Engine::clone).await;
    let stated_at = clock::now().max(engine.at());
    let ranked = tokio::task::spawn_blocking(move || scan::cutoffs(&engine.ranking(stated_at))).await;
    let ranked = ranked.expect("invariant: a ranking does not panic");
    let took_ms = begun.elapsed().as_millis() as u64;
    let cutoffs = ranked.iter().map(Cutoff::as_stated).collect();
    let record = Record::CutoffsStated(CutoffsStated { stated_at, cutoffs });
    // Only a stop is in the way of a record of our own.
    let is_stated = runtime.record(&record).await.is_ok();
    tracing::info!(shares = ranked.len(), took_ms, is_stated, "everybody was ranked");
    is_stated
}
