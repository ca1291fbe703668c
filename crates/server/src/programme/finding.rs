//! What `trama check` has to say, in the form that compilers taught editors to understand.

use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// Something wrong or doubtful at one place of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// As the folder was named by whoever asked, and the path in it.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub severity: Severity,
    pub message: String,
    /// A way out, as a phrase: `did you mean "vip"?`.
    pub suggestion: Option<String>,
    /// The path into the programme, such as `journeys.cart.steps[1].until`; empty where the file itself is meant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The line itself, to be shown with a caret under the column.
    #[serde(skip)]
    pub source_line: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The programme cannot be applied.
    Error,
    /// It can, and somebody may regret it.
    Warning,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, severity, message, suggestion, source_line, place: _ } = self;
        write!(f, "{}:{line}:{column}: {}: {message}", file.display(), severity.name())?;
        if let Some(suggestion) = suggestion {
            write!(f, " ({suggestion})")?;
        }
        if !source_line.trim().is_empty() {
            let number = line.to_string();
            let before = source_line.chars().take(column - 1);
            // A tab before the column is repeated, so that the caret stands under its character in any terminal.
            let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(
                f,
                "\n  {number} | {}\n  {:width$} | {indent}^",
                source_line.trim_end(),
                "",
                width = number.len()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_shows_its_line_and_a_caret() {
        let finding = Finding {
            file: PathBuf::from("journeys/cart.yaml"),
            line: 7,
            column: 22,
            severity: Severity::Error,
            message: "unknown segment \"vpi\"".into(),
            suggestion: Some("did you mean \"vip\"?".into()),
            place: String::new(),
            source_line: "      - if: in segment \"vpi\"".into(),
        };
        let expected = "\
journeys/cart.yaml:7:22: error: unknown segment \"vpi\" (did you mean \"vip\"?)
  7 |       - if: in segment \"vpi\"
    |                      ^";
        assert_eq!(finding.to_string(), expected);
    }
}
