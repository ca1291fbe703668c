//! Numbers as people and spreadsheets write them, read exactly: no amount passes through a floating-point number.

/// How a file writes its numbers: which sign stands before the decimals. The other one, spaces and apostrophes stand between
/// thousands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimal {
    Point,
    Comma,
}

/// Reads `1234.5` at a scale: with six decimals as 1,234,500,000. `None` for anything else, for more decimals than the scale
/// has, and for what is too large.
pub fn scaled(text: &str, decimals: usize) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || (digits.contains('.') && part.is_empty())
        || !are_digits(whole)
        || !are_digits(part)
    {
        return None;
    }
    let kept = part.trim_end_matches('0');
    if kept.len() > decimals {
        return None;
    }
    let number: i128 = format!("{whole}{kept:0<decimals$}").parse().ok()?;
    i64::try_from(sign * number).ok()
}

/// The same of a cell of a spreadsheet: with thousands, with a currency's sign or letters beside it, negative in brackets.
pub fn cell(text: &str, decimal: Decimal, decimals: usize) -> Option<i64> {
    let (point, comma) = match decimal {
        Decimal::Point => ('.', ','),
        Decimal::Comma => (',', '.'),
    };
    let text = text.trim();
    let (text, is_negative) = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inside) => (inside, true),
        None => (text, false),
    };
    let is_beside = |c: char| c.is_alphabetic() || c.is_whitespace() || "€$£¥₹₺₽₩₪".contains(c);
    let text = text.trim_matches(is_beside);
    // The sign may stand before the currency: -€5.
    let (sign, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => ("-", rest.trim_start_matches(is_beside)),
        None => ("", text),
    };
    let (whole, part) = text.split_once(point).map_or((text, None), |(whole, part)| (whole, Some(part)));
    let is_between = |c: char| c == comma || c == '\'' || c == '’' || c.is_whitespace();
    let groups: Vec<&str> = whole.split(is_between).collect();
    let are_whole = groups.len() == 1
        || (groups[0].len() <= 3
            && !groups[0].is_empty()
            && groups[1..].iter().all(|group| group.len() == 3));
    let plain =
        format!("{sign}{}{}{}", groups.concat(), if part.is_some() { "." } else { "" }, part.unwrap_or(""));
    let number = scaled(&plain, decimals).filter(|_| are_whole)?;
    Some(if is_negative { -number } else { number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_exactly_or_not_at_all() {
        for (text, decimals, expected) in [
            ("12.5", 6, Some(12_500_000)),
            ("-0.000001", 6, Some(-1)),
            ("0.1000000", 6, Some(100_000)),
            ("0.0000001", 6, None),
            ("9223372036854.775807", 6, Some(i64::MAX)),
            ("9223372036854.775808", 6, None),
            ("35", 3, Some(35_000)),
            ("1e3", 6, None),
            ("1.", 6, None),
            (".5", 6, None),
            ("", 6, None),
            ("1,5", 6, None),
            ("NaN", 6, None),
        ] {
            assert_eq!(scaled(text, decimals), expected, "{text}");
        }
    }

    #[test]
    fn cells_are_read_as_their_file_writes_them() {
        use Decimal::{Comma, Point};
        for (text, decimal, expected) in [
            ("1,234.50", Point, Some(1_234_500_000)),
            ("1.234,50", Comma, Some(1_234_500_000)),
            ("€ 1 234,50", Comma, Some(1_234_500_000)),
            ("1\u{a0}234,50 €", Comma, Some(1_234_500_000)),
            ("CHF 1'234.50", Point, Some(1_234_500_000)),
            ("$12", Point, Some(12_000_000)),
            ("-$12", Point, Some(-12_000_000)),
            ("(12.30)", Point, Some(-12_300_000)),
            ("1,234", Point, Some(1_234_000_000)),
            ("1,234", Comma, Some(1_234_000)),
            ("12,50", Point, None),
            ("1.23.45", Point, None),
            ("1,2345.00", Point, None),
            (",500", Point, None),
            ("--", Point, None),
            ("", Point, None),
        ] {
            assert_eq!(cell(text, decimal, 6), expected, "{text} {decimal:?}");
        }
    }
}
