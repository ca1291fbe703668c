//! How runs of a journey begin.

use super::schedule::{DateEntry, Schedule, Words};
use crate::segment::parse::{Wrong, enter};
use crate::segment::{Did, Expression};

/// What a journey's `enter` says.
#[derive(Clone, Debug, PartialEq)]
pub enum Enter {
    /// A bare `did`: at each such event.
    Event(Did),
    /// `entered segment "…"` or `left segment "…"`: at each such change, and never since somebody was inside already.
    Change { segment: String, is_in: bool },
    /// Any other expression: when it becomes true.
    Truth(Expression),
    /// `every monday at 09:00`: everybody at once.
    Schedule(Schedule),
    /// `on trait.birthday yearly at 09:00`: each person at their own time.
    Date(DateEntry),
    /// `by request`: only through the API, or by another journey, as every journey may begin besides.
    Request,
}

impl Enter {
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let mut words = Words::new(text);
        if words.take("every") {
            return Schedule::parse(&mut words).map(Self::Schedule);
        }
        if words.take("on") {
            return DateEntry::parse(&mut words).map(Self::Date);
        }
        if text.trim() == "by request" {
            return Ok(Self::Request);
        }
        enter(text)
    }

    /// Reads the entry of a programme that was checked.
    pub(crate) fn of_programme(text: &str) -> Self {
        Self::parse(text).expect("invariant: a programme with mistakes is refused before it is compiled")
    }

    /// Whether it is an expression.
    pub(crate) fn asks(&self) -> bool {
        matches!(self, Self::Event(_) | Self::Truth(_))
    }
}
