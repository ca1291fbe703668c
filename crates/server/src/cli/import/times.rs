//! How a file writes its times, and reading them. Pure.

use engine::at::At;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// One way of writing times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pattern: Pattern,
    /// Where the clock hung that a time without an offset was read from.
    zone: TimeZone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    /// RFC 3339 and its relatives, or seconds or milliseconds since 1970.
    Iso,
    /// 31/12/2026, with slashes, points or hyphens, and a time of day perhaps.
    DayFirst,
    /// 12/31/2026.
    MonthFirst,
    /// As `strftime` has it.
    Stated(String),
}

impl Times {
    pub(super) fn iso() -> Self {
        Self { pattern: Pattern::Iso, zone: TimeZone::UTC }
    }

    pub(super) fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The way in which all of these times are written. `None` if there is none, and `Err` if there are two.
    pub(super) fn guess<'c>(
        cells: &(impl Iterator<Item = &'c str> + Clone),
    ) -> Result<Option<Self>, Ambiguous> {
        let fits = |pattern| {
            let times = Self { pattern, zone: TimeZone::UTC };
            let mut cells = cells.clone().filter(|cell| !cell.trim().is_empty()).peekable();
            (cells.peek().is_some() && cells.all(|cell| times.read(cell).is_some())).then_some(times)
        };
        if let Some(iso) = fits(Pattern::Iso) {
            return Ok(Some(iso));
        }
        match (fits(Pattern::DayFirst), fits(Pattern::MonthFirst)) {
            (Some(_), Some(_)) => Err(Ambiguous),
            (day_first, month_first) => Ok(day_first.or(month_first)),
        }
    }

    /// As the mapping has it, for those that must be told.
    pub(super) fn format(&self) -> Option<&str> {
        match &self.pattern {
            Pattern::Iso => None,
            Pattern::DayFirst => Some("day first"),
            Pattern::MonthFirst => Some("month first"),
            Pattern::Stated(format) => Some(format),
        }
    }

    /// The time zone, where it is not UTC.
    pub(super) fn zone_name(&self) -> Option<&str> {
        self.zone.iana_name().filter(|name| *name != "UTC")
    }

    /// The reverse of [`Times::format`].
    pub(super) fn from_format(format: &str) -> Self {
        let pattern = match format {
            "iso" => Pattern::Iso,
            "day first" => Pattern::DayFirst,
            "month first" => Pattern::MonthFirst,
            format => Pattern::Stated(format.to_owned()),
        };
        Self { pattern, zone: TimeZone::UTC }
    }

    pub(super) fn example_of_day(&self) -> String {
        let example = self.example();
        example.split(['T', ' ']).next().unwrap_or_default().to_owned()
    }

    pub(super) fn example(&self) -> String {
        match &self.pattern {
            Pattern::Iso => "2026-12-31T23:59:00Z".to_owned(),
            Pattern::DayFirst => "31/12/2026 23:59".to_owned(),
            Pattern::MonthFirst => "12/31/2026 23:59".to_owned(),
            Pattern::Stated(format) => {
                let example = jiff::civil::date(2026, 12, 31).at(23, 59, 0, 0).to_zoned(TimeZone::UTC);
                let written = example.ok().and_then(|example| strtime::format(format, &example).ok());
                written.unwrap_or_else(|| format.clone())
            }
        }
    }

    /// The instant that a cell speaks of; of a date alone, its midnight.
    pub(super) fn read(&self, cell: &str) -> Option<At> {
        match self.parse(cell.trim())? {
            Written::Instant(at) => Some(at),
            Written::Clock(time) => {
                Some(At(time.to_zoned(self.zone.clone()).ok()?.timestamp().as_millisecond()))
            }
        }
    }

    /// The instant at which a clock here showed what a clock of UTC shows at `shown`.
    pub(super) fn at_clock(&self, shown: At) -> Option<At> {
        let shown = Timestamp::from_millisecond(shown.0).ok()?.to_zoned(TimeZone::UTC).datetime();
        Some(At(shown.to_zoned(self.zone.clone()).ok()?.timestamp().as_millisecond()))
    }

    /// The day that a cell speaks of, which has no time zone.
    pub(super) fn day(&self, cell: &str) -> Option<Date> {
        match self.parse(cell.trim())? {
            Written::Instant(At(millis)) => {
                Some(Timestamp::from_millisecond(millis).ok()?.to_zoned(self.zone.clone()).date())
            }
            Written::Clock(time) => Some(time.date()),
        }
    }

    /// Whether a cell names a day and no time of it.
    pub(super) fn is_day(&self, cell: &str) -> bool {
        matches!(self.parse(cell.trim()), Some(Written::Clock(time)) if time.time() == Time::midnight())
    }

    fn parse(&self, cell: &str) -> Option<Written> {
        match &self.pattern {
            Pattern::Iso => iso(cell),
            Pattern::DayFirst => slashed(cell, |day, month, year| Date::new(year, month, day)),
            Pattern::MonthFirst => slashed(cell, |month, day, year| Date::new(year, month, day)),
            Pattern::Stated(format) => {
                let parsed = strtime::parse(format, cell).ok()?;
                if let Ok(timestamp) = parsed.to_timestamp() {
                    return Some(Written::Instant(At(timestamp.as_millisecond())));
                }
                let time = parsed.to_time().unwrap_or(Time::midnight());
                Some(Written::Clock(parsed.to_date().ok()?.to_datetime(time)))
            }
        }
    }
}

/// What is written in a cell.
enum Written {
    Instant(At),
    /// What some clock showed.
    Clock(DateTime),
}

fn iso(cell: &str) -> Option<Written> {
    if let Ok(timestamp) = cell.parse::<Timestamp>() {
        return Some(Written::Instant(At(timestamp.as_millisecond())));
    }
    if cell.len() >= 9 && super::cell::is_plain_number(cell) && !cell.contains(['e', 'E']) {
        return since_1970(cell.parse().ok()?).map(Written::Instant);
    }
    cell.parse().ok().map(Written::Clock)
}

/// The cells fit both orders of day and month.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

/// Seconds, milliseconds, microseconds or nanoseconds, told apart by their size: all of them lie after 1973.
fn since_1970(number: f64) -> Option<At> {
    let millis = match number.abs() {
        size if size < 1e11 => number * 1e3,
        size if size < 1e14 => number,
        size if size < 1e17 => number / 1e3,
        _ => number / 1e6,
    };
    millis.is_finite().then_some(At(millis as i64))
}

/// Three numbers and perhaps a time of day.
fn slashed(cell: &str, date: fn(i8, i8, i16) -> Result<Date, jiff::Error>) -> Option<Written> {
    let (days, time) = match cell.split_once([' ', 'T']) {
        Some((days, time)) => (days, time_of_day(time.trim())?),
        None => (cell, Time::midnight()),
    };
    let mut parts = days.split(['/', '.', '-']);
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || first.len() > 2 || second.len() > 2 {
        return None;
    }
    let year: i16 = match year.len() {
        4 => year.parse().ok()?,
        2 => 2000 + year.parse::<i16>().ok()?,
        _ => return None,
    };
    let date = date(first.parse().ok()?, second.parse().ok()?, year).ok()?;
    Some(Written::Clock(date.to_datetime(time)))
}

/// 9:05, 09:05:30.5, 9:05 PM.
fn time_of_day(text: &str) -> Option<Time> {
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim(), Some(0)),
        (_, Some(clock)) => (clock.trim(), Some(12)),
        _ => (lower.as_str(), None),
    };
    let mut parts = clock.splitn(3, ':');
    let (hour, minute): (i8, i8) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let seconds: f64 = parts.next().map_or(Some(0.0), |part| part.parse().ok())?;
    let hour = match half {
        None => hour,
        Some(half) => (1..=12).contains(&hour).then_some(hour % 12 + half)?,
    };
    let whole = (0.0..60.0).contains(&seconds).then_some(seconds as i8)?;
    Time::new(hour, minute, whole, ((seconds - f64::from(whole)) * 1e9) as i32).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_form() {
        let rome = || TimeZone::get("Europe/Rome").unwrap();
        let iso = || Times::iso();
        let day = || Times::from_format("day first");
        let month = || Times::from_format("month first");
        for (times, cell, expected) in [
            (iso(), "2026-01-05T10:00:00Z", "2026-01-05T10:00:00.000Z"),
            (iso(), "2026-01-05T10:00:00.123456+02:00", "2026-01-05T08:00:00.123Z"),
            (iso(), "2026-01-05 10:00:00", "2026-01-05T10:00:00.000Z"),
            (iso(), "2026-01-05", "2026-01-05T00:00:00.000Z"),
            (iso().in_zone(rome()), "2026-07-05 10:00", "2026-07-05T08:00:00.000Z"),
            (iso().in_zone(rome()), "2026-07-05T10:00:00Z", "2026-07-05T10:00:00.000Z"),
            (iso(), "1767607200", "2026-01-05T10:00:00.000Z"),
            (iso(), "1767607200.5", "2026-01-05T10:00:00.500Z"),
            (iso(), "1767607200123", "2026-01-05T10:00:00.123Z"),
            (iso(), "1767607200123456", "2026-01-05T10:00:00.123Z"),
            (iso(), "20260105", "2026-01-05T00:00:00.000Z"),
            (iso(), "5", ""),
            (iso(), "05/01/2026", ""),
            (day(), "05/01/2026", "2026-01-05T00:00:00.000Z"),
            (day(), "5.1.26 9:05", "2026-01-05T09:05:00.000Z"),
            (day().in_zone(rome()), "05/07/2026 10:00:30.250", "2026-07-05T08:00:30.250Z"),
            (day(), "31/02/2026", ""),
            (day(), "05/01", ""),
            (month(), "1/5/2026 9:05 PM", "2026-01-05T21:05:00.000Z"),
            (month(), "1/5/2026 12:05 am", "2026-01-05T00:05:00.000Z"),
            (month(), "1/5/2026 13:05 pm", ""),
            (Times::from_format("%Y%m%d %H%M"), "20260105 0905", "2026-01-05T09:05:00.000Z"),
            (Times::from_format("%d-%b-%Y"), "05-Jan-2026", "2026-01-05T00:00:00.000Z"),
            (Times::from_format("%d-%b-%Y"), "2026", ""),
        ] {
            let read = times.read(cell).map(|at| at.to_string());
            assert_eq!(read.as_deref().unwrap_or(""), expected, "{cell} as {times:?}");
        }
    }

    #[test]
    fn an_order_of_day_and_month_is_guessed_only_where_the_cells_tell() {
        let guess = |cells: &[&'static str]| {
            let times = Times::guess(&cells.iter().copied());
            times.map(|times| times.map(|times| times.format().unwrap_or("iso").to_owned()))
        };
        assert_eq!(guess(&["2026-01-05", "", "2026-01-06 10:00"]), Ok(Some("iso".to_owned())));
        assert_eq!(guess(&["05/01/2026", "13/01/2026"]), Ok(Some("day first".to_owned())));
        assert_eq!(guess(&["05/01/2026", "01/13/2026"]), Ok(Some("month first".to_owned())));
        assert_eq!(guess(&["05/01/2026", "06/01/2026"]), Err(Ambiguous));
        assert_eq!(guess(&["13/01/2026", "01/13/2026"]), Ok(None));
        assert_eq!(guess(&["", "  "]), Ok(None));
        assert_eq!(guess(&["soon"]), Ok(None));
    }
}
