//! The clock on somebody's wall: times of day and days of the week, whatever the clocks there do.
//!
//! An hour that the clocks skip comes with the first instant after it, and one that comes twice, when it comes first.

use crate::at::{At, Span};
use crate::segment::day::{day_of, plus};
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// Days that are looked at for the next one that fits: a month of the calendar, and then some.
const DAYS_AHEAD_MAX: i64 = 64;

/// `09:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay {
    hour: i8,
    minute: i8,
}

impl TimeOfDay {
    pub const MIDNIGHT: Self = Self { hour: 0, minute: 0 };

    /// The hour and the minute of a time.
    pub(crate) fn of(time: civil::Time) -> Self {
        Self { hour: time.hour(), minute: time.minute() }
    }

    /// Reads `09:00` or `9:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let number = |text: &str, digits: std::ops::RangeInclusive<usize>| -> Option<i8> {
            let is_number = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().ok()).flatten()
        };
        let (hour, minute) = (number(hour, 1..=2)?, number(minute, 2..=2)?);
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }
}

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

/// Names of the days, Monday first.
pub const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Days of the week, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weekdays(u8);

impl Weekdays {
    pub const EVERY: Self = Self(0b111_1111);

    /// With one more, by its name; `None` where there is no such day.
    pub fn with(self, name: &str) -> Option<Self> {
        let place = WEEKDAYS.iter().position(|day| *day == name)?;
        Some(Self(self.0 | 1 << place))
    }

    pub(crate) fn has(self, day: civil::Date) -> bool {
        self.0 >> day.weekday().to_monday_zero_offset() & 1 == 1
    }
}

/// A person's own zone, where a trait names one that there is.
pub(crate) fn zone_of(value: Option<crate::value::Value<'_>>, programme: &TimeZone) -> TimeZone {
    let named = value.and_then(|value| crate::programme::timezone(value.text()?));
    named.unwrap_or_else(|| programme.clone())
}

/// The instant at which a time of day comes.
pub(crate) fn comes(day: civil::Date, time: TimeOfDay, zone: &TimeZone) -> At {
    let civil = day.at(time.hour, time.minute, 0, 0);
    let instant = |offset: Offset| offset.to_timestamp(civil);
    let instant = match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            instant(offset)
        }
        // Read by the clocks of afterwards, the time lies before they change.
        AmbiguousOffset::Gap { after, .. } => instant(after)
            .map(|earlier| zone.following(earlier).next().map_or(earlier, |change| change.timestamp())),
    };
    instant.map_or(At(At::MAX.0 - 1), |instant| At(instant.as_millisecond()))
}

/// The first instant, not before this one, at which it is the time on a day that fits.
pub(crate) fn next(at: At, time: TimeOfDay, zone: &TimeZone, fits: impl Fn(civil::Date) -> bool) -> At {
    let Some(today) = day_of(at, zone) else { return At::MAX };
    let days = (0..DAYS_AHEAD_MAX).map(|ahead| plus(today, ahead)).filter(|day| fits(*day));
    days.map(|day| comes(day, time, zone)).find(|comes| *comes >= at).unwrap_or(At::MAX)
}

/// The first instant, not before this one, at which it is one of these days and the time; without a time, at once where it
/// is one of these days.
pub(crate) fn next_of(at: At, time: Option<TimeOfDay>, days: Weekdays, zone: &TimeZone) -> At {
    let is_today = || day_of(at, zone).is_some_and(|today| days.has(today));
    match time {
        None if is_today() => at,
        _ => next(at, time.unwrap_or(TimeOfDay::MIDNIGHT), zone, |day| days.has(day)),
    }
}

/// The hour of the day that it is somewhere.
pub(crate) fn hour_of(at: At, zone: &TimeZone) -> u8 {
    time_of(at, zone).map_or(0, |time| (time.0 / Span::HOUR.0) as u8)
}

/// An instant, and those at which the hours after it begin that lie less than a span ahead, each hour once.
pub(crate) fn hours(at: At, within: Span, zone: &TimeZone) -> Vec<(u8, At)> {
    let mut hours = vec![(hour_of(at, zone), at)];
    let mut next = at;
    // Twice as many looks as a day has hours, since the clocks may change at half past.
    for _ in 0..48 {
        let Some(time) = time_of(next, zone) else { break };
        next = next.plus(Span(Span::HOUR.0 - time.0 % Span::HOUR.0));
        if next.since(at) >= within {
            break;
        }
        let hour = hour_of(next, zone);
        if hours.iter().all(|(known, _)| *known != hour) {
            hours.push((hour, next));
        }
    }
    hours
}

/// What the clock of a zone shows, since midnight.
fn time_of(at: At, zone: &TimeZone) -> Option<Span> {
    let instant = jiff::Timestamp::from_millisecond(at.0).ok()?;
    let offset = Span::SECOND.times(i64::from(zone.to_offset(instant).seconds()));
    Some(Span(at.plus(offset).0.rem_euclid(Span::DAY.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        crate::programme::timezone(name).expect("a zone that is bundled")
    }

    #[test]
    fn times_are_read_strictly() {
        for (text, printed) in [("09:00", "09:00"), ("9:05", "09:05"), ("23:59", "23:59"), ("00:00", "00:00")]
        {
            assert_eq!(
                TimeOfDay::parse(text).map(|time| time.to_string()),
                Some(printed.to_owned()),
                "{text}"
            );
        }
        for wrong in ["", "9", "24:00", "12:60", "9:5", "+9:00", "09:00:00", "nine"] {
            assert_eq!(TimeOfDay::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_comes_once_in_a_night_in_which_the_clocks_change() {
        for (place, time, from, comes) in [
            // The clocks of Rome jump from 2 to 3, and in autumn from 3 back to 2.
            ("Europe/Rome", "02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"),
            ("Europe/Rome", "02:00", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"),
            ("Europe/Rome", "03:00", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"),
            ("Europe/Rome", "01:59", "2026-03-28T12:00:00Z", "2026-03-29T00:59:00.000Z"),
            ("Europe/Rome", "02:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00.000Z"),
            ("Europe/Rome", "02:30", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00.000Z"),
            ("Europe/Rome", "02:30", "2026-10-25T00:30:00.001Z", "2026-10-26T01:30:00.000Z"),
            // Midnight is skipped in Santiago.
            ("America/Santiago", "00:00", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00.000Z"),
            // A minute into 7 November the clocks there went back to 23:01 of the 6th.
            ("America/St_Johns", "00:00", "2010-11-07T02:40:00Z", "2010-11-08T03:30:00.000Z"),
            ("America/St_Johns", "23:30", "2010-11-07T02:40:00Z", "2010-11-08T03:00:00.000Z"),
        ] {
            let time = TimeOfDay::parse(time).unwrap();
            let found = next(At::parse(from).unwrap(), time, &zone(place), |_| true);
            assert_eq!(found.to_string(), comes, "{time} in {place} from {from}");
        }
    }

    #[test]
    fn a_day_of_the_week_is_waited_for_unless_it_is_today() {
        let rome = zone("Europe/Rome");
        let days = Weekdays::default().with("monday").and_then(|days| days.with("friday")).unwrap();
        let nine = TimeOfDay::parse("09:00");
        for (time, from, comes) in [
            // A Monday, late in the evening where the shop is.
            (None, "2026-01-05T22:30:00Z", "2026-01-05T22:30:00.000Z"),
            (None, "2026-01-05T23:30:00Z", "2026-01-08T23:00:00.000Z"),
            (nine, "2026-01-05T07:00:00Z", "2026-01-05T08:00:00.000Z"),
            (nine, "2026-01-05T08:00:00Z", "2026-01-05T08:00:00.000Z"),
            (nine, "2026-01-05T08:00:00.001Z", "2026-01-09T08:00:00.000Z"),
            (nine, "2026-01-10T12:00:00Z", "2026-01-12T08:00:00.000Z"),
        ] {
            let found = next_of(At::parse(from).unwrap(), time, days, &rome);
            assert_eq!(found.to_string(), comes, "{time:?} from {from}");
        }
        assert_eq!(Weekdays::default().with("mon"), None);
    }

    #[test]
    fn hours_begin_by_the_clock_on_the_wall() {
        for (place, from, within, expected) in [
            ("Europe/Rome", "2026-01-05T07:30:00Z", 3, "8 07:30, 9 08:00, 10 09:00, 11 10:00"),
            ("Europe/Rome", "2026-01-05T08:00:00Z", 3, "9 08:00, 10 09:00, 11 10:00"),
            ("Asia/Kolkata", "2026-01-05T08:10:30Z", 2, "13 08:10, 14 08:30, 15 09:30"),
            // The clocks jump from 2 to 3, and in autumn 2 comes twice and is once.
            ("Europe/Rome", "2026-03-29T00:10:00Z", 3, "1 00:10, 3 01:00, 4 02:00, 5 03:00"),
            ("Europe/Rome", "2026-10-25T00:10:00Z", 3, "2 00:10, 3 02:00, 4 03:00"),
        ] {
            let found = hours(At::parse(from).unwrap(), Span::HOUR.times(within), &zone(place));
            let told = found.iter().map(|(hour, at)| format!("{hour} {}", &at.to_string()[11..16]));
            assert_eq!(told.collect::<Vec<_>>().join(", "), expected, "{place} {from}");
        }
        let day = hours(At::parse("2026-01-05T07:30:00Z").unwrap(), Span::DAY, &zone("Europe/Rome"));
        assert_eq!(day.len(), 24, "the hour that it is comes once");
    }
}
