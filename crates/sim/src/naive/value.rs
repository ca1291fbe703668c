//! Values in JSON, and what is asked of them.

use engine::segment::{Filter, Literal, Test};
use serde_json::{Number, Value as Json};
use std::cmp::Ordering;

use super::{Moment, compares, day};

/// Whether any value at the path passes the test.
pub(super) fn passes(filter: &Filter, whole: &Json, moment: &Moment) -> bool {
    found(whole, &filter.path).into_iter().any(|value| holds(&filter.test, value, moment))
}

/// The values at the end of a path. A list on the way, or at its end, means each of its elements.
pub(super) fn found<'a>(value: &'a Json, path: &[String]) -> Vec<&'a Json> {
    match (value, path) {
        (Json::Array(elements), _) => elements.iter().flat_map(|element| found(element, path)).collect(),
        (_, []) => vec![value],
        (Json::Object(fields), [first, rest @ ..]) => {
            fields.get(first).map(|value| found(value, rest)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn holds(test: &Test, value: &Json, moment: &Moment) -> bool {
    let in_lower_case = || value.as_str().map(str::to_lowercase);
    match test {
        Test::Compare(comparison, literal) => {
            against(value, literal).is_some_and(|ordering| compares(*comparison, ordering))
        }
        Test::In(literals) => literals.iter().any(|literal| is_equal(value, literal)),
        Test::Contains(Literal::Text(part)) => {
            in_lower_case().is_some_and(|text| text.contains(&part.to_lowercase()))
        }
        Test::Contains(literal) => is_equal(value, literal),
        Test::StartsWith(part) => in_lower_case().is_some_and(|text| text.starts_with(&part.to_lowercase())),
        Test::EndsWith(part) => in_lower_case().is_some_and(|text| text.ends_with(&part.to_lowercase())),
        Test::Exists => !value.is_null(),
        Test::Day(test) => day::holds(test, value, moment),
    }
}

fn is_equal(value: &Json, literal: &Literal) -> bool {
    against(value, literal) == Some(Ordering::Equal)
}

/// How a value stands to a literal of its kind.
fn against(value: &Json, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Json::String(text), Literal::Text(literal)) => Some(text.as_str().cmp(literal.as_str())),
        (Json::Bool(value), Literal::Bool(literal)) => Some(value.cmp(literal)),
        (Json::Number(number), Literal::Number(millionths)) => {
            let (whole, fraction) =
                (millionths.unsigned_abs() / 1_000_000, millionths.unsigned_abs() % 1_000_000);
            let sign = if *millionths < 0 { "-" } else { "" };
            Some(digits_against(&digits(number), &format!("{sign}{whole}.{fraction:06}")))
        }
        _ => None,
    }
}

/// A number as people write it, without an exponent.
fn digits(number: &Number) -> String {
    match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) => whole.to_string(),
        (None, Some(whole)) => whole.to_string(),
        (None, None) => number.as_f64().expect("a number is one of the three").to_string(),
    }
}

/// Compares two numbers by their digits, as one does on paper.
fn digits_against(one: &str, two: &str) -> Ordering {
    let parts = |text: &str| {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_zero = text.chars().all(|c| c == '0' || c == '.');
        (is_negative && !is_zero, format!("{whole:0>400}"), format!("{fraction:0<400}"))
    };
    let (one, two) = (parts(one), parts(two));
    let by_size = (&one.1, &one.2).cmp(&(&two.1, &two.2));
    match (one.0, two.0) {
        (false, false) => by_size,
        (true, true) => by_size.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// A number in millionths; none where it is too large to be added up.
pub(super) fn millionths(value: &Json) -> Option<i128> {
    i64::try_from(exact_millionths(value)?).ok().map(i128::from)
}

/// A number in millionths, rounded where it has more than six decimals; none where it is no number, or has no end.
pub(super) fn exact_millionths(value: &Json) -> Option<i128> {
    let digits = digits(value.as_number()?);
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let sign = if digits.starts_with('-') { -1 } else { 1 };
    let whole: i128 = whole.trim_start_matches('-').parse().ok()?;
    let fraction: i128 = format!("{fraction:0<7}")[..7].parse().ok()?;
    let size = whole.checked_mul(1_000_000)? + (fraction + 5) / 10;
    Some(sign * size)
}
