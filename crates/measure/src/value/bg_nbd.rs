//! BG/NBD and its modified form: people buy at a rate of their own, and may leave after each purchase.
//!
//! Fader, Hardie and Lee (2005); in the modified form of Batislam, Denizel and Filiztekin (2007) they may leave after
//! the first purchase already. Rates are gamma (r, α), chances to leave are beta (a, b).

use super::customer::Customer;
use super::fit::{Fit, Reading, Refusal, endless};
use super::groups::{Group, Groups};
use super::limits::TERMS_MAX;
use super::newton::{Sum, climb};
use super::purchases::Purchases;
use crate::special::gamma::{digamma, ln_gamma, trigamma};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgNbd {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
    pub variant: Variant,
}

/// When people may leave for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// After the first repeat purchase: BG/NBD.
    Plain,
    /// After the first purchase: MBG/NBD.
    Modified,
}

impl Variant {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "BG/NBD",
            Self::Modified => "MBG/NBD",
        }
    }

    /// Chances to leave that somebody with so many repeat purchases had.
    fn chances(self, frequency: f64) -> f64 {
        frequency + f64::from(u8::from(self == Self::Modified))
    }
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
    Reading { parameter: "a", up: "everybody seems to leave with one chance", down: "nobody seems to leave" },
    Reading {
        parameter: "b",
        up: "everybody seems to leave with one chance, or nobody at all",
        down: "everybody seems to leave at once",
    },
];

impl BgNbd {
    pub fn fit(customers: &[Customer], variant: Variant) -> Result<Fit<Self, 4>, Refusal> {
        let groups = Groups::of(customers)?;
        let of = |&[r, alpha, a, b]: &[f64; 4]| Self { r, alpha, a, b, variant };
        let found = climb([1.0, groups.mean_age, 1.0, 1.0], |at| of(at).sum(&groups));
        let peak = found.map_err(|drift| {
            let remedy = "more customers or a longer time would, and the Pareto/NBD may";
            endless(variant.name(), &READINGS[drift.parameter], drift.is_up, groups.customers, remedy)
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

    /// The log-likelihood with its derivatives, by (r, α, a, b).
    fn sum(&self, groups: &Groups) -> Sum<4> {
        let mut sum = groups.sum(|group, sum| self.times(group, sum));
        self.counts(groups, &mut sum);
        sum
    }

    /// What the number of purchases says.
    fn counts(&self, groups: &Groups, sum: &mut Sum<4>) {
        let Self { r, alpha, a, b, variant } = *self;
        let customers = groups.customers as f64;
        let mut gamma = |sign: f64, x: f64, by: &[usize]| {
            sum.value += sign * ln_gamma(x);
            let (first, second) = (sign * digamma(x), sign * trigamma(x));
            for (place, &i) in by.iter().enumerate() {
                sum.slope[i] += first;
                by[place..].iter().for_each(|&j| sum.bend(i, j, second));
            }
        };
        for &(frequency, count) in &groups.frequencies {
            let chances = variant.chances(frequency);
            gamma(count, r + frequency, &[0]);
            gamma(count, b + chances, &[3]);
            gamma(-count, a + b + chances, &[2, 3]);
        }
        gamma(-customers, r, &[0]);
        gamma(customers, a + b, &[2, 3]);
        gamma(-customers, b, &[3]);
        sum.value += customers * r * alpha.ln();
        sum.slope[0] += customers * alpha.ln();
        sum.slope[1] += customers * r / alpha;
        sum.bend(0, 1, customers / alpha);
        sum.bend(1, 1, -customers * r / (alpha * alpha));
    }

    /// What the times say.
    fn times(&self, group: &Group, sum: &mut Sum<4>) {
        let Self { r, alpha, a, b, variant } = *self;
        let Group { frequency, recency, age, count } = *group;
        let bought = r + frequency;
        let by_age = 1.0 / (alpha + age);
        let ln_age = (alpha + age).ln();
        sum.value -= count * bought * ln_age;
        sum.slope[0] -= count * ln_age;
        sum.slope[1] -= count * bought * by_age;
        sum.bend(0, 1, -count * by_age);
        sum.bend(1, 1, count * bought * by_age * by_age);
        let chances = variant.chances(frequency);
        if chances == 0.0 {
            return;
        }
        let by_recency = 1.0 / (alpha + recency);
        let stayed = 1.0 / (b + chances - 1.0);
        let odds = a.ln() + stayed.ln() + bought * (ln_age - (alpha + recency).ln());
        let gone = 1.0 / (1.0 + (-odds).exp());
        sum.value += count * ln_1p_exp(odds);
        let slope = [ln_age - (alpha + recency).ln(), bought * (by_age - by_recency), 1.0 / a, -stayed];
        for i in 0..4 {
            sum.slope[i] += count * gone * slope[i];
            for j in i..4 {
                sum.bend(i, j, count * gone * (1.0 - gone) * slope[i] * slope[j]);
            }
        }
        sum.bend(0, 1, count * gone * (by_age - by_recency));
        sum.bend(1, 1, count * gone * bought * (by_recency * by_recency - by_age * by_age));
        sum.bend(2, 2, -count * gone / (a * a));
        sum.bend(3, 3, count * gone * stayed * stayed);
    }

    /// Purchases to come from somebody who is still there, after so many chances to leave.
    ///
    /// The n-th chance comes when a negative binomial number is n at least, and finds whom none before it took away.
    /// Every term is positive, for any parameters.
    fn expected_alive(&self, frequency: f64, chances: f64, age: f64, ahead: f64) -> f64 {
        let Self { r, alpha, a, b, .. } = *self;
        let bought = r + frequency;
        let share = ahead / (alpha + age + ahead);
        // The chance of exactly n purchases while there, times the purchases among them that are made, in parts of
        // scale: the first of many may be too small for a number.
        let mut scale = -bought * (ahead / (alpha + age)).ln_1p();
        let (mut term, mut there, mut made, mut sum) = (1.0_f64, 1.0, 0.0, 0.0);
        for n in 0..TERMS_MAX {
            let n = f64::from(n);
            let ratio = (bought + n) / (n + 1.0) * share;
            term *= ratio;
            made += there;
            there *= (b + chances + n) / (a + b + chances + n);
            sum += term * made;
            if sum > 1e200 {
                term *= 1e-200;
                sum *= 1e-200;
                scale += 200.0 * std::f64::consts::LN_10;
            }
            // Made grows by one a term at most, so what is to come is less than twice a geometric series.
            if ratio < 1.0 && term * (made + 1.0 / (1.0 - ratio)) <= sum * f64::EPSILON * 0.1 * (1.0 - ratio)
            {
                break;
            }
        }
        sum * scale.exp()
    }
}

impl Purchases for BgNbd {
    fn expected(&self, ahead: f64) -> f64 {
        let stays = match self.variant {
            Variant::Plain => 1.0,
            Variant::Modified => self.b / (self.a + self.b),
        };
        stays * self.expected_alive(0.0, self.variant.chances(0.0), 0.0, ahead)
    }

    fn alive(&self, customer: &Customer) -> f64 {
        let frequency = f64::from(customer.frequency);
        let chances = self.variant.chances(frequency);
        if chances == 0.0 {
            return 1.0;
        }
        let silence = ((self.alpha + customer.age) / (self.alpha + customer.recency)).ln();
        let odds = self.a.ln() - (self.b + chances - 1.0).ln() + (self.r + frequency) * silence;
        1.0 / (1.0 + odds.exp())
    }

    fn expected_of(&self, customer: &Customer, ahead: f64) -> f64 {
        let frequency = f64::from(customer.frequency);
        let chances = self.variant.chances(frequency);
        self.alive(customer) * self.expected_alive(frequency, chances, customer.age, ahead)
    }
}

/// ln(1 + eˣ), whatever the size of x.
fn ln_1p_exp(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}
