//! What can be wrong with a template: a mistake of its author, found when it is parsed, or a bound that one
//! rendering ran into. Both say where. Missing values are not errors in Liquid: they render as nothing.

use std::fmt;

/// A place in a template's source. Both count from one; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Error {
    pub place: Place,
    pub problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("unknown tag `{name}`{}", did_you_mean(.nearest))]
    UnknownTag { name: String, nearest: Option<&'static str> },
    #[error("unknown filter `{name}`{}", did_you_mean(.nearest))]
    UnknownFilter { name: String, nearest: Option<&'static str> },
    #[error("filter `{filter}` takes {takes}, not {given}")]
    Arguments { filter: &'static str, takes: String, given: usize },
    #[error("{0}")]
    Syntax(String),
    #[error(transparent)]
    Limit(#[from] Limit),
}

/// A bound that was reached; see [`super::limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    #[error("the template takes more than {0} steps")]
    Steps(u64),
    #[error("the template makes a text longer than {0} bytes")]
    Bytes(usize),
    #[error("the template makes a list longer than {0}")]
    List(usize),
    #[error("blocks or brackets are nested more than {0} deep")]
    Nesting(usize),
    #[error("the source is longer than {0} bytes")]
    Source(usize),
}

impl Error {
    pub(super) fn syntax(place: Place, message: impl Into<String>) -> Self {
        Self { place, problem: Problem::Syntax(message.into()) }
    }

    pub(super) fn limit(place: Place, limit: Limit) -> Self {
        Self { place, problem: limit.into() }
    }
}

fn did_you_mean(nearest: &Option<&'static str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
