//! A survey of the people who take part in a set of clusters: the numbers of each, slice by slice.
//!
//! Whoever owns the threads hands out the slices, first of the scan that finds the people, then of their numbers.

use super::cluster::Clustering;
use super::eval::Moment;
use super::feature::FeatureRule;
use super::rule::Rule;
use super::scan::{Members, Scan};
use crate::at::At;
use crate::engine::Engine;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// For each feature, a person's number in millionths.
pub type Numbers = Vec<Option<i64>>;

/// Who takes part, and what is to be known of them.
pub struct Survey<'a> {
    engine: &'a Engine,
    now: At,
    pub clustering: Clustering,
    /// From which the lots are drawn; always the same of one set.
    pub seed: u64,
    of: Rule,
    features: Vec<FeatureRule>,
}

impl<'a> Survey<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        clustering: Clustering,
        of: Rule,
        features: Vec<FeatureRule>,
        (now, seed): (At, u64),
    ) -> Self {
        Self { engine, now, clustering, seed, of, features }
    }

    /// The scan that finds who takes part.
    pub fn people(&self) -> Scan<'_> {
        Scan::new(self.engine, &self.of, self.now)
    }

    /// The numbers of those on whom the lot falls: of `people` altogether, about as many as `most`.
    pub fn numbers(&self, members: &Members, people: u64, most: u64) -> Vec<Numbers> {
        let falls = |number: u32| {
            let lot = xxh3_64_with_seed(&number.to_le_bytes(), self.seed);
            people <= most || u128::from(lot) * u128::from(people) < u128::from(most) << 64
        };
        let drawn = members.iter().filter(|id| falls(id.0));
        let numbers = drawn.map(|id| {
            let moment = Moment::of(&self.engine.state, &self.engine.programme, id);
            let moment = Moment { now: self.now, ..moment };
            self.features.iter().map(|feature| feature.of(&moment)).collect()
        });
        numbers.collect()
    }

    /// All of it on this thread: how many take part, and the numbers of those who are looked at.
    pub fn all(&self, most: u64) -> (u64, Vec<Numbers>) {
        let scan = self.people();
        let members: Vec<Members> = (0..scan.slices()).map(|slice| scan.slice(slice)).collect();
        let people = members.iter().map(Members::count).sum();
        (people, members.iter().flat_map(|members| self.numbers(members, people, most)).collect())
    }
}
