//! How far a figure is from its target.
//!
//! A figure that adds up over time, such as orders, is to come to its target in a week, a month or a quarter; other days have
//! their part of it by the calendar, and the day that is not over has as much of its part as has passed of it. A quotient, such
//! as a share or what a lead costs, is the same number for any days and is held against its target as it is. Retention is of
//! those who ordered in the time before, so it is told for times as long as its target's and for no others.

use super::question::{By, Days, Question};
use super::table::{Definition, Quantity, Unit};
use super::tally::Kpi;
use engine::at::At;
use engine::day::Day;
use engine::programme::{Target, TargetPeriod};
use jiff::tz::TimeZone;

/// Whether a target is to be reached or to be kept under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    AtLeast,
    AtMost,
}

impl Bound {
    pub fn name(self) -> &'static str {
        match self {
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
        }
    }

    /// Money that goes out is kept under its target; all else is to reach it.
    pub fn of(figure: &Definition) -> Self {
        let goes_out = figure.unit == Unit::Money && figure.numerator.is_of_spend();
        if goes_out { Self::AtMost } else { Self::AtLeast }
    }

    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Self::AtLeast => value >= bound,
            Self::AtMost => value <= bound,
        }
    }
}

/// How a figure depends on how many days are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Twice the days have twice of it.
    AddsUp,
    /// It is another figure for another length of time.
    OfLength,
    /// It is the same for any length of time.
    Steady,
}

impl Growth {
    pub fn name(self) -> &'static str {
        match self {
            Self::AddsUp => "adds_up",
            Self::OfLength => "of_length",
            Self::Steady => "steady",
        }
    }

    pub fn of(figure: &Definition) -> Self {
        match (figure.denominator, figure.numerator) {
            (None, _) => Self::AddsUp,
            (Some(_), Quantity::Retained) => Self::OfLength,
            (Some(_), _) => Self::Steady,
        }
    }
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// The figure is where its target is: the days are over, or it reached in fewer what it is to come to in all.
    Met,
    /// The days go on, and the figure is where it is to be by now, or near it.
    OnCourse,
    Behind,
}

impl Course {
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::OnCourse => "on_course",
            Self::Behind => "behind",
        }
    }
}

/// A figure is on course within this share of what is due: less is the noise of a day, and no reason to do anything.
const NEAR: f64 = 0.05;

/// A figure beside its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Against {
    pub target: Target,
    pub bound: Bound,
    /// The days that were asked for go on.
    pub so_far: bool,
    /// What all of the days are to come to.
    pub whole: Option<f64>,
    /// What they are to have come to by the instant up to which the log was read.
    pub due: Option<f64>,
    /// So much of what is due that the figure is above it: −0.12 is 12 % under.
    pub distance: Option<f64>,
    pub course: Option<Course>,
    /// Why there is no course.
    pub undefined: Option<&'static str>,
}

const NO_FIGURE: &str = "the figure is undefined";
const OTHER_CURRENCY: &str = "the figure is in another currency than its target";
const NO_FIRST_DAY: &str = "the target is of a length of time, and the days have no beginning";
const NOT_BEGUN: &str = "the days have not begun";
const OTHER_LENGTH: &str =
    "the figure depends on how long the time is, and this is not as long as the target's";

/// The days of a question that a group of it has, where a target is of them: everybody's, divided by nothing but time.
pub(super) fn days(question: &Question, group: &str, today: Day) -> Option<Days> {
    let Question { days, by, campaign, channel, direction, phase, segment } = question;
    let is_of_some = [campaign, channel, segment].iter().any(|one| one.is_some());
    if is_of_some || direction.is_some() || phase.is_some() {
        return None;
    }
    let until = if days.until == Days::EVER.until { today } else { days.until };
    let group = match by {
        By::Nothing => return Some(Days { from: days.from, until }),
        By::Day => Day::parse(group).map(|day| (day, day)),
        By::Week => Day::parse(group).map(|day| TargetPeriod::Week.around(day)),
        By::Month => Day::parse(&format!("{group}-01")).map(|day| TargetPeriod::Month.around(day)),
        By::Campaign | By::Channel | By::Direction | By::Phase => None,
    };
    let (first, last) = group?;
    Some(Days { from: first.max(days.from), until: last.min(until) })
}

impl Against {
    /// Holds a figure of some days against its target, at an instant where the programme is.
    pub fn of(kpi: &Kpi, figure: &Definition, target: &Target, days: Days, at: (At, &TimeZone)) -> Self {
        let (bound, growth) = (Bound::of(figure), Growth::of(figure));
        let today = Day::of(at.0, at.1);
        let due = match growth {
            Growth::AddsUp => due(target, days, at),
            Growth::OfLength if !is_as_long(target, days) => Err(OTHER_LENGTH),
            Growth::OfLength | Growth::Steady => Ok((target.value(), target.value())),
        };
        let so_far = days.until >= today;
        let found = due.and_then(|due| match kpi.value {
            _ if days.from > today => Err(NOT_BEGUN),
            None => Err(NO_FIGURE),
            Some(_) if kpi.currency.is_some() && kpi.currency != target.currency => Err(OTHER_CURRENCY),
            Some(value) => Ok((value, due)),
        });
        let course = found.map(|(value, (due, whole))| {
            // What is not over can still grow above what it is to stay under, and a quotient can turn.
            let is_done = !so_far || (growth == Growth::AddsUp && bound == Bound::AtLeast);
            let near = match bound {
                Bound::AtLeast => due * (1.0 - NEAR),
                Bound::AtMost => due * (1.0 + NEAR),
            };
            match value {
                _ if is_done && bound.holds(value, whole) => Course::Met,
                _ if so_far && bound.holds(value, near) => Course::OnCourse,
                _ => Course::Behind,
            }
        });
        let distance =
            found.ok().filter(|(_, (due, _))| *due > 0.0).map(|(value, (due, _))| value / due - 1.0);
        Self {
            target: target.clone(),
            bound,
            so_far,
            whole: due.ok().map(|(_, whole)| whole),
            due: due.ok().map(|(due, _)| due),
            distance,
            course: course.ok(),
            undefined: course.err(),
        }
    }
}

/// What is due by an instant, and in all.
fn due(target: &Target, days: Days, (at, zone): (At, &TimeZone)) -> Result<(f64, f64), &'static str> {
    if days.from == Days::EVER.from {
        return Err(NO_FIRST_DAY);
    }
    let today = Day::of(at, zone);
    let whole = part(target, days);
    if days.until < today {
        return Ok((whole, whole));
    }
    let (begin, end) = (today.begin(zone), today.plus(1).begin(zone));
    let passed = at.since(begin).0 as f64 / end.since(begin).0.max(1) as f64;
    let of_today = if days.hold(today) { part(target, Days { from: today, until: today }) } else { 0.0 };
    Ok((part(target, Days { from: days.from, until: today.plus(-1) }) + of_today * passed, whole))
}

/// The part of a target that whole days have.
fn part(target: &Target, days: Days) -> f64 {
    let Some(period) = target.per else { return target.value() };
    let (mut sum, mut day) = (0.0, days.from);
    while day <= days.until {
        let (first, last) = period.around(day);
        let inside = last.min(days.until).0 - day.0 + 1;
        sum += target.value() * f64::from(inside) / f64::from(last.0 - first.0 + 1);
        // The calendar ends somewhere, and a day beyond it lies in its last period.
        if last < day {
            break;
        }
        day = last.plus(1);
    }
    sum
}

fn is_as_long(target: &Target, days: Days) -> bool {
    let length = i64::from(days.until.0) - i64::from(days.from.0) + 1;
    match target.per {
        None => true,
        Some(TargetPeriod::Week) => length == 7,
        Some(TargetPeriod::Month) => (28..=31).contains(&length),
        Some(TargetPeriod::Quarter) => (90..=92).contains(&length),
    }
}
