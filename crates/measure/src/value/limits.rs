//! The bounds of fitting and foretelling, each with its reason.

/// Steps of a fit. From far away it takes twenty.
pub(super) const STEPS_MAX: u32 = 200;
/// How far the logarithm of a parameter may go from where the search began: by then it is a hundred thousand times
/// larger or smaller, and the data do not say where it ends.
pub(super) const DRIFT_MAX: f64 = 12.0;
/// A step that promises less than this of log-likelihood is one of two last ones. Each doubles the digits, so that the
/// second leaves nothing.
pub(super) const CLOSE: f64 = 1e-8;
/// The furthest that one step moves the logarithm of a parameter.
pub(super) const STEP_MAX: f64 = 2.0;
/// Groups of customers that one thread takes at a time. Sums are made in these portions and added in their order, so
/// the number of threads leaves no trace.
pub(super) const PORTION: usize = 4_096;
/// More threads than this would wait for memory.
pub(super) const THREADS_MAX: usize = 8;
/// By how much the logarithm of the Pareto/NBD's integrand may change over one stretch of sixteen points.
pub(super) const STRETCH_FALL: f64 = 12.0;
/// The longest stretch in ln t; the pole of the integrand is π away.
pub(super) const STRETCH_MAX: f64 = 2.0;
/// What lies so far below the greatest part of a sum, as a logarithm, adds nothing to it.
pub(super) const NOTHING: f64 = 45.0;
/// Terms of a sum over chances to buy.
pub(super) const TERMS_MAX: u32 = 10_000_000;
/// Frequencies of this and more are one row of a table of scores, as in the literature.
pub(super) const FREQUENCY_ROWS: usize = 8;
