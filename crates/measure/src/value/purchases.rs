//! What every model of purchases foretells.

use super::bg_nbd::BgNbd;
use super::customer::Customer;
use super::pareto_nbd::ParetoNbd;

/// A fitted model of when people buy and when they leave. Times are in its periods.
pub trait Purchases {
    /// Repeat purchases of somebody new, in a time from the first purchase on.
    fn expected(&self, ahead: f64) -> f64;

    /// The chance that a customer still buys.
    fn alive(&self, customer: &Customer) -> f64;

    /// Purchases of a customer in the time ahead.
    fn expected_of(&self, customer: &Customer, ahead: f64) -> f64;
}

/// One of the models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PurchaseModel {
    BgNbd(BgNbd),
    ParetoNbd(ParetoNbd),
}

impl PurchaseModel {
    fn inner(&self) -> &dyn Purchases {
        match self {
            Self::BgNbd(model) => model,
            Self::ParetoNbd(model) => model,
        }
    }
}

impl Purchases for PurchaseModel {
    fn expected(&self, ahead: f64) -> f64 {
        self.inner().expected(ahead)
    }

    fn alive(&self, customer: &Customer) -> f64 {
        self.inner().alive(customer)
    }

    fn expected_of(&self, customer: &Customer, ahead: f64) -> f64 {
        self.inner().expected_of(customer, ahead)
    }
}
