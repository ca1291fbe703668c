//! What it costs to win a customer beside what the customer brings.

/// When a customer has paid back what winning them cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Payback {
    /// After so many periods; within a step it is taken to come in evenly.
    After(f64),
    /// Not within the horizon.
    NotWithin(f64),
}

/// Lifetime value over the cost of a customer; none where a customer cost nothing.
pub fn value_to_cost(value: f64, cost: f64) -> Option<f64> {
    (cost > 0.0).then(|| value / cost)
}

/// The first time at which what has come in covers the cost. `cumulative` has the end of each step and what has
/// come in until then.
pub fn payback(cumulative: impl Iterator<Item = (f64, f64)>, cost: f64) -> Payback {
    let (mut from, mut before) = (0.0, 0.0);
    if cost <= 0.0 {
        return Payback::After(0.0);
    }
    for (until, value) in cumulative {
        if value >= cost {
            return Payback::After(from + (until - from) * (cost - before) / (value - before));
        }
        (from, before) = (until, value);
    }
    Payback::NotWithin(from)
}
