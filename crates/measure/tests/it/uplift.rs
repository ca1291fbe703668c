//! Uplift over worlds that are made here: with nothing in them, with a known effect, and with weeks that differ.

use engine::at::{At, Span};
use engine::programme::Money;
use engine::record::Medium;
use engine::spend::Flight;
use jiff::tz::TimeZone;
use measure::uplift::{Unmeasured, Watch, uplift};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

fn flight(key: &str, from: At) -> Flight {
    Flight {
        key: key.to_owned(),
        campaign: String::new(),
        medium: Medium::Radio,
        place: String::new(),
        from,
        until: from.plus(Span::SECOND.times(30)),
        money: Money::new(0, "EUR"),
        contacts: None,
        pieces: None,
        codes: Vec::new(),
        source: String::new(),
    }
}

struct Dice(Xoshiro256PlusPlus);

impl Dice {
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Events of a constant rate in a stretch.
    fn events(&mut self, from: At, to: At, a_minute: f64, times: &mut Vec<At>) {
        let mut at = from.0 as f64;
        loop {
            at -= (1.0 - self.unit()).ln() / a_minute * 60_000.0;
            if at >= to.0 as f64 {
                return;
            }
            times.push(At(at as i64));
        }
    }
}

const WORLDS: i32 = 400;

/// Noon of a Wednesday.
const SPOT: At = At(1_767_784_800_000);
const KNOWN: (At, At) = (At(SPOT.0 - 70 * Span::DAY.0), At(SPOT.0 + Span::DAY.0));

/// Ten weeks of the hours around noon. Each week is as loud as `loudness` says, and each minute after a flight has `more` events.
fn world(dice: &mut Dice, a_minute: f64, uneven: f64, more: f64) -> Vec<At> {
    let mut times = Vec::new();
    for week in (0..10).rev() {
        let spot = SPOT.minus(Span::DAY.times(7 * week));
        let loud = a_minute * (1.0 + uneven * (2.0 * dice.unit() - 1.0));
        dice.events(spot.minus(Span::HOUR.times(2)), spot, loud, &mut times);
        // Uneven weeks differ after noon too, and not only as a whole.
        let after = loud * (1.0 + uneven * (2.0 * dice.unit() - 1.0)) + if week == 0 { more } else { 0.0 };
        dice.events(spot, spot.plus(Span::HOUR.times(2)), after, &mut times);
    }
    times.sort();
    times
}

/// In how many of four hundred worlds the interval holds the truth, and the mean uplift.
fn coverage(a_minute: f64, uneven: f64, more: f64) -> (f64, f64) {
    let mut dice = Dice(Xoshiro256PlusPlus::seed_from_u64(11));
    let watch = Watch::usual(Medium::Radio);
    let truth = more * 10.5;
    let (mut held, mut sum) = (0, 0.0);
    for _ in 0..WORLDS {
        let times = world(&mut dice, a_minute, uneven, more);
        let found = uplift(&times, KNOWN, &flight("spot", SPOT), &[], watch, &TimeZone::UTC).unwrap();
        held += i32::from(found.interval.0 <= truth && truth <= found.interval.1);
        sum += found.uplift;
    }
    (f64::from(held) / f64::from(WORLDS), sum / f64::from(WORLDS))
}

#[test]
fn where_there_is_nothing_little_is_found() {
    for (a_minute, uneven) in [(0.5, 0.0), (4.0, 0.0), (40.0, 0.0), (4.0, 0.5), (40.0, 0.3)] {
        let (held, mean) = coverage(a_minute, uneven, 0.0);
        assert!(
            held >= 0.93,
            "{a_minute} a minute, uneven by {uneven}: nothing is found in {held} of the worlds"
        );
        assert!(mean.abs() < 0.06 * a_minute * 10.5 + 0.3, "{a_minute} {uneven}: {mean} on average");
    }
}

#[test]
fn a_known_effect_is_found_as_large_as_it_is() {
    for (a_minute, uneven, more) in [(4.0, 0.0, 4.0), (4.0, 0.0, 20.0), (40.0, 0.3, 20.0)] {
        let (held, mean) = coverage(a_minute, uneven, more);
        let truth = more * 10.5;
        assert!(
            held >= 0.93,
            "{a_minute} {uneven} {more}: the interval holds the truth in {held} of the worlds"
        );
        assert!((mean - truth).abs() < 0.05 * truth + 1.0, "{mean} on average, and the truth is {truth}");
    }
    // An interval that is never wrong would say nothing: a doubling is told from nothing.
    let mut dice = Dice(Xoshiro256PlusPlus::seed_from_u64(5));
    let watch = Watch::usual(Medium::Radio);
    let found = (0..100).filter(|_| {
        let times = world(&mut dice, 10.0, 0.0, 10.0);
        uplift(&times, KNOWN, &flight("spot", SPOT), &[], watch, &TimeZone::UTC).unwrap().interval.0 > 0.0
    });
    assert!(found.count() > 90, "a doubling is hardly seen");
}

#[test]
fn what_cannot_be_said_is_not_said() {
    let mut dice = Dice(Xoshiro256PlusPlus::seed_from_u64(3));
    let times = world(&mut dice, 4.0, 0.0, 0.0);
    let watch = Watch::usual(Medium::Radio);
    let spot = flight("spot", SPOT);
    let ask = |times: &[At], known, others: &[&Flight]| {
        uplift(times, known, &spot, others, watch, &TimeZone::UTC).map(|found| found.weeks)
    };
    assert_eq!(ask(&times, KNOWN, &[]), Ok(8));
    let late = (At(SPOT.0 - 16 * Span::DAY.0), KNOWN.1);
    assert_eq!(ask(&times, late, &[]), Err(Unmeasured::FewWeeks(2)));
    assert_eq!(ask(&times, (KNOWN.0, SPOT), &[]), Err(Unmeasured::NotOver));
    assert_eq!(ask(&[], KNOWN, &[]), Err(Unmeasured::Silent));
    let other = flight("other", SPOT.minus(Span::DAY.times(14)).minus(Span::MINUTE.times(30)));
    assert_eq!(ask(&times, KNOWN, &[&spot, &other]), Ok(7), "a week with another flight is left out");
}

#[test]
fn weeks_are_those_of_the_clocks() {
    // Noon in Rome is an hour earlier in UTC once the clocks went forward, on 29 March 2026.
    let rome = engine::programme::timezone("Europe/Rome").unwrap();
    let noon = |text: &str| At::parse(text).unwrap();
    let spot = noon("2026-04-01T10:00:00Z");
    let mut times = Vec::new();
    let spots =
        ["2026-03-25T11:00:00Z", "2026-03-18T11:00:00Z", "2026-03-11T11:00:00Z", "2026-04-01T10:00:00Z"];
    for begin in spots.map(noon) {
        times.extend((0..60).map(|minute| At(begin.0 - 60_000 * minute - 1)));
        times.extend((0..100).map(|number| At(begin.0 + number * 6_000)));
    }
    times.sort();
    let known = (noon("2026-03-08T00:00:00Z"), noon("2026-04-02T00:00:00Z"));
    let found =
        uplift(&times, known, &flight("spot", spot), &[], Watch::usual(Medium::Radio), &rome).unwrap();
    assert_eq!((found.weeks, found.observed), (3, 100));
    assert!(found.uplift.abs() < 1.0, "every week was the same at noon in Rome: {found:?}");
}
