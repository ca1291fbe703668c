//! Gamma-Gamma: what people spend. Each purchase varies about a mean of the person's own, and the means about everybody's.
//!
//! Fader and Hardie (2013). It takes what somebody spends to be independent of how often they buy; [`GammaGamma::fit`]
//! learns from repeat customers alone.

use super::customer::Customer;
use super::fit::{Fit, Reading, Refusal, endless};
use super::groups::portioned;
use super::newton::{Sum, climb};
use crate::special::gamma::{digamma, ln_gamma, trigamma};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    pub v: f64,
}

const READINGS: [Reading; 3] = [
    Reading {
        parameter: "p",
        up: "nobody's purchases differ from each other",
        down: "purchases differ without bound",
    },
    Reading {
        parameter: "q",
        up: "everybody seems to spend the same on average",
        down: "averages differ without bound",
    },
    Reading {
        parameter: "v",
        up: "everybody seems to spend the same on average",
        down: "averages differ without bound",
    },
];

/// Gamma functions of one frequency.
struct Shared {
    frequency: f64,
    value: f64,
    slope: [f64; 2],
    curve: [f64; 3],
}

impl GammaGamma {
    pub fn fit(customers: &[Customer]) -> Result<Fit<Self, 3>, Refusal> {
        let mut repeaters: Vec<(u32, f64)> =
            customers.iter().filter(|one| counts(one)).map(|one| (one.frequency, one.monetary)).collect();
        if repeaters.len() < 2 {
            return Err(Refusal::NoAmounts);
        }
        repeaters.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mean = repeaters.iter().map(|one| one.1).sum::<f64>() / repeaters.len() as f64;
        let of = |&[p, q, v]: &[f64; 3]| Self { p, q, v };
        let customers = repeaters.len() as u64;
        let peak = climb([2.0, 2.0, mean], |at| of(at).sum(&repeaters)).map_err(|drift| {
            let remedy = "more repeat customers would";
            endless("Gamma-Gamma", &READINGS[drift.parameter], drift.is_up, customers, remedy)
        })?;
        Ok(Fit {
            model: of(&peak.parameters),
            log_likelihood: peak.value,
            standard_errors: peak.standard_errors,
            slope: peak.slope,
            customers,
            steps: peak.steps,
        })
    }

    /// The mean that a customer's purchases are expected to have: between their own mean so far and everybody's. It is
    /// infinite where the fit says that means have none.
    pub fn spend(&self, customer: &Customer) -> f64 {
        let Self { p, q, v } = *self;
        let (frequency, monetary) =
            if counts(customer) { (f64::from(customer.frequency), customer.monetary) } else { (0.0, 0.0) };
        let weight = p * frequency + q - 1.0;
        if weight <= 0.0 { f64::INFINITY } else { p * (v + frequency * monetary) / weight }
    }

    /// The log-likelihood with its derivatives, by (p, q, v).
    fn sum(&self, repeaters: &[(u32, f64)]) -> Sum<3> {
        let Self { p, q, v } = *self;
        let shared: Vec<Shared> =
            repeaters.chunk_by(|a, b| a.0 == b.0).map(|same| self.shared(f64::from(same[0].0))).collect();
        let mut rows = Vec::with_capacity(repeaters.len());
        for (shared, same) in shared.iter().zip(repeaters.chunk_by(|a, b| a.0 == b.0)) {
            rows.extend(same.iter().map(|one| (shared, one.1)));
        }
        portioned(&rows, |&(shared, monetary), sum| {
            let Shared { frequency, value, slope, curve } = *shared;
            let whole = v + frequency * monetary;
            let (ln_part, ln_scale) = ((frequency * monetary / whole).ln(), (v / whole).ln());
            let shape = p * frequency + q;
            sum.value += value + p * frequency * ln_part + q * ln_scale - monetary.ln();
            sum.slope[0] += slope[0] + frequency * ln_part;
            sum.slope[1] += slope[1] + ln_scale;
            sum.slope[2] += q / v - shape / whole;
            sum.bend(0, 0, curve[0]);
            sum.bend(0, 1, curve[1]);
            sum.bend(1, 1, curve[2]);
            sum.bend(0, 2, -frequency / whole);
            sum.bend(1, 2, 1.0 / v - 1.0 / whole);
            sum.bend(2, 2, shape / (whole * whole) - q / (v * v));
        })
    }

    fn shared(&self, frequency: f64) -> Shared {
        let Self { p, q, .. } = *self;
        let (part, shape) = (p * frequency, p * frequency + q);
        Shared {
            frequency,
            value: ln_gamma(shape) - ln_gamma(part) - ln_gamma(q),
            slope: [frequency * (digamma(shape) - digamma(part)), digamma(shape) - digamma(q)],
            curve: [
                frequency * frequency * (trigamma(shape) - trigamma(part)),
                frequency * trigamma(shape),
                trigamma(shape) - trigamma(q),
            ],
        }
    }
}

/// Whether somebody's amounts tell something.
fn counts(customer: &Customer) -> bool {
    customer.frequency > 0 && customer.monetary > 0.0
}

/// How strongly frequency and amount go together among repeat customers, from −1 to 1; the model takes it to be 0.
pub fn correlation(customers: &[Customer]) -> Option<f64> {
    let pairs =
        customers.iter().filter(|one| counts(one)).map(|one| (f64::from(one.frequency), one.monetary));
    super::holdout::pearson(pairs)
}
