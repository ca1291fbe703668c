//! Tests of a value, with those of a date resolved to instants, and the days that are counted from today.
//!
//! Days are those of the programme's time zone, whatever its clocks do: a day begins where the zone says it does.

use super::date::Date;
use super::{Comparison, DayTest, Filter, Literal, Test};
use crate::at::At;
use crate::value::{Map, SCALE, Value};
use jiff::civil;
use jiff::tz::TimeZone;
use std::cmp::Ordering;

/// A number from here on is milliseconds since 1970, and seconds below.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// A test, ready to be made. Texts to be found in others are in small letters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trial {
    Compare(Comparison, Literal),
    In(Vec<Literal>),
    HasText(String),
    Contains(Literal),
    StartsWith(String),
    EndsWith(String),
    Exists,
    /// The value is a date inside [from, before).
    During {
        from: At,
        before: At,
        timezone: TimeZone,
    },
    /// The only one whose outcome changes with time.
    Relative(RelativeDay),
}

/// A test of how far a date is from today.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RelativeDay {
    kind: RelativeKind,
    days: i64,
    timezone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum RelativeKind {
    Next,
    Last,
    Anniversary,
}

impl Trial {
    pub(crate) fn new(test: &Test, timezone: &TimeZone) -> Self {
        match test {
            Test::Compare(comparison, literal) => Self::Compare(*comparison, literal.clone()),
            Test::In(literals) => Self::In(literals.clone()),
            Test::Contains(Literal::Text(part)) => Self::HasText(part.to_lowercase()),
            Test::Contains(literal) => Self::Contains(literal.clone()),
            Test::StartsWith(part) => Self::StartsWith(part.to_lowercase()),
            Test::EndsWith(part) => Self::EndsWith(part.to_lowercase()),
            Test::Exists => Self::Exists,
            Test::Day(test) => Self::of_day(test, timezone),
        }
    }

    fn of_day(test: &DayTest, timezone: &TimeZone) -> Self {
        let relative = |kind: RelativeKind, days: u32| {
            Self::Relative(RelativeDay { kind, days: i64::from(days), timezone: timezone.clone() })
        };
        let (from, before) = match test {
            DayTest::Before(date) => (At::MIN, date.begin(timezone)),
            DayTest::After(Date::Day(day)) => (next_midnight(*day, timezone), At::MAX),
            DayTest::After(Date::Instant(at)) => (At(at.0.saturating_add(1)), At::MAX),
            DayTest::On(day) => (midnight(*day, timezone), next_midnight(*day, timezone)),
            DayTest::InTheNext { days } => return relative(RelativeKind::Next, *days),
            DayTest::InTheLast { days } => return relative(RelativeKind::Last, *days),
            DayTest::AnniversaryInTheNext { days } => return relative(RelativeKind::Anniversary, *days),
        };
        Self::During { from, before, timezone: timezone.clone() }
    }

    /// Whether its outcome depends on what day it is.
    pub(crate) fn is_relative(&self) -> bool {
        matches!(self, Self::Relative(_))
    }

    /// Whether any value at a path passes.
    pub(crate) fn passes(&self, properties: Map<'_>, path: &[String], now: At) -> bool {
        let mut found = false;
        properties.find(path, &mut |value| found |= self.look(value, now).0);
        found
    }

    /// Whether it holds for a value at an instant, and the instant at which that changes.
    pub(crate) fn look(&self, value: Value<'_>, now: At) -> (bool, At) {
        let is_equal = |literal: &Literal| literal.compare(value).is_some_and(Ordering::is_eq);
        let in_small_letters = || value.text().map(str::to_lowercase);
        let holds = match self {
            Self::Compare(comparison, literal) => {
                literal.compare(value).is_some_and(|ordering| comparison.holds(ordering))
            }
            Self::In(literals) => literals.iter().any(is_equal),
            Self::Contains(literal) => is_equal(literal),
            Self::Exists => !value.is_null(),
            Self::HasText(part) => in_small_letters().is_some_and(|text| text.contains(part)),
            Self::StartsWith(start) => in_small_letters().is_some_and(|text| text.starts_with(start)),
            Self::EndsWith(end) => in_small_letters().is_some_and(|text| text.ends_with(end)),
            Self::During { from, before, timezone } => {
                let at = date_of(value).map(|date| date.begin(timezone));
                at.is_some_and(|at| *from <= at && at < *before)
            }
            Self::Relative(day) => return day.look(value, now),
        };
        (holds, At::MAX)
    }
}

impl Filter {
    /// Whether any value at the path passes the test at an instant, where the programme is.
    pub fn matches(&self, map: Map<'_>, now: At, timezone: &TimeZone) -> bool {
        Trial::new(&self.test, timezone).passes(map, &self.path, now)
    }
}

impl Literal {
    /// How a value stands to the literal; `None` where they are of different kinds. A text that is a number or a
    /// date does not compare with a number: what was sent as text is text.
    fn compare(&self, value: Value<'_>) -> Option<Ordering> {
        match self {
            Self::Number(millionths) => value.compare(&Value::Decimal(*millionths)),
            Self::Text(text) => value.compare(&Value::Text(text)),
            Self::Bool(bool) => value.compare(&Value::Bool(*bool)),
        }
    }
}

const _: () = assert!(SCALE == 1_000_000, "literals are read in millionths");

impl RelativeDay {
    /// Whether it holds for a value at an instant, and the instant at which that changes.
    fn look(&self, value: Value<'_>, now: At) -> (bool, At) {
        let Some(date) = date_of(value) else { return (false, At::MAX) };
        let Some(today) = day_of(now, &self.timezone) else { return (false, At::MAX) };
        let day = date.day(&self.timezone).unwrap_or(today);
        // The days on which it holds: the first, and the first after them.
        let (begin, end) = match self.kind {
            RelativeKind::Next => (plus(day, 1 - self.days), plus(day, 1)),
            RelativeKind::Last => (day, plus(day, self.days)),
            RelativeKind::Anniversary => {
                let next = anniversary(day, today);
                (plus(next, 1 - self.days), plus(next, 1))
            }
        };
        let changes = [begin, end].into_iter().find(|change| *change > today);
        // Where clocks went back over midnight a day that is to come has begun before: that passes soon.
        let soon = At::of_second(now.second() + 1);
        let until = changes.map_or(At::MAX, |day| midnight(day, &self.timezone).max(soon));
        (begin <= today && today < end, until)
    }
}

/// A date as a value has it: `YYYY-MM-DD`, RFC 3339, or a number of seconds or milliseconds since 1970.
pub(crate) fn date_of(value: Value<'_>) -> Option<Date> {
    let milliseconds = match value {
        Value::Text(text) => return Date::read(text),
        Value::Int(number) if number >= MILLISECONDS_FROM => number,
        Value::Int(number) => number.checked_mul(1_000)?,
        Value::Decimal(millionths) if millionths / SCALE >= MILLISECONDS_FROM => millionths / SCALE,
        Value::Decimal(millionths) => millionths.div_euclid(SCALE / 1_000),
        Value::Float(number) if number >= MILLISECONDS_FROM as f64 => number as i64,
        Value::Float(number) => (number * 1_000.0).floor() as i64,
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => return None,
    };
    jiff::Timestamp::from_millisecond(milliseconds).ok()?;
    Some(Date::Instant(At(milliseconds)))
}

impl Date {
    /// The instant that it is, or at which it begins.
    pub(crate) fn begin(self, timezone: &TimeZone) -> At {
        match self {
            Self::Day(day) => midnight(day, timezone),
            Self::Instant(at) => at,
        }
    }

    /// When it is over: a day at its midnight.
    pub(crate) fn end(self, timezone: &TimeZone) -> At {
        match self {
            Self::Day(day) => next_midnight(day, timezone),
            Self::Instant(at) => at,
        }
    }

    fn day(self, timezone: &TimeZone) -> Option<civil::Date> {
        match self {
            Self::Day(day) => Some(day),
            Self::Instant(at) => day_of(at, timezone),
        }
    }
}

/// The instant at which a day begins. Where the clocks skip midnight, the day begins with its first instant. The last
/// day of the calendar has no instant in every zone; it begins after all others, and before the end of time.
pub(crate) fn midnight(day: civil::Date, timezone: &TimeZone) -> At {
    match day.to_zoned(timezone.clone()).and_then(|zoned| zoned.start_of_day()) {
        Ok(zoned) => At(zoned.timestamp().as_millisecond()),
        Err(_) => At(At::MAX.0 - 1),
    }
}

/// The instant at which so many days later begin, and later than the instant that is given: where the clocks went back
/// over midnight, the next day has begun once already.
pub(crate) fn next_beginning(at: At, days: i32, timezone: &TimeZone) -> At {
    let Some(today) = day_of(at, timezone) else { return At::MAX };
    let begin = |days: i32| midnight(plus(today, days.into()), timezone);
    let begins = [begin(days), begin(days + 1)];
    begins.into_iter().find(|begins| *begins > at).unwrap_or(At::MAX)
}

fn next_midnight(day: civil::Date, timezone: &TimeZone) -> At {
    day.tomorrow().map_or(At::MAX, |next| midnight(next, timezone))
}

pub(crate) fn day_of(at: At, timezone: &TimeZone) -> Option<civil::Date> {
    let timestamp = jiff::Timestamp::from_millisecond(at.0).ok()?;
    Some(timestamp.to_zoned(timezone.clone()).date())
}

pub(crate) fn plus(day: civil::Date, days: i64) -> civil::Date {
    let end = if days < 0 { civil::Date::MIN } else { civil::Date::MAX };
    day.checked_add(jiff::Span::new().days(days.clamp(-3_000_000, 3_000_000))).unwrap_or(end)
}

/// The next return of a day's month and day, today or later. The 29th of February falls on the 1st of March where there
/// is none.
pub(crate) fn anniversary(day: civil::Date, today: civil::Date) -> civil::Date {
    let in_year = |year: i16| {
        let same = civil::Date::new(year, day.month(), day.day());
        same.or_else(|_| civil::Date::new(year, 3, 1)).unwrap_or(civil::Date::MAX)
    };
    let this_year = in_year(today.year());
    if this_year >= today { this_year } else { in_year(today.year().saturating_add(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rome() -> TimeZone {
        crate::programme::timezone("Europe/Rome").expect("a zone that is bundled")
    }

    #[test]
    fn days_are_counted_from_today_where_the_programme_is() {
        // Noon in Rome on the day before the clocks go forward.
        let now = At::parse("2026-03-28T11:00:00Z").unwrap();
        let look = |kind, days, text: &str| {
            let (holds, until) = RelativeDay { kind, days, timezone: rome() }.look(Value::Text(text), now);
            (holds, if until == At::MAX { "never".to_owned() } else { until.to_string() })
        };
        use RelativeKind::{Anniversary, Last, Next};
        for (kind, days, text, holds, until) in [
            (Next, 7, "2026-03-28", true, "2026-03-28T23:00:00.000Z"),
            (Next, 7, "2026-04-03", true, "2026-04-03T22:00:00.000Z"),
            (Next, 7, "2026-04-04", false, "2026-03-28T23:00:00.000Z"),
            (Next, 7, "2026-03-27", false, "never"),
            (Last, 7, "2026-03-28", true, "2026-04-03T22:00:00.000Z"),
            (Last, 7, "2026-03-21", false, "never"),
            (Last, 7, "2026-03-29", false, "2026-03-28T23:00:00.000Z"),
            (Anniversary, 7, "1990-04-03", true, "2026-04-03T22:00:00.000Z"),
            (Anniversary, 1, "1990-03-28", true, "2026-03-28T23:00:00.000Z"),
            (Anniversary, 7, "1990-03-27", false, "2027-03-20T23:00:00.000Z"),
            (Anniversary, 7, "soon", false, "never"),
        ] {
            assert_eq!(look(kind, days, text), (holds, until.to_owned()), "{kind:?} {days} {text}");
        }
    }

    #[test]
    fn a_day_that_comes_twice_is_looked_for_again() {
        // A minute into 7 November the clocks there went back to 23:01 of the 6th.
        let timezone = crate::programme::timezone("America/St_Johns").expect("a zone that is bundled");
        let now = At::parse("2010-11-07T02:35:00Z").unwrap();
        let look =
            RelativeDay { kind: RelativeKind::Next, days: 1, timezone }.look(Value::Text("2010-11-07"), now);
        assert_eq!(look, (false, At::parse("2010-11-07T02:35:01Z").unwrap()));
    }

    #[test]
    fn the_leap_day_is_kept_on_the_first_of_march() {
        let day = |text: &str| text.parse::<civil::Date>().unwrap();
        for (born, today, next) in [
            ("2000-02-29", "2026-02-10", "2026-03-01"),
            ("2000-02-29", "2028-02-10", "2028-02-29"),
            ("2000-02-29", "2026-03-02", "2027-03-01"),
            ("2000-12-31", "2026-12-31", "2026-12-31"),
        ] {
            assert_eq!(anniversary(day(born), day(today)), day(next), "{born} on {today}");
        }
    }
}
