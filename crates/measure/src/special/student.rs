//! Student's t distribution.

use super::beta::{beta_sides_of, ln_beta};
use super::limits::STEPS_MAX;
use super::normal;

/// What lies above t, with so many degrees of freedom.
pub fn above(t: f64, freedom: f64) -> f64 {
    if t < 0.0 {
        return 1.0 - above(-t, freedom);
    }
    0.5 * sides(t, freedom).0
}

pub fn below(t: f64, freedom: f64) -> f64 {
    above(-t, freedom)
}

pub fn density(t: f64, freedom: f64) -> f64 {
    let tail = -0.5 * (freedom + 1.0) * (t * t / freedom).ln_1p();
    (tail - 0.5 * freedom.ln() - ln_beta(0.5 * freedom, 0.5)).exp()
}

/// The value below which a share lies.
pub fn quantile(share: f64, freedom: f64) -> f64 {
    if share > 0.5 {
        return -lower_quantile(1.0 - share, share - 0.5, freedom);
    }
    lower_quantile(share, 0.5 - share, freedom)
}

/// What is outside ±t, and what is between.
fn sides(t: f64, freedom: f64) -> (f64, f64) {
    let square = t * t;
    let whole = freedom + square;
    beta_sides_of(0.5 * freedom, 0.5, freedom / whole, square / whole)
}

/// Newton's steps on logarithms of t and of the share: the curve is hollow there, so that they end from any beginning.
fn lower_quantile(share: f64, from_half: f64, freedom: f64) -> f64 {
    if share <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if from_half == 0.0 {
        return 0.0;
    }
    let mut t = -normal::quantile(share);
    for _ in 0..STEPS_MAX {
        let (outside, between) = sides(t, freedom);
        let slope = t * density(t, freedom);
        // Towards the middle the part between is the exact one, in the tail the part beyond.
        let step = if from_half < 0.25 {
            (2.0 * from_half / between).ln() * 0.5 * between / slope
        } else {
            (0.5 * outside / share).ln() * 0.5 * outside / slope
        };
        t *= step.exp();
        if step.abs() <= f64::EPSILON {
            break;
        }
    }
    -t
}
