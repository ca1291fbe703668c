//! The truth of a rule for a profile at an instant, and until when it holds if nothing happens.
//!
//! Every walk is bounded: a count stops at the number it asks for, newest event first, and a window ends the walk at
//! its edge, since a few profiles hold most of the events.

use super::daily::daily;
use super::rule::{Bounds, Condition, DeedRule, DidRule, Measure, Node, Property, Rule};
use super::sequence::sequence;
use super::total::Total;
use crate::ProfileId;
use crate::at::At;
use crate::basis::SoftOptIns;
use crate::governor::Governor;
use crate::history::{History, Since, View};
use crate::offer::{Joined, OfferPhase, Offers};
use crate::profile::Profile;
use crate::programme::Programme;
use crate::state::State;
use crate::truths::Truths;
use crate::value::Map;
use std::collections::BTreeMap;
use std::ops::Range;

/// A truth, and the next instant at which it could change with no new record (`At::MAX` for never).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) holds: bool,
    pub(crate) until: At,
}

/// What evaluation looks at.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) history: &'a History,
    pub(crate) truths: &'a Truths,
    pub(crate) governor: Governor<'a>,
    pub(crate) offers: &'a Offers,
    pub(crate) profile: &'a Profile,
    pub(crate) id: ProfileId,
    pub(crate) now: At,
    /// Only events after this count. [`Since::EVER`] for segments.
    pub(crate) since: Since,
    /// Where the run began, for what is asked `since entry`.
    pub(crate) entry: Since,
    /// Properties of the event that began it.
    pub(crate) event: Map<'a>,
}

/// No expression asks for soft opt-ins: `consented to` is what somebody said.
static NONE: SoftOptIns = SoftOptIns(BTreeMap::new());

impl<'a> Moment<'a> {
    /// A profile now, with everything that it ever did.
    pub(crate) fn of(state: &'a State, programme: &'a Programme, id: ProfileId) -> Self {
        let governor = Governor {
            programme,
            hash_key: state.installed.as_ref().map(|installed| installed.hash_key).unwrap_or_default(),
            suppressions: &state.suppressions,
            soft_opt_ins: &NONE,
            registers: &state.registers,
            now: state.at,
        };
        Self {
            history: &state.history,
            truths: &state.truths,
            governor,
            offers: &state.offers,
            profile: &state.profiles[id.0 as usize],
            id,
            now: state.at,
            since: Since::EVER,
            entry: Since::EVER,
            event: Map::default(),
        }
    }
}

impl Verdict {
    pub(super) fn always(holds: bool) -> Self {
        Self { holds, until: At::MAX }
    }

    /// This, or what else was looked at.
    pub(super) fn or(&mut self, (holds, until): (bool, At)) {
        *self = Self { holds: self.holds || holds, until: self.until.min(until) };
    }

    /// Of being seen. It has no place in the log, so it is since the entry only in a later second.
    fn seen(at: At, bounds: &Bounds, moment: &Moment<'_>) -> Self {
        let second = at.second();
        let expiry = bounds.expiry(second);
        let from = if bounds.since_entry { moment.entry.second + 1 } else { bounds.from };
        let holds = from <= second && second < bounds.before && expiry > moment.now;
        Self { holds, until: if expiry > moment.now { expiry } else { At::MAX } }
    }
}

/// Evaluates a rule.
pub(crate) fn verdict(rule: &Rule, moment: &Moment<'_>) -> Verdict {
    node(&rule.node, moment, &|slot| Verdict::always(moment.truths.is_member(moment.id, slot)))
}

/// Evaluates a part of a rule; what is built on segments asks for each by its slot.
pub(super) fn node(node: &Node, moment: &Moment<'_>, segment: &impl Fn(u16) -> Verdict) -> Verdict {
    match node {
        Node::And(parts) => parts.iter().fold(Verdict::always(true), |all, part| {
            let one = self::node(part, moment, segment);
            Verdict { holds: all.holds && one.holds, until: all.until.min(one.until) }
        }),
        Node::Or(parts) => parts.iter().fold(Verdict::always(false), |any, part| {
            let one = self::node(part, moment, segment);
            Verdict { holds: any.holds || one.holds, until: any.until.min(one.until) }
        }),
        Node::Not(inner) => {
            let verdict = self::node(inner, moment, segment);
            Verdict { holds: !verdict.holds, until: verdict.until }
        }
        Node::Condition(condition) => self::condition(condition, moment),
        Node::InSegment(slot) => slot.map_or(Verdict::always(false), segment),
    }
}

/// Evaluates one condition.
pub(crate) fn condition(condition: &Condition, moment: &Moment<'_>) -> Verdict {
    match condition {
        Condition::Did(rule) => did(rule, moment.history.of(rule.deed.event, moment.id), moment),
        Condition::Sequence(rule) => sequence(rule, moment),
        Condition::Trait { path, trial } => {
            let mut verdict = Verdict::always(false);
            moment.profile.find_trait(path, &mut |value| verdict.or(trial.look(value, moment.now)));
            verdict
        }
        Condition::Event { path, trial } => {
            let mut verdict = Verdict::always(false);
            moment.event.find(path, &mut |value| verdict.or(trial.look(value, moment.now)));
            verdict
        }
        Condition::ConsentedTo(purpose, channel) => {
            Verdict::always(moment.profile.consents.is_granted(purpose, *channel))
        }
        Condition::ReachableBy(channel) => Verdict::always(moment.governor.reaches(moment.profile, *channel)),
        Condition::Offer(name, phase) => offer(name, *phase, moment),
        Condition::FirstSeen(bounds) => Verdict::seen(moment.profile.first_seen, bounds, moment),
        Condition::LastSeen(bounds) => Verdict::seen(moment.profile.last_seen, bounds, moment),
    }
}

fn offer(name: &str, phase: OfferPhase, moment: &Moment<'_>) -> Verdict {
    let joined = moment.offers.place(name).and_then(|place| Joined::of(moment.profile, place));
    let (holds, until) = joined.map_or((false, At::MAX), |one| one.is_in(phase, moment.now));
    Verdict { holds, until }
}

/// Evaluates a condition about events on one strand.
pub(crate) fn did(rule: &DidRule, view: View<'_>, moment: &Moment<'_>) -> Verdict {
    let window = Window::of(&rule.deed, &rule.bounds, view, moment);
    if rule.deed.is_relative() {
        return daily(rule, window.each(), || match &rule.quantity {
            Measure::Aggregate { property, .. } => window.total(property),
            Measure::AtLeast(_) | Measure::AtMost(_) | Measure::Exactly(_) => Total::default(),
        });
    }
    let expiry = |second: u32| rule.bounds.expiry(second);
    match &rule.quantity {
        Measure::AtLeast(0) => Verdict::always(true),
        Measure::AtLeast(count) => match window.newest(*count) {
            Some(second) => Verdict { holds: true, until: expiry(second) },
            None => Verdict::always(false),
        },
        Measure::AtMost(count) => match window.newest(count.saturating_add(1)) {
            Some(second) => Verdict { holds: false, until: expiry(second) },
            None => Verdict::always(true),
        },
        Measure::Exactly(count) => {
            if let Some(second) = window.newest(count.saturating_add(1)) {
                return Verdict { holds: false, until: expiry(second) };
            }
            match window.newest(*count) {
                Some(second) => Verdict { holds: true, until: expiry(second) },
                None => Verdict::always(*count == 0),
            }
        }
        Measure::Aggregate { aggregate, property, comparison, millionths } => {
            let total = window.total(property);
            let Some(oldest) = total.oldest() else { return Verdict::always(false) };
            let ordering = total.compare(*aggregate, *millionths);
            Verdict { holds: comparison.holds(ordering), until: expiry(oldest) }
        }
    }
}

/// Whether what must be true of a deed is true of an event.
pub(super) fn passes(deed: &DeedRule, view: View<'_>, index: usize, history: &History, now: At) -> Verdict {
    let mut whole = Verdict::always(true);
    for check in &deed.checks {
        let mut found = Verdict::always(false);
        match &check.property {
            Property::Column(column) => {
                let code = view.code(*column, index);
                let values = history.dictionary(deed.event, *column).values(code);
                values.for_each(|value| found.or(check.trial.look(value, now)));
            }
            Property::Nowhere => {}
        }
        if found == Verdict::always(false) {
            return found;
        }
        whole = Verdict { holds: whole.holds && found.holds, until: whole.until.min(found.until) };
    }
    whole
}

/// The events of a strand that a rule looks at.
pub(super) struct Window<'a> {
    view: View<'a>,
    range: Range<usize>,
    deed: &'a DeedRule,
    history: &'a History,
    now: At,
}

impl<'a> Window<'a> {
    pub(super) fn of(deed: &'a DeedRule, bounds: &Bounds, view: View<'a>, moment: &Moment<'a>) -> Self {
        let since = if bounds.whole_life { Since::EVER } else { moment.since };
        let mut from = view.after(bounds.start(moment.now)).max(view.since(since));
        if bounds.since_entry {
            from = from.max(view.since(moment.entry));
        }
        let to = if bounds.before == u32::MAX {
            view.len()
        } else {
            view.times().partition_point(|second| *second < bounds.before)
        };
        Self { view, range: from.min(to)..to, deed, history: moment.history, now: moment.now }
    }

    /// The time of the `count`-th newest event that passes the checks.
    fn newest(&self, count: u32) -> Option<u32> {
        let count = count as usize;
        if count == 0 || self.range.len() < count {
            return None;
        }
        if self.deed.checks.is_empty() {
            return Some(self.view.times()[self.range.end - count]);
        }
        let mut passing = self.range.clone().rev().filter(|index| self.passes(*index));
        passing.nth(count - 1).map(|index| self.view.times()[index])
    }

    fn passes(&self, index: usize) -> bool {
        passes(self.deed, self.view, index, self.history, self.now).holds
    }

    /// Each event, newest first: its second, and whether it passes the checks.
    pub(super) fn each(&self) -> impl Iterator<Item = (u32, Verdict)> {
        self.range.clone().rev().map(|index| {
            (self.view.times()[index], passes(self.deed, self.view, index, self.history, self.now))
        })
    }

    /// The seconds of those that pass the checks, newest first.
    pub(super) fn passing(&self) -> impl Iterator<Item = u32> {
        self.range.clone().rev().filter(|index| self.passes(*index)).map(|index| self.view.times()[index])
    }

    pub(super) fn total(&self, property: &Property) -> Total {
        let mut total = Total::default();
        for index in self.range.clone().filter(|index| self.passes(*index)) {
            let second = self.view.times()[index];
            match property {
                Property::Column(column) => {
                    let dictionary = self.history.dictionary(self.deed.event, *column);
                    for millionths in dictionary.numbers(self.view.code(*column, index)) {
                        total.add(*millionths, second);
                    }
                }
                Property::Nowhere => {}
            }
        }
        total
    }
}
