//! The search: k-means for each number of clusters that may be, and the number with which people are told apart best.

use super::limits::{RUNS, STEPS_MAX, TOLERANCE};
use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::{KMeans, KMeansInit};
use ndarray::Array2;
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;
use std::ops::RangeInclusive;

/// Who belongs together.
pub(super) struct Grouping {
    /// By person.
    pub(super) labels: Vec<u8>,
    pub(super) silhouette: f64,
}

/// The grouping with the greatest silhouette; of two that are as good, the one with fewer clusters.
pub(super) fn best(points: &[Vec<f64>], counts: RangeInclusive<usize>, seed: u64) -> Grouping {
    let width = points[0].len();
    let flat: Vec<f64> = points.concat();
    let points = Array2::from_shape_vec((points.len(), width), flat).expect("invariant: all are as long");
    let points = DatasetBase::from(points);
    let groupings = counts.map(|count| grouping(&points, count, seed));
    let best = groupings.reduce(|best, next| if next.silhouette > best.silhouette { next } else { best });
    best.expect("invariant: there is a number of clusters that may be")
}

fn grouping(points: &DatasetBase<Array2<f64>, ndarray::Array1<()>>, count: usize, seed: u64) -> Grouping {
    let model = KMeans::params_with_rng(count, Xoshiro256Plus::seed_from_u64(seed))
        .init_method(KMeansInit::KMeansPlusPlus)
        .n_runs(RUNS)
        .max_n_iterations(STEPS_MAX)
        .tolerance(TOLERANCE)
        .fit(points)
        .expect("invariant: the search has points that are numbers, and parameters that may be");
    let labels = model.predict(points);
    let middles = model.centroids();
    let silhouettes = points.records.outer_iter().map(|point| {
        let mut distances: Vec<f64> = middles
            .outer_iter()
            .map(|middle| point.iter().zip(middle).map(|(one, two)| (one - two).powi(2)).sum::<f64>().sqrt())
            .collect();
        distances.sort_by(f64::total_cmp);
        // To its own middle, and to the next.
        let (own, next) = (distances[0], distances[1]);
        if next == 0.0 { 0.0 } else { (next - own) / next }
    });
    let silhouette = silhouettes.sum::<f64>() / points.records.nrows() as f64;
    Grouping { labels: labels.iter().map(|label| *label as u8).collect(), silhouette }
}
