//! What the language can say and the engine does not evaluate yet. Programmes and previews that say it are refused
//! here, and nowhere else; a construct that is evaluated leaves this file.

use super::parse::{self, Wrong};
use super::{DayTest, Deed, Did, Expression, Filter, Owner, Sequence, Test};

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
        Expression::Score(_) => Some("a score (`rfm.…`)"),
        Expression::Rank(_) => Some("a share of the people (`top` or `bottom`)"),
        Expression::Did(Did { deed, .. }) => in_deed(deed),
        Expression::Sequence(Sequence { first, then, then_not, .. }) => {
            in_deed(first).or_else(|| then.iter().chain(then_not).find_map(|then| in_deed(&then.deed)))
        }
        Expression::And(_)
        | Expression::Or(_)
        | Expression::Not(_)
        | Expression::InSegment(_)
        | Expression::ConsentedTo { .. }
        | Expression::ReachableBy(_)
        | Expression::Trait(_)
        | Expression::FirstSeen(_)
        | Expression::LastSeen(_) => None,
    }
}

fn in_deed(deed: &Deed) -> Option<&'static str> {
    deed.filters.iter().find_map(in_filter)
}

/// An event's own date is compared with dates, and not with today: that would have to be asked of every event each day.
fn in_filter(filter: &Filter) -> Option<&'static str> {
    match filter.test {
        Test::Day(
            DayTest::InTheNext { .. } | DayTest::InTheLast { .. } | DayTest::AnniversaryInTheNext { .. },
        ) => Some("a test of a property against today (`in the next`, `in the last`, `anniversary`)"),
        _ => None,
    }
}
