//! Amounts in a currency, and the rates at which a programme turns one currency into another.

use super::{Mistake, Place, Programme};
use crate::day::Day;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An amount: millionths, so that a sum depends neither on order nor on platform.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
)]
pub struct Money {
    pub millionths: i64,
    /// Three letters, as ISO 4217 has them.
    pub currency: String,
}

impl Money {
    pub fn new(millionths: i64, currency: &str) -> Self {
        Self { millionths, currency: currency.to_owned() }
    }
}

/// `12.50 EUR`, with as many decimals as it needs and two at least.
impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", decimal(i128::from(self.millionths)), self.currency)
    }
}

/// Millionths as people write them: `-12.50`, `0.000001`.
pub fn decimal(millionths: i128) -> String {
    let (whole, part) = (millionths.unsigned_abs() / 1_000_000, millionths.unsigned_abs() % 1_000_000);
    let sign = if millionths < 0 { "-" } else { "" };
    let part = format!("{part:06}");
    let part = part.trim_end_matches('0');
    format!("{sign}{whole}.{part:0<2}")
}

/// Whether a text is the code of a currency.
pub fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What one unit of a currency is worth in the programme's own, from a day on: billionths by day.
pub type Rates = BTreeMap<String, BTreeMap<String, i64>>;

/// Billionths in a unit.
pub const RATE_ONE: i64 = 1_000_000_000;

impl Programme {
    /// Millionths of an amount in the programme's own currency, at the rate that it states for the day; rounded to the nearest,
    /// halves away from zero. `None` where it states none.
    pub fn in_own_currency(&self, millionths: i128, currency: &str, day: Day) -> Option<i128> {
        let own = self.currency.as_deref()?;
        if own == currency {
            return Some(millionths);
        }
        let rates = self.rates.get(currency)?;
        let dated = rates.iter().filter_map(|(from, rate)| Some((Day::parse(from)?, *rate)));
        let (_, rate) = dated.filter(|(from, _)| *from <= day).max_by_key(|(from, _)| *from)?;
        let (product, one) = (millionths.checked_mul(i128::from(rate))?, i128::from(RATE_ONE));
        Some((product + product.signum() * one / 2) / one)
    }

    /// What is wrong with its currencies.
    pub(super) fn money_mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut add = |place: Place, message: String, suggestion: &str| {
            let suggestion = Some(suggestion.to_owned());
            mistakes.push(Mistake { place, offset: None, message, suggestion });
        };
        let three = "write its three letters, such as `EUR`";
        if let Some(own) = self.currency.as_deref().filter(|own| !is_currency(own)) {
            add(Place("currency".to_owned()), format!("\"{own}\" is no currency"), three);
        }
        if self.currency.is_none() && !self.rates.is_empty() {
            let message = "there are rates, and no currency that they lead to".to_owned();
            add(Place("rates".to_owned()), message, "add a line such as `currency: EUR`");
        }
        for (currency, rates) in &self.rates {
            let place = Place("rates".to_owned()).field(currency);
            if !is_currency(currency) {
                add(place.clone(), format!("\"{currency}\" is no currency"), three);
            }
            if self.currency.as_ref() == Some(currency) {
                let message = format!("{currency} is the programme's own currency");
                add(place.clone(), message, "leave it out: one of it is one of it");
            }
            for (day, rate) in rates {
                if Day::parse(day).is_none() {
                    let message = format!("\"{day}\" is no day");
                    add(place.field(day), message, "write the day from which the rate holds, as 2026-01-31");
                }
                if *rate <= 0 {
                    let message = "a rate is more than nothing".to_owned();
                    add(place.field(day), message, "write what one of it is worth, such as `0.92`");
                }
            }
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programme() -> Programme {
        let rates = [("2026-01-01", 920_000_000), ("2026-07-01", 900_000_000), ("2026-10-01", 333_333_333)];
        let rates = rates.map(|(day, rate)| (day.to_owned(), rate)).into();
        let currency = Some("EUR".to_owned());
        Programme { currency, rates: [("USD".to_owned(), rates)].into(), ..Programme::default() }
    }

    #[test]
    fn an_amount_is_converted_at_the_rate_of_its_day_and_by_no_other() {
        let programme = programme();
        let day = |text| Day::parse(text).unwrap();
        for (amount, currency, on, expected) in [
            (10_000_000, "EUR", "1999-01-01", Some(10_000_000)),
            (10_000_000, "USD", "2025-12-31", None),
            (10_000_000, "USD", "2026-01-01", Some(9_200_000)),
            (10_000_000, "USD", "2026-06-30", Some(9_200_000)),
            (10_000_000, "USD", "2026-07-01", Some(9_000_000)),
            (1, "USD", "2026-10-01", Some(0)),
            (2, "USD", "2026-10-01", Some(1)),
            (-2, "USD", "2026-10-01", Some(-1)),
            (10_000_000, "GBP", "2026-07-01", None),
        ] {
            assert_eq!(
                programme.in_own_currency(amount, currency, day(on)),
                expected,
                "{amount} {currency} {on}"
            );
        }
        assert_eq!(Programme::default().in_own_currency(1, "EUR", Day(0)), None, "it has no currency");
    }

    #[test]
    fn amounts_are_printed_exactly() {
        for (millionths, text) in [
            (12_500_000, "12.50"),
            (-12_500_000, "-12.50"),
            (1, "0.000001"),
            (0, "0.00"),
            (1_234_567_890, "1234.56789"),
        ] {
            assert_eq!(decimal(millionths), text);
        }
    }
}
