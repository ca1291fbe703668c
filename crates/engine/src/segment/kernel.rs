//! A condition about the events of one name, worked out for an instant: what is evaluated for every event.
//!
//! The window's edge is a number, and whether a value passes a test is a bit, so that a strand is looked at without
//! reading a single value; where a test is about today, the bit is made anew on the day on which it changes. A condition
//! that asks for more (dates as bounds, a run's beginning, properties that are not kept) has no kernel, and is evaluated as
//! [`super::eval`] does.

use super::daily::daily;
use super::day::Trial;
use super::eval::Verdict;
use super::rule::{DidRule, Measure, Property};
use super::total::Total;
use super::{Aggregate, Comparison};
use crate::at::{At, Span};
use crate::history::{Dictionary, History, NEVER, View};
use crate::timer::second_of;

/// A truth, and the second in which it could change by time alone ([`NEVER`] for none).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) holds: bool,
    pub(crate) until: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    measure: Count,
    span: Option<Span>,
    /// Seconds of the span; 0 where there is none.
    seconds: u32,
    /// Events count after this second.
    start: u32,
    now: At,
    /// Whether a test is about today.
    is_relative: bool,
    passing: Vec<Passing>,
}

#[derive(Clone, Debug)]
enum Count {
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
    Sum { column: u16, comparison: Comparison, millionths: i128, aggregate: Aggregate },
}

/// The codes of a column whose values pass a test, one bit each.
#[derive(Clone, Debug)]
struct Passing {
    column: u16,
    check: usize,
    bits: Vec<u64>,
    /// Codes that were looked at.
    known: usize,
    /// Of a test about today, by code: the second in which the bit is made anew.
    until: Vec<u32>,
    /// The first of them.
    next: u32,
}

impl Passing {
    fn new(column: u16, check: usize) -> Self {
        Self { column, check, bits: Vec::new(), known: 0, until: Vec::new(), next: NEVER }
    }

    /// Makes the bits of codes that are new, and of those that the day has changed.
    fn learn(&mut self, trial: &Trial, dictionary: &Dictionary, now: At) {
        self.bits.resize(dictionary.len().div_ceil(64), 0);
        if self.next <= now.second() {
            let until = std::mem::take(&mut self.until);
            self.next = until.iter().copied().filter(|until| *until > now.second()).min().unwrap_or(NEVER);
            self.until = until;
            for code in 0..self.known {
                if self.until[code] <= now.second() {
                    self.look(code, trial, dictionary, now);
                }
            }
        }
        for code in self.known..dictionary.len() {
            self.look(code, trial, dictionary, now);
        }
        self.known = dictionary.len();
    }

    fn look(&mut self, code: usize, trial: &Trial, dictionary: &Dictionary, now: At) {
        let mut verdict = Verdict::always(false);
        dictionary.values(code as u32).for_each(|value| verdict.or(trial.look(value, now)));
        let bit = 1 << (code % 64);
        self.bits[code / 64] &= !bit;
        self.bits[code / 64] |= if verdict.holds { bit } else { 0 };
        if trial.is_relative() {
            let until = if verdict.until == At::MAX { NEVER } else { second_of(verdict.until) };
            self.until.resize(self.until.len().max(code + 1), NEVER);
            self.until[code] = until;
            self.next = self.next.min(until);
        }
    }

    fn passes(&self, code: usize) -> bool {
        self.bits[code / 64] >> (code % 64) & 1 == 1
    }

    /// Until when what passes is the same.
    fn until(&self, code: usize) -> At {
        match self.until.get(code) {
            None | Some(&NEVER) => At::MAX,
            Some(until) => At::of_second(*until),
        }
    }
}

impl Kernel {
    pub(crate) fn new(rule: &DidRule) -> Option<Self> {
        let bounds = &rule.bounds;
        let whole = bounds.within.is_none_or(|span| span.0 % 1_000 == 0 && span.0 / 1_000 < i64::from(NEVER));
        if bounds.from != 0 || bounds.before != NEVER || bounds.since_entry || !whole {
            return None;
        }
        let column = |property: &Property| match property {
            Property::Column(column) => Some(*column),
            Property::Nowhere => None,
        };
        let measure = match &rule.quantity {
            Measure::AtLeast(count) => Count::AtLeast(*count),
            Measure::AtMost(count) => Count::AtMost(*count),
            Measure::Exactly(count) => Count::Exactly(*count),
            Measure::Aggregate { aggregate, property, comparison, millionths } => Count::Sum {
                column: column(property)?,
                comparison: *comparison,
                millionths: *millionths,
                aggregate: *aggregate,
            },
        };
        let checks = rule.deed.checks.iter().enumerate();
        let passing = checks.map(|(check, one)| Some(Passing::new(column(&one.property)?, check)));
        Some(Self {
            measure,
            span: bounds.within,
            seconds: bounds.within.map_or(0, |span| (span.0 / 1_000) as u32),
            start: 0,
            now: At(0),
            is_relative: rule.deed.is_relative(),
            passing: passing.collect::<Option<_>>()?,
        })
    }

    /// Moves the window to an instant.
    pub(crate) fn set_now(&mut self, now: At) {
        self.start = self.span.map_or(0, |span| now.minus(span).second());
        self.now = now;
    }

    /// Learns of values that came since it was last asked, and of the day.
    pub(crate) fn learn(&mut self, rule: &DidRule, history: &History) {
        for passing in &mut self.passing {
            let dictionary = history.dictionary(rule.deed.event, passing.column);
            if passing.known < dictionary.len() || passing.next <= self.now.second() {
                passing.learn(&rule.deed.checks[passing.check].trial, dictionary, self.now);
            }
        }
    }

    /// Of the only check, its column and the codes that pass it.
    pub(super) fn only_check(&self) -> Option<(u16, &[u64])> {
        match self.passing.as_slice() {
            [passing] => Some((passing.column, &passing.bits)),
            _ => None,
        }
    }

    /// Evaluates it on a person's events.
    pub(crate) fn look(&self, rule: &DidRule, view: View<'_>, history: &History) -> Look {
        let until = |second: u32| {
            if self.seconds == 0 { NEVER } else { second.saturating_add(self.seconds).min(NEVER - 1) }
        };
        if self.is_relative {
            return self.look_today(rule, view, history);
        }
        match self.measure {
            Count::AtLeast(0) => Look { holds: true, until: NEVER },
            Count::AtLeast(count) => match self.newest(view, count) {
                Some(second) => Look { holds: true, until: until(second) },
                None => Look { holds: false, until: NEVER },
            },
            Count::AtMost(count) => match self.newest(view, count.saturating_add(1)) {
                Some(second) => Look { holds: false, until: until(second) },
                None => Look { holds: true, until: NEVER },
            },
            Count::Exactly(count) => match (self.newest(view, count.saturating_add(1)), count) {
                (Some(second), _) => Look { holds: false, until: until(second) },
                (None, 0) => Look { holds: true, until: NEVER },
                (None, _) => match self.newest(view, count) {
                    Some(second) => Look { holds: true, until: until(second) },
                    None => Look { holds: false, until: NEVER },
                },
            },
            Count::Sum { column, comparison, millionths, aggregate } => {
                let total = self.total(rule, column, view, history);
                match total.oldest() {
                    Some(oldest) => {
                        let ordering = total.compare(aggregate, millionths);
                        Look { holds: comparison.holds(ordering), until: until(oldest) }
                    }
                    None => Look { holds: false, until: NEVER },
                }
            }
        }
    }

    /// The same where a test is about today.
    fn look_today(&self, rule: &DidRule, view: View<'_>, history: &History) -> Look {
        let events = (0..view.len()).rev().map(|index| (view.times()[index], self.event(view, index)));
        let events = events.take_while(|(second, _)| *second > self.start);
        let total = || match self.measure {
            Count::Sum { column, .. } => self.total(rule, column, view, history),
            Count::AtLeast(_) | Count::AtMost(_) | Count::Exactly(_) => Total::default(),
        };
        let Verdict { holds, until } = daily(rule, events, total);
        Look { holds, until: if until == At::MAX { NEVER } else { second_of(until) } }
    }

    /// Whether an event passes, and until when. One that fails a test that is not about today never does.
    fn event(&self, view: View<'_>, index: usize) -> Verdict {
        let mut whole = Verdict::always(true);
        for passing in &self.passing {
            let code = view.code(passing.column, index) as usize;
            let found = Verdict { holds: passing.passes(code), until: passing.until(code) };
            if found == Verdict::always(false) {
                return found;
            }
            whole = Verdict { holds: whole.holds && found.holds, until: whole.until.min(found.until) };
        }
        whole
    }

    fn total(&self, rule: &DidRule, column: u16, view: View<'_>, history: &History) -> Total {
        let dictionary = history.dictionary(rule.deed.event, column);
        let mut total = Total::default();
        for index in (0..view.len()).rev() {
            let second = view.times()[index];
            if second <= self.start {
                break;
            }
            if self.passes(view, index) {
                let numbers = dictionary.numbers(view.code(column, index));
                numbers.iter().for_each(|millionths| total.add(*millionths, second));
            }
        }
        total
    }

    /// The second of the `count`-th newest event that passes, in the window.
    fn newest(&self, view: View<'_>, count: u32) -> Option<u32> {
        let (times, count) = (view.times(), count as usize);
        if times.len() < count {
            return None;
        }
        if self.passing.is_empty() {
            let second = times[times.len() - count];
            return (second > self.start).then_some(second);
        }
        let mut left = count;
        for index in (0..times.len()).rev() {
            if times[index] <= self.start {
                return None;
            }
            left -= usize::from(self.passes(view, index));
            if left == 0 {
                return Some(times[index]);
            }
        }
        None
    }

    fn passes(&self, view: View<'_>, index: usize) -> bool {
        self.passing.iter().all(|passing| passing.passes(view.code(passing.column, index) as usize))
    }
}
