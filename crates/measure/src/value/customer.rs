//! What the models know of a customer.

/// A customer up to an instant, in periods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Customer {
    /// Purchases after the first, each on a day of its own.
    pub frequency: u32,
    /// From the first purchase to the last.
    pub recency: f64,
    /// From the first purchase to the instant.
    pub age: f64,
    /// Mean amount of the purchases after the first; nothing where there are none, or where amounts are not known.
    pub monetary: f64,
}

/// Why a customer cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("recency must be a number from 0 on")]
    Recency,
    #[error("T must be a number from 0 on")]
    Age,
    #[error("monetary_value must be a number")]
    Monetary,
    #[error("recency is greater than T: the last purchase would lie in the future")]
    RecencyPastAge,
    #[error("recency must be 0 where frequency is 0: the only purchase is the first one")]
    RecencyWithoutPurchase,
    #[error("recency must be greater than 0 where frequency is: a repeat purchase comes after the first")]
    PurchaseWithoutRecency,
}

impl Customer {
    pub fn check(&self) -> Result<(), Flaw> {
        let is_time = |time: f64| time.is_finite() && time >= 0.0;
        match self {
            customer if !is_time(customer.recency) => Err(Flaw::Recency),
            customer if !is_time(customer.age) => Err(Flaw::Age),
            customer if !customer.monetary.is_finite() => Err(Flaw::Monetary),
            customer if customer.recency > customer.age => Err(Flaw::RecencyPastAge),
            customer if customer.frequency == 0 && customer.recency > 0.0 => {
                Err(Flaw::RecencyWithoutPurchase)
            }
            customer if customer.frequency > 0 && customer.recency == 0.0 => {
                Err(Flaw::PurchaseWithoutRecency)
            }
            _ => Ok(()),
        }
    }
}
