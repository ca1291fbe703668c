//! Calendar days of values, in the programme's time zone.

use engine::at::At;
use engine::segment::DayTest;
use engine::segment::date::Date;
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value as Json;

use super::{Moment, value};

/// The instant at which a date begins.
pub(super) fn begins(date: Date, timezone: &TimeZone) -> At {
    match date {
        Date::Instant(at) => at,
        // The clocks may jump over midnight: the day begins where they land. The last days of the calendar have no
        // instant in every time zone.
        Date::Day(day) => match day.at(0, 0, 0, 0).to_zoned(timezone.clone()) {
            Ok(midnight) => At(midnight.timestamp().as_millisecond()),
            Err(_) if day.year() > 0 => At::MAX,
            Err(_) => At::MIN,
        },
    }
}

pub(super) fn holds(test: &DayTest, value: &Json, moment: &Moment) -> bool {
    let Some(date) = date_of(value) else { return false };
    let timezone = &moment.timezone;
    let (day, today) = (day_of(date, timezone), day_of(Date::Instant(moment.now), timezone));
    match test {
        DayTest::Before(Date::Day(other)) => day < *other,
        DayTest::After(Date::Day(other)) => day > *other,
        DayTest::Before(Date::Instant(other)) => begins(date, timezone) < *other,
        DayTest::After(Date::Instant(other)) => begins(date, timezone) > *other,
        DayTest::On(other) => day == *other,
        DayTest::InTheNext { days } => (0..i64::from(*days)).contains(&days_between(today, day)),
        DayTest::InTheLast { days } => (0..i64::from(*days)).contains(&days_between(day, today)),
        DayTest::AnniversaryInTheNext { days } => {
            // In so many days everything has come round.
            (0..i64::from(*days).min(370))
                .any(|count| is_anniversary(today.saturating_add(count.days()), day))
        }
    }
}

/// Whether a day is the one on which another comes round again. The 29 February of other years is 1 March.
fn is_anniversary(day: civil::Date, of: civil::Date) -> bool {
    let (month, number) = match (of.month(), of.day()) {
        (2, 29) if !day.in_leap_year() => (3, 1),
        other => other,
    };
    (day.month(), day.day()) == (month, number)
}

fn days_between(from: civil::Date, to: civil::Date) -> i64 {
    i64::from((to - from).get_days())
}

fn day_of(date: Date, timezone: &TimeZone) -> civil::Date {
    match date {
        Date::Day(day) => day,
        Date::Instant(at) => {
            let instant = Timestamp::from_millisecond(at.0).expect("an instant that was read from a date");
            instant.to_zoned(timezone.clone()).date()
        }
    }
}

/// A text such as `2026-01-31` or an instant of RFC 3339; a number of seconds since 1970, or of milliseconds where it is
/// too large for that.
fn date_of(value: &Json) -> Option<Date> {
    if let Some(text) = value.as_str() {
        let begins_with_a_year = text.len() >= 10 && text.bytes().take(4).all(|byte| byte.is_ascii_digit());
        if !begins_with_a_year || text.as_bytes()[4] != b'-' {
            return None;
        }
        if text.len() == 10 {
            return text.parse().ok().map(Date::Day);
        }
        let instant: Timestamp = text.parse().ok()?;
        return Some(Date::Instant(At(instant.as_millisecond())));
    }
    let millionths = value::exact_millionths(value)?;
    let is_milliseconds = millionths >= 100_000_000_000 * 1_000_000;
    let ms = millionths.div_euclid(if is_milliseconds { 1_000_000 } else { 1_000 });
    let instant = Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()?;
    Some(Date::Instant(At(instant.as_millisecond())))
}
