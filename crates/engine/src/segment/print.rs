//! A tree as its text, in the one way that is ours: read again it gives the same tree, with the fewest parentheses.

use super::lex::{is_word_part, is_word_start};
use super::number::decimal;
use super::{
    DayTest, Deed, Did, Expression, Figure, Filter, Literal, Quantity, Rank, Sequence, Test, Then, Window,
};
use crate::journey::CALL_ROOT;
use std::fmt::{Display, Formatter, Result, Write};

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::And(parts) => self.joined(f, parts, " and "),
            Self::Or(parts) => self.joined(f, parts, " or "),
            Self::Not(inner) => {
                f.write_str("not ")?;
                self.part(f, inner)
            }
            Self::Did(did) => did.fmt(f),
            Self::Sequence(sequence) => sequence.fmt(f),
            Self::Trait(filter) => write!(f, "trait.{} {}", Path(&filter.path, true), filter.test),
            Self::Event(filter) if is_answer(&filter.path) => {
                write!(f, "{} {}", Path(&filter.path, true), filter.test)
            }
            Self::Event(filter) => write!(f, "event.{} {}", Path(&filter.path, true), filter.test),
            Self::InSegment(name) => write!(f, "in segment {}", Quoted(name)),
            Self::ConsentedTo { purpose, channel } => {
                write!(f, "consented to {}", Quoted(purpose))?;
                channel.map_or(Ok(()), |channel| write!(f, " by {}", channel.name()))
            }
            Self::ReachableBy(channel) => write!(f, "reachable by {}", channel.name()),
            Self::Offer { name, phase } => write!(f, "offer {} {}", Quoted(name), phase.name()),
            Self::FirstSeen(window) => write!(f, "first seen {window}"),
            Self::LastSeen(window) => write!(f, "last seen {window}"),
            Self::Score(score) => {
                write!(f, "rfm.{} {} {}", score.of.word(), score.comparison.mark(), score.score)
            }
            Self::Rank(rank) => rank.fmt(f),
        }
    }
}

impl Expression {
    fn joined(&self, f: &mut Formatter<'_>, parts: &[Self], word: &str) -> Result {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(word)?;
            }
            self.part(f, part)?;
        }
        Ok(())
    }

    fn part(&self, f: &mut Formatter<'_>, part: &Self) -> Result {
        if part.needs_parentheses(self) { write!(f, "({part})") } else { part.fmt(f) }
    }
}

impl Display for Deed {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        Quoted(&self.event).fmt(f)?;
        for (index, filter) in self.filters.iter().enumerate() {
            f.write_str(if index == 0 { " (" } else { ", " })?;
            filter.fmt(f)?;
        }
        if self.filters.is_empty() { Ok(()) } else { f.write_char(')') }
    }
}

impl Display for Did {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "did {}", self.deed)?;
        if self.quantity != Quantity::AtLeast(1) {
            write!(f, " {}", self.quantity)?;
        }
        after_a_space(f, self.window.as_ref())
    }
}

impl Display for Sequence {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "did {}", self.first)?;
        after_a_space(f, self.window.as_ref())?;
        for then in &self.then {
            write!(f, " then {then}")?;
        }
        self.then_not.as_ref().map_or(Ok(()), |then| write!(f, " then not {then}"))
    }
}

impl Display for Then {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.deed.fmt(f)?;
        self.within.map_or(Ok(()), |span| write!(f, " within {span}"))
    }
}

impl Display for Quantity {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (word, count) = match self {
            Self::AtLeast(count) => ("at least", count),
            Self::AtMost(count) => ("at most", count),
            Self::Exactly(count) => ("exactly", count),
            Self::Aggregate { aggregate, path, comparison, millionths } => {
                let (path, number) = (Path(path, false), decimal(*millionths));
                return write!(f, "with {}({path}) {} {number}", aggregate.word(), comparison.mark());
            }
        };
        write!(f, "{word} {count} time{}", if *count == 1 { "" } else { "s" })
    }
}

impl Display for Window {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Within(span) => write!(f, "within {span}"),
            Self::Since(date) => write!(f, "since \"{date}\""),
            Self::Before(date) => write!(f, "before \"{date}\""),
            Self::Between(from, to) => write!(f, "between \"{from}\" and \"{to}\""),
            Self::SinceEntry => f.write_str("since entry"),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", Path(&self.path, false), self.test)
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Compare(comparison, literal) => write!(f, "{} {literal}", comparison.mark()),
            Self::In(literals) => {
                f.write_str("in [")?;
                for (index, literal) in literals.iter().enumerate() {
                    write!(f, "{}{literal}", if index == 0 { "" } else { ", " })?;
                }
                f.write_char(']')
            }
            Self::Contains(literal) => write!(f, "contains {literal}"),
            Self::StartsWith(part) => write!(f, "starts with {}", Quoted(part)),
            Self::EndsWith(part) => write!(f, "ends with {}", Quoted(part)),
            Self::Exists => f.write_str("exists"),
            Self::Day(test) => test.fmt(f),
        }
    }
}

impl Display for DayTest {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Before(date) => write!(f, "before \"{date}\""),
            Self::After(date) => write!(f, "after \"{date}\""),
            Self::On(day) => write!(f, "on \"{day}\""),
            Self::InTheNext { days } => write!(f, "in the next {}", Days(*days)),
            Self::InTheLast { days } => write!(f, "in the last {}", Days(*days)),
            Self::AnniversaryInTheNext { days: 1 } => f.write_str("anniversary today"),
            Self::AnniversaryInTheNext { days } => write!(f, "anniversary in the next {}", Days(*days)),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Number(millionths) => f.write_str(&decimal(*millionths)),
            Self::Text(text) => Quoted(text).fmt(f),
            Self::Bool(bool) => bool.fmt(f),
        }
    }
}

impl Display for Rank {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let percent = decimal(i64::from(self.share_permyriad) * 10_000);
        write!(f, "{} {percent}% by {}", self.end.word(), self.by)
    }
}

impl Display for Figure {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.aggregate {
            None => f.write_str("count")?,
            Some((aggregate, path)) => write!(f, "{}({})", aggregate.word(), Path(path, false))?,
        }
        write!(f, " of {}", self.deed)?;
        after_a_space(f, self.window.as_ref())
    }
}

pub(super) fn after_a_space(f: &mut Formatter<'_>, window: Option<&Window>) -> Result {
    window.map_or(Ok(()), |window| write!(f, " {window}"))
}

/// A length of time in days.
pub(super) struct Days(pub(super) u32);

impl Display for Days {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} day{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}

/// Whether a path leads into what a webhook answered, and can be written so.
fn is_answer(path: &[String]) -> bool {
    path.len() > 1 && path[0] == CALL_ROOT && path.join(".").chars().all(is_word_part)
}

/// Words with dots, in quotes where a character asks for it. Behind `trait.` the first one may be any inside a word.
pub(super) struct Path<'a>(pub(super) &'a [String], pub(super) bool);

impl Display for Path<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let joined = self.0.join(".");
        let starts = self.1 || joined.starts_with(is_word_start);
        if starts && joined.chars().all(is_word_part) { f.write_str(&joined) } else { Quoted(&joined).fmt(f) }
    }
}
