//! The gamma function's logarithm and its derivatives, and the gamma distribution.

use super::limits::{ASYMPTOTIC_MIN, TERMS_MAX};
use super::root;
use std::f64::consts::{LN_2, PI, TAU};

/// Bernoulli numbers B₂, B₄, … B₁₆.
const BERNOULLI: [f64; 8] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
];

/// ln Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The derivative of ln Γ(x), for x > 0.
pub fn digamma(x: f64) -> f64 {
    let (x, shift) = raised(x, |x| 1.0 / x);
    let mut power = 1.0;
    let mut sum = 0.0;
    for (index, bernoulli) in BERNOULLI.iter().enumerate() {
        power /= x * x;
        sum += bernoulli / (2.0 * (index as f64 + 1.0)) * power;
    }
    x.ln() - 0.5 / x - sum - shift
}

/// The second derivative of ln Γ(x), for x > 0.
pub fn trigamma(x: f64) -> f64 {
    let (x, shift) = raised(x, |x| 1.0 / (x * x));
    let mut power = 1.0 / x;
    let mut sum = 0.0;
    for bernoulli in BERNOULLI {
        power /= x * x;
        sum += bernoulli * power;
    }
    1.0 / x + 0.5 / (x * x) + sum + shift
}

/// Raises an argument to where the asymptotic series holds; the sum of a function over the steps.
fn raised(mut x: f64, step: impl Fn(f64) -> f64) -> (f64, f64) {
    let mut shift = 0.0;
    while x < ASYMPTOTIC_MIN {
        shift += step(x);
        x += 1.0;
    }
    (x, shift)
}

/// What Stirling's formula leaves of ln Γ(x): it is small where ln Γ(x) is large, so that differences keep their digits.
pub fn stirling_rest(x: f64) -> f64 {
    if x < ASYMPTOTIC_MIN {
        return ln_gamma(x) - (x - 0.5) * x.ln() + x - 0.5 * (LN_2 + PI.ln());
    }
    let mut power = x;
    let mut sum = 0.0;
    for (index, bernoulli) in BERNOULLI.iter().enumerate() {
        let order = 2.0 * (index as f64 + 1.0);
        power /= x * x;
        sum += bernoulli / (order * (order - 1.0)) * power;
    }
    sum
}

/// ln(1 + u) − u, also where the two nearly cancel.
pub fn ln1p_minus(u: f64) -> f64 {
    if !(-0.4..0.6).contains(&u) {
        return u.ln_1p() - u;
    }
    // ln(1 + u) is 2·atanh(s): its first term and u leave −u·s.
    let s = u / (2.0 + u);
    let square = s * s;
    let mut power = 1.0;
    let mut sum = 0.0;
    for order in (3..60).step_by(2) {
        let term = power / f64::from(order);
        sum += term;
        power *= square;
        if term < f64::EPSILON * 0.01 {
            break;
        }
    }
    2.0 * s * square * sum - u * s
}

/// ln(part / mean) − off / mean, where off is part − mean, known better than its difference.
pub(super) fn ln_ratio_minus(part: f64, mean: f64, off: f64) -> f64 {
    let u = off / mean;
    if (-0.4..0.6).contains(&u) { ln1p_minus(u) } else { (part / mean).ln() - u }
}

/// Both sides of a gamma distribution with a shape and scale 1: what lies below x, and what lies above.
pub fn gamma_sides(shape: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    let front = density_times_x(shape, x);
    if x < shape + 1.0 {
        let below = front * rising_series(shape, x) / shape;
        (below, 1.0 - below)
    } else {
        let above = front / falling_fraction(shape, x);
        (1.0 - above, above)
    }
}

/// The value below which a share lies.
pub fn gamma_quantile(shape: f64, share: f64) -> f64 {
    if share <= 0.0 {
        return 0.0;
    }
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let top = shape + 40.0 * shape.sqrt() + 1_000.0;
    let side = |x: f64| {
        let (below, above) = gamma_sides(shape, x);
        // The smaller side is the exact one.
        if share <= 0.5 { below - share } else { (1.0 - share) - above }
    };
    root::of_rising(side, |x| density_times_x(shape, x) / x, (0.0, top), shape.max(0.1))
}

/// x^shape · e^−x / Γ(shape).
fn density_times_x(shape: f64, x: f64) -> f64 {
    (shape / TAU).sqrt() * (shape * ln_ratio_minus(x, shape, x - shape) - stirling_rest(shape)).exp()
}

/// Σ xⁿ / ((shape + 1) … (shape + n)).
fn rising_series(shape: f64, x: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..TERMS_MAX {
        term *= x / (shape + f64::from(n));
        sum += term;
        if term < sum * f64::EPSILON * 0.01 {
            break;
        }
    }
    sum
}

/// The continued fraction of the upper side, by Lentz's method.
fn falling_fraction(shape: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - shape;
    let mut value = b;
    let (mut c, mut d) = (b, 0.0);
    for n in 1..TERMS_MAX {
        let n = f64::from(n);
        let a = n * (shape - n);
        b += 2.0;
        d = 1.0 / (b + a * d);
        c = b + a / c;
        value *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}
