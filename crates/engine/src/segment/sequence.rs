//! One event after another: `did A then B within D`, and `then not C within D` at the end.
//!
//! One walk over the events of all the deeds, newest first. Each step remembers its success nearest to the walk: the event
//! from which on the rest of the sequence succeeds. An event of the step before succeeds with it if it is soon enough;
//! one that lies further on succeeds no earlier. What must not follow may still come until its time is over, and that
//! instant is when the truth could change by itself. The walk ends where it holds, or where the window does.

use super::eval::{Moment, Verdict, passes};
use super::rule::{DeedRule, SequenceRule, ThenRule};
use crate::at::{At, Span};
use crate::history::View;

/// An event from which on the rest of a sequence succeeds.
#[derive(Clone, Copy)]
struct Success {
    second: u32,
    /// When it does if nothing happens; in the past where it has.
    from: At,
}

/// A deed of the sequence, and how soon it follows the one before it.
struct Step<'a> {
    deed: &'a DeedRule,
    within: Option<Span>,
    lane: usize,
    nearest: Option<Success>,
}

/// The events of one name, as far as they are not walked yet.
struct Lane<'a> {
    view: View<'a>,
    from: usize,
    to: usize,
}

/// Evaluates a sequence.
pub(super) fn sequence(rule: &SequenceRule, moment: &Moment<'_>) -> Verdict {
    let (mut steps, mut lanes) = (Vec::new(), Vec::new());
    add(&mut steps, &mut lanes, &rule.first, None, moment);
    for ThenRule { deed, within } in rule.then.iter().chain(&rule.then_not) {
        add(&mut steps, &mut lanes, deed, *within, moment);
    }
    let wanted = 1 + rule.then.len();
    let empty = |step: &Step<'_>| lanes[step.lane].from >= lanes[step.lane].to;
    if steps[..wanted].iter().any(empty) {
        return Verdict::always(false);
    }
    let start = rule.bounds.start(moment.now);
    let mut entry = 0;
    if rule.bounds.since_entry {
        entry = lanes[0].view.since(moment.entry);
    }
    let (mut pending, mut changes) = (At::MAX, At::MAX);
    while let Some(lane) = back(&mut lanes) {
        let Lane { view, to: index, .. } = lanes[lane];
        let second = view.times()[index];
        if second <= start {
            break;
        }
        // A step is asked before the one after it, which then still has what is later than this event.
        for place in 0..steps.len() {
            let step = &steps[place];
            let is_outside = place == 0 && (second >= rule.bounds.before || index < entry);
            if step.lane != lane || is_outside {
                continue;
            }
            let from = if place < wanted { succeeds(&steps, place, wanted, second) } else { Some(At::MIN) };
            let event = passes(step.deed, view, index, moment.history, moment.now);
            // What is compared with today may change what was walked, and nothing else does.
            changes = changes.min(event.until);
            let Some(from) = from.filter(|_| event.holds) else {
                continue;
            };
            if place == 0 && from <= moment.now {
                return Verdict { holds: true, until: rule.bounds.expiry(second).min(pending).min(changes) };
            }
            if place == 0 {
                pending = from;
            }
            steps[place].nearest = Some(Success { second, from });
        }
    }
    Verdict { holds: false, until: pending.min(changes) }
}

fn add<'a>(
    steps: &mut Vec<Step<'a>>,
    lanes: &mut Vec<Lane<'a>>,
    deed: &'a DeedRule,
    within: Option<Span>,
    moment: &Moment<'a>,
) {
    let same = steps.iter().find(|step| step.deed.event == deed.event);
    let lane = same.map_or(lanes.len(), |step| step.lane);
    if lane == lanes.len() {
        let view = moment.history.of(deed.event, moment.id);
        lanes.push(Lane { view, from: view.since(moment.since), to: view.len() });
    }
    steps.push(Step { deed, within, lane, nearest: None });
}

/// Takes a step back; the lane whose event is now the last that was walked.
fn back(lanes: &mut [Lane<'_>]) -> Option<usize> {
    let mut newest: Option<usize> = None;
    for (number, lane) in lanes.iter().enumerate() {
        if lane.from < lane.to && newest.is_none_or(|newest| is_after(lane, &lanes[newest])) {
            newest = Some(number);
        }
    }
    lanes[newest?].to -= 1;
    newest
}

/// Whether one lane's last event is later than another's.
fn is_after(one: &Lane<'_>, two: &Lane<'_>) -> bool {
    let (first, second) = (one.to - 1, two.to - 1);
    let (at, other) = (one.view.times()[first], two.view.times()[second]);
    at > other || (at == other && one.view.seq(first) > two.view.seq(second))
}

/// From when on the rest of the sequence succeeds with an event of a step, if it does.
fn succeeds(steps: &[Step<'_>], place: usize, wanted: usize, second: u32) -> Option<At> {
    let Some(next) = steps.get(place + 1) else { return Some(At::MIN) };
    let follows = next.nearest.filter(|success| {
        next.within.is_none_or(|span| At::of_second(success.second) <= At::of_second(second).plus(span))
    });
    if place + 1 < wanted {
        return follows.map(|success| success.from);
    }
    match follows {
        Some(_) => None,
        None => Some(next.within.map_or(At::MIN, |span| At::of_second(second).plus(span))),
    }
}
