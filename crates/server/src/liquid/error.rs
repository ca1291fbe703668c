//! What can be wrong with a template: a mistake of its author, found when it is parsed, or a bound that one
//! rendering ran into. Both say where. Missing values are not errors in Liquid: they render as nothing.

use std::fmt;

/// A place in a template's source, for people and for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// In bytes from the beginning of the source.
    pub offset: u32,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1, offset: 0 };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    pub place: Place,
    pub problem: Problem,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)?;
        self.problem.suggestion().map_or(Ok(()), |suggestion| write!(f, "; {suggestion}"))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("unknown tag `{name}`")]
    UnknownTag { name: String, nearest: Option<&'static str> },
    #[error("unknown filter `{name}`")]
    UnknownFilter { name: String, nearest: Option<&'static str> },
    #[error("filter `{filter}` takes {takes}, not {given}")]
    Arguments { filter: &'static str, takes: String, given: usize },
    #[error("{0}")]
    Syntax(String),
    #[error(transparent)]
    Limit(#[from] Limit),
}

impl Problem {
    /// What was probably meant.
    pub fn suggestion(&self) -> Option<String> {
        match self {
            Self::UnknownTag { nearest, .. } | Self::UnknownFilter { nearest, .. } => {
                nearest.map(|name| format!("did you mean `{name}`?"))
            }
            Self::Arguments { .. } | Self::Syntax(_) | Self::Limit(_) => None,
        }
    }
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
