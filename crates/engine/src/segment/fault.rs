//! What a part of an expression must not be, whether it came as text or as JSON: each rule is here once, and whoever
//! reads a form adds the place.

use super::date::Date;
use super::{Owner, Window};
use crate::at::Span;
use crate::limits::EXPRESSION_SPAN_MAX;
use crate::programme::nearest;
use crate::value::SCALE;

/// Units of time by their full names, for suggestions.
pub(super) const UNITS: [&str; 10] =
    ["minutes", "hours", "days", "weeks", "seconds", "minute", "hour", "day", "week", "second"];

/// Why a part cannot be so, and what to write instead.
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) suggestion: Option<String>,
}

type Sound<T> = Result<T, Fault>;

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), suggestion: None }
    }

    pub(super) fn or_rather(self, suggestion: impl Into<String>) -> Self {
        Self { suggestion: Some(suggestion.into()), ..self }
    }
}

/// The steps of a path with dots.
pub(super) fn path(written: &str) -> Sound<Vec<String>> {
    let path: Vec<String> = written.split('.').map(str::to_owned).collect();
    match path.iter().any(String::is_empty) {
        true => Err(Fault::new("a name is missing beside a dot")),
        false => Ok(path),
    }
}

/// The name of an event, a segment or a purpose.
pub(super) fn name(written: &str) -> Sound<String> {
    match written.trim().is_empty() {
        true => Err(Fault::new("a name cannot be empty")),
        false => Ok(written.to_owned()),
    }
}

pub(super) fn span(unit: Span, count: i64) -> Sound<Span> {
    let span = unit.times(count);
    match span {
        Span(..=0) => Err(Fault::new("a window is longer than nothing")),
        // A second is the least that can be told apart, of events and of timers.
        _ if span.0 % Span::SECOND.0 != 0 => {
            let whole = Span::SECOND.times(span.0 / Span::SECOND.0 + 1);
            Err(Fault::new("what happens counts in whole seconds").or_rather(format!("write `{whole}`")))
        }
        _ if span > EXPRESSION_SPAN_MAX => {
            let longest = format!("a window is at most {EXPRESSION_SPAN_MAX} long");
            Err(Fault::new(longest).or_rather("leave the window out: everything ever counts then"))
        }
        _ => Ok(span),
    }
}

/// A length of time written as one text, such as `30 days`.
pub(super) fn length(written: &str) -> Sound<Span> {
    let digits = written.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = (written[..digits].parse::<i64>(), written[digits..].trim());
    if let (Ok(count), Some(unit)) = (&count, Span::unit(unit)) {
        return span(unit, *count);
    }
    let fault = Fault::new(format!("\"{written}\" is no length of time"));
    Err(match nearest(unit, UNITS).filter(|_| count.is_ok()) {
        Some(near) => fault.or_rather(format!("did you mean \"{} {near}\"?", &written[..digits])),
        None => fault.or_rather("write a number and a unit, such as \"30 days\""),
    })
}

/// The whole days of a date test.
pub(super) fn days(span: Span) -> Sound<u32> {
    let days = (span.0 % Span::DAY.0 == 0).then(|| u32::try_from(span.0 / Span::DAY.0).ok()).flatten();
    days.ok_or_else(|| {
        let days = span.0 / Span::DAY.0 + 1;
        let suggestion = format!("write `{}`", Span::DAY.times(days));
        Fault::new("a date is a day: it is near by whole days").or_rather(suggestion)
    })
}

pub(super) fn date(written: &str) -> Sound<Date> {
    Date::parse(written).ok_or_else(|| {
        Fault::new(format!("\"{written}\" is no date"))
            .or_rather("write a day as \"2026-01-31\", or an instant as \"2026-01-31T09:30:00Z\"")
    })
}

/// The date of `on`, which is a whole day.
pub(super) fn day(written: &str) -> Sound<jiff::civil::Date> {
    match date(written)? {
        Date::Day(day) => Ok(day),
        Date::Instant(_) => {
            let suggestion = format!("write \"{}\"", &written[..10]);
            Err(Fault::new("`on` asks for a day, and this is an instant").or_rather(suggestion))
        }
    }
}

/// A day and an instant can be told apart in time only where the time zone is known, so that pair is left alone.
pub(super) fn between(from: Date, to: Date) -> Sound<Window> {
    let ordered = match (from, to) {
        (Date::Day(from), Date::Day(to)) => from < to,
        (Date::Instant(from), Date::Instant(to)) => from < to,
        _ => true,
    };
    if ordered {
        return Ok(Window::Between(from, to));
    }
    let suggestion = match from == to {
        true => "the second date does not count itself: write the day after".to_owned(),
        false => format!("write `between \"{to}\" and \"{from}\"`"),
    };
    Err(Fault::new("there is nothing between these dates").or_rather(suggestion))
}

pub(super) fn since_entry(owner: Owner) -> Sound<Window> {
    match owner {
        Owner::Journey => Ok(Window::SinceEntry),
        Owner::Segment => {
            Err(Fault::new("`since entry` is for the rules inside a journey, where a run began")
                .or_rather("write `within` and a length of time, such as `within 30 days`"))
        }
    }
}

/// What the event that began a run said is known to the run alone.
pub(super) fn event(owner: Owner) -> Sound<()> {
    match owner {
        Owner::Journey => Ok(()),
        Owner::Segment => {
            Err(Fault::new("`event.` is for the rules inside a journey, where an event began the run")
                .or_rather("write `did \"Order Completed\" (total > 50)`"))
        }
    }
}

/// Everybody's cut-off cannot depend on each one's entry.
pub(super) fn of_a_rank(window: Option<Window>) -> Sound<Option<Window>> {
    match window {
        Some(Window::SinceEntry) => Err(Fault::new("people are ranked by the same time for all of them")
            .or_rather("write `within` and a length of time, such as `within 30 days`")),
        window => Ok(window),
    }
}

/// The number of units in a length of time.
pub(super) fn whole(millionths: i64) -> Sound<i64> {
    match millionths % SCALE {
        0 => Ok(millionths / SCALE),
        _ => Err(Fault::new("a length of time is a whole number of units")
            .or_rather("write a smaller unit, such as `90 minutes`")),
    }
}

pub(super) fn count(millionths: i64) -> Sound<u32> {
    let whole = (millionths % SCALE == 0).then(|| u32::try_from(millionths / SCALE).ok()).flatten();
    whole.ok_or_else(|| Fault::new("how many times is a whole number"))
}

pub(super) fn share_permyriad(percent_millionths: i64) -> Sound<u16> {
    let per_permyriad = SCALE / 100;
    match percent_millionths / per_permyriad {
        _ if percent_millionths % per_permyriad != 0 => {
            Err(Fault::new("a share has at most two decimals").or_rather("write a share such as `12.5%`"))
        }
        share @ 1..=9_999 => Ok(share as u16),
        _ => {
            Err(Fault::new("a share is more than 0% and less than 100%")
                .or_rather("write a share such as `10%`"))
        }
    }
}

pub(super) fn score(millionths: i64) -> Sound<u8> {
    match millionths / SCALE {
        score @ 1..=5 if millionths % SCALE == 0 => Ok(score as u8),
        _ => {
            Err(Fault::new("a score is a whole number from 1 to 5")
                .or_rather("5 is the best fifth of buyers"))
        }
    }
}
