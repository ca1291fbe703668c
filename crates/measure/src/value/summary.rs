//! From orders to what the models know of each customer.

use super::customer::Customer;

/// A customer's purchase on a day, or the part of one that was given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchase {
    /// Number of the customer, from 0 on.
    pub customer: u32,
    /// Days since 1970.
    pub day: i32,
    /// In millionths of the currency.
    pub amount_millionths: i64,
}

/// How long the models' unit of time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Day,
    Week,
    Month,
}

impl Unit {
    pub fn days(self) -> f64 {
        match self {
            Self::Day => 1.0,
            Self::Week => 7.0,
            // The mean of the Gregorian calendar over four years.
            Self::Month => 30.4375,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// A customer with what came after the instant of the summary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Number of the customer.
    pub number: u32,
    pub customer: Customer,
    /// Day of the first purchase.
    pub first_day: i32,
    /// What all purchases brought, the first one too.
    pub total_millionths: i64,
    /// Days with purchases after the instant, up to the end of what is looked at.
    pub bought_later: u32,
}

/// Sums up everybody who bought up to a day, by the customers' numbers. Times are exact days in units; purchases of one
/// day are one. What was bought after `as_of` and up to `until` is counted apart.
pub fn summarise(mut purchases: Vec<Purchase>, as_of: i32, until: i32, unit: Unit) -> Vec<Summary> {
    purchases.sort_unstable();
    let of_customer = purchases.chunk_by(|a, b| a.customer == b.customer);
    of_customer.filter_map(|purchases| summary(purchases, as_of, until, unit)).collect()
}

fn summary(purchases: &[Purchase], as_of: i32, until: i32, unit: Unit) -> Option<Summary> {
    let first_day = purchases[0].day;
    if first_day > as_of {
        return None;
    }
    let (mut frequency, mut bought_later, mut last_day) = (0, 0, first_day);
    let (mut total, mut repeat_total) = (0_i128, 0_i128);
    for of_day in purchases.chunk_by(|a, b| a.day == b.day) {
        let day = of_day[0].day;
        let amount: i128 = of_day.iter().map(|purchase| i128::from(purchase.amount_millionths)).sum();
        if day > as_of {
            bought_later += u32::from(day <= until);
            continue;
        }
        total += amount;
        if day > first_day {
            frequency += 1;
            repeat_total += amount;
            last_day = day;
        }
    }
    let days = |from: i32, to: i32| f64::from(to - from) / unit.days();
    let monetary = if frequency == 0 { 0.0 } else { repeat_total as f64 / f64::from(frequency) / 1e6 };
    let customer =
        Customer { frequency, recency: days(first_day, last_day), age: days(first_day, as_of), monetary };
    let total_millionths = total.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    Some(Summary { number: purchases[0].customer, customer, first_day, total_millionths, bought_later })
}
