//! A question to everybody, put to slices of profiles by as many threads as there are cores. Whoever calls it holds the
//! engine for reading, so that the answer is that of one instant.

use engine::at::At;
use engine::engine::{Engine, Preview, Unanswered};
use engine::segment::scan::{Members, Scan};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Who matches an expression at an instant that is not before the engine's.
pub fn preview(engine: &Engine, expression: &str, now: At) -> Result<Preview, Unanswered> {
    let question = engine.question(expression)?;
    let scan = engine.scan(&question, now);
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let mut found = thread::scope(|scope| {
        let helpers: Vec<_> =
            (1..cores.min(scan.slices())).map(|_| scope.spawn(|| take_slices(&scan, &next))).collect();
        let mut found = take_slices(&scan, &next);
        for helper in helpers {
            found.extend(helper.join().expect("invariant: a scan does not panic"));
        }
        found
    });
    found.sort_by_key(|(slice, _)| *slice);
    Ok(Preview::of(found.into_iter().map(|(_, members)| members)))
}

fn take_slices(scan: &Scan<'_>, next: &AtomicUsize) -> Vec<(usize, Members)> {
    let mut found = Vec::new();
    loop {
        let slice = next.fetch_add(1, Ordering::Relaxed);
        if slice >= scan.slices() {
            return found;
        }
        found.push((slice, scan.slice(slice)));
    }
}
