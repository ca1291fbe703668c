//! Forecasts: series whose continuation is known, intervals on their own generating noise, and the first days of a shop.

use measure::forecast::{Method, Refusal, backtest, foretell};

/// A number between −1 and 1 that looks drawn, and is the same on every machine: three of them make a bell.
fn noise(number: u64) -> f64 {
    let drawn = |number: u64| {
        let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (drawn(3 * number) + drawn(3 * number + 1) + drawn(3 * number + 2)) / 3.0
}

/// A shop with a weekend, growth and noise.
fn shop(days: u64, spread: f64) -> Vec<f64> {
    let week = [20.0, 18.0, 19.0, 22.0, 30.0, 45.0, 40.0];
    (0..days).map(|day| week[day as usize % 7] + day as f64 * 0.1 + spread * noise(day)).collect()
}

#[test]
fn a_season_goes_on() {
    let outlook = foretell(&shop(140, 3.0), 7, 14, 0.9).unwrap();
    assert_eq!(outlook.method, Method::Seasonal);
    for (step, day) in outlook.steps.iter().zip(140_u64..) {
        let expected = shop(day + 1, 0.0)[day as usize];
        assert!((step.point - expected).abs() < 4.0, "day {day}: {step:?} {expected}");
        assert!(step.low < step.point && step.point < step.high, "{step:?}");
    }
}

#[test]
fn the_same_series_is_foretold_the_same() {
    let values = shop(90, 5.0);
    assert_eq!(foretell(&values, 7, 28, 0.8), foretell(&values, 7, 28, 0.8));
}

#[test]
fn a_backtest_says_how_good_it_was() {
    let values = shop(200, 8.0);
    let found = backtest(&values, 7, 14, 0.9).unwrap();
    assert_eq!((found.origins, found.length), (12, 14));
    // Better than last week's value, and intervals that hold about as often as they say.
    assert!(found.mase.unwrap() < 0.95, "{found:?}");
    assert!((0.75..=1.0).contains(&found.coverage), "{found:?}");
    // Without its season it is worse.
    assert!(backtest(&values, 1, 14, 0.9).unwrap().mae > found.mae * 1.5, "{found:?}");
}

#[test]
fn something_is_told_from_the_second_day_on() {
    assert_eq!(foretell(&[], 7, 3, 0.9), Err(Refusal::TooShort(0)));
    assert_eq!(foretell(&[4.0], 7, 3, 0.9), Err(Refusal::TooShort(1)));
    let outlook = foretell(&[4.0, 6.0], 7, 3, 0.9).unwrap();
    assert_eq!((outlook.method, outlook.steps.len()), (Method::Mean, 3));
    // Student's t with one degree: 6.3138 × √2 × √1.5, and nothing is sold less than nothing.
    assert!((outlook.steps[0].high - 15.935).abs() < 1e-3, "{outlook:?}");
    assert_eq!((outlook.steps[0].point, outlook.steps[0].low), (5.0, 0.0));
    let outlook = foretell(&shop(15, 2.0), 7, 3, 0.9).unwrap();
    assert_eq!(outlook.method, Method::Smoothed);
    // More is told the longer it is known, and wider the surer it is to be.
    let narrow = foretell(&shop(15, 2.0), 7, 3, 0.5).unwrap();
    assert!(narrow.steps[0].high - narrow.steps[0].low < outlook.steps[0].high - outlook.steps[0].low);
}

#[test]
fn a_series_that_stands_still_or_falls_is_no_trap() {
    for values in [vec![0.0; 60], vec![5.0; 60]] {
        let outlook = foretell(&values, 7, 7, 0.9).unwrap();
        assert!(outlook.steps.iter().all(|step| (step.point - values[0]).abs() < 1e-3), "{outlook:?}");
        assert_eq!(backtest(&values, 7, 7, 0.9).unwrap().mase, None);
    }
    let falling: Vec<f64> = (0..60).map(|day| f64::from(60 - day)).collect();
    assert!(
        foretell(&falling, 1, 30, 0.9).unwrap().steps.iter().all(|step| step.point >= 0.0 && step.low >= 0.0)
    );
    // What may be below nothing, such as profit, may go on below it.
    let loss: Vec<f64> = (0..60).map(|day| f64::from(30 - day)).collect();
    assert!(foretell(&loss, 1, 5, 0.9).unwrap().steps[4].point < -25.0);
    assert_eq!(foretell(&[1.0, f64::NAN], 1, 1, 0.9), Err(Refusal::NotFinite));
}
