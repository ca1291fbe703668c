//! Instants and spans of time. They are plain milliseconds: the engine is told the time and never asks for it.

use borsh::{BorshDeserialize, BorshSerialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct At(pub i64);

/// A length of time in milliseconds. Months and years do not exist here: their length depends on where they start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Span(pub i64);

impl At {
    /// Earlier than every instant that a record can carry.
    pub const MIN: Self = Self(i64::MIN);
    /// Later than every instant that a record can carry.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant a span later; saturates at the ends of time.
    pub fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The instant a span earlier; saturates at the ends of time.
    pub fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Time passed since `earlier`; negative when `earlier` is later.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The whole second in which the instant lies, since 1970; the ends of what a record can say for what is outside.
    pub(crate) fn second(self) -> u32 {
        self.0.div_euclid(1_000).clamp(0, i64::from(u32::MAX - 1)) as u32
    }

    pub fn of_second(second: u32) -> Self {
        Self(i64::from(second) * 1_000)
    }

    /// Reads an RFC 3339 instant; a date with a time and no zone as that time in UTC; a plain date as its midnight in
    /// UTC. So a text means one instant, whichever machine reads it; for the same reason a zone that is only named,
    /// without its offset, is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
            return Some(Self(timestamp.as_millisecond()));
        }
        if text.contains('[') {
            return None;
        }
        let zoneless: jiff::civil::DateTime = text.parse().ok()?;
        let timestamp = jiff::tz::TimeZone::UTC.to_timestamp(zoneless).ok()?;
        Some(Self(timestamp.as_millisecond()))
    }
}

/// RFC 3339 in UTC with milliseconds; the ends of time print as the ends of RFC 3339's range.
impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        let timestamp = jiff::Timestamp::from_millisecond(self.0).unwrap_or(end);
        write!(f, "{timestamp:.3}")
    }
}

impl Span {
    /// One second.
    pub const SECOND: Self = Self(1_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000);
    /// Twenty-four hours, whatever the clocks of a place do.
    pub const DAY: Self = Self(86_400_000);

    /// `count` times this span.
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Reads `1 hour`, `30 days`, `90 s`, `2 weeks`. `None` for anything else, and for spans that are not positive.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = text.get(..digits)?.parse().ok()?;
        let span = Self::unit(text.get(digits..)?.trim())?.0.checked_mul(count)?;
        (span > 0).then_some(Self(span))
    }

    /// The span that a unit's name stands for, singular, plural or short.
    pub fn unit(name: &str) -> Option<Self> {
        Some(match name {
            "ms" | "millisecond" | "milliseconds" => Self(1),
            "s" | "second" | "seconds" => Self::SECOND,
            "m" | "min" | "minute" | "minutes" => Self::MINUTE,
            "h" | "hour" | "hours" => Self::HOUR,
            "d" | "day" | "days" => Self::DAY,
            "w" | "week" | "weeks" => Self::DAY.times(7),
            _ => return None,
        })
    }
}

/// The largest unit that divides the span: `2 days`, `90 minutes`.
impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units =
            [(Self::DAY, "day"), (Self::HOUR, "hour"), (Self::MINUTE, "minute"), (Self::SECOND, "second")];
        let whole = units.iter().find(|(unit, _)| self.0 != 0 && self.0 % unit.0 == 0);
        let (count, name) = whole.map_or((self.0, "millisecond"), |(unit, name)| (self.0 / unit.0, *name));
        write!(f, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_printed() {
        for (text, ms, printed) in [
            ("1 hour", 3_600_000, "1 hour"),
            ("7 days", 604_800_000, "7 days"),
            ("2 weeks", 1_209_600_000, "14 days"),
            ("90s", 90_000, "90 seconds"),
            ("36 hours", 129_600_000, "36 hours"),
        ] {
            assert_eq!(Span::parse(text), Some(Span(ms)), "{text}");
            assert_eq!(Span(ms).to_string(), printed);
        }
        for wrong in ["", "hour", "0 days", "-1 day", "3 fortnights", "99999999999999999999 days"] {
            assert_eq!(Span::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn instants_are_read_and_printed() {
        for (text, ms) in [
            ("1970-01-01T00:00:01.5Z", 1_500),
            ("1970-01-01T02:00:01+02:00", 1_000),
            ("2026-01-05", 1_767_571_200_000),
            (" 2026-01-05 ", 1_767_571_200_000),
            ("2026-01-05T00:00", 1_767_571_200_000),
            ("2026-01-05 11:59:58", 1_767_614_398_000),
            ("2026-01-05T11:59:58.123456", 1_767_614_398_123),
            ("2026-01-05T12:59:58+01:00[Europe/Rome]", 1_767_614_398_000),
        ] {
            assert_eq!(At::parse(text), Some(At(ms)), "{text}");
        }
        for wrong in [
            "",
            "yesterday",
            "11:59:58",
            "2026-01-05 11:59:58 Rome",
            "2026-01-05T25:00",
            "2026-01-05T11:59:58+99:00",
            "2026-01-05T11:59:58[Europe/Rome]",
        ] {
            assert_eq!(At::parse(wrong), None, "{wrong}");
        }
        assert_eq!(At(1_500).to_string(), "1970-01-01T00:00:01.500Z");
    }
}
