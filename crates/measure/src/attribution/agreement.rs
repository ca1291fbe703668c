//! How far models agree, and what credit says beside what was spent.

use super::{Credit, Paths};
use std::collections::BTreeMap;

/// How far apart models are. Shares are of all conversions.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// By channel: the greatest share that a model gives it less the smallest.
    pub ranges: Vec<f64>,
    /// The part of all credit that two models give to different channels, of the two that differ most.
    pub moved: f64,
}

/// Compares models; `None` where nothing was converted, since then nothing is shared out.
pub fn agreement(credits: &[&Credit]) -> Option<Agreement> {
    let shares: Vec<Vec<f64>> = credits.iter().map(|credit| shares(credit)).collect::<Option<_>>()?;
    let channels = shares.first()?.len();
    let range = |channel: usize| {
        let of = shares.iter().map(|shares| shares[channel]);
        of.clone().fold(f64::MIN, f64::max) - of.fold(f64::MAX, f64::min)
    };
    let mut moved: f64 = 0.0;
    for (number, one) in shares.iter().enumerate() {
        for other in &shares[..number] {
            let apart: f64 = one.iter().zip(other).map(|(one, other)| (one - other).abs()).sum();
            moved = moved.max(apart / 2.0);
        }
    }
    Some(Agreement { ranges: (0..channels).map(range).collect(), moved })
}

fn shares(credit: &Credit) -> Option<Vec<f64>> {
    let whole: f64 = credit.conversions.iter().sum();
    (whole > 0.0).then(|| credit.conversions.iter().map(|one| one / whole).collect())
}

/// What a channel cost for what it is credited with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Return {
    pub spend: f64,
    /// Cost of an acquisition: spend over conversions; `None` where there is none.
    pub cpa: Option<f64>,
    /// Return on ad spend: value over spend; `None` where nothing was spent.
    pub roas: Option<f64>,
}

impl Return {
    /// `value` is not known where conversions have none.
    pub fn of(spend: f64, conversions: f64, value: Option<f64>) -> Self {
        let cpa = (conversions > 0.0).then(|| spend / conversions);
        let roas = value.filter(|_| spend > 0.0).map(|value| value / spend);
        Self { spend, cpa, roas }
    }
}

/// Puts spend, by name of the channel, beside credit. A channel whose spend is not known has no return; one that was paid for
/// and has no touch brought nothing. The currency is whatever both are in.
pub fn returns(paths: &Paths, credit: &Credit, spend: &BTreeMap<String, f64>) -> BTreeMap<String, Return> {
    let numbered: BTreeMap<&str, usize> = (0..paths.channels()).map(|one| (paths.name(one), one)).collect();
    let returned = |(name, spend): (&String, &f64)| {
        let channel = numbered.get(name.as_str());
        let got = |credit: &[f64]| channel.map_or(0.0, |channel| credit[*channel]);
        let value = paths.has_values().then(|| got(&credit.value));
        (name.clone(), Return::of(*spend, got(&credit.conversions), value))
    };
    spend.iter().map(returned).collect()
}
