//! Numbers as people of a language write them.

use super::words::Language;

impl Language {
    /// With so many decimals, and something between thousands.
    pub(super) fn number(self, value: f64, decimals: usize) -> String {
        let (between, point) = match self {
            Self::En => (',', '.'),
            Self::It => ('.', ','),
            Self::Fr => ('\u{202f}', ','),
        };
        let text = format!("{:.decimals$}", value.abs());
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(between);
            }
            grouped.push(digit);
        }
        let is_nothing = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let sign = if value < 0.0 && !is_nothing { "−" } else { "" };
        if part.is_empty() { format!("{sign}{grouped}") } else { format!("{sign}{grouped}{point}{part}") }
    }

    pub(super) fn count(self, count: u64) -> String {
        self.number(count as f64, 0)
    }

    /// `1.234,50 EUR`.
    pub(super) fn money(self, value: f64, currency: &str) -> String {
        let amount = self.number(value, 2);
        if currency.is_empty() { amount } else { format!("{amount}\u{a0}{currency}") }
    }

    pub(super) fn share(self, value: f64) -> String {
        format!("{}\u{a0}%", self.number(value * 100.0, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_of_a_language_do() {
        use Language::{En, Fr, It};
        for (language, value, decimals, expected) in [
            (En, 1_234_567.891, 2, "1,234,567.89"),
            (It, 1_234_567.891, 2, "1.234.567,89"),
            (Fr, 1_234.5, 2, "1\u{202f}234,50"),
            (It, 999.0, 0, "999"),
            (It, 1_000.0, 0, "1.000"),
            (En, -12.5, 1, "−12.5"),
            (En, -0.001, 1, "0.0"),
        ] {
            assert_eq!(language.number(value, decimals), expected);
        }
        assert_eq!(It.money(20.0, "EUR"), "20,00\u{a0}EUR");
        assert_eq!(It.share(0.123), "12,3\u{a0}%");
    }
}
