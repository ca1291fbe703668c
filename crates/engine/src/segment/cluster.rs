//! Clusters: groups of people who are alike, found by looking at everybody, and from then on plain expressions.
//!
//! A record states a *tree*: at each fork a feature reaches a number or does not, and each end belongs to a cluster. So
//! everybody who takes part is in exactly one cluster at every instant, whatever happens to them, and a cluster is the
//! sentence that leads to its ends.

use super::Expression;
use super::feature::{Bound, Feature};
use super::number::decimal;
use super::parse::{of_programme, parse_feature};
use crate::at::At;
use crate::limits::{CLUSTER_DEPTH_MAX, CLUSTERS_MAX};
use crate::programme::ClusterSet;
use borsh::{BorshDeserialize, BorshSerialize};
use std::fmt::{Display, Formatter};

/// What came of looking for clusters.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Finding {
    Found(Clusters),
    NotFound(Lack),
}

/// The clusters of a set.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Clusters {
    /// From which the search drew its lots.
    pub seed: u64,
    /// Who takes part, at the instant of the search.
    pub people: u64,
    /// Those of them who were looked at.
    pub sampled: u64,
    /// Of those looked at, the share that the tree puts where the search put them.
    pub fidelity_permyriad: u16,
    /// How much nearer people are to the middle of their own cluster than to the next one.
    pub silhouette_permyriad: u16,
    /// In the order of their numbers in the tree.
    pub clusters: Vec<Cluster>,
    pub tree: Tree,
}

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Cluster {
    /// Inside its set.
    pub name: String,
    /// How many of those who were looked at.
    pub sampled: u64,
    /// For each feature the average, in millionths, of those who were looked at: of a level or of days, of whoever has
    /// one; none where nobody has.
    pub centre: Vec<Option<i64>>,
}

/// Why there are no clusters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Lack {
    /// Not even so many people who differ in anything.
    TooFew { people: u64, different: u64, asked: u8 },
    /// People differ, and no tree of the allowed size tells them apart.
    Inseparable,
}

/// Who is in which cluster.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Tree {
    /// The number of a cluster.
    Leaf(u8),
    Fork {
        /// The number of a feature.
        feature: u8,
        /// In millionths.
        at: i64,
        below: Box<Tree>,
        reached: Box<Tree>,
    },
}

/// A way through the tree: for each feature, where its number is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell(pub Vec<Bound>);

/// What a set of clusters asks, with its words read.
#[derive(Clone, Debug)]
pub struct Clustering {
    /// By name.
    pub features: Vec<(String, Feature)>,
    /// Who takes part.
    pub of: Expression,
}

impl Tree {
    /// How many forks lie one behind the other.
    pub fn depth(&self) -> usize {
        match self {
            Self::Leaf(_) => 0,
            Self::Fork { below, reached, .. } => 1 + below.depth().max(reached.depth()),
        }
    }

    /// The cluster of a person with these numbers.
    pub fn cluster_of(&self, features: &[(String, Feature)], numbers: &[Option<i64>]) -> u8 {
        let mut tree = self;
        loop {
            match tree {
                Self::Leaf(cluster) => return *cluster,
                Self::Fork { feature, at, below, reached } => {
                    let feature = usize::from(*feature);
                    let reaches = features[feature].1.reaches(numbers[feature], *at);
                    tree = if reaches { reached } else { below };
                }
            }
        }
    }

    /// The ways to a cluster, as few as say the same.
    pub fn cells(&self, cluster: u8, features: usize) -> Vec<Cell> {
        let mut cells = Vec::new();
        self.lead(cluster, &mut vec![Bound::default(); features], &mut cells);
        while let Some((one, two, joined)) = joined(&cells) {
            cells[one] = joined;
            cells.remove(two);
        }
        cells
    }

    fn lead(&self, cluster: u8, way: &mut Vec<Bound>, cells: &mut Vec<Cell>) {
        match self {
            Self::Leaf(here) if *here == cluster => cells.push(Cell(way.clone())),
            Self::Leaf(_) => {}
            Self::Fork { feature, at, below, reached } => {
                let feature = usize::from(*feature);
                let before = way[feature];
                let sides = [
                    (
                        below,
                        Bound { below: Some(before.below.map_or(*at, |known| known.min(*at))), ..before },
                    ),
                    (
                        reached,
                        Bound { from: Some(before.from.map_or(*at, |known| known.max(*at))), ..before },
                    ),
                ];
                for (side, bound) in sides.into_iter().filter(|(_, bound)| bound.is_sound()) {
                    way[feature] = bound;
                    side.lead(cluster, way, cells);
                }
                way[feature] = before;
            }
        }
    }
}

/// Two cells that are one: they differ in a single feature, and there one begins where the other ends.
fn joined(cells: &[Cell]) -> Option<(usize, usize, Cell)> {
    let pairs = (0..cells.len()).flat_map(|one| (one + 1..cells.len()).map(move |two| (one, two)));
    pairs.into_iter().find_map(|(one, two)| {
        let (Cell(first), Cell(second)) = (&cells[one], &cells[two]);
        let mut differing = (0..first.len()).filter(|feature| first[*feature] != second[*feature]);
        let (feature, None) = (differing.next()?, differing.next()) else { return None };
        let (here, there) = (first[feature], second[feature]);
        let bound = match (here, there) {
            _ if here.below.is_some() && here.below == there.from => {
                Bound { from: here.from, below: there.below }
            }
            _ if there.below.is_some() && there.below == here.from => {
                Bound { from: there.from, below: here.below }
            }
            _ => return None,
        };
        let mut joined = first.clone();
        joined[feature] = bound;
        Some((one, two, Cell(joined)))
    })
}

impl Clusters {
    /// What is wrong with them, of a set that asks for these features.
    pub(crate) fn fault(&self, features: &[(String, Feature)]) -> Option<&'static str> {
        let count = self.clusters.len();
        let names = self.clusters.iter().map(|cluster| cluster.name.as_str());
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let is_name = |name: &str| !name.is_empty() && name.len() <= 200 && name.chars().all(fits);
        let is_known = |name: &str| names.clone().filter(|other| *other == name).count() > 1;
        let has_way = |cluster: usize| !self.tree.cells(cluster as u8, features.len()).is_empty();
        match () {
            () if !(1..=CLUSTERS_MAX).contains(&count) => Some("there are too many clusters, or none"),
            () if names.clone().any(|name| !is_name(name) || is_known(name)) => {
                Some("a cluster's name is none, or that of another")
            }
            () if self.tree.depth() > CLUSTER_DEPTH_MAX => Some("the tree is too deep"),
            () if !self.tree.is_about(features, count) => {
                Some("the tree names a feature, a number or a cluster that there is not")
            }
            () if !(0..count).all(has_way) => Some("no way leads to one of the clusters"),
            () if self.clusters.iter().any(|cluster| cluster.centre.len() != features.len()) => {
                Some("a centre has a number for each feature")
            }
            () => None,
        }
    }
}

impl Tree {
    fn is_about(&self, features: &[(String, Feature)], clusters: usize) -> bool {
        match self {
            Self::Leaf(cluster) => usize::from(*cluster) < clusters,
            Self::Fork { feature, at, below, reached } => {
                features.get(usize::from(*feature)).is_some_and(|(_, feature)| feature.can_be_asked(*at))
                    && below.is_about(features, clusters)
                    && reached.is_about(features, clusters)
            }
        }
    }
}

impl Clustering {
    /// Of a set without mistakes.
    pub(crate) fn of(set: &ClusterSet) -> Self {
        let read = |text: &String| parse_feature(text).expect("invariant: a set with mistakes is refused");
        let features: Vec<(String, Feature)> =
            set.features.iter().map(|(name, text)| (name.clone(), read(text))).collect();
        let of = set.of.as_deref().map_or_else(|| anybody(&features), of_programme);
        Self { features, of }
    }

    /// All that decides who is in which cluster of a tree: two sets that ask the same have the same text.
    pub fn text(&self) -> String {
        let features = self.features.iter().map(|(name, feature)| format!("{name}: {feature}; "));
        format!("{}of: {}", features.collect::<String>(), self.of)
    }

    /// The expressions that ask of the past whatever its clusters may ask.
    pub(crate) fn asks(&self) -> impl Iterator<Item = Expression> {
        let features = self.features.iter().map(|(_, feature)| feature.asks());
        features.chain([self.of.clone()])
    }

    /// True of the people in a cluster.
    pub(crate) fn expression(&self, tree: &Tree, cluster: u8) -> Expression {
        let cells = tree.cells(cluster, self.features.len());
        let cells: Vec<Vec<Expression>> = cells.iter().map(|cell| self.parts(cell)).collect();
        let mut parts = match &self.of {
            Expression::And(parts) => parts.clone(),
            of => vec![of.clone()],
        };
        match <[_; 1]>::try_from(cells) {
            Ok([cell]) => parts.extend(cell),
            Err(cells) => parts.push(Expression::Or(cells.into_iter().map(all).collect())),
        }
        all(parts)
    }

    fn parts(&self, Cell(bounds): &Cell) -> Vec<Expression> {
        let features = self.features.iter().zip(bounds);
        features.flat_map(|((_, feature), bound)| feature.within(bound)).collect()
    }

    /// A cluster in few words: `orders 3 or more, idle below 30; or …`.
    pub fn describe(&self, tree: &Tree, cluster: u8) -> String {
        let cells = tree.cells(cluster, self.features.len());
        let one = |Cell(bounds): &Cell| {
            let features = self.features.iter().zip(bounds);
            let words: Vec<String> =
                features.filter_map(|((name, _), bound)| Some(format!("{name} {}", words(bound)?))).collect();
            if words.is_empty() { "everybody".to_owned() } else { words.join(", ") }
        };
        cells.iter().map(one).collect::<Vec<_>>().join("; or ")
    }
}

fn words(bound: &Bound) -> Option<String> {
    Some(match (bound.from, bound.below) {
        (None, None) => return None,
        (Some(from), None) => format!("{} or more", decimal(from)),
        (None, Some(below)) => format!("below {}", decimal(below)),
        (Some(from), Some(below)) => format!("from {} to below {}", decimal(from), decimal(below)),
    })
}

fn all(mut parts: Vec<Expression>) -> Expression {
    if parts.len() == 1 { parts.remove(0) } else { Expression::And(parts) }
}

/// Whoever has a number of any of the features.
fn anybody(features: &[(String, Feature)]) -> Expression {
    let mut parts: Vec<Expression> = Vec::new();
    for (_, feature) in features {
        let exists = feature.exists();
        if !parts.contains(&exists) {
            parts.push(exists);
        }
    }
    // Who ever did it did it within a window too.
    let ever = parts.clone();
    parts.retain(|part| match part {
        Expression::Did(did) if did.window.is_some() => {
            !ever.contains(&Expression::Did(super::Did { window: None, ..did.clone() }))
        }
        _ => true,
    });
    if parts.len() == 1 { parts.remove(0) } else { Expression::Or(parts) }
}

/// The segment that a cluster is.
pub fn segment_name(set: &str, cluster: &str) -> String {
    format!("{set}/{cluster}")
}

/// The set that a segment's name speaks of.
pub(crate) fn set_of(segment: &str) -> Option<&str> {
    segment.split_once('/').map(|(set, _)| set)
}

impl Display for Lack {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFew { people, different, asked } => write!(
                f,
                "{asked} clusters need as many people who differ in a feature: {people} take part, and there are \
                 {different} kinds of them"
            ),
            Self::Inseparable => write!(f, "no few questions about the features tell the people apart"),
        }
    }
}

/// What is known of a set.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct ClusterState {
    /// The text of what was asked, and how many clusters were.
    pub(crate) question: String,
    pub(crate) least: u8,
    pub(crate) most: u8,
    /// When clusters were looked for last, and why none were found then.
    pub(crate) tried_at: At,
    pub(crate) lack: Option<Lack>,
    /// Those that stand, and when they were found.
    pub(crate) found: Option<(At, Clusters)>,
}
