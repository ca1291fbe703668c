//! How runs of a journey begin.

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
}

impl Enter {
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        enter(text)
    }

    /// Reads the entry of a programme that was checked.
    pub(crate) fn of_programme(text: &str) -> Self {
        Self::parse(text).expect("invariant: a programme with mistakes is refused before it is compiled")
    }
}
