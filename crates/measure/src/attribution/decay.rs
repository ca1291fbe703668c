//! Powers of one half, by additions and multiplications alone: the same bits on every machine.

/// 2 to the power of −`lives`, for `lives` that are not negative.
pub(super) fn half_to(lives: f64) -> f64 {
    if lives >= 1_074.0 {
        return 0.0;
    }
    let whole = lives.floor();
    let exponent = (lives - whole) * -std::f64::consts::LN_2;
    let (mut sum, mut term) = (1.0, 1.0);
    for number in 1..=22 {
        term *= exponent / f64::from(number);
        sum += term;
    }
    (0..whole as u32).fold(sum, |power, _| power * 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_power_of_one_half() {
        for (lives, expected) in [(0.0, 1.0), (1.0, 0.5), (3.0, 0.125), (0.5, 0.707_106_781_186_547_5)] {
            assert!((half_to(lives) - expected).abs() <= 2.0 * f64::EPSILON, "{lives}: {}", half_to(lives));
        }
        for step in 0..4_000 {
            let lives = f64::from(step) / 37.0;
            let expected = (-lives).exp2();
            assert!((half_to(lives) / expected - 1.0).abs() < 1e-14, "{lives}");
        }
        assert_eq!(half_to(5_000.0), 0.0);
    }
}
