//! The truth of a rule for a profile at an instant, and until when it holds if nothing happens.
//!
//! Every walk is bounded: a count stops at the number it asks for, newest event first, and a window ends the walk at
//! its edge, since a few profiles hold most of the events.

use super::rule::{DidRule, Node, Rule};
use super::{Aggregate, Filter, Literal, Quantity, Test};
use crate::at::{At, Span};
use crate::profile::{Occurrence, Profile, Since};
use crate::programme::Channel;
use crate::value::{Map, SCALE, Value};

/// A truth, and the next instant at which it could change with no new record (`At::MAX` for never).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) holds: bool,
    pub(crate) until: At,
}

/// What evaluation looks at besides the profile.
pub(crate) struct Moment<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) now: At,
    /// Only events after this count. [`Since::EVER`] for segments.
    pub(crate) since: Since,
    /// Whether the profile has an address on a channel that is not suppressed.
    pub(crate) reachable: &'a dyn Fn(Channel) -> bool,
}

impl Verdict {
    fn always(holds: bool) -> Self {
        Self { holds, until: At::MAX }
    }

    fn within(holds: bool, seen: At, span: Span, now: At) -> Self {
        let end = seen.plus(span);
        Self { holds: holds && end > now, until: if end > now { end } else { At::MAX } }
    }
}

/// Evaluates a rule.
pub(crate) fn verdict(rule: &Rule, moment: &Moment<'_>) -> Verdict {
    node(&rule.node, moment)
}

fn node(node: &Node, moment: &Moment<'_>) -> Verdict {
    match node {
        Node::And(parts) => parts.iter().fold(Verdict::always(true), |all, part| {
            let one = self::node(part, moment);
            Verdict { holds: all.holds && one.holds, until: all.until.min(one.until) }
        }),
        Node::Or(parts) => parts.iter().fold(Verdict::always(false), |any, part| {
            let one = self::node(part, moment);
            Verdict { holds: any.holds || one.holds, until: any.until.min(one.until) }
        }),
        Node::Not(inner) => {
            let verdict = self::node(inner, moment);
            Verdict { holds: !verdict.holds, until: verdict.until }
        }
        Node::Did(rule) => did(rule, moment),
        Node::Trait(filter) => Verdict::always(moment.profile.trait_matches(filter)),
        Node::InSegment(slot) => {
            Verdict::always(slot.is_some_and(|slot| moment.profile.memberships.contains(slot)))
        }
        Node::ConsentedTo(purpose, channel) => {
            Verdict::always(moment.profile.consents.is_granted(purpose, *channel))
        }
        Node::ReachableBy(channel) => Verdict::always((moment.reachable)(*channel)),
        Node::FirstSeen(span) => Verdict::within(true, moment.profile.first_seen, *span, moment.now),
        Node::LastSeen(span) => Verdict::within(true, moment.profile.last_seen, *span, moment.now),
    }
}

fn did(rule: &DidRule, moment: &Moment<'_>) -> Verdict {
    let start = rule.within.map_or(At::MIN, |span| moment.now.minus(span));
    let all = moment.profile.history.of(rule.event);
    let from =
        all.partition_point(|occurrence| !moment.since.is_before(occurrence) || occurrence.at <= start);
    let window = &all[from..];
    // The instant at which an event falls out of the window.
    let expiry = |at: At| rule.within.map_or(At::MAX, |span| at.plus(span));
    match &rule.quantity {
        Quantity::AtLeast(0) => Verdict::always(true),
        Quantity::AtLeast(count) => match newest(window, &rule.filters, *count) {
            Some(at) => Verdict { holds: true, until: expiry(at) },
            None => Verdict::always(false),
        },
        Quantity::AtMost(count) => match newest(window, &rule.filters, count.saturating_add(1)) {
            Some(at) => Verdict { holds: false, until: expiry(at) },
            None => Verdict::always(true),
        },
        Quantity::Exactly(count) => {
            if let Some(at) = newest(window, &rule.filters, count.saturating_add(1)) {
                return Verdict { holds: false, until: expiry(at) };
            }
            match newest(window, &rule.filters, *count) {
                Some(at) => Verdict { holds: true, until: expiry(at) },
                None => Verdict::always(*count == 0),
            }
        }
        Quantity::Aggregate { aggregate, path, comparison, millionths } => {
            let mut total = Total::default();
            for occurrence in window.iter().filter(|one| matches(one, &rule.filters)) {
                occurrence.properties.as_map().find(path, &mut |value| total.add(value, occurrence.at));
            }
            let Some(oldest) = total.oldest else { return Verdict::always(false) };
            let ordering = total.of(*aggregate).cmp(&total.scaled(*aggregate, *millionths));
            Verdict { holds: comparison.holds(ordering), until: expiry(oldest) }
        }
    }
}

/// The time of the `count`-th newest event that passes the filters.
fn newest(window: &[Occurrence], filters: &[Filter], count: u32) -> Option<At> {
    let count = count as usize;
    if count == 0 {
        return None;
    }
    if filters.is_empty() {
        return window.len().checked_sub(count).map(|index| window[index].at);
    }
    window.iter().rev().filter(|one| matches(one, filters)).nth(count - 1).map(|one| one.at)
}

fn matches(occurrence: &Occurrence, filters: &[Filter]) -> bool {
    filters.iter().all(|filter| filter.matches(occurrence.properties.as_map()))
}

/// Exact figures over the numbers found; the order in which they are met does not matter.
#[derive(Default)]
struct Total {
    sum: i128,
    count: i128,
    least: Option<i64>,
    greatest: Option<i64>,
    oldest: Option<At>,
}

impl Total {
    fn add(&mut self, value: Value<'_>, at: At) {
        let Some(millionths) = value.millionths() else { return };
        self.sum += i128::from(millionths);
        self.count += 1;
        self.least = Some(self.least.map_or(millionths, |least| least.min(millionths)));
        self.greatest = Some(self.greatest.map_or(millionths, |greatest| greatest.max(millionths)));
        self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
    }

    fn of(&self, aggregate: Aggregate) -> i128 {
        match aggregate {
            Aggregate::Sum | Aggregate::Average => self.sum,
            Aggregate::Least => i128::from(self.least.unwrap_or(0)),
            Aggregate::Greatest => i128::from(self.greatest.unwrap_or(0)),
        }
    }

    /// The bound in the unit of [`Self::of`]: an average is compared without dividing, so that it stays exact.
    fn scaled(&self, aggregate: Aggregate, millionths: i64) -> i128 {
        let bound = i128::from(millionths);
        if aggregate == Aggregate::Average { bound * self.count } else { bound }
    }
}

impl Filter {
    /// Whether any value at the path passes the test.
    pub fn matches(&self, map: Map<'_>) -> bool {
        let mut found = false;
        map.find(&self.path, &mut |value| found |= self.test.holds(value));
        found
    }
}

impl Test {
    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        match self {
            Self::Compare(comparison, literal) => {
                literal.compare(value).is_some_and(|ordering| comparison.holds(ordering))
            }
            Self::In(literals) => {
                literals.iter().any(|literal| literal.compare(value).is_some_and(std::cmp::Ordering::is_eq))
            }
            Self::Contains(Literal::Text(part)) => {
                value.text().is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase()))
            }
            Self::Contains(literal) => literal.compare(value).is_some_and(std::cmp::Ordering::is_eq),
            Self::Exists => !value.is_null(),
            Self::StartsWith(_) | Self::EndsWith(_) | Self::Day(_) => {
                unreachable!("{}", super::rule::REFUSED)
            }
        }
    }
}

impl Literal {
    /// How a value stands to the literal; `None` where they are of different kinds. A text that is a number or a
    /// date does not compare with a number: what was sent as text is text.
    fn compare(&self, value: Value<'_>) -> Option<std::cmp::Ordering> {
        match self {
            Self::Number(millionths) => value.compare(&Value::Decimal(*millionths)),
            Self::Text(text) => value.compare(&Value::Text(text)),
            Self::Bool(bool) => value.compare(&Value::Bool(*bool)),
        }
    }
}

const _: () = assert!(SCALE == 1_000_000, "literals are read in millionths");
