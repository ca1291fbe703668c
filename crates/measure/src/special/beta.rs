//! The beta function and the beta distribution.

use super::gamma::{ln_gamma, ln_ratio_minus, ln1p_minus, stirling_rest};
use super::limits::{ASYMPTOTIC_MIN, SERIES_SHAPE_MAX, STRETCH_FALL, STRETCH_MAX, TERMS_MAX};
use super::quadrature::points;
use super::root;
use std::f64::consts::{PI, TAU};

/// ln B(a, b) for a, b > 0.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (a, b) = (a.min(b), a.max(b));
    if b < ASYMPTOTIC_MIN {
        return ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    }
    let rest = stirling_rest(b) - stirling_rest(a + b);
    if a < ASYMPTOTIC_MIN {
        return ln_gamma(a) - (b - 0.5) * (a / b).ln_1p() - a * ((a + b).ln() - 1.0) + rest;
    }
    0.5 * (2.0 * PI / b).ln() - (a - 0.5) * (b / a).ln_1p() - b * (a / b).ln_1p() + stirling_rest(a) + rest
}

/// Both sides of a beta distribution: what lies below x, and what lies above.
pub fn beta_sides(a: f64, b: f64, x: f64) -> (f64, f64) {
    beta_sides_of(a, b, x, 1.0 - x)
}

/// As [`beta_sides`], where x and 1 − x are each known exactly.
pub fn beta_sides_of(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    if x > y {
        let (below, above) = beta_sides_of(b, a, y, x);
        return (above, below);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    let (front, off) = density_times_xy(a, b, x, y);
    // Of the two sides the one that is a tail is summed.
    if off > 0.0 {
        let above = front * tail(a, b, x, off, 1.0);
        (1.0 - above, above)
    } else {
        let sum = if a < SERIES_SHAPE_MAX { series(a, b, x) / a } else { tail(a, b, x, off, -1.0) };
        (front * sum, 1.0 - front * sum)
    }
}

/// The value below which a share lies.
pub fn beta_quantile(a: f64, b: f64, share: f64) -> f64 {
    if share <= 0.0 {
        return 0.0;
    }
    if share >= 1.0 {
        return 1.0;
    }
    let side = |x: f64| {
        let (below, above) = beta_sides(a, b, x);
        if share <= 0.5 { below - share } else { (1.0 - share) - above }
    };
    let density = |x: f64| density_times_xy(a, b, x, 1.0 - x).0 / (x * (1.0 - x));
    root::of_rising(side, density, (0.0, 1.0), a / (a + b))
}

/// xᵃ·yᵇ / B(a, b), and x·(a + b) − a. With large shapes the logarithms themselves would lose how far x is from the middle.
fn density_times_xy(a: f64, b: f64, x: f64, y: f64) -> (f64, f64) {
    let sum = a + b;
    // What rounding took from the sum.
    let part = sum - a;
    let lost = (a - (sum - part)) + (b - part);
    // From the smaller of x and y, which has more digits.
    let off = if x <= y { x.mul_add(sum, -a) + x * lost } else { -(y.mul_add(sum, -b) + y * lost) };
    let exponent = a * ln_ratio_minus(x * sum, a, off) + b * ln_ratio_minus(y * sum, b, -off);
    let rest = stirling_rest(a) + stirling_rest(b) - stirling_rest(sum);
    ((a * (b / sum) / TAU).sqrt() * (exponent - rest).exp(), off)
}

/// a · ∫ tᵃ⁻¹ (1 − t)ᵇ⁻¹ below x, over xᵃ·yᵇ, as a series of positive terms.
fn series(a: f64, b: f64, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 0..TERMS_MAX {
        let n = f64::from(n);
        let ratio = (a + b + n) / (a + 1.0 + n) * x;
        term *= ratio;
        sum += term;
        if ratio < 1.0 && term * ratio <= sum * f64::EPSILON * 0.1 * (1.0 - ratio) {
            break;
        }
    }
    sum
}

/// The integral beyond x, upwards or downwards, over xᵃ·yᵇ, for x ≤ ½. In the logarithm of t / (1 − t) the density falls
/// ever faster, and is exp(g(h)) of its value at x.
fn tail(a: f64, b: f64, x: f64, off: f64, direction: f64) -> f64 {
    let sum = a + b;
    let g = |h: f64| {
        let grown = x * h.exp_m1();
        // Near x what is large cancels, and is left out; far away nothing does.
        if h.abs() < 0.5 {
            -off * h - sum * (x * exp_minus(h) + ln1p_minus(grown))
        } else {
            a * h - sum * grown.ln_1p()
        }
    };
    let mut from = 0.0;
    let mut total = 0.0;
    for _ in 0..TERMS_MAX {
        let length = stretch(a, sum, x, from, direction);
        let to = from + direction * length;
        let add: f64 = points(from.min(to), from.max(to)).map(|(h, weight)| weight * g(h).exp()).sum();
        total += add;
        if add <= total * f64::EPSILON * 0.01 {
            break;
        }
        from = to;
    }
    total
}

/// How far one stretch of a tail may go: g changes by eight at most, and the pole stays as far away as it is long.
fn stretch(a: f64, sum: f64, x: f64, from: f64, direction: f64) -> f64 {
    let share = |h: f64| x * h.exp() / (1.0 - x + x * h.exp());
    let slope = (a - sum * share(from)).abs();
    let widest = if direction > 0.0 { share(from + STRETCH_MAX).min(0.5) } else { share(from) };
    let curve = sum * widest * (1.0 - widest);
    (2.0 * STRETCH_FALL / (slope + (slope * slope + 2.0 * curve * STRETCH_FALL).sqrt())).min(STRETCH_MAX)
}

/// eʰ − 1 − h for small h.
fn exp_minus(h: f64) -> f64 {
    let mut term = 0.5 * h * h;
    let mut sum = 0.0;
    for n in 3..20 {
        sum += term;
        term *= h / f64::from(n);
    }
    sum
}
