//! Funnels: how many people went how far through some steps, one after the other, within a time of the first.
//!
//! Exact, person by person: whoever could count as further by beginning at another of their first steps does.

use engine::ProfileId;
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::record::{Event, EventFlags, EventKind, Record};
use std::collections::BTreeMap;

/// What people did of the steps.
pub struct Funnel<'a> {
    engine: &'a Engine,
    steps: Vec<String>,
    within: Span,
    /// The first step lies at or after the one instant, and before the other.
    during: (At, At),
    /// By person: what they did that is a step, by the number of the first step of that name.
    done: BTreeMap<ProfileId, Vec<(At, usize)>>,
}

impl<'a> Funnel<'a> {
    pub fn new(engine: &'a Engine, steps: Vec<String>, within: Span, during: (At, At)) -> Self {
        Self { engine, steps, within, during, done: BTreeMap::new() }
    }

    pub fn observe(&mut self, record: &Record<'_>) {
        let Record::Event(event) = record else { return };
        if event.flags.has(EventFlags::BOT) || !is_done(event) || event.occurred_at < self.during.0 {
            return;
        }
        let Some(step) = self.steps.iter().position(|step| step == event.name) else { return };
        let owner = event.identifiers.iter().find_map(|one| self.engine.named(one));
        if let Some(owner) = owner.filter(|id| self.engine.profile(*id).is_some()) {
            self.done.entry(owner).or_default().push((event.occurred_at, step));
        }
    }

    /// How many people reached each step, and those before it.
    pub fn counts(mut self, is_asked: impl Fn(ProfileId) -> bool) -> Vec<u64> {
        let mut counts = vec![0; self.steps.len()];
        for (person, done) in &mut self.done {
            if is_asked(*person) {
                done.sort_by_key(|(at, _)| *at);
                let depth = depth(&self.steps, done, self.within, self.during.1);
                counts[..depth].iter_mut().for_each(|count| *count += 1);
            }
        }
        counts
    }
}

fn is_done(event: &Event<'_>) -> bool {
    matches!(event.kind, EventKind::Track | EventKind::Page | EventKind::Screen)
}

/// How many steps somebody took one after the other. What happened at the same instant keeps the order of the log.
fn depth(steps: &[String], done: &[(At, usize)], within: Span, before: At) -> usize {
    // For each step: the latest beginning of a way that has come so far. A later one leaves more time.
    let mut begun: Vec<Option<At>> = vec![None; steps.len()];
    let mut depth = 0;
    for (at, name) in done {
        // From the last step back, so that one event takes one step.
        for step in (0..steps.len()).rev().filter(|step| steps[*step] == steps[*name]) {
            let way = match step {
                0 => (*at < before).then_some(*at),
                _ => begun[step - 1].filter(|begin| at.since(*begin) <= within),
            };
            if way.is_some() {
                begun[step] = begun[step].max(way);
                depth = depth.max(step + 1);
            }
        }
    }
    depth
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every choice of events, tried.
    fn slow(steps: &[String], done: &[(At, usize)], within: Span, before: At) -> usize {
        fn further(steps: &[String], done: &[(At, usize)], begin: At, within: Span, step: usize) -> usize {
            let ways = done.iter().enumerate().filter(|(_, (at, name))| {
                step < steps.len() && steps[*name] == steps[step] && at.since(begin) <= within
            });
            ways.map(|(place, _)| further(steps, &done[place + 1..], begin, within, step + 1))
                .max()
                .unwrap_or(step)
        }
        let begins =
            done.iter().enumerate().filter(|(_, (at, name))| steps[*name] == steps[0] && *at < before);
        begins.map(|(place, (at, _))| further(steps, &done[place + 1..], *at, within, 1)).max().unwrap_or(0)
    }

    #[test]
    fn a_funnel_is_what_trying_every_way_gives() {
        let mut state = 7_u64;
        let mut draw = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let names = ["A", "B", "C"];
        let mut reached = [0; 5];
        for _ in 0..2_000 {
            let steps: Vec<String> = (0..1 + draw(4)).map(|_| names[draw(3) as usize].to_owned()).collect();
            let mut at = 0;
            let done: Vec<(At, usize)> = (0..draw(13))
                .filter_map(|_| {
                    at += draw(4) as i64;
                    let name = names[draw(3) as usize];
                    Some((At(at), steps.iter().position(|step| step == name)?))
                })
                .collect();
            let (within, before) = (Span(draw(30) as i64), At(draw(40) as i64));
            let expected = slow(&steps, &done, within, before);
            assert_eq!(
                depth(&steps, &done, within, before),
                expected,
                "{steps:?} {done:?} {within:?} {before:?}"
            );
            reached[expected] += 1;
        }
        assert!(reached.iter().all(|count| *count > 20), "{reached:?}");
    }
}
