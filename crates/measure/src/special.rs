//! Special functions, to a relative error of 1e-12 at the sizes of marketing: a million users, and a hundred.
//!
//! [`libm`] gives the error function and the logarithm of the gamma function. What it lacks is here, because the crates
//! that offer it lose digits from shapes of 1e5 on: a difference of two large logarithms is one of small
//! deviations instead ([`gamma::ln1p_minus`], [`gamma::stirling_rest`]), and sums have terms of one sign.
//! Every function is pure, and held to a table of fifty digits in the tests.

pub mod beta;
pub mod gamma;
pub mod hypergeometric;
pub mod normal;
pub mod quadrature;
pub mod student;

mod limits;
mod root;
