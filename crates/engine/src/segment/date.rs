//! Dates as an expression writes them: a calendar day, or an instant.

use crate::at::At;

/// A day is that of the programme's time zone, and stands for the instant at which it begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Date {
    Day(jiff::civil::Date),
    Instant(At),
}

/// The instant of 0000-01-01T00:00:00Z: an earlier year has no four digits.
const FIRST: At = At(-62_167_219_200_000);

impl Date {
    /// Reads `2026-01-31`, or an instant of RFC 3339 as `2026-01-31T09:30:00+01:00`, that can be written again.
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text).filter(|date| !matches!(date, Self::Instant(at) if *at < FIRST))
    }

    /// The same of any instant: what a value may be.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
        let begins_as_a_day = bytes.len() >= 10
            && (digits(0..4) && digits(5..7) && digits(8..10))
            && (bytes[4] == b'-' && bytes[7] == b'-');
        match bytes.len() {
            _ if !begins_as_a_day => None,
            10 => text.parse().ok().map(Self::Day),
            _ => {
                let timestamp: jiff::Timestamp = text.parse().ok()?;
                Some(Self::Instant(At(timestamp.as_millisecond())))
            }
        }
    }
}

/// The day, or the instant in UTC, with milliseconds only where it has some.
impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Instant(at) => {
                let text = at.to_string();
                f.write_str(&text.replace(".000Z", "Z"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_instants_are_read_and_printed() {
        for (text, printed) in [
            ("2026-01-31", "2026-01-31"),
            ("2028-02-29", "2028-02-29"),
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00Z"),
            ("2026-01-31T09:30:00.25+01:00", "2026-01-31T08:30:00.250Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ] {
            let date = Date::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(date.to_string(), printed);
            assert_eq!(Date::parse(printed), Some(date), "{printed}");
        }
        for wrong in [
            "",
            "today",
            "2026-02-29",
            "2026-1-31",
            "20260131",
            "2026-01-31T09:30:00",
            "2026-01-31 ",
            "31/01/2026",
            "0000-01-01T00:00:00+01:00",
            "2026-01-3é",
        ] {
            assert_eq!(Date::parse(wrong), None, "{wrong}");
        }
    }
}
