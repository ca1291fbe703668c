//! Numbers as they are written, to and from millionths, without a float on the way.

use crate::value::SCALE;

/// Reads digits with at most one point and six digits behind it: `19.90`, `1_000`. A sign is not part of it.
pub(super) fn millionths(written: &str) -> Option<i64> {
    let digits = written.replace('_', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > 6 {
        return None;
    }
    format!("{whole}{fraction:0<6}").parse().ok()
}

/// The same with a sign before it.
pub(super) fn signed(written: &str) -> Option<i64> {
    match written.strip_prefix('-') {
        Some(digits) => millionths(digits).map(|number| -number),
        None => millionths(written),
    }
}

/// The shortest way to write it: `19.9`, `-0.5`, `1000`.
pub(super) fn decimal(millionths: impl Into<i128>) -> String {
    let millionths = millionths.into();
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    let (whole, fraction) = (size / SCALE as u128, size % SCALE as u128);
    let text = format!("{sign}{whole}.{fraction:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_printed() {
        for (text, number, printed) in [
            ("19.90", 19_900_000, "19.9"),
            ("1_000", 1_000_000_000, "1000"),
            ("0", 0, "0"),
            ("5.", 5_000_000, "5"),
            ("0.000001", 1, "0.000001"),
            ("9223372036854.775807", i64::MAX, "9223372036854.775807"),
        ] {
            assert_eq!(millionths(text), Some(number), "{text}");
            assert_eq!(decimal(number), printed);
        }
        for wrong in ["", ".5", "1.2.3", "0.1234567", "9223372036854.775808", "-1", "1e3"] {
            assert_eq!(millionths(wrong), None, "{wrong}");
        }
        assert_eq!(decimal(-500_000i64), "-0.5");
        assert_eq!(signed("-0.5"), Some(-500_000));
        assert_eq!(signed("--1"), None);
    }
}
