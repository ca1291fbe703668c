//! Questions to everybody, put to slices of profiles by as many threads as there are cores. Whoever calls it holds the
//! engine for reading, so that the answer is that of one instant.

use engine::at::At;
use engine::engine::{Engine, Preview, Question, Unanswered};
use engine::segment::cutoff::Cutoff;
use engine::segment::ranking::Ranking;
use engine::segment::scan::Members;
use engine::segment::survey::{Numbers, Survey};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Who matches an expression at an instant that is not before the engine's.
pub fn preview(engine: &Engine, expression: &str, now: At) -> Result<Preview, Unanswered> {
    let question = question(engine, expression, now)?;
    let scan = engine.scan(&question, now);
    Ok(Preview::of(each(scan.slices(), |slice| scan.slice(slice)).into_iter()))
}

/// The same, each slice of people by itself, in their order.
pub fn members(engine: &Engine, expression: &str, now: At) -> Result<Vec<Members>, Unanswered> {
    let question = question(engine, expression, now)?;
    let scan = engine.scan(&question, now);
    Ok(each(scan.slices(), |slice| scan.slice(slice)))
}

/// An expression that is ready to be put to people at an instant: everybody is ranked first, where it asks for that.
pub fn question(engine: &Engine, expression: &str, now: At) -> Result<Question, Unanswered> {
    let question = engine.question(expression)?;
    let ranked = cutoffs(&engine.ranking_of(&question, now));
    Ok(engine.with_cutoffs(question, ranked))
}

/// The cut-offs that a ranking of everybody gives.
pub fn cutoffs(ranking: &Ranking<'_>) -> Vec<Cutoff> {
    let of = |figure| {
        let everybody = each(ranking.slices(), |slice| ranking.slice(figure, slice)).concat();
        ranking.cutoffs(figure, everybody)
    };
    (0..ranking.figures()).flat_map(of).collect()
}

/// Asks those of a survey: how many take part, and the numbers of about so many of them.
pub fn survey(survey: &Survey<'_>, most: u64) -> (u64, Vec<Numbers>) {
    let scan = survey.people();
    let members = each(scan.slices(), |slice| scan.slice(slice));
    let people = members.iter().map(Members::count).sum();
    let numbers = each(members.len(), |slice| survey.numbers(&members[slice], people, most));
    (people, numbers.concat())
}

/// Asks every slice, and gives the answers in order.
fn each<T: Send>(slices: usize, ask: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let next = AtomicUsize::new(0);
    let take = || {
        let mut found = Vec::new();
        loop {
            let slice = next.fetch_add(1, Ordering::Relaxed);
            if slice >= slices {
                return found;
            }
            found.push((slice, ask(slice)));
        }
    };
    let mut found = thread::scope(|scope| {
        let helpers: Vec<_> = (1..cores.min(slices)).map(|_| scope.spawn(take)).collect();
        let mut found = take();
        for helper in helpers {
            found.extend(helper.join().expect("invariant: a scan does not panic"));
        }
        found
    });
    found.sort_by_key(|(slice, _)| *slice);
    found.into_iter().map(|(_, answer)| answer).collect()
}
