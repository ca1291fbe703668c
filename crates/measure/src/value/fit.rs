//! What a fit gives, and why there may be none.

/// A fitted model: its parameters in the model's order, and how sure they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit<M, const N: usize> {
    pub model: M,
    pub log_likelihood: f64,
    /// From the observed information.
    pub standard_errors: [f64; N],
    /// The greatest slope that is left, by the logarithm of a parameter.
    pub slope: f64,
    pub customers: u64,
    /// Steps that the search took.
    pub steps: u32,
}

/// Why nothing can be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("there are no customers to learn from")]
    NoCustomers,
    #[error(
        "none of the {customers} customers bought a second time: there is nothing to learn a rhythm from yet"
    )]
    NoRepeaters { customers: u64 },
    #[error("no customer has a time after the first purchase: look again at a later instant (as of)")]
    NoTime,
    #[error(
        "fewer than two repeat customers have an amount above 0: there is nothing to learn a spread from"
    )]
    NoAmounts,
    #[error(
        "{model}: {parameter} has no best value, it only gets {direction}: {reading}. The {customers} customers do not \
         tell; {remedy}"
    )]
    Endless {
        model: &'static str,
        parameter: &'static str,
        direction: &'static str,
        reading: &'static str,
        remedy: &'static str,
        customers: u64,
    },
}

/// What it means that a parameter runs away, upwards or downwards.
pub(super) struct Reading {
    pub(super) parameter: &'static str,
    pub(super) up: &'static str,
    pub(super) down: &'static str,
}

/// The refusal of a search whose parameter ran away.
pub(super) fn endless(
    model: &'static str,
    reading: &Reading,
    is_up: bool,
    customers: u64,
    remedy: &'static str,
) -> Refusal {
    let (direction, meaning) = if is_up { ("greater", reading.up) } else { ("smaller", reading.down) };
    Refusal::Endless { model, parameter: reading.parameter, direction, reading: meaning, remedy, customers }
}
