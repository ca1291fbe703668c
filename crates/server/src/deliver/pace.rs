//! Paces: how many emails a second a route hands over for the mailboxes of one host, and how many a day while a new
//! sender's name warms up. Pure: the time is told, and nobody waits here.
//!
//! Each pace is a bucket of tokens, kept as the one instant at which it will be full again (GCRA). A restart finds full
//! buckets, so it can bring a burst on top; that is a second's worth, and of a warm-up an hour's.

use crate::limits::PACES_KEPT_MAX;
use engine::at::{At, Span};
use std::collections::HashMap;

/// How fast a route may go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaceSettings {
    /// Emails a second for each host of mailboxes; nothing for as fast as it goes.
    pub usual: Option<f64>,
    /// Exceptions, by host.
    pub by_host: HashMap<String, f64>,
    pub warm_up: Option<WarmUp>,
}

/// A sender that nobody knows yet begins with few emails and may send more each day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WarmUp {
    /// The beginning of the first day.
    pub from: At,
    /// Emails of the first day, for each host.
    pub first_day: f64,
    /// How many times as many each day after it.
    pub growth: f64,
}

/// The paces of one route.
#[derive(Debug, Default)]
pub struct Paces {
    settings: PaceSettings,
    by_host: HashMap<String, OfHost>,
}

#[derive(Debug, Default)]
struct OfHost {
    pace: Bucket,
    warm_up: Bucket,
    /// Sends that were told in this round to wait.
    waiting: u32,
}

/// A rate as a bucket needs it, in microseconds.
#[derive(Clone, Copy)]
struct Rate {
    /// Between two emails.
    interval: i128,
    /// How much earlier than that one may come, after a rest.
    burst: i128,
}

/// When the bucket is full again, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket(i128);

impl Paces {
    pub fn new(settings: PaceSettings) -> Self {
        Self { settings, by_host: HashMap::new() }
    }

    /// A new round of questions: who was told to wait asks again.
    pub fn begin_round(&mut self) {
        self.by_host.values_mut().for_each(|host| host.waiting = 0);
    }

    /// Takes the turn of one email for a host, if it is its turn. If not: when that will be, behind those that were told to
    /// wait in this round.
    pub fn turn(&mut self, host: &str, now: At) -> Result<(), At> {
        let per_second = self.settings.by_host.get(host).copied().or(self.settings.usual);
        let rates = [
            per_second.and_then(Rate::a_second),
            self.settings.warm_up.and_then(|warm_up| warm_up.rate(now)),
        ];
        if rates.iter().all(Option::is_none) {
            return Ok(());
        }
        let now = i128::from(now.0) * 1000;
        if self.by_host.len() >= PACES_KEPT_MAX && !self.by_host.contains_key(host) {
            self.by_host.retain(|_, host| host.waiting > 0 || host.pace.0.max(host.warm_up.0) > now);
        }
        let of_host = self.by_host.entry(host.to_owned()).or_default();
        let buckets = [&mut of_host.pace, &mut of_host.warm_up];
        let waiting = i128::from(of_host.waiting);
        let turns = buckets.iter().zip(rates).filter_map(|(bucket, rate)| Some(bucket.turn(rate?, waiting)));
        let turn = turns.max().unwrap_or(now);
        if turn > now || waiting > 0 {
            of_host.waiting += 1;
            let ms = i64::try_from(turn.max(now + 1).div_euclid(1000) + 1).unwrap_or(i64::MAX);
            return Err(At(ms));
        }
        for (bucket, rate) in buckets.into_iter().zip(rates) {
            if let Some(rate) = rate {
                bucket.0 = bucket.0.max(now) + rate.interval;
            }
        }
        Ok(())
    }
}

impl Bucket {
    /// When an email may go that has so many before it.
    fn turn(self, rate: Rate, before: i128) -> i128 {
        self.0 + before * rate.interval - rate.burst
    }
}

impl Rate {
    /// One second's worth at once.
    fn a_second(rate: f64) -> Option<Self> {
        Self::new(1e6 / rate, rate)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer that there is")]
    fn new(interval: f64, at_once: f64) -> Option<Self> {
        let burst = interval * (at_once.floor().max(1.0) - 1.0);
        (interval >= 1.0).then_some(Self { interval: interval as i128, burst: burst as i128 })
    }
}

impl WarmUp {
    /// An hour's worth at once. None once it bounds nothing any more.
    fn rate(self, now: At) -> Option<Rate> {
        let day = i32::try_from(now.since(self.from).0.max(0) / Span::DAY.0).unwrap_or(i32::MAX);
        let a_day = self.first_day * self.growth.powi(day);
        a_day.is_finite().then_some(())?;
        Rate::new(86_400.0 * 1e6 / a_day, a_day / 24.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of so many emails, all there from the beginning, goes out.
    fn times(settings: PaceSettings, from: At, emails: usize) -> Vec<i64> {
        let mut paces = Paces::new(settings);
        let (mut now, mut times) = (from, Vec::new());
        while times.len() < emails {
            paces.begin_round();
            match paces.turn("google", now) {
                Ok(()) => times.push(now.since(from).0),
                Err(at) => {
                    assert!(at > now, "a wait ends later");
                    now = at;
                }
            }
        }
        times
    }

    fn a_second(rate: f64) -> PaceSettings {
        PaceSettings { usual: Some(rate), ..PaceSettings::default() }
    }

    #[test]
    fn a_pace_is_kept_after_a_second_s_worth() {
        let near = |times: Vec<i64>, expected: &[i64]| {
            let close = |(one, other): (&i64, &i64)| (one - other).abs() <= 2;
            assert!(times.len() == expected.len() && times.iter().zip(expected).all(close), "{times:?}");
        };
        near(times(a_second(4.0), At(0), 8), &[0, 0, 0, 0, 250, 500, 750, 1000]);
        near(times(a_second(1.0), At(0), 3), &[0, 1000, 2000]);
        near(times(a_second(0.1), At(0), 3), &[0, 10_000, 20_000]);
        near(times(PaceSettings::default(), At(0), 3), &[0, 0, 0]);
        let own = PaceSettings { by_host: HashMap::from([("google".to_owned(), 2.0)]), ..a_second(100.0) };
        near(times(own, At(0), 4), &[0, 0, 500, 1000]);
    }

    #[test]
    fn a_warm_up_lets_its_number_go_each_day_and_then_bounds_nothing() {
        let day = Span::DAY.0;
        let warm_up = WarmUp { from: At(0), first_day: 48.0, growth: 2.0 };
        let settings = PaceSettings { warm_up: Some(warm_up), ..PaceSettings::default() };
        let times = times(settings, At(0), 48 + 96 + 192);
        let on = |number: i64| times.iter().filter(|at| **at / day == number).count();
        // An hour's worth comes early.
        assert!((48..=50).contains(&on(0)), "{}", on(0));
        assert!((95..=100).contains(&on(1)), "{}", on(1));
        assert!(on(2) >= 186, "{}", on(2));
        assert!(warm_up.rate(At(60 * day)).is_none());
        assert!(warm_up.rate(At(-day)).is_some(), "before its first day it is as on it");
    }

    #[test]
    fn hosts_do_not_wait_for_each_other_and_those_who_wait_are_told_when() {
        let mut paces = Paces::new(a_second(1.0));
        assert_eq!(paces.turn("google", At(0)), Ok(()));
        assert_eq!(paces.turn("yahoo", At(0)), Ok(()));
        let told = |paces: &mut Paces| paces.turn("google", At(0)).unwrap_err().0;
        assert_eq!([told(&mut paces), told(&mut paces), told(&mut paces)], [1001, 2001, 3001]);
        paces.begin_round();
        assert_eq!(told(&mut paces), 1001);
        // Who asks behind one that waits does not overtake it.
        assert!(paces.turn("google", At(5000)).is_err());
        paces.begin_round();
        assert_eq!(paces.turn("google", At(5000)), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut paces = Paces::new(a_second(1.0));
        for number in 0..3 * PACES_KEPT_MAX {
            paces.turn(&number.to_string(), At(i64::try_from(number).unwrap() * 10)).unwrap();
        }
        assert!(paces.by_host.len() <= PACES_KEPT_MAX);
    }
}
