//! Clusters: groups of people who are alike, found in the numbers of many.
//!
//! The search is k-means (of `linfa`) over numbers on one scale; the number of clusters is the one with the greatest
//! silhouette. A small decision tree then learns where the search put everybody, in the features' own numbers and with
//! round ones, and that tree is what clusters are from then on. How well it learnt is its *fidelity*.
//!
//! A pure function: the same people, features and seed give the same clusters.

mod kmeans;
mod limits;
mod name;
mod scale;
mod tree;

pub use limits::SAMPLE_MAX;

use engine::at::At;
use engine::engine::Engine;
use engine::record::{ClustersStated, Record};
use engine::segment::cluster::{Cluster, Clusters, Finding, Lack};
use engine::segment::feature::{Feature, FeatureKind};
use engine::segment::survey::Numbers;
use engine::segment::survey::Survey;
use kmeans::Grouping;
use scale::Scale;
use std::collections::BTreeSet;

/// A search for the clusters of a set, with all that it needs to know of the engine.
pub struct Search {
    set: String,
    question: String,
    stated_at: At,
    features: Vec<(String, Feature)>,
    at_least: u8,
    at_most: u8,
    seed: u64,
    people: u64,
    sample: Vec<Numbers>,
    before: Option<Clusters>,
}

impl Search {
    /// Looks at the people of a set of the programme at an instant that is not before the engine's own. `ask` asks those of
    /// a survey: how many take part, and the numbers of about so many of them.
    pub fn begin(
        engine: &Engine,
        set: &str,
        now: At,
        ask: impl FnOnce(&Survey<'_>, u64) -> (u64, Vec<Numbers>),
    ) -> Option<Self> {
        let (view, survey) = (engine.cluster_set(set)?, engine.survey(set, now)?);
        let (people, sample) = ask(&survey, SAMPLE_MAX);
        Some(Self {
            set: set.to_owned(),
            question: view.clustering.text(),
            stated_at: now,
            features: view.clustering.features,
            at_least: view.set.at_least,
            at_most: view.set.at_most,
            seed: survey.seed,
            people,
            sample,
            before: view.found.map(|(_, clusters)| clusters.clone()),
        })
    }

    /// What comes of it.
    pub fn end(&self) -> Finding {
        let Self { features, at_least, at_most, seed, people, before, .. } = self;
        let (at_least, at_most, seed, people) = (*at_least, *at_most, *seed, *people);
        find(&Asked { features, at_least, at_most, seed, people, before: before.as_ref() }, &self.sample)
    }

    /// The record that states it.
    pub fn stated(&self, finding: Finding) -> Record<'_> {
        Record::ClustersStated(ClustersStated {
            set: &self.set,
            stated_at: self.stated_at,
            question: &self.question,
            at_least: self.at_least,
            at_most: self.at_most,
            finding,
        })
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// By name.
    pub features: &'a [(String, Feature)],
    /// Between how many clusters.
    pub at_least: u8,
    pub at_most: u8,
    /// From which the search draws its lots, and drew those who are looked at.
    pub seed: u64,
    /// How many take part.
    pub people: u64,
    /// The clusters of before, whose names those that are nearest to them keep.
    pub before: Option<&'a Clusters>,
}

/// Finds the clusters of those who are looked at.
pub fn find(asked: &Asked<'_>, sample: &[Numbers]) -> Finding {
    let scale = Scale::of(asked.features, sample);
    let points: Vec<Vec<f64>> = sample.iter().map(|numbers| scale.point(numbers)).collect();
    let different = points.iter().map(|point| point.iter().map(|one| one.to_bits()).collect::<Vec<_>>());
    let different = different.collect::<BTreeSet<_>>().len();
    if different < usize::from(asked.at_least) {
        return Finding::NotFound(Lack::TooFew {
            people: asked.people,
            different: different as u64,
            asked: asked.at_least,
        });
    }
    let most = usize::from(asked.at_most).min(different);
    let Grouping { labels, silhouette } =
        kmeans::best(&points, usize::from(asked.at_least)..=most, asked.seed);
    let tree = tree::grow(asked.features, sample, &labels);
    let ends: Vec<u8> = sample.iter().map(|numbers| tree.cluster_of(asked.features, numbers)).collect();
    let agreeing = ends.iter().zip(&labels).filter(|(end, label)| end == label).count();
    // What the tree cannot tell apart is no cluster: the others are numbered anew.
    let kept: Vec<u8> = ends.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    if kept.len() < 2 {
        return Finding::NotFound(Lack::Inseparable);
    }
    let place = |label: u8| kept.iter().position(|one| *one == label).expect("invariant: all are kept") as u8;
    let tree = tree::renumbered(&tree, &place);
    let groups = kept.iter().map(|label| {
        let members = sample.iter().zip(&ends).filter(|(_, end)| *end == label).map(|(numbers, _)| numbers);
        members.collect::<Vec<_>>()
    });
    let groups: Vec<Vec<&Numbers>> = groups.collect();
    let centres: Vec<Numbers> = groups.iter().map(|group| centre(asked.features, group)).collect();
    let names = name::names(asked, &scale, &centres);
    let clusters = groups.iter().zip(centres).zip(names).map(|((group, centre), name)| Cluster {
        name,
        sampled: group.len() as u64,
        centre,
    });
    Finding::Found(Clusters {
        seed: asked.seed,
        people: asked.people,
        sampled: sample.len() as u64,
        fidelity_permyriad: (agreeing * 10_000 / sample.len()) as u16,
        silhouette_permyriad: (silhouette.max(0.0) * 10_000.0) as u16,
        clusters: clusters.collect(),
        tree,
    })
}

/// The average of each feature.
fn centre(features: &[(String, Feature)], group: &[&Numbers]) -> Numbers {
    let average = |(place, (_, feature)): (usize, &(String, Feature))| {
        let counts_as_zero = matches!(feature.kind(), FeatureKind::Count | FeatureKind::Sum);
        let numbers = group.iter().map(|numbers| numbers[place].or(counts_as_zero.then_some(0)));
        let known: Vec<i128> = numbers.flatten().map(i128::from).collect();
        let sum: i128 = known.iter().sum();
        (!known.is_empty()).then(|| sum.div_euclid(known.len() as i128) as i64)
    };
    features.iter().enumerate().map(average).collect()
}
