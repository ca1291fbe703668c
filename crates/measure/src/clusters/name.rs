//! Names of clusters: by what tells them from everybody, and those of before where they are the same clusters still.

use super::Asked;
use super::limits::{LOW_WEIGHT, NAME_FEATURES_MAX, TELLING_MIN};
use super::scale::Scale;
use engine::segment::survey::Numbers;
use std::collections::BTreeSet;

/// A name for each of the centres. `high-spent` has more of `spent` than everybody has, by far.
pub(super) fn names(asked: &Asked<'_>, scale: &Scale, centres: &[Numbers]) -> Vec<String> {
    let points: Vec<Vec<f64>> = centres.iter().map(|centre| scale.point(centre)).collect();
    let mut names: Vec<Option<String>> = kept(asked, scale, &points);
    let mut taken: BTreeSet<String> = names.iter().flatten().cloned().collect();
    // The most telling one chooses first.
    let mut order: Vec<usize> = (0..points.len()).filter(|place| names[*place].is_none()).collect();
    let tells = |place: usize| points[place].iter().fold(0.0, |most: f64, one| most.max(one.abs()));
    order.sort_by(|one, two| tells(*two).total_cmp(&tells(*one)));
    for place in order {
        let name = new(asked, &points[place], &taken);
        taken.insert(name.clone());
        names[place] = Some(name);
    }
    names.into_iter().map(|name| name.expect("invariant: each was named")).collect()
}

/// The names of before: each goes to the centre that is nearest to it, of those that are nearer to it than to another.
fn kept(asked: &Asked<'_>, scale: &Scale, points: &[Vec<f64>]) -> Vec<Option<String>> {
    let mut names = vec![None; points.len()];
    let before = asked.before.map_or(&[][..], |before| &before.clusters);
    let old: Vec<Vec<f64>> = before.iter().map(|cluster| scale.point(&cluster.centre)).collect();
    let distance =
        |one: &[f64], two: &[f64]| one.iter().zip(two).map(|(one, two)| (one - two).powi(2)).sum::<f64>();
    for (number, middle) in old.iter().enumerate() {
        let is_nearest =
            |point: &[f64]| old.iter().all(|other| distance(point, middle) <= distance(point, other));
        let near = (0..points.len()).filter(|place| names[*place].is_none() && is_nearest(&points[*place]));
        let nearest = near
            .min_by(|one, two| distance(&points[*one], middle).total_cmp(&distance(&points[*two], middle)));
        if let Some(place) = nearest {
            names[place] = Some(before[number].name.clone());
        }
    }
    names
}

/// The first that is free: by the most telling feature, by that and the next, and so on, and at last with a number.
fn new(asked: &Asked<'_>, point: &[f64], taken: &BTreeSet<String>) -> String {
    // What somebody has says more than what they lack.
    let tells = |place: usize| point[place].max(-point[place] * LOW_WEIGHT);
    let mut telling: Vec<usize> = (0..point.len()).filter(|place| point[*place] != 0.0).collect();
    telling.sort_by(|one, two| tells(*two).total_cmp(&tells(*one)));
    let word = |place: &usize| {
        let side = if point[*place] > 0.0 { "high" } else { "low" };
        format!("{side}-{}", asked.features[*place].0)
    };
    let names: Vec<String> = match point.iter().any(|one| one.abs() >= TELLING_MIN) {
        true => (1..=telling.len().min(NAME_FEATURES_MAX))
            .map(|words| telling[..words].iter().map(word).collect::<Vec<_>>().join("-"))
            .collect(),
        false => vec!["middle".to_owned()],
    };
    let last = names.last().expect("invariant: there is one").clone();
    let numbered = (2..).map(|number| format!("{last}-{number}"));
    let free = names.into_iter().chain(numbered).find(|name| !taken.contains(name));
    free.expect("invariant: numbers do not end")
}
