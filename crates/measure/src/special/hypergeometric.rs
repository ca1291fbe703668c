//! Gauss's hypergeometric function ₂F₁, for c > 0 and z < 1.

use super::limits::TERMS_MAX;

/// ₂F₁(a, b; c; z). Below nothing and where it is better so, it is transformed first, so that the terms of its
/// series have one sign.
pub fn hypergeometric(a: f64, b: f64, c: f64, z: f64) -> f64 {
    if z < 0.0 {
        // Pfaff's transformation, on the side that leaves terms of one sign.
        let (a, b) = if c - b > 0.0 { (a, b) } else { (b, a) };
        return (1.0 - z).powf(-a) * hypergeometric(a, c - b, c, z / (z - 1.0));
    }
    let excess = a + b - c;
    if excess > 0.0 && c > a && c > b {
        // Euler's transformation: fewer terms.
        return (1.0 - z).powf(-excess) * series(c - a, c - b, c, z);
    }
    series(a, b, c, z)
}

fn series(a: f64, b: f64, c: f64, z: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 0..TERMS_MAX {
        let n = f64::from(n);
        let ratio = (a + n) * (b + n) / ((c + n) * (n + 1.0)) * z;
        term *= ratio;
        sum += term;
        // What is to come is at most a geometric series, once the terms fall.
        if ratio.abs() < 1.0
            && term.abs() * ratio.abs() <= sum.abs() * f64::EPSILON * 0.1 * (1.0 - ratio.abs())
        {
            break;
        }
    }
    sum
}
