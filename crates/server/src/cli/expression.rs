//! An expression as a command is given it.

use super::client::Refusal;
use anyhow::Context;
use engine::segment::Owner;
use engine::segment::json::from_json;

/// The expression as text. No text begins as JSON does.
pub(super) fn text(given: &str) -> anyhow::Result<String> {
    if !given.trim_start().starts_with('{') {
        return Ok(given.to_owned());
    }
    let json = serde_json::from_str(given).context("the expression begins as JSON and is none")?;
    let tree = from_json(&json, Owner::Segment).map_err(|mistake| anyhow::anyhow!("{mistake}"))?;
    Ok(tree.to_string())
}

/// The expression with a mark under the place where it goes wrong.
pub(super) fn told(
    expression: &str,
    message: &str,
    offset: Option<usize>,
    suggestion: Option<&str>,
) -> anyhow::Error {
    let mut told = message.to_owned();
    if let Some(offset) = offset.filter(|offset| expression.is_char_boundary(*offset)) {
        let (before, after) = expression.split_at(offset);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default();
        // A tab is repeated, so that the mark stands under its character in any terminal.
        let indent: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        told.push_str(&format!("\n  {before}{after}\n  {indent}^"));
    }
    if let Some(suggestion) = suggestion {
        told.push_str(&format!("\n{suggestion}"));
    }
    anyhow::anyhow!(told)
}

/// What a running server said of an expression that it was sent.
pub(super) fn refused(expression: &str, error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<Refusal>() {
        Some(Refusal { message, offset, suggestion, .. }) => {
            told(expression, message, *offset, suggestion.as_deref())
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_marked_on_its_line() {
        for (expression, offset, expected) in [
            ("did X", Some(4), "m\n  did X\n      ^\ns"),
            ("in segment \"è\" or x", Some(18), "m\n  in segment \"è\" or x\n                   ^\ns"),
            ("did \"A\"\n\tand x\nor y", Some(13), "m\n  \tand x\n  \t    ^\ns"),
            ("did", Some(3), "m\n  did\n     ^\ns"),
            ("è", Some(1), "m\ns"),
            ("did", None, "m\ns"),
        ] {
            assert_eq!(told(expression, "m", offset, Some("s")).to_string(), expected, "{expression}");
        }
    }
}
