//! When runs begin by the calendar: every so often, or on a date of the person's.

use crate::at::{At, Span};
use crate::local::{TimeOfDay, WEEKDAYS, Weekdays, comes, next};
use crate::programme::nearest;
use crate::segment::date::Date;
use crate::segment::day::{day_of, plus};
use crate::segment::parse::Wrong;
use jiff::civil;
use jiff::tz::TimeZone;

/// Most days between a date and the run that comes before it.
const DAYS_BEFORE_MAX: i64 = 365;

/// `every monday at 09:00`, where the programme is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    days: Days,
    time: TimeOfDay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Days {
    Week(Weekdays),
    /// The last day, where a month is shorter.
    Month(i8),
}

/// `on trait.birthday yearly at 09:00 before 3 days`, where the person is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateEntry {
    pub(crate) path: Vec<String>,
    yearly: bool,
    time: TimeOfDay,
    days_before: u32,
}

type Parsed<T> = Result<T, Wrong>;

impl Schedule {
    /// Reads what follows `every`.
    pub(super) fn parse(words: &mut Words<'_>) -> Parsed<Self> {
        let days = words.days()?;
        let time = words.time()?;
        words.end()?;
        Ok(Self { days, time })
    }

    /// The first instant of it that is not before this one.
    pub(crate) fn next(&self, from: At, zone: &TimeZone) -> At {
        next(from, self.time, zone, |day| match self.days {
            Days::Week(days) => days.has(day),
            Days::Month(number) => day.day() == number.min(day.days_in_month()),
        })
    }
}

impl DateEntry {
    /// Reads what follows `on`.
    pub(super) fn parse(words: &mut Words<'_>) -> Parsed<Self> {
        let path = words.path()?;
        let yearly = words.take("yearly");
        let time = words.time()?;
        let days_before = if words.take("before") { words.days_before()? } else { 0 };
        words.end()?;
        Ok(Self { path, yearly, time, days_before })
    }

    /// When it comes for a person's date, at this instant or later; [`At::MAX`] where it never does.
    pub(crate) fn next(&self, date: Date, from: At, zone: &TimeZone) -> At {
        let day = match date {
            Date::Day(day) => Some(day),
            Date::Instant(at) => day_of(at, zone),
        };
        let (Some(day), Some(today)) = (day, day_of(from, zone)) else { return At::MAX };
        let on = |day: civil::Date| comes(plus(day, -i64::from(self.days_before)), self.time, zone);
        if !self.yearly {
            return Some(on(day)).filter(|at| *at >= from).unwrap_or(At::MAX);
        }
        // So many days before, it may fall into the year before.
        let years = today.year().saturating_sub(1)..=today.year().saturating_add(2);
        years.map(|year| on(in_year(day, year))).find(|at| *at >= from).unwrap_or(At::MAX)
    }
}

/// The return of a month and day. The 29th of February is kept on the 1st of March where there is none.
fn in_year(day: civil::Date, year: i16) -> civil::Date {
    let same = civil::Date::new(year, day.month(), day.day());
    same.or_else(|_| civil::Date::new(year, 3, 1)).unwrap_or(civil::Date::MAX)
}

/// The words of an entry, each with its place.
pub(super) struct Words<'a> {
    text: &'a str,
    words: Vec<(usize, &'a str)>,
    next: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let words = text.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty());
        let words = words.map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word));
        Self { text, words: words.collect(), next: 0 }
    }

    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.next).map(|(_, word)| *word)
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let comes = self.peek() == Some(word);
        self.next += usize::from(comes);
        comes
    }

    fn wrong(&self, expected: &str, suggestion: Option<String>) -> Wrong {
        let found = self.peek().map_or("the end".to_owned(), |word| format!("`{word}`"));
        let offset = self.words.get(self.next).map_or(self.text.len(), |(offset, _)| *offset);
        Wrong { offset, message: format!("expected {expected}, found {found}"), suggestion }
    }

    fn end(&self) -> Parsed<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.wrong("the end", None)),
        }
    }

    fn time(&mut self) -> Parsed<TimeOfDay> {
        let example = || Some("for example `at 09:00`".to_owned());
        if !self.take("at") {
            return Err(self.wrong("`at` and a time of day", example()));
        }
        let time = self.peek().and_then(TimeOfDay::parse);
        let time = time.ok_or_else(|| self.wrong("a time of day", example()))?;
        self.next += 1;
        Ok(time)
    }

    fn days(&mut self) -> Parsed<Days> {
        if self.take("day") {
            return Ok(Days::Week(Weekdays::EVERY));
        }
        if self.take("weekday") {
            let five = WEEKDAYS.iter().take(5);
            return Ok(Days::Week(
                five.fold(Weekdays::default(), |days, name| days.with(name).unwrap_or(days)),
            ));
        }
        if self.take("month") {
            let named = self.take("on") && self.take("day");
            let number = self.peek().filter(|_| named).and_then(|word| word.parse().ok());
            let Some(number) = number.filter(|number| (1..=31).contains(number)) else {
                return Err(self.wrong(
                    "a day of the month",
                    Some("for example `every month on day 1 at 09:00`".to_owned()),
                ));
            };
            self.next += 1;
            return Ok(Days::Month(number));
        }
        let mut days = Weekdays::default();
        loop {
            let word = self.peek().unwrap_or_default();
            let Some(more) = days.with(word) else {
                let near = nearest(word, WEEKDAYS.into_iter().chain(["day", "weekday", "month"]));
                let suggestion = near.map(|near| format!("did you mean `{near}`?"));
                let suggestion =
                    suggestion.or_else(|| Some("for example `every monday at 09:00`".to_owned()));
                return Err(self.wrong("`day`, `weekday`, `month` or a day of the week", suggestion));
            };
            self.next += 1;
            days = more;
            self.take("and");
            if matches!(self.peek(), None | Some("at")) {
                return Ok(Days::Week(days));
            }
        }
    }

    fn path(&mut self) -> Parsed<Vec<String>> {
        let path = self.peek().and_then(|word| word.strip_prefix("trait."));
        let path: Option<Vec<String>> = path.map(|path| path.split('.').map(str::to_owned).collect());
        let path = path.filter(|path| path.iter().all(|name| !name.is_empty()));
        let suggestion = || Some("for example `trait.birthday`".to_owned());
        let path = path.ok_or_else(|| self.wrong("a trait with a date", suggestion()))?;
        self.next += 1;
        Ok(path)
    }

    fn days_before(&mut self) -> Parsed<u32> {
        let begin = self.words.get(self.next).map_or(self.text.len(), |(offset, _)| *offset);
        let two: Vec<&str> = self.words.iter().skip(self.next).take(2).map(|(_, word)| *word).collect();
        let days = Span::parse(&two.join(" ")).filter(|span| span.0 % Span::DAY.0 == 0);
        let days = days.map(|span| span.0 / Span::DAY.0).filter(|days| *days <= DAYS_BEFORE_MAX);
        let Some(days) = days else {
            let message = format!("expected whole days, {DAYS_BEFORE_MAX} at most");
            return Err(Wrong {
                offset: begin,
                message,
                suggestion: Some("for example `before 3 days`".to_owned()),
            });
        };
        self.next += two.len();
        Ok(days as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rome() -> TimeZone {
        crate::programme::timezone("Europe/Rome").unwrap()
    }

    fn words(text: &str) -> Words<'_> {
        let mut words = Words::new(text);
        words.next = 1;
        words
    }

    #[test]
    fn a_schedule_comes_on_its_days() {
        for (text, from, comes) in [
            ("every day at 09:00", "2026-01-05T08:00:00Z", "2026-01-05T08:00:00.000Z"),
            ("every day at 09:00", "2026-01-05T08:00:01Z", "2026-01-06T08:00:00.000Z"),
            ("every weekday at 9:00", "2026-01-09T12:00:00Z", "2026-01-12T08:00:00.000Z"),
            ("every monday and thursday at 09:00", "2026-01-05T12:00:00Z", "2026-01-08T08:00:00.000Z"),
            ("every friday, saturday at 23:30", "2026-01-05T12:00:00Z", "2026-01-09T22:30:00.000Z"),
            ("every month on day 31 at 09:00", "2026-02-01T12:00:00Z", "2026-02-28T08:00:00.000Z"),
            ("every month on day 1 at 09:00", "2026-02-01T12:00:00Z", "2026-03-01T08:00:00.000Z"),
            // The hour that the clocks skip.
            ("every day at 02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"),
        ] {
            let schedule = Schedule::parse(&mut words(text)).unwrap();
            assert_eq!(schedule.next(At::parse(from).unwrap(), &rome()).to_string(), comes, "{text}");
        }
    }

    #[test]
    fn a_date_comes_every_year_or_once() {
        for (text, date, from, comes) in [
            (
                "on trait.birthday yearly at 09:00",
                "1990-04-03",
                "2026-01-05T12:00:00Z",
                "2026-04-03T07:00:00.000Z",
            ),
            (
                "on trait.birthday yearly at 09:00",
                "1990-04-03",
                "2026-04-03T07:00:00Z",
                "2026-04-03T07:00:00.000Z",
            ),
            (
                "on trait.birthday yearly at 09:00",
                "1990-04-03",
                "2026-04-03T07:00:01Z",
                "2027-04-03T07:00:00.000Z",
            ),
            (
                "on trait.birthday yearly at 09:00",
                "2000-02-29",
                "2026-01-05T12:00:00Z",
                "2026-03-01T08:00:00.000Z",
            ),
            (
                "on trait.birthday yearly at 09:00",
                "2000-02-29",
                "2028-01-05T12:00:00Z",
                "2028-02-29T08:00:00.000Z",
            ),
            // Three days before the 1st of March, which the day is kept on.
            (
                "on trait.birthday yearly at 09:00 before 3 days",
                "2000-02-29",
                "2026-01-05T12:00:00Z",
                "2026-02-26T08:00:00.000Z",
            ),
            (
                "on trait.birthday yearly at 09:00 before 3 days",
                "1990-01-02",
                "2026-12-05T12:00:00Z",
                "2026-12-30T08:00:00.000Z",
            ),
            (
                "on trait.renewal at 09:00 before 7 days",
                "2026-04-01",
                "2026-01-05T12:00:00Z",
                "2026-03-25T08:00:00.000Z",
            ),
            ("on trait.renewal at 09:00 before 7 days", "2026-01-06", "2026-01-05T12:00:00Z", "never"),
        ] {
            let entry = DateEntry::parse(&mut words(text)).unwrap();
            let found = entry.next(Date::parse(date).unwrap(), At::parse(from).unwrap(), &rome());
            let found = if found == At::MAX { "never".to_owned() } else { found.to_string() };
            assert_eq!(found, comes, "{text} of {date} from {from}");
        }
    }

    #[test]
    fn a_mistake_says_what_is_missing() {
        for (text, offset, message) in [
            (
                "every moonday at 09:00",
                6,
                "expected `day`, `weekday`, `month` or a day of the week, found `moonday`",
            ),
            ("every monday", 12, "expected `at` and a time of day, found the end"),
            ("every monday at noon", 16, "expected a time of day, found `noon`"),
            ("every month at 09:00", 12, "expected a day of the month, found `at`"),
            ("every day at 09:00 sharp", 19, "expected the end, found `sharp`"),
        ] {
            let wrong = Schedule::parse(&mut words(text)).unwrap_err();
            assert_eq!((wrong.offset, wrong.message.as_str()), (offset, message), "{text}");
        }
        for (text, offset, message) in [
            ("on birthday yearly at 09:00", 3, "expected a trait with a date, found `birthday`"),
            ("on trait.birthday yearly", 24, "expected `at` and a time of day, found the end"),
            ("on trait.birthday at 09:00 before 2 hours", 34, "expected whole days, 365 at most"),
        ] {
            let wrong = DateEntry::parse(&mut words(text)).unwrap_err();
            assert_eq!((wrong.offset, wrong.message.as_str()), (offset, message), "{text}");
        }
    }
}
