//! The bounds of the series and fractions, each with its reason.

/// From here on the asymptotic series of the gamma function are exact to the last digit with eight terms.
pub(super) const ASYMPTOTIC_MIN: f64 = 10.0;
/// Terms of a series. The slowest are at the middle of a distribution: nine times the root of a shape, so this is
/// enough for shapes of 1e10.
pub(super) const TERMS_MAX: u32 = 1_000_000;
/// Steps of a search for a root: bisection alone halves its bracket to nothing in as many.
pub(super) const STEPS_MAX: u32 = 200;
/// Below this the ratio of tail and density is a fraction that converges slowly, and the error function is exact.
pub(super) const FAR_TAIL_MIN: f64 = 5.0;
/// From this shape on a side of the beta distribution is integrated: its series would take thousands of terms.
pub(super) const SERIES_SHAPE_MAX: f64 = 1_000.0;
/// By how much the logarithm of a density may change over one stretch of sixteen points.
pub(super) const STRETCH_FALL: f64 = 8.0;
/// The longest stretch; the pole of the density is π away at least.
pub(super) const STRETCH_MAX: f64 = 2.0;
