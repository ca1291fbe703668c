//! Segments: named live predicates over profiles.
//!
//! This file is the typed tree of an expression. Two forms of it are equal: the English-like text, which [`parse`]
//! reads and [`print`](mod@print) writes, and the JSON of [`json`] for programs that build expressions. [`rule`]
//! resolves the names of a tree into a [`rule::Rule`]; and [`eval`] gives, for a profile at an instant, the truth of a
//! rule *and the next instant at which that truth could change with no new event*. The engine re-evaluates on exactly
//! those two occasions: a record that a rule mentions, and that instant. Nothing is polled.

pub mod cluster;
pub mod cutoff;
pub mod date;
pub(crate) mod day;
mod fault;
pub mod feature;
mod lex;
mod number;
pub mod parse;
mod print;

pub mod json;

mod daily;
pub(crate) mod eval;
pub mod explain;
pub(crate) mod kernel;
mod pair;
pub mod ranking;
pub(crate) mod rule;
pub mod scan;
mod sequence;
pub mod survey;
mod total;

use crate::at::Span;
use crate::offer::OfferPhase;
use crate::programme::Channel;
use date::Date;
use std::cmp::Ordering;

/// A predicate, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Two parts or more.
    And(Vec<Expression>),
    /// Two parts or more.
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Did(Did),
    Sequence(Sequence),
    Trait(Filter),
    /// Of the event that began the run.
    Event(Filter),
    InSegment(String),
    ConsentedTo {
        purpose: String,
        channel: Option<Channel>,
    },
    ReachableBy(Channel),
    /// `offer "gift" redeemed`.
    Offer {
        name: String,
        phase: OfferPhase,
    },
    FirstSeen(Window),
    LastSeen(Window),
    Score(Score),
    Rank(Rank),
}

/// What an expression belongs to, since not everything may be said everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A segment, or what starts a journey: there is no run yet.
    Segment,
    /// A rule inside a journey, where `since entry` means since the run began, and `event.` the event that began it.
    Journey,
}

/// Something that a person may have done: an event, and what must be true of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub event: String,
    /// All of them must hold for an event to count.
    pub filters: Vec<Filter>,
}

/// `did "Order Completed" (total > 50) at least 2 times within 30 days`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Did {
    pub deed: Deed,
    pub quantity: Quantity,
    /// None means ever.
    pub window: Option<Window>,
}

/// `did "Product Added" within 3 days then not "Order Completed" within 1 hour`. Each deed follows the event that was
/// found for the one before it: in a later second, or in the same second and later in the log. At least one follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub first: Deed,
    /// Where the first event is looked for; none means ever.
    pub window: Option<Window>,
    pub then: Vec<Then>,
    /// What must not have followed the last of them, once its time is over.
    pub then_not: Option<Then>,
}

/// A deed that follows another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Then {
    pub deed: Deed,
    /// At most this long after the event before it; none means any time later.
    pub within: Option<Span>,
}

/// The events that count, by their time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Window {
    /// The half-open interval (now − span, now].
    Within(Span),
    /// At the date or after it.
    Since(Date),
    Before(Date),
    /// At the first or after it, and before the second.
    Between(Date, Date),
    /// After the run began.
    SinceEntry,
}

/// A test of one property or trait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// `products.sku` is two steps; a list on the way means any of its elements.
    pub path: Vec<String>,
    pub test: Test,
}

/// What a value must be. A missing value fails every test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    Compare(Comparison, Literal),
    In(Vec<Literal>),
    /// A text contains a text, whatever the case of its letters; a list contains an element.
    Contains(Literal),
    /// Whatever the case of its letters.
    StartsWith(String),
    EndsWith(String),
    Exists,
    Day(DayTest),
}

/// What the calendar day of a value must be, in the programme's time zone. Today is t, the value's day is d.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DayTest {
    /// Compares days; instants where an instant is written.
    Before(Date),
    After(Date),
    On(jiff::civil::Date),
    /// t <= d < t + days.
    InTheNext {
        days: u32,
    },
    /// t - days < d <= t.
    InTheLast {
        days: u32,
    },
    /// The next return of month and day, on t or after it, is before t + days.
    AnniversaryInTheNext {
        days: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// Millionths.
    Number(i64),
    Text(String),
    Bool(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How often, or how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
    /// Over the events that have a number there; false where none has.
    Aggregate {
        aggregate: Aggregate,
        path: Vec<String>,
        comparison: Comparison,
        millionths: i64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Average,
    Least,
    Greatest,
}

/// `rfm.recency >= 4`: where a buyer stands among all buyers, by fifths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    pub of: ScoreOf,
    pub comparison: Comparison,
    /// From 1, the lowest fifth, to 5.
    pub score: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreOf {
    Recency,
    Frequency,
    Monetary,
}

/// `top 10% by sum(total) of "Order Completed" within 365 days`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    pub end: RankEnd,
    /// In ten-thousandths of everybody who has the figure: 1,250 is 12.5 %.
    pub share_permyriad: u16,
    pub by: Figure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankEnd {
    Top,
    Bottom,
}

/// A number about a person, by which people can be ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Over the numbers at a path; none counts the events.
    pub aggregate: Option<(Aggregate, Vec<String>)>,
    pub deed: Deed,
    pub window: Option<Window>,
}

impl Comparison {
    pub const ALL: [Self; 6] =
        [Self::Equal, Self::NotEqual, Self::LessOrEqual, Self::GreaterOrEqual, Self::Less, Self::Greater];

    pub fn mark(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Aggregate {
    pub const ALL: [Self; 4] = [Self::Sum, Self::Average, Self::Least, Self::Greatest];

    pub fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Average => "avg",
            Self::Least => "min",
            Self::Greatest => "max",
        }
    }
}

impl ScoreOf {
    pub const ALL: [Self; 3] = [Self::Recency, Self::Frequency, Self::Monetary];

    pub fn word(self) -> &'static str {
        match self {
            Self::Recency => "recency",
            Self::Frequency => "frequency",
            Self::Monetary => "monetary",
        }
    }
}

impl RankEnd {
    pub const ALL: [Self; 2] = [Self::Top, Self::Bottom];

    pub fn word(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Bottom => "bottom",
        }
    }
}

impl Expression {
    /// The event of a plain `did "X"`, with or without filters, that asks for no number and no window: in an entry
    /// rule it means *each time X happens*.
    pub fn bare_did(&self) -> Option<&Did> {
        match self {
            Self::Did(did) if did.quantity == Quantity::AtLeast(1) && did.window.is_none() => Some(did),
            _ => None,
        }
    }

    /// How many conditions and filters are in it.
    pub(crate) fn asked(&self) -> usize {
        let mut asked = 0;
        self.walk(&mut |part| {
            asked += match part {
                Self::And(_) | Self::Or(_) | Self::Not(_) => 0,
                Self::Did(did) => 1 + did.deed.filters.len(),
                Self::Sequence(sequence) => {
                    let follow = sequence.then.iter().chain(&sequence.then_not);
                    let filters = follow.map(|then| 1 + then.deed.filters.len()).sum::<usize>();
                    1 + sequence.first.filters.len() + filters
                }
                // The steps between the scores.
                Self::Score(_) => 4,
                Self::Rank(rank) => 2 + rank.by.deed.filters.len(),
                _ => 1,
            };
        });
        asked
    }

    /// Names of the segments that this one is built on.
    pub fn segments(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.walk(&mut |expression| {
            if let Self::InSegment(name) = expression {
                names.push(name.as_str());
            }
        });
        names
    }

    /// Visits this expression and everything inside it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::Not(inner) => inner.walk(visit),
            _ => {}
        }
    }

    /// Whether this part of `outside` needs parentheses there. Only what would otherwise be read as another tree has
    /// them: `or` binds least, then `and`, then `not`.
    fn needs_parentheses(&self, outside: &Self) -> bool {
        let is_joined = matches!(self, Self::And(_) | Self::Or(_));
        match outside {
            Self::Not(_) | Self::And(_) => is_joined,
            Self::Or(_) => matches!(self, Self::Or(_)),
            _ => false,
        }
    }

    /// How many parentheses and `not`s are open at its deepest place.
    pub(crate) fn nesting(&self) -> usize {
        let inside = |part: &Self| part.nesting() + usize::from(part.needs_parentheses(self));
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(inside).max().unwrap_or(0),
            Self::Not(inner) => 1 + inside(inner),
            _ => 0,
        }
    }
}
