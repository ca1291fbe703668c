//! What the text in a cell means: a text, a number, a truth, a time, a list, or JSON. Pure.

use super::times::Times;
use engine::at::At;
use std::borrow::Cow;

/// How the cells of a column are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// Whatever type the file gives it; without one, a text.
    AsItIs,
    Number {
        decimal_comma: bool,
    },
    Truth,
    Time(Times),
    /// A day without a time of it, such as a birthday.
    Date(Times),
    /// Texts with commas, semicolons or bars between them.
    List,
    Json,
}

/// Why a cell cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    NotANumber,
    NotATruth,
    NotATime,
    NotADate,
    /// It lies in the future, so that day and month may be in another order.
    InTheFuture,
    /// It lies before there were events.
    TooLongAgo,
    NotJson,
}

impl Unreadable {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::NotATruth => "not_a_truth",
            Self::NotATime => "not_a_time",
            Self::NotADate => "not_a_date",
            Self::InTheFuture => "in_the_future",
            Self::TooLongAgo => "too_long_ago",
            Self::NotJson => "not_json",
        }
    }

    pub(super) fn message(self, form: &Form) -> String {
        match (self, form) {
            (Self::NotANumber, Form::Number { decimal_comma: true }) => {
                "not a number such as 1.234,50".into()
            }
            (Self::NotANumber, _) => {
                "not a number such as 1234.50; for 1.234,50 say --decimal-comma, for anything else `as text`"
                    .into()
            }
            (Self::NotATruth, _) => "not true or false, yes or no, 1 or 0".into(),
            (Self::NotATime, Form::Time(times)) => format!("not a time such as {}", times.example()),
            (Self::NotADate, Form::Date(times)) => format!("not a date such as {}", times.example_of_day()),
            (Self::NotATime, _) => "not a time".into(),
            (Self::NotADate, _) => "not a date".into(),
            (Self::InTheFuture, _) => "lies in the future; --time-format says how times are written".into(),
            (Self::TooLongAgo, _) => "lies before 1980; --time-format says how times are written".into(),
            (Self::NotJson, _) => "not JSON".into(),
        }
    }
}

impl Form {
    /// Its name in a mapping.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text | Self::AsItIs => "text",
            Self::Number { .. } => "number",
            Self::Truth => "truth",
            Self::Time(_) => "time",
            Self::Date(_) => "date",
            Self::List => "list",
            Self::Json => "json",
        }
    }

    /// Writes a cell as JSON; false where it holds nothing, and then nothing is written.
    pub(super) fn write(&self, cell: &str, out: &mut Vec<u8>) -> Result<bool, Unreadable> {
        let cell = cell.trim();
        // Exports write what is missing in many ways; in a column of texts each of them could be one.
        if cell.is_empty()
            || (!matches!(self, Self::Text | Self::AsItIs)
                && MISSING.iter().any(|word| cell.eq_ignore_ascii_case(word)))
        {
            return Ok(false);
        }
        match self {
            Self::Text | Self::AsItIs => put_text(cell, out),
            Self::Number { decimal_comma } => {
                let number = number(cell, *decimal_comma).ok_or(Unreadable::NotANumber)?;
                out.extend_from_slice(number.as_bytes());
            }
            Self::Truth => {
                let truth = truth(cell).ok_or(Unreadable::NotATruth)?;
                out.extend_from_slice(if truth { b"true" } else { b"false" });
            }
            Self::Time(times) => put_time(times.read(cell).ok_or(Unreadable::NotATime)?, out),
            Self::Date(times) => {
                let day = times.day(cell).ok_or(Unreadable::NotADate)?;
                put_text(&day.to_string(), out);
            }
            Self::List => {
                out.push(b'[');
                let texts = cell.split([',', ';', '|']).map(str::trim).filter(|text| !text.is_empty());
                for (index, text) in texts.enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    put_text(text, out);
                }
                out.push(b']');
            }
            Self::Json => {
                serde_json::from_str::<serde::de::IgnoredAny>(cell).map_err(|_| Unreadable::NotJson)?;
                out.extend_from_slice(cell.as_bytes());
            }
        }
        Ok(true)
    }
}

/// Words that stand for nothing.
const MISSING: &[&str] = &["null", "none", "nan", "n/a", "na", "\\n", "-"];

pub(super) fn put_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("invariant: a text is JSON, and memory takes it");
}

pub(super) fn put_time(at: At, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(at.to_string().as_bytes());
    out.push(b'"');
}

/// A number as JSON writes it. Digits may stand in groups of three.
pub(super) fn number(cell: &str, decimal_comma: bool) -> Option<Cow<'_, str>> {
    if is_plain_number(cell) && !(decimal_comma && cell.contains('.')) {
        return Some(Cow::Borrowed(cell));
    }
    let (unsigned, minus) = match cell.strip_prefix(['-', '−', '+']) {
        Some(rest) => (rest, !cell.starts_with('+')),
        None => (cell, false),
    };
    let point = if decimal_comma { ',' } else { '.' };
    let (whole, fraction) = unsigned.split_once(point).unwrap_or((unsigned, ""));
    let (mut groups, is_digits) = (Vec::new(), |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()));
    let comma = if decimal_comma { '.' } else { ',' };
    groups.extend(whole.split([comma, '\'', '’', ' ', '\u{a0}', '\u{202f}']));
    let grouped = groups.len() == 1
        || (groups[1..].iter().all(|group| group.len() == 3) && (1..=3).contains(&groups[0].len()));
    let (digits, exponent) = fraction.split_once(['e', 'E']).unwrap_or((fraction, "0"));
    if !grouped || !groups.iter().all(|group| is_digits(group)) || !is_digits(digits) {
        return None;
    }
    let whole = groups.concat();
    if whole.is_empty() && digits.is_empty() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let mut number = String::with_capacity(cell.len() + 2);
    number.push_str(if minus { "-" } else { "" });
    number.push_str(if whole.is_empty() { "0" } else { whole });
    if !digits.is_empty() {
        number.push('.');
        number.push_str(digits);
    }
    if exponent != "0" {
        number.push('e');
        number.push_str(exponent);
    }
    is_plain_number(&number).then_some(Cow::Owned(number))
}

/// Whether a text is a number exactly as JSON writes it.
pub(super) fn is_plain_number(text: &str) -> bool {
    let digits = |text: &mut &[u8]| {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *text = &text[count..];
        count
    };
    let mut rest = text.as_bytes();
    rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let leading_zero = rest.first() == Some(&b'0');
    let whole = digits(&mut rest);
    if whole == 0 || (leading_zero && whole > 1) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = fraction;
        if digits(&mut rest) == 0 {
            return false;
        }
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        rest = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
        if digits(&mut rest) == 0 {
            return false;
        }
    }
    rest.is_empty()
}

/// Yes or no in the words of exports.
pub(super) fn truth(cell: &str) -> Option<bool> {
    const YES: &[&str] = &["true", "yes", "y", "t", "1", "on", "si", "sì", "s", "vero"];
    const NO: &[&str] = &["false", "no", "n", "f", "0", "off", "falso"];
    let word = cell.to_lowercase();
    match (YES.contains(&word.as_str()), NO.contains(&word.as_str())) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_told_to_be() {
        // As written, with a point, with a comma.
        for (cell, point, comma) in [
            ("0", Some("0"), Some("0")),
            ("-12.50", Some("-12.50"), None),
            ("12,50", None, Some("12.50")),
            ("1.234,50", None, Some("1234.50")),
            ("1,234.50", Some("1234.50"), None),
            ("1.234", Some("1.234"), Some("1234")),
            ("1,234", Some("1234"), Some("1.234")),
            ("1,23,456", None, None),
            ("1.234.567", None, Some("1234567")),
            ("1'234'567.5", Some("1234567.5"), None),
            ("1 234,5", None, Some("1234.5")),
            ("1\u{a0}234", Some("1234"), Some("1234")),
            ("+5", Some("5"), Some("5")),
            ("−5", Some("-5"), Some("-5")),
            ("007", Some("7"), Some("7")),
            (".5", Some("0.5"), None),
            ("5.", Some("5"), None),
            ("1e3", Some("1e3"), Some("1e3")),
            ("1.5e-3", Some("1.5e-3"), None),
            ("", None, None),
            ("-", None, None),
            ("1-2", None, None),
            ("€5", None, None),
            ("5%", None, None),
            ("NaN", None, None),
            ("1.5e", None, None),
        ] {
            assert_eq!(number(cell, false).as_deref(), point, "{cell} with a point");
            assert_eq!(number(cell, true).as_deref(), comma, "{cell} with a comma");
        }
    }

    #[test]
    fn a_cell_becomes_json_or_a_reason() {
        let number = Form::Number { decimal_comma: false };
        let time = Form::Time(Times::iso());
        for (form, cell, expected) in [
            (&Form::Text, " caffè \"x\" ", Ok(Some("\"caffè \\\"x\\\"\""))),
            (&Form::Text, "NULL", Ok(Some("\"NULL\""))),
            (&Form::Text, "  ", Ok(None)),
            (&number, "12", Ok(Some("12"))),
            (&number, "n/a", Ok(None)),
            (&number, "twelve", Err(Unreadable::NotANumber)),
            (&Form::Truth, "Sì", Ok(Some("true"))),
            (&Form::Truth, "0", Ok(Some("false"))),
            (&Form::Truth, "maybe", Err(Unreadable::NotATruth)),
            (&time, "2026-01-05 10:00", Ok(Some("\"2026-01-05T10:00:00.000Z\""))),
            (&time, "NULL", Ok(None)),
            (&time, "soon", Err(Unreadable::NotATime)),
            (&Form::Date(Times::from_format("day first")), "5/1/1980", Ok(Some("\"1980-01-05\""))),
            (&Form::Date(Times::iso()), "5/1/1980", Err(Unreadable::NotADate)),
            (&Form::List, "a; b|c,,", Ok(Some("[\"a\",\"b\",\"c\"]"))),
            (&Form::Json, "{\"a\": [1]}", Ok(Some("{\"a\": [1]}"))),
            (&Form::Json, "{a}", Err(Unreadable::NotJson)),
        ] {
            let mut out = Vec::new();
            let written =
                form.write(cell, &mut out).map(|some| some.then(|| String::from_utf8(out).unwrap()));
            assert_eq!(written.as_ref().map(Option::as_deref), expected.as_ref().copied(), "{form:?} {cell}");
        }
    }
}
