//! One scale for all features: in standard deviations from the average, a lopsided one by its logarithm.
//!
//! Whoever has no number is given one to be compared by: 0 of a count or a sum, the average of a level, and of the days
//! since a deed as many more than anybody has as lie between the longest and the shortest: never is not just long ago. A feature that is the same for everybody has no place on the scale.

use super::limits::SKEWNESS_MAX;
use engine::segment::feature::{Feature, FeatureKind};
use engine::segment::survey::Numbers;
use engine::value::SCALE;

pub(super) struct Scale(Vec<Axis>);

/// How a feature's numbers become distances.
struct Axis {
    is_logarithmic: bool,
    average: f64,
    /// 0 where everybody has the same.
    deviation: f64,
    /// For whoever has no number.
    otherwise: f64,
}

impl Scale {
    pub(super) fn of(features: &[(String, Feature)], sample: &[Numbers]) -> Self {
        let axes = features.iter().enumerate().map(|(place, (_, feature))| {
            Axis::of(feature.kind(), &sample.iter().map(|numbers| numbers[place]).collect::<Vec<_>>())
        });
        Self(axes.collect())
    }

    pub(super) fn point(&self, numbers: &[Option<i64>]) -> Vec<f64> {
        self.0.iter().zip(numbers).map(|(axis, number)| axis.place(*number)).collect()
    }
}

impl Axis {
    fn of(kind: FeatureKind, numbers: &[Option<i64>]) -> Self {
        let known: Vec<f64> = numbers.iter().flatten().map(|number| plain(*number)).collect();
        let (average, deviation) = spread(&known);
        let is_logarithmic = skewness(&known, average, deviation) > SKEWNESS_MAX;
        let mut axis = Self { is_logarithmic, average: 0.0, deviation: 1.0, otherwise: 0.0 };
        let known: Vec<f64> = known.into_iter().map(|number| axis.bent(number)).collect();
        axis.otherwise = match kind {
            FeatureKind::Count | FeatureKind::Sum => 0.0,
            FeatureKind::Level => spread(&known).0,
            FeatureKind::DaysSince => {
                let longest = known.iter().copied().fold(0.0, f64::max);
                longest + (longest - known.iter().copied().fold(longest, f64::min))
            }
        };
        let all: Vec<f64> = numbers.iter().map(|number| axis.place(*number)).collect();
        let (average, deviation) = spread(&all);
        Self { average, deviation, ..axis }
    }

    fn place(&self, number: Option<i64>) -> f64 {
        let bent = number.map_or(self.otherwise, |number| self.bent(plain(number)));
        if self.deviation == 0.0 { 0.0 } else { (bent - self.average) / self.deviation }
    }

    fn bent(&self, number: f64) -> f64 {
        if self.is_logarithmic { number.signum() * number.abs().ln_1p() } else { number }
    }
}

fn plain(millionths: i64) -> f64 {
    millionths as f64 / SCALE as f64
}

/// Average and standard deviation. What differs by no more than what is lost in adding up is the same.
fn spread(numbers: &[f64]) -> (f64, f64) {
    let (Some(first), count) = (numbers.first(), numbers.len() as f64) else { return (0.0, 0.0) };
    if numbers.iter().all(|number| number == first) {
        return (*first, 0.0);
    }
    let average = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|number| (number - average).powi(2)).sum::<f64>() / count;
    (average, variance.sqrt())
}

fn skewness(numbers: &[f64], average: f64, deviation: f64) -> f64 {
    if deviation == 0.0 {
        return 0.0;
    }
    let cubes = numbers.iter().map(|number| ((number - average) / deviation).powi(3));
    cubes.sum::<f64>() / numbers.len() as f64
}
