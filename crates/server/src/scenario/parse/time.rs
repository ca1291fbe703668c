//! Instants in a story: whole ones, and short ones that follow the line above.

use super::super::story::Moment;
use super::super::words::Wrong;
use super::Parser;
use super::cursor::Cursor;
use engine::at::{At, Span};

impl Parser<'_> {
    /// Takes an instant from the front of a line, if there is one.
    pub(super) fn moment(&self, cursor: &mut Cursor<'_>) -> Result<Option<Moment>, Wrong> {
        let Some(word) = cursor.peek() else { return Ok(None) };
        let Some(text) = word.bare().filter(|text| looks_like_time(text)) else { return Ok(None) };
        cursor.next("an instant")?;
        self.instant(text, word.column).map(Some)
    }

    /// The time that `@occurred` gives. A time of day is the last such one, for what is late lies in the past.
    pub(super) fn occurred(&self, text: &str, column: usize) -> Result<At, Wrong> {
        let clock = self.clock.unwrap_or(At(0));
        if let Some(ago) = text.strip_prefix('-').and_then(Span::parse) {
            return Ok(clock.minus(ago));
        }
        let moment = self.instant(text, column)?;
        let is_time_of_day = !text.contains('-') && !text.starts_with('+');
        Ok(if is_time_of_day && moment.at > clock { moment.at.minus(Span::DAY) } else { moment.at })
    }

    pub(super) fn instant(&self, text: &str, column: usize) -> Result<Moment, Wrong> {
        let wrong = |message: &str| {
            let suggestion = "for example `2026-01-05T20:30Z`, `20:30Z` or `+2h`";
            Wrong::new(column, message).with(suggestion)
        };
        let no_clock = || wrong("a short time needs a line before it with a whole one");
        let precision = precision(text);
        if let Some(later) = text.strip_prefix('+') {
            let span = Span::parse(later).ok_or_else(|| wrong("this is not a length of time"))?;
            return Ok(Moment { at: self.clock.ok_or_else(no_clock)?.plus(span), precision: Span(1) });
        }
        if !text.contains('-') {
            let clock = self.clock.ok_or_else(no_clock)?;
            let midnight = At(clock.0 - clock.0.rem_euclid(Span::DAY.0));
            let date = midnight.to_string();
            let today = At::parse(&format!("{}T{text}", &date[..10]))
                .ok_or_else(|| wrong("this is no time of day"))?;
            // `20:30Z` after a line at 20:30:10 still means that minute, and not tomorrow's.
            let is_past = today.plus(precision).0 <= clock.0;
            return Ok(Moment { at: if is_past { today.plus(Span::DAY) } else { today }, precision });
        }
        let at = At::parse(text).ok_or_else(|| wrong("this is no instant"))?;
        Ok(Moment { at, precision })
    }
}

/// Whether a word stands where a time does: names of people and verbs begin with a letter.
fn looks_like_time(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '+')
}

/// How much of time the text leaves open: a day for a date, a minute for `20:30`, a second, or nothing.
fn precision(text: &str) -> Span {
    let colons = text.matches(':').count();
    match (colons, text.contains('.')) {
        (_, true) => Span(1),
        (0, _) => Span::DAY,
        (1, _) => Span::MINUTE,
        _ => Span::SECOND,
    }
}
