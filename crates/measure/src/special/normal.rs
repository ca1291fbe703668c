//! The error functions and the normal distribution.

use super::limits::{FAR_TAIL_MIN, STEPS_MAX};
use std::f64::consts::{FRAC_1_SQRT_2, PI, TAU};

pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// 1 − erf(x), also where that is next to nothing.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

pub fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp() / TAU.sqrt()
}

/// What lies below x.
pub fn below(x: f64) -> f64 {
    0.5 * erfc(-x * FRAC_1_SQRT_2)
}

/// What lies above x.
pub fn above(x: f64) -> f64 {
    below(-x)
}

/// The logarithm of what lies above x, also where that is too small for a number.
pub fn ln_above(x: f64) -> f64 {
    if x < 0.0 {
        return (-above(-x)).ln_1p();
    }
    if x < FAR_TAIL_MIN {
        return above(x).ln();
    }
    // The ratio of tail and density is 1 / (x + 1 / (x + 2 / (x + 3 / …))), from its end to its beginning.
    let mut fraction = x;
    for n in (1..=60).rev() {
        fraction = x + f64::from(n) / fraction;
    }
    -0.5 * x * x - 0.5 * (2.0 * PI).ln() - fraction.ln()
}

/// The value below which a share lies.
pub fn quantile(share: f64) -> f64 {
    if share > 0.5 {
        // Exact: both are multiples of the same last digit.
        return -upper_quantile(1.0 - share, share - 0.5);
    }
    upper_quantile(share, 0.5 - share)
}

/// The value, negated, above whose mirror a share lies; the share is a half at most, and its distance to a half given.
fn upper_quantile(share: f64, from_half: f64) -> f64 {
    if share <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // A first guess from the tail's leading term; each step then triples the digits.
    let far = (-2.0 * share.ln()).sqrt();
    let mut x = if from_half < 0.25 { from_half * TAU.sqrt() } else { far - (far * TAU.sqrt()).ln() / far };
    for _ in 0..STEPS_MAX {
        // Towards the middle the part between is the exact one, in the tail the part beyond.
        let off = if from_half < 0.25 { from_half - 0.5 * erf(x * FRAC_1_SQRT_2) } else { above(x) - share };
        let newton = off / density(x);
        let step = 2.0 * newton / (2.0 - x * newton).max(1.0);
        x += step;
        if step.abs() <= f64::EPSILON * x.abs() {
            break;
        }
    }
    -x
}
