//! Days of the calendar, for what is told by the day: what was spent, which rate held. Nothing wakes it.

use crate::at::At;
use borsh::{BorshDeserialize, BorshSerialize};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A day of the calendar, counted from 1970-01-01. Which instants it holds is for a time zone to say.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Day(pub i32);

const FIRST: Date = jiff::civil::date(1970, 1, 1);

impl Day {
    /// Reads `2026-01-31`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        text.parse().ok().filter(|_| is_plain).map(Self::of_date)
    }

    pub fn of_date(date: Date) -> Self {
        let days = date.duration_since(FIRST).as_hours() / 24;
        Self(i32::try_from(days).expect("invariant: the calendar has fewer days"))
    }

    /// The day on which an instant lies in a time zone.
    pub fn of(at: At, timezone: &TimeZone) -> Self {
        let end = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        let timestamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or(end);
        Self::of_date(timezone.to_datetime(timestamp).date())
    }

    pub fn date(self) -> Date {
        let days = jiff::Span::new().try_days(i64::from(self.0));
        let end = if self.0 < 0 { Date::MIN } else { Date::MAX };
        days.ok().and_then(|days| FIRST.checked_add(days).ok()).unwrap_or(end)
    }

    /// The instant at which it begins in a time zone, whatever the clocks do there.
    pub fn begin(self, timezone: &TimeZone) -> At {
        let midnight = self.date().to_zoned(timezone.clone());
        midnight.map_or(At::MAX, |midnight| At(midnight.timestamp().as_millisecond()))
    }

    /// The day so many days later.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.date().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_printed_and_found_in_a_time_zone() {
        for (text, day) in
            [("1970-01-01", 0), ("2026-01-05", 20_458), ("1969-12-31", -1), ("2028-02-29", 21_243)]
        {
            assert_eq!(Day::parse(text), Some(Day(day)), "{text}");
            assert_eq!(Day(day).to_string(), text);
        }
        for wrong in ["", "2026-02-29", "2026-1-5", "2026-01-05T00:00:00Z", "20260105xx"] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
        let rome = crate::programme::timezone("Europe/Rome").unwrap();
        let begin = Day(20_458).begin(&rome);
        assert_eq!(begin, At::parse("2026-01-05T00:00:00+01:00").unwrap());
        assert_eq!((Day::of(begin, &rome), Day::of(At(begin.0 - 1), &rome)), (Day(20_458), Day(20_457)));
        assert_eq!(Day::of(begin, &TimeZone::UTC), Day(20_457));
    }
}
