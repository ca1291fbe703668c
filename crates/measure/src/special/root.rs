//! Where a rising function is nothing: Newton's steps, inside a bracket that bisection keeps.

use super::limits::STEPS_MAX;

/// The root of a rising function with its slope, between two bounds.
pub(super) fn of_rising(
    value: impl Fn(f64) -> f64,
    slope: impl Fn(f64) -> f64,
    (mut low, mut high): (f64, f64),
    first: f64,
) -> f64 {
    let mut x = first.clamp(low, high);
    for _ in 0..STEPS_MAX {
        let at = value(x);
        if at == 0.0 {
            return x;
        }
        if at < 0.0 {
            low = x;
        } else {
            high = x;
        }
        let newton = x - at / slope(x);
        let middle = 0.5 * (low + high);
        let next = if newton > low && newton < high { newton } else { middle };
        if (next - x).abs() <= f64::EPSILON * 0.5 * x.abs() {
            return next;
        }
        x = next;
    }
    x
}
