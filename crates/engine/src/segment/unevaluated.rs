//! What the language can say and the engine does not evaluate yet. Programmes and previews that say it are refused
//! here, and nowhere else; a construct that is evaluated leaves this file.

use super::parse::{self, Wrong};
use super::{Deed, Did, Expression, Filter, Owner, Test, Window};

/// Reads an expression that is to be evaluated.
pub(crate) fn parse_for(text: &str, owner: Owner) -> Result<Expression, Wrong> {
    let expression = parse::parse_for(text, owner)?;
    match construct(&expression) {
        None => Ok(expression),
        Some(construct) => {
            let message = format!("{construct} can be written, but is not evaluated yet");
            Err(Wrong { offset: 0, message, suggestion: Some("leave it out for now".to_owned()) })
        }
    }
}

/// The first construct in the expression that has no evaluation, in plain words.
fn construct(expression: &Expression) -> Option<&'static str> {
    let mut found = None;
    expression.walk(&mut |part| found = found.or_else(|| in_condition(part)));
    found
}

fn in_condition(condition: &Expression) -> Option<&'static str> {
    match condition {
        Expression::Sequence(_) => Some("a sequence (`then`)"),
        Expression::Score(_) => Some("a score (`rfm.…`)"),
        Expression::Rank(_) => Some("a share of the people (`top` or `bottom`)"),
        Expression::Did(Did { deed, window, .. }) => {
            in_deed(deed).or_else(|| window.as_ref().and_then(in_window))
        }
        Expression::FirstSeen(window) | Expression::LastSeen(window) => in_window(window),
        Expression::Trait(filter) => in_filter(filter),
        Expression::And(_)
        | Expression::Or(_)
        | Expression::Not(_)
        | Expression::InSegment(_)
        | Expression::ConsentedTo { .. }
        | Expression::ReachableBy(_) => None,
    }
}

fn in_window(window: &Window) -> Option<&'static str> {
    match window {
        Window::Within(_) => None,
        Window::Since(_) | Window::Before(_) | Window::Between(..) => {
            Some("a window between dates (`since`, `before`, `between`)")
        }
        Window::SinceEntry => Some("a window from the beginning of the run (`since entry`)"),
    }
}

fn in_deed(deed: &Deed) -> Option<&'static str> {
    deed.filters.iter().find_map(in_filter)
}

fn in_filter(filter: &Filter) -> Option<&'static str> {
    match filter.test {
        Test::Compare(..) | Test::In(_) | Test::Contains(_) | Test::Exists => None,
        Test::StartsWith(_) | Test::EndsWith(_) => {
            Some("a test of a text's beginning or end (`starts with`, `ends with`)")
        }
        Test::Day(_) => {
            Some("a test of a date (`before`, `after`, `on`, `in the next`, `in the last`, `anniversary`)")
        }
    }
}
