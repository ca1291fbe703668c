//! Segments: named live predicates over profiles.
//!
//! [`parse`] turns the English-like text into [`Expression`]; [`rule`] resolves its names into a [`rule::Rule`]; and
//! [`eval`] gives, for a profile at an instant, the truth of a rule *and the next instant at which that truth could
//! change with no new event*. The engine re-evaluates on exactly those two occasions: a record that a rule mentions,
//! and that instant. Nothing is polled.

pub(crate) mod eval;
mod lex;
pub mod parse;
pub(crate) mod rule;
pub mod scan;

use crate::at::Span;
use crate::programme::Channel;
use std::cmp::Ordering;

/// A predicate, as it is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    And(Vec<Expression>),
    Or(Vec<Expression>),
    Not(Box<Expression>),
    Did(Did),
    Trait(Filter),
    InSegment(String),
    ConsentedTo { purpose: String, channel: Option<Channel> },
    ReachableBy(Channel),
    FirstSeen { within: Span },
    LastSeen { within: Span },
}

/// `did "Order Completed" (total > 50) at least 2 times within 30 days`.
#[derive(Clone, Debug, PartialEq)]
pub struct Did {
    pub event: String,
    /// All of them must hold for an event to count.
    pub filters: Vec<Filter>,
    pub quantity: Quantity,
    /// The half-open window (now − span, now]; none means ever.
    pub within: Option<Span>,
}

/// A test of one property or trait.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// `products.sku` is two steps; a list on the way means any of its elements.
    pub path: Vec<String>,
    pub test: Test,
}

/// What a value must be. A missing value fails every test.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Compare(Comparison, Literal),
    In(Vec<Literal>),
    /// A text contains a text; a list contains an element.
    Contains(Literal),
    Exists,
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

impl Comparison {
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

impl Expression {
    /// The event of a plain `did "X"`, with or without filters, that asks for no number and no window: in an entry
    /// rule it means *each time X happens*.
    pub fn bare_did(&self) -> Option<&Did> {
        match self {
            Self::Did(did) if did.quantity == Quantity::AtLeast(1) && did.within.is_none() => Some(did),
            _ => None,
        }
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
}
