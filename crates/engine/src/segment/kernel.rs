//! A condition about the events of one name, worked out for an instant: what is evaluated for every event.
//!
//! The window's edge is a number, and whether a value passes a test is a bit, so that a strand is looked at without
//! reading a single value. A condition that asks for more (dates as bounds, a run's beginning, properties that are not
//! kept) has no kernel, and is evaluated as [`super::eval`] does.

use super::rule::{DidRule, Measure, Property};
use super::total::Total;
use super::{Aggregate, Comparison};
use crate::at::{At, Span};
use crate::history::{History, NEVER, View};

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
}

impl Kernel {
    pub(crate) fn new(rule: &DidRule) -> Option<Self> {
        let bounds = &rule.bounds;
        let whole = bounds.within.is_none_or(|span| span.0 % 1_000 == 0 && span.0 / 1_000 < i64::from(NEVER));
        if bounds.from != 0
            || bounds.before != NEVER
            || bounds.since_entry
            || !whole
            || rule.deed.is_relative()
        {
            return None;
        }
        let column = |property: &Property| match property {
            Property::Column(column) => Some(*column),
            Property::Path(_) => None,
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
        let passing = checks.map(|(check, one)| {
            Some(Passing { column: column(&one.property)?, check, bits: Vec::new(), known: 0 })
        });
        Some(Self {
            measure,
            span: bounds.within,
            seconds: bounds.within.map_or(0, |span| (span.0 / 1_000) as u32),
            start: 0,
            passing: passing.collect::<Option<_>>()?,
        })
    }

    /// Moves the window to an instant.
    pub(crate) fn set_now(&mut self, now: At) {
        self.start = self.span.map_or(0, |span| now.minus(span).second());
    }

    /// Learns of values that came since it was last asked.
    pub(crate) fn learn(&mut self, rule: &DidRule, history: &History) {
        for passing in &mut self.passing {
            let dictionary = history.dictionary(rule.deed.event, passing.column);
            if passing.known == dictionary.len() {
                continue;
            }
            passing.bits.resize(dictionary.len().div_ceil(64), 0);
            // At whatever instant: it is the same at all of them.
            let trial = &rule.deed.checks[passing.check].trial;
            for code in passing.known..dictionary.len() {
                let passes = dictionary.values(code as u32).any(|value| trial.look(value, At::MIN).0);
                passing.bits[code / 64] |= u64::from(passes) << (code % 64);
            }
            passing.known = dictionary.len();
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
        self.passing.iter().all(|passing| {
            let code = view.code(passing.column, index) as usize;
            passing.bits[code / 64] >> (code % 64) & 1 == 1
        })
    }
}
