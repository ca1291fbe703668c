//! Draws from beta distributions, the same on every machine.
//!
//! A beta variable is made of two gamma variables (Marsaglia and Tsang, 2000), and those of normal ones by the polar method.
//! All of it is addition, multiplication, division and the square root, which IEEE 754 rounds in one way; the logarithm of
//! the platform is not asked, since each rounds it its own way.

/// A stream of random numbers that a seed decides.
#[derive(Clone, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number of SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below a bound that is small against 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Above 0 and below 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    fn normal(&mut self) -> f64 {
        loop {
            let (one, other) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = one * one + other * other;
            if square < 1.0 {
                return one * (-2.0 * logarithm(square) / square).sqrt();
            }
        }
    }

    /// A gamma variable of a shape of 1 or more.
    fn gamma(&mut self, shape: f64) -> f64 {
        let scale = shape - 1.0 / 3.0;
        let spread = 1.0 / (9.0 * scale).sqrt();
        loop {
            let normal = self.normal();
            let root = 1.0 + spread * normal;
            if root <= 0.0 {
                continue;
            }
            let cube = root * root * root;
            let bound = 0.5 * normal * normal + scale * (1.0 - cube + logarithm(cube));
            if logarithm(self.unit()) < bound {
                return scale * cube;
            }
        }
    }

    /// A beta variable of two whole shapes, neither of them 0.
    pub(crate) fn beta(&mut self, ones: u64, zeros: u64) -> f64 {
        assert!(ones > 0 && zeros > 0, "invariant: a prior has one of each");
        let (one, zero) = (self.gamma(ones as f64), self.gamma(zeros as f64));
        one / (one + zero)
    }
}

/// The natural logarithm of a positive number that is not too small to be normal.
///
/// The number is a power of two times a mantissa near 1, whose logarithm is twice the inverse hyperbolic tangent of
/// (m - 1) / (m + 1): a series in squares below 0.03.
fn logarithm(number: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = number.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1_023;
    let mut mantissa = f64::from_bits((bits & MANTISSA) | (1_023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        (mantissa, exponent) = (mantissa / 2.0, exponent + 1);
    }
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let series = (0..12).rev().fold(0.0, |sum, term| sum * square + 1.0 / f64::from(2 * term + 1));
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * ratio * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_tables() {
        for (number, expected) in [
            (1.0, 0.0),
            (2.0, std::f64::consts::LN_2),
            (10.0, std::f64::consts::LN_10),
            (std::f64::consts::E, 1.0),
            (0.001, -6.907_755_278_982_137),
            (1.5, 0.405_465_108_108_164_4),
            (1e-15, -34.538_776_394_910_684),
            (123_456_789.0, 18.631_401_766_168_02),
        ] {
            let found = logarithm(number);
            assert!((found - expected).abs() < 1e-14 * expected.abs().max(1.0), "{number}: {found}");
        }
    }

    #[test]
    fn a_seed_gives_the_same_draws_on_every_machine() {
        // Worked out in another language too, by the same steps.
        let mut draws = Draws::new(42);
        let found: Vec<u64> =
            [(1, 1), (3, 97), (5_000, 95_000)].map(|(ones, zeros)| draws.beta(ones, zeros).to_bits()).into();
        assert_eq!(found, GOLDEN);
    }

    const GOLDEN: [u64; 3] =
        [4_604_147_814_386_076_411, 4_580_669_840_821_568_211, 4_587_557_882_053_604_090];

    #[test]
    fn draws_have_the_moments_of_the_distribution() {
        const COUNT: usize = 40_000;
        for (ones, zeros) in [(1, 1), (1, 30), (2, 3), (30, 1), (51, 951), (5_000, 95_000)] {
            let mut draws = Draws::new(7 * ones + zeros);
            let all: Vec<f64> = (0..COUNT).map(|_| draws.beta(ones, zeros)).collect();
            let (a, b) = (ones as f64, zeros as f64);
            let (mean, variance) = (a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1.0)));
            let found = all.iter().sum::<f64>() / COUNT as f64;
            let error = (variance / COUNT as f64).sqrt();
            assert!((found - mean).abs() < 4.0 * error, "{ones}:{zeros}: {found}, not {mean}");
            let spread = all.iter().map(|one| (one - mean) * (one - mean)).sum::<f64>() / COUNT as f64;
            assert!((spread / variance - 1.0).abs() < 0.08, "{ones}:{zeros}: {spread}, not {variance}");
        }
    }

    #[test]
    fn a_draw_lies_below_each_bound_as_often_as_it_should() {
        // The distribution of (2, 3) is 1 - (1 - x)^4 - 4x(1 - x)^3.
        let mut draws = Draws::new(3);
        let all: Vec<f64> = (0..40_000).map(|_| draws.beta(2, 3)).collect();
        for bound in [0.1, 0.25, 0.5, 0.75, 0.9] {
            let rest = 1.0 - bound;
            let expected = 1.0 - rest * rest * rest * rest - 4.0 * bound * rest * rest * rest;
            let found = all.iter().filter(|one| **one < bound).count() as f64 / all.len() as f64;
            assert!((found - expected).abs() < 0.01, "{bound}: {found}, not {expected}");
        }
    }
}
