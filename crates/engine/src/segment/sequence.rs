//! One event after another: `did A then B within D`, and `then not C within D` at the end.
//!
//! Looked at from the end: for each event of the last step, whether what must not follow did not; then, step by step to
//! the front, whether one that succeeds follows soon enough. Of those that follow, the first that succeeds decides. What
//! must not follow may still come until its time is over, and that instant is when the truth could change by itself.

use super::eval::{Moment, Verdict, Window};
use super::rule::{Bounds, DeedRule, SequenceRule, ThenRule};
use crate::at::{At, Span};
use crate::history::View;

/// An event at which the rest of a sequence succeeds, from some instant on if nothing happens.
#[derive(Clone, Copy)]
struct Success {
    second: u32,
    index: usize,
    /// In the past for one that has succeeded already.
    from: At,
}

/// Evaluates a sequence.
pub(super) fn sequence(rule: &SequenceRule, moment: &Moment<'_>) -> Verdict {
    let last = rule.then.last().map_or(&rule.first, |then| &then.deed);
    let mut successes = match (&rule.then_not, rule.then.is_empty()) {
        (Some(not), alone) => {
            let window = window(last, alone.then_some(&rule.bounds), moment);
            unfollowed(last, &window, not, moment)
        }
        (None, alone) => everything(&window(last, alone.then_some(&rule.bounds), moment)),
    };
    for (place, then) in rule.then.iter().enumerate().rev() {
        let before = if place == 0 { &rule.first } else { &rule.then[place - 1].deed };
        let window = window(before, (place == 0).then_some(&rule.bounds), moment);
        successes = followed(before, &window, then, &successes, moment);
    }
    let now = moment.now;
    let holding = successes.iter().filter(|success| success.from <= now).map(|success| success.second).max();
    let pending = successes.iter().map(|success| success.from).filter(|from| *from > now).min();
    let expiry = holding.map_or(At::MAX, |second| rule.bounds.expiry(second));
    Verdict { holds: holding.is_some(), until: expiry.min(pending.unwrap_or(At::MAX)) }
}

fn window<'a>(deed: &'a DeedRule, bounds: Option<&Bounds>, moment: &Moment<'a>) -> Window<'a> {
    let ever = Bounds::EVER;
    Window::of(deed, bounds.unwrap_or(&ever), moment.history.of(deed.event, moment.id), moment)
}

fn everything(window: &Window<'_>) -> Vec<Success> {
    let passing = window.range.clone().filter(|index| window.passes(*index));
    passing.map(|index| Success { second: window.view.times()[index], index, from: At::MIN }).collect()
}

/// The events after which nothing of a kind came in time, or may still come.
fn unfollowed(deed: &DeedRule, window: &Window<'_>, not: &ThenRule, moment: &Moment<'_>) -> Vec<Success> {
    let unwanted = everything(&self::window(&not.deed, None, moment));
    let mut successes = everything(window);
    successes.retain_mut(|success| {
        let next = next(deed, window.view, *success, &not.deed, &unwanted, moment);
        success.from = match not.within {
            Some(span) => At::of_second(success.second).plus(span),
            None => At::MIN,
        };
        next.is_none_or(|next| !is_in_time(*success, next, not.within))
    });
    successes
}

/// The events that one of the successes follows in time.
fn followed(
    deed: &DeedRule,
    window: &Window<'_>,
    then: &ThenRule,
    successes: &[Success],
    moment: &Moment<'_>,
) -> Vec<Success> {
    let mut found = everything(window);
    found.retain_mut(|one| {
        // Of those that follow in time, the one that succeeds first.
        let first = place_after(deed, window.view, *one, &then.deed, successes, moment);
        let following = successes[first..].iter().take_while(|next| is_in_time(*one, **next, then.within));
        let from = following.map(|next| next.from).min();
        one.from = from.unwrap_or(At::MAX);
        from.is_some()
    });
    found
}

fn is_in_time(one: Success, next: Success, within: Option<Span>) -> bool {
    within.is_none_or(|span| At::of_second(next.second) <= At::of_second(one.second).plus(span))
}

fn next(
    deed: &DeedRule,
    view: View<'_>,
    one: Success,
    then: &DeedRule,
    others: &[Success],
    moment: &Moment<'_>,
) -> Option<Success> {
    others.get(place_after(deed, view, one, then, others, moment)).copied()
}

/// The place of the first of the others that is later than an event: in a later second, or later in the log.
fn place_after(
    deed: &DeedRule,
    view: View<'_>,
    one: Success,
    then: &DeedRule,
    others: &[Success],
    moment: &Moment<'_>,
) -> usize {
    let first = others.partition_point(|other| other.second < one.second);
    if others.get(first).is_none_or(|other| other.second > one.second) {
        return first;
    }
    let (theirs, seq) = (moment.history.of(then.event, moment.id), view.fact(one.index).seq);
    let is_later = |other: &Success| {
        if deed.event == then.event { other.index > one.index } else { theirs.fact(other.index).seq > seq }
    };
    let rest = &others[first..];
    first + rest.iter().take_while(|other| other.second == one.second && !is_later(other)).count()
}
