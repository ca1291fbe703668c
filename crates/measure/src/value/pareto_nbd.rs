//! Pareto/NBD: people buy at a rate of their own, and leave after a time of their own.
//!
//! Schmittlein, Morrison and Colombo (1987). Rates are gamma (r, α), chances to leave are gamma (s, β). The likelihood is
//! an integral over the time of leaving, from the last purchase on, and is taken as that: its parts are
//! positive, where the usual difference of two hypergeometric functions loses every digit with frequent buyers.

use super::customer::Customer;
use super::fit::{Fit, Reading, Refusal, endless};
use super::groups::{Group, Groups};
use super::limits::{NOTHING, STRETCH_FALL, STRETCH_MAX};
use super::newton::{Sum, climb};
use super::purchases::Purchases;
use crate::special::gamma::{digamma, ln_gamma, trigamma};
use crate::special::quadrature::points;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParetoNbd {
    pub r: f64,
    pub alpha: f64,
    pub s: f64,
    pub beta: f64,
}

const READINGS: [Reading; 4] = [
    Reading {
        parameter: "r",
        up: "everybody seems to buy at one rate",
        down: "next to nobody buys again, and those who do buy without end",
    },
    Reading {
        parameter: "alpha",
        up: "everybody seems to buy at one rate",
        down: "those who buy again do so at once",
    },
    Reading { parameter: "s", up: "everybody seems to leave with one chance", down: "nobody seems to leave" },
    Reading {
        parameter: "beta",
        up: "nobody seems to leave, or everybody with one chance",
        down: "those who leave do so at once",
    },
];

/// Sums over the times at which somebody may have left, each with a weight.
#[derive(Clone, Copy, Default)]
struct Moments {
    whole: f64,
    first: [f64; 4],
    second: [[f64; 4]; 4],
}

impl ParetoNbd {
    pub fn fit(customers: &[Customer]) -> Result<Fit<Self, 4>, Refusal> {
        let groups = Groups::of(customers)?;
        let of = |&[r, alpha, s, beta]: &[f64; 4]| Self { r, alpha, s, beta };
        let start = [1.0, groups.mean_age, 1.0, groups.mean_age];
        let peak = climb(start, |at| of(at).sum(&groups)).map_err(|drift| {
            let remedy = "more customers or a longer time would, and the BG/NBD may";
            endless("Pareto/NBD", &READINGS[drift.parameter], drift.is_up, groups.customers, remedy)
        })?;
        Ok(Fit {
            model: of(&peak.parameters),
            log_likelihood: peak.value,
            standard_errors: peak.standard_errors,
            slope: peak.slope,
            customers: groups.customers,
            steps: peak.steps,
        })
    }

    /// The log-likelihood of customers.
    pub fn log_likelihood(&self, customers: &[Customer]) -> Result<f64, Refusal> {
        Ok(self.sum(&Groups::of(customers)?).value)
    }

    /// The log-likelihood with its derivatives, by (r, α, s, β).
    fn sum(&self, groups: &Groups) -> Sum<4> {
        let Self { r, alpha, s, beta } = *self;
        let mut sum = groups.sum(|group, sum| self.times(group, sum));
        let customers = groups.customers as f64;
        for &(frequency, count) in &groups.frequencies {
            sum.value += count * (ln_gamma(r + frequency) - ln_gamma(r));
            sum.slope[0] += count * (digamma(r + frequency) - digamma(r));
            sum.bend(0, 0, count * (trigamma(r + frequency) - trigamma(r)));
        }
        for (shape, scale, i) in [(r, alpha, 0), (s, beta, 2)] {
            sum.value += customers * shape * scale.ln();
            sum.slope[i] += customers * scale.ln();
            sum.slope[i + 1] += customers * shape / scale;
            sum.bend(i, i + 1, customers / scale);
            sum.bend(i + 1, i + 1, -customers * shape / (scale * scale));
        }
        sum
    }

    /// What the times say: the logarithm of a sum of exponentials, one for being there and one for each time of leaving.
    fn times(&self, group: &Group, sum: &mut Sum<4>) {
        let Self { r, alpha, s, beta } = *self;
        let Group { frequency, recency, age, count } = *group;
        let (mut moments, top) = self.leaving(frequency, recency, age, |moments: &mut Moments, weight, t| {
            let (by_alpha, by_beta) = (1.0 / (alpha + t), 1.0 / (beta + t));
            let slope = [
                -(alpha + t).ln(),
                -(r + frequency) * by_alpha,
                1.0 / s - (beta + t).ln(),
                -(s + 1.0) * by_beta,
            ];
            moments.add(weight, slope, frequency + r, s + 1.0, by_alpha, by_beta);
            moments.second[2][2] -= weight / (s * s);
        });
        let (by_alpha, by_beta) = (1.0 / (alpha + age), 1.0 / (beta + age));
        let (ln_alpha, ln_beta) = ((alpha + age).ln(), (beta + age).ln());
        let slope = [-ln_alpha, -(r + frequency) * by_alpha, -ln_beta, -s * by_beta];
        moments.add((-top).exp(), slope, frequency + r, s, by_alpha, by_beta);

        sum.value += count * (moments.whole.ln() + top - (r + frequency) * ln_alpha - s * ln_beta);
        let first = moments.first.map(|first| first / moments.whole);
        for i in 0..4 {
            sum.slope[i] += count * first[i];
            for j in i..4 {
                let second = moments.second[i][j] / moments.whole - first[i] * first[j];
                sum.bend(i, j, count * second);
            }
        }
    }

    /// Goes through the times at which somebody may have left, with the chance of each against being there still, as
    /// parts of e^top.
    fn leaving<S: Default>(
        &self,
        frequency: f64,
        recency: f64,
        age: f64,
        mut each: impl FnMut(&mut S, f64, f64),
    ) -> (S, f64) {
        let Self { r, alpha, s, beta } = *self;
        let mut sums = S::default();
        let bought = r + frequency;
        let (ln_alpha, ln_beta) = ((alpha + age).ln(), (beta + age).ln());
        let height = |t: f64| bought * (ln_alpha - (alpha + t).ln()) + s * (ln_beta - (beta + t).ln());
        let top = height(recency).max(0.0);
        // In the logarithm of a time the integrand is smooth at every size; from the smaller of the two scales on, it
        // has no pole nearer than π.
        let scale = alpha.min(beta);
        let (mut from, end) = ((scale + recency).ln(), (scale + age).ln());
        let length = (STRETCH_FALL / (bought + s + 1.0)).min(STRETCH_MAX);
        while from < end && height(from.exp() - scale) > top - NOTHING {
            let to = (from + length).min(end);
            for (place, weight) in points(from, to) {
                let grown = place.exp();
                let t = grown - scale;
                each(&mut sums, weight * grown * s / (beta + t) * (height(t) - top).exp(), t);
            }
            from = to;
        }
        (sums, top)
    }
}

impl Moments {
    /// Adds a time with its weight, the slopes of the weight's logarithm, and what these are made of.
    fn add(&mut self, weight: f64, slope: [f64; 4], bought: f64, shape: f64, by_alpha: f64, by_beta: f64) {
        self.whole += weight;
        for i in 0..4 {
            self.first[i] += weight * slope[i];
            for j in i..4 {
                self.second[i][j] += weight * slope[i] * slope[j];
            }
        }
        self.second[0][1] -= weight * by_alpha;
        self.second[1][1] += weight * bought * by_alpha * by_alpha;
        self.second[2][3] -= weight * by_beta;
        self.second[3][3] += weight * shape * by_beta * by_beta;
    }
}

/// (1 − ratio^power) / power, also where the power is nothing; ratio is e^−ln.
fn fallen(ln: f64, power: f64) -> f64 {
    if power == 0.0 { ln } else { -(-ln * power).exp_m1() / power }
}

impl Purchases for ParetoNbd {
    fn expected(&self, ahead: f64) -> f64 {
        let Self { r, alpha, s, beta } = *self;
        r * beta / alpha * fallen((ahead / beta).ln_1p(), s - 1.0)
    }

    fn alive(&self, customer: &Customer) -> f64 {
        let frequency = f64::from(customer.frequency);
        let (left, top) =
            self.leaving(frequency, customer.recency, customer.age, |left: &mut f64, weight, _| {
                *left += weight;
            });
        let there = (-top).exp();
        there / (there + left)
    }

    fn expected_of(&self, customer: &Customer, ahead: f64) -> f64 {
        let Self { r, alpha, s, beta } = *self;
        let rate = (r + f64::from(customer.frequency)) / (alpha + customer.age);
        let scale = beta + customer.age;
        self.alive(customer) * rate * scale * fallen((ahead / scale).ln_1p(), s - 1.0)
    }
}
