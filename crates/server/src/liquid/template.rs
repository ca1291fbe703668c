//! A compiled template: a tree that is made once and rendered many times, by many threads.

use std::sync::Arc;

use super::error::{Error, Place};
use super::filters::Filter;
use super::render::{self, Context};
use super::value::Value;
use super::{parse, variables};

#[derive(Debug)]
pub struct Template {
    pub(super) nodes: Vec<Node>,
    /// About what an output takes.
    source_bytes: usize,
}

impl Template {
    /// Fails on what the author must mend: syntax, unknown tags and filters, wrong numbers of arguments.
    pub fn parse(source: &str) -> Result<Self, Error> {
        parse::parse(source).map(|nodes| Self { nodes, source_bytes: source.len() })
    }

    /// Fails only if a limit is reached; a missing value renders as nothing.
    pub fn render(&self, context: &Context<'_>) -> Result<String, Error> {
        render::render(&self.nodes, context, self.source_bytes)
    }

    /// Every path the template reads from its context, in the order of first mention.
    pub fn variables(&self) -> Vec<variables::Variable> {
        variables::of(&self.nodes)
    }
}

#[derive(Debug)]
pub(super) enum Node {
    Text(Box<str>),
    Output {
        value: Pipeline,
        place: Place,
    },
    Assign {
        name: Arc<str>,
        value: Pipeline,
        place: Place,
    },
    Capture {
        name: Arc<str>,
        body: Vec<Self>,
        place: Place,
    },
    If {
        arms: Vec<Arm>,
        otherwise: Vec<Self>,
        place: Place,
    },
    Case {
        subject: Expr,
        arms: Vec<CaseArm>,
        place: Place,
    },
    For(Box<For>),
    Cycle(Box<Cycle>),
    /// `increment` and `decrement`: the first counts before it shows, the second after.
    Increment(Arc<str>),
    Decrement(Arc<str>),
    Break,
    Continue,
    /// The target of a link, with its place among the links of the document.
    Link {
        index: u32,
        body: Vec<Self>,
        place: Place,
    },
}

#[derive(Debug)]
pub(super) struct Arm {
    /// The first arm of `unless`.
    pub(super) negated: bool,
    pub(super) condition: Condition,
    pub(super) body: Vec<Node>,
}

/// No `when` at all is the `else`, which is taken if no arm before it was.
#[derive(Debug)]
pub(super) struct CaseArm {
    pub(super) when: Option<Vec<Expr>>,
    pub(super) body: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) item: Arc<str>,
    pub(super) over: Expr,
    pub(super) limit: Option<Expr>,
    pub(super) offset: Option<Offset>,
    pub(super) reversed: bool,
    /// `item-collection` as written: what `forloop.name` says and what `offset: continue` goes by.
    pub(super) name: Arc<str>,
    /// Of a `tablerow`.
    pub(super) table: Option<Table>,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Offset {
    At(Expr),
    /// Where the last loop of the same name ended.
    Continue,
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Option<Expr>,
}

#[derive(Debug)]
pub(super) struct Cycle {
    pub(super) group: Option<Expr>,
    /// The values as written, by which cycles without a group are told apart.
    pub(super) written: Box<str>,
    pub(super) values: Vec<Expr>,
    pub(super) place: Place,
}

/// Tests joined by `and` and `or`, which Liquid groups from the right: `a or b and c` is `a or (b and c)`,
/// `a and b or c` is `a and (b or c)`.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) first: Test,
    pub(super) rest: Vec<(Join, Test)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    And,
    Or,
}

#[derive(Debug)]
pub(super) struct Test {
    pub(super) left: Expr,
    /// Without a comparison the left side is tested for truth.
    pub(super) right: Option<(Comparison, Expr)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    Greater,
    AtMost,
    AtLeast,
    Contains,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) value: Expr,
    pub(super) filters: Vec<FilterCall>,
}

#[derive(Debug)]
pub(super) struct FilterCall {
    pub(super) filter: &'static Filter,
    pub(super) arguments: Vec<Expr>,
    pub(super) named: Vec<(Box<str>, Expr)>,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Expr {
    Literal(Value),
    Path(Path),
    Range(Box<(Self, Self)>),
}

#[derive(Debug)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) keys: Vec<Key>,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum Root {
    Name(Arc<str>),
    /// `[expression]`: the name is worked out when rendering.
    Computed(Box<Expr>),
}

#[derive(Debug)]
pub(super) enum Key {
    Name(Arc<str>),
    Index(Expr),
}
