//! A date that a wait ends by.

use crate::at::{At, Span};
use crate::segment::date::Date;
use crate::segment::day::{midnight, plus};
use crate::segment::parse::Wrong;
use jiff::tz::TimeZone;

/// `trait.renewal_date - 7 days`, `event.delivered_at + 2 hours`, or a date itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    pub(crate) of: DateOf,
    /// Later by so much, or earlier.
    pub(crate) shift: Span,
}

/// Where the date is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DateOf {
    Trait(Vec<String>),
    Event(Vec<String>),
    Date(Date),
}

impl Appointment {
    /// Reads one; `None` where the text is none but perhaps an expression.
    pub fn parse(text: &str) -> Option<Result<Self, Wrong>> {
        let text = text.trim();
        if let Some(date) = Date::parse(text) {
            return Some(Ok(Self { of: DateOf::Date(date), shift: Span(0) }));
        }
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let (word, path) = name.split_once('.')?;
        let make = match word {
            "trait" => DateOf::Trait,
            "event" => DateOf::Event,
            _ => return None,
        };
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return None;
        }
        let rest = rest.trim_start();
        let sign = match rest.chars().next() {
            None => return Some(Ok(Self { of: make(path), shift: Span(0) })),
            Some('-') => -1,
            Some('+') => 1,
            // Whatever else follows is a test, and makes it an expression.
            Some(_) => return None,
        };
        let offset = text.len() - rest.len() + 1;
        Some(match Span::parse(&rest[1..]) {
            Some(Span(span)) => Ok(Self { of: make(path), shift: Span(sign * span) }),
            None => Err(Wrong {
                offset,
                message: format!("\"{}\" is not a length of time", rest[1..].trim()),
                suggestion: Some("write, for example, `trait.renewal_date - 7 days`".to_owned()),
            }),
        })
    }
}

/// The instant that a date is for somebody whose day begins with that of a zone, moved by a length of time. Whole days are
/// days of the calendar, where the date is one.
pub(crate) fn instant(date: Date, shift: Span, zone: &TimeZone) -> At {
    match date {
        Date::Day(day) if shift.0 % Span::DAY.0 == 0 => midnight(plus(day, shift.0 / Span::DAY.0), zone),
        Date::Day(day) => midnight(day, zone).plus(shift),
        Date::Instant(at) => at.plus(shift),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Result<Appointment, String>> {
        Appointment::parse(text)
            .map(|read| read.map_err(|wrong| format!("{}: {}", wrong.offset, wrong.message)))
    }

    #[test]
    fn an_appointment_is_told_from_an_expression() {
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        for (text, of, days) in [
            ("trait.renewal_date", DateOf::Trait(path("renewal_date")), 0),
            ("trait.renewal_date - 7 days", DateOf::Trait(path("renewal_date")), -7),
            ("event.delivery.at + 1 week", DateOf::Event(path("delivery.at")), 7),
            ("2026-12-24", DateOf::Date(Date::parse("2026-12-24").unwrap()), 0),
        ] {
            assert_eq!(parse(text), Some(Ok(Appointment { of, shift: Span::DAY.times(days) })), "{text}");
        }
        for other in [
            "did \"Order Completed\"",
            "trait.plan = \"pro\"",
            "trait.",
            "trait..x",
            "in segment \"vip\"",
            "09:00",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
        let wrong = parse("trait.renewal_date - a week");
        assert_eq!(wrong, Some(Err("20: \"a week\" is not a length of time".to_owned())));
    }

    #[test]
    fn days_before_a_day_are_days_of_the_calendar() {
        let rome = crate::programme::timezone("Europe/Rome").unwrap();
        // The clocks change between the two.
        let day = Date::parse("2026-04-01").unwrap();
        for (shift, expected) in [
            (Span::DAY.times(-7), "2026-03-24T23:00:00.000Z"),
            (Span::HOUR.times(-1), "2026-03-31T21:00:00.000Z"),
            (Span::DAY.times(2), "2026-04-02T22:00:00.000Z"),
        ] {
            assert_eq!(instant(day, shift, &rome).to_string(), expected);
        }
        let at = Date::parse("2026-04-01T12:00:00Z").unwrap();
        assert_eq!(instant(at, Span::DAY.times(-7), &rome).to_string(), "2026-03-25T12:00:00.000Z");
    }
}
