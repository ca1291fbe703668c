//! Clusters in the simulated shop: a set that its programmes ask for, what a search for it happens to find, and where that
//! puts people. The search is chance: whatever tree is stated, everybody has to be where it leads them.

use std::collections::BTreeMap;

use engine::at::At;
use engine::engine::Engine;
use engine::programme::{ClusterSet, Programme};
use engine::record::{ClustersStated, Record};
use engine::segment::Expression;
use engine::segment::cluster::{Cluster, Clusters, Finding, Lack, Tree};
use engine::segment::feature::Feature;
use engine::segment::parse::{parse, parse_feature};

use crate::naive::{self, Moment, Person};
use crate::random::Random;

pub(crate) const SET: &str = "kinds";
const MILLIONTHS: i64 = 1_000_000;
/// How many of the three clusters there are, at most.
const CLUSTERS: usize = 3;

/// What a programme asks for: by turns all people, and some.
pub(crate) fn set(of_some: bool) -> BTreeMap<String, ClusterSet> {
    let features = [
        ("idle", r#"days since "Order Completed""#),
        ("pages", r#"count of "Page Viewed" within 7 days"#),
        ("spent", r#"sum(total) of "Order Completed" within 30 days"#),
    ];
    let features = features.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let of = of_some.then(|| r#"in segment "buyers" or in segment "pro""#.to_owned());
    [(SET.to_owned(), ClusterSet { features, of, ..ClusterSet::default() })].into()
}

/// What was found out, to be stated.
#[derive(Clone, Debug)]
pub(crate) struct Searched {
    stated_at: At,
    question: String,
    asked: (u8, u8),
    finding: Finding,
}

impl Searched {
    /// None where the programme asks for no clusters.
    pub(crate) fn draw(engine: &Engine, stated_at: At, random: &mut Random) -> Option<Self> {
        let view = engine.cluster_set(SET)?;
        let features = view.clustering.features.len();
        let finding = match random.below(5) {
            0 => Finding::NotFound(Lack::Inseparable),
            _ => Finding::Found(clusters(features, random)),
        };
        let asked = (view.set.at_least, view.set.at_most);
        Some(Self { stated_at, question: view.clustering.text(), asked, finding })
    }

    pub(crate) fn record(&self) -> Record<'_> {
        let (at_least, at_most) = self.asked;
        Record::ClustersStated(ClustersStated {
            set: SET,
            stated_at: self.stated_at,
            question: &self.question,
            at_least,
            at_most,
            finding: self.finding.clone(),
        })
    }
}

/// Some clusters to which ways lead.
fn clusters(features: usize, random: &mut Random) -> Clusters {
    loop {
        let tree = tree(features, 3, random);
        let count = (0..CLUSTERS).take_while(|one| !tree.cells(*one as u8, features).is_empty()).count();
        let others = (count..CLUSTERS).any(|one| !tree.cells(one as u8, features).is_empty());
        // A way that contradicts itself leads nowhere, and may name any cluster that there is.
        if count == 0 || others || leaves(&tree).into_iter().any(|leaf| usize::from(leaf) >= count) {
            continue;
        }
        let cluster =
            |number| Cluster { name: format!("kind-{number}"), sampled: 1, centre: vec![None; features] };
        return Clusters {
            seed: 7,
            people: 1,
            sampled: 1,
            fidelity_permyriad: 10_000,
            silhouette_permyriad: 0,
            clusters: (0..count).map(cluster).collect(),
            tree,
        };
    }
}

fn tree(features: usize, depth: u64, random: &mut Random) -> Tree {
    if depth == 0 || random.below(4) == 0 {
        return Tree::Leaf(random.below(CLUSTERS as u64) as u8);
    }
    Tree::Fork {
        feature: random.below(features as u64) as u8,
        at: *random.pick(&[1, 2, 3, 5, 100, 300]) * MILLIONTHS,
        below: Box::new(tree(features, depth - 1, random)),
        reached: Box::new(tree(features, depth - 1, random)),
    }
}

fn leaves(tree: &Tree) -> Vec<u8> {
    match tree {
        Tree::Leaf(cluster) => vec![*cluster],
        Tree::Fork { below, reached, .. } => [leaves(below), leaves(reached)].concat(),
    }
}

/// What the auditor knows of the set: what is asked, and the clusters that stand.
#[derive(Default)]
pub(crate) struct Known {
    asked: Option<ClusterSet>,
    found: Option<Clusters>,
}

impl Known {
    pub(crate) fn programme(&mut self, programme: &Programme) {
        let asked = programme.clusters.get(SET);
        let question = |set: &ClusterSet| (set.features.clone(), set.of.clone());
        if asked.map(question) != self.asked.as_ref().map(question) {
            self.found = None;
        }
        self.asked = asked.cloned();
    }

    pub(crate) fn stated(&mut self, stated: &ClustersStated<'_>) {
        if let Finding::Found(clusters) = &stated.finding {
            self.found = Some(clusters.clone());
        }
    }

    /// The segment that a person is in; none where the person takes no part, or nothing was found yet.
    pub(crate) fn segment_of(&self, person: &Person, moment: &Moment) -> Option<String> {
        let (asked, found) = (self.asked.as_ref()?, self.found.as_ref()?);
        let features: Vec<Feature> =
            asked.features.values().map(|text| parse_feature(text).expect("it was taken")).collect();
        let takes_part = match &asked.of {
            Some(of) => naive::holds(&parse(of).expect("it was taken"), person, moment),
            None => ANYBODY.with(|anybody| naive::holds(anybody, person, moment)),
        };
        let number = takes_part.then(|| naive::cluster_of(&found.tree, &features, person, moment))?;
        Some(format!("{SET}/{}", found.clusters[usize::from(number)].name))
    }
}

thread_local! {
    /// Whoever has a number of any feature.
    static ANYBODY: Expression = parse(r#"did "Order Completed" or did "Page Viewed" within 7 days"#).expect("it can be read");
}
