//! A decision tree that learns in which cluster everybody is, with round numbers.
//!
//! It grows fork by fork, the one that gains most first. What a fork gains is how much less mixed its two sides are than
//! what it divides (by Gini's measure). The number at which it forks is the roundest that costs hardly any of that.

use super::limits::{GAIN_SHARE_MIN, ROUND_COST_SHARE_MAX, SIDE_SHARE_MIN};
use engine::limits::{CLUSTER_DEPTH_MAX, CLUSTERS_MAX};
use engine::segment::cluster::Tree;
use engine::segment::feature::{Feature, FeatureKind};
use engine::segment::survey::Numbers;
use engine::value::SCALE;

/// People by cluster.
type Tally = [usize; CLUSTERS_MAX];

/// A fork that could be.
struct Fork {
    feature: usize,
    at: i64,
    gain: f64,
}

/// What is to be learnt.
struct Lesson<'a> {
    features: &'a [(String, Feature)],
    sample: &'a [Numbers],
    labels: &'a [u8],
    gain_min: f64,
    side_min: usize,
}

/// The tree that leads as many as it can to where the labels say.
pub(super) fn grow(features: &[(String, Feature)], sample: &[Numbers], labels: &[u8]) -> Tree {
    let everybody: Vec<usize> = (0..sample.len()).collect();
    let mut lesson = Lesson { features, sample, labels, gain_min: 0.0, side_min: 0 };
    lesson.gain_min = mixture(&lesson.tally(&everybody)) * GAIN_SHARE_MIN;
    lesson.side_min = ((sample.len() as f64 * SIDE_SHARE_MIN) as usize).max(1);
    lesson.tree(&everybody, CLUSTER_DEPTH_MAX)
}

/// The tree with other numbers for the clusters.
pub(super) fn renumbered(tree: &Tree, number: &impl Fn(u8) -> u8) -> Tree {
    match tree {
        Tree::Leaf(cluster) => Tree::Leaf(number(*cluster)),
        Tree::Fork { feature, at, below, reached } => Tree::Fork {
            feature: *feature,
            at: *at,
            below: Box::new(renumbered(below, number)),
            reached: Box::new(renumbered(reached, number)),
        },
    }
}

impl Lesson<'_> {
    fn tree(&self, people: &[usize], depth: usize) -> Tree {
        let tally = self.tally(people);
        let (most, _) = tally
            .iter()
            .enumerate()
            .max_by_key(|(place, count)| (**count, usize::MAX - place))
            .expect("some");
        let leaf = Tree::Leaf(most as u8);
        if depth == 0 {
            return leaf;
        }
        let Some(fork) = self.fork(people) else { return leaf };
        let reaches = |person: &usize| self.reaches(*person, fork.feature, fork.at);
        let (reached, below): (Vec<usize>, Vec<usize>) = people.iter().copied().partition(reaches);
        match (self.tree(&below, depth - 1), self.tree(&reached, depth - 1)) {
            // Both sides lead to one cluster: there is nothing to ask.
            (Tree::Leaf(one), Tree::Leaf(two)) if one == two => Tree::Leaf(one),
            (below, reached) => Tree::Fork {
                feature: fork.feature as u8,
                at: fork.at,
                below: Box::new(below),
                reached: Box::new(reached),
            },
        }
    }

    fn reaches(&self, person: usize, feature: usize, at: i64) -> bool {
        self.features[feature].1.reaches(self.sample[person][feature], at)
    }

    fn tally(&self, people: &[usize]) -> Tally {
        let mut tally = [0; CLUSTERS_MAX];
        people.iter().for_each(|person| tally[usize::from(self.labels[*person])] += 1);
        tally
    }

    /// The best fork of all features.
    fn fork(&self, people: &[usize]) -> Option<Fork> {
        let forks = (0..self.features.len()).filter_map(|feature| self.fork_by(people, feature));
        forks.reduce(|best, next| if next.gain > best.gain { next } else { best })
    }

    /// The best fork by one feature, at a round number.
    fn fork_by(&self, people: &[usize], feature: usize) -> Option<Fork> {
        let kind = self.features[feature].1.kind();
        let unit = unit(kind);
        // Where a person's number begins to matter to a fork: what has none is before all, or after all.
        let none = if kind == FeatureKind::DaysSince { i64::MAX } else { i64::MIN };
        let place = |person: &usize| {
            let number = self.sample[*person][feature];
            let number = number.map_or(none, |number| number.div_euclid(unit).saturating_mul(unit));
            (number, self.labels[*person])
        };
        let mut places: Vec<(i64, u8)> = people.iter().map(place).collect();
        places.sort_unstable();
        let best = self.best_place(&places, kind)?;
        let can_be_asked = |at| self.features[feature].1.can_be_asked(at);
        let at = round(best.at, unit, &places, |at| {
            let reached = places.partition_point(|(number, _)| *number < at);
            let gain = self.gain(&places[..reached], &places[reached..]);
            can_be_asked(at) && gain >= best.gain * (1.0 - ROUND_COST_SHARE_MAX)
        });
        Some(Fork { feature, at, gain: best.gain })
    }

    /// The number of a person at which a fork gains most.
    fn best_place(&self, places: &[(i64, u8)], kind: FeatureKind) -> Option<Fork> {
        let (mut below, mut reached) = ([0; CLUSTERS_MAX], [0; CLUSTERS_MAX]);
        places.iter().for_each(|(_, label)| reached[usize::from(*label)] += 1);
        let whole = mixture(&reached);
        let mut best: Option<Fork> = None;
        for (count, pair) in places.windows(2).enumerate() {
            let label = usize::from(pair[0].1);
            (below[label], reached[label]) = (below[label] + 1, reached[label] - 1);
            let (number, next) = (pair[0].0, pair[1].0);
            let sides = (count + 1).min(places.len() - count - 1);
            if number == next || sides < self.side_min {
                continue;
            }
            // Of days, whoever never did it is beyond every number.
            let at = if next == i64::MAX { number + unit(kind) } else { next };
            let gain = whole - mixture(&below) - mixture(&reached);
            if gain >= self.gain_min && best.as_ref().is_none_or(|best| gain > best.gain) {
                best = Some(Fork { feature: 0, at, gain });
            }
        }
        best
    }

    fn gain(&self, below: &[(i64, u8)], reached: &[(i64, u8)]) -> f64 {
        let tally = |places: &[(i64, u8)]| {
            let mut tally: Tally = [0; CLUSTERS_MAX];
            places.iter().for_each(|(_, label)| tally[usize::from(*label)] += 1);
            tally
        };
        let (below, reached) = (tally(below), tally(reached));
        let mut whole = below;
        whole.iter_mut().zip(&reached).for_each(|(one, two)| *one += two);
        mixture(&whole) - mixture(&below) - mixture(&reached)
    }
}

/// How mixed people are: their number times the chance that two of them are of different clusters.
fn mixture(tally: &Tally) -> f64 {
    let count = tally.iter().sum::<usize>() as f64;
    let same = tally.iter().map(|one| (*one as f64).powi(2)).sum::<f64>();
    if count == 0.0 { 0.0 } else { count - same / count }
}

/// The least by which numbers of a kind differ, in a question.
fn unit(kind: FeatureKind) -> i64 {
    match kind {
        FeatureKind::Count | FeatureKind::DaysSince => SCALE,
        FeatureKind::Sum | FeatureKind::Level => SCALE / 100,
    }
}

/// The roundest number that will do: a multiple of the greatest power of ten of which one does. Of two, the one that is
/// nearer to the middle between the people on both sides.
fn round(at: i64, unit: i64, places: &[(i64, u8)], will_do: impl Fn(i64) -> bool) -> i64 {
    let before = places.partition_point(|(number, _)| *number < at);
    let last_below = places[..before].last().map_or(at, |(number, _)| *number);
    let middle = if last_below == i64::MIN { at } else { last_below.midpoint(at) };
    let least = places.first().map_or(at, |(number, _)| *number);
    let mut power = unit;
    while power <= at.saturating_abs() && power < i64::MAX / 100 {
        power *= 10;
    }
    while power >= unit {
        let low = middle.div_euclid(power).saturating_mul(power);
        let mut near = [low, low.saturating_add(power)];
        near.sort_by_key(|number| number.abs_diff(middle));
        if let Some(found) = near.into_iter().find(|number| *number > least && will_do(*number)) {
            return found;
        }
        power /= 10;
    }
    at
}
