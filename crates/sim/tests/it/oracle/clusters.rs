//! Clusters: at every instant everybody who takes part is in exactly one of a set, in the one to which their own numbers lead,
//! and the numbers that the engine would give a search say the same.

use engine::programme::ClusterSet;
use engine::record::{ClustersStated, Record};
use engine::segment::cluster::{Cluster, Clusters, Finding, Lack, Tree};
use engine::segment::feature::{Feature, FeatureKind};
use engine::segment::parse::{parse, parse_feature};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use sim::naive;

use super::deed::{Deed, Wait, deed};
use super::found::said;
use super::story::Story;
use super::words::{Start, Words};
use super::{ROME, SANTIAGO, UTC, hold};

const FEATURES: [&str; 10] = [
    r#"count of "A" within 1 day"#,
    r#"count of "A" (n > 3)"#,
    r#"count of "B" since "2026-02-27""#,
    r#"sum(n) of "A" within 2 days"#,
    r#"avg(n) of "B""#,
    r#"max(p.n) of "A" within 7 days"#,
    r#"min(n) of "A""#,
    r#"days since "A""#,
    r#"days since "B" (n exists)"#,
    "trait.age",
];

/// Who takes part; the segments are those of the programme.
const PEOPLE: [Option<&str>; 6] = [
    None,
    Some(r#"did "A" or did "B""#),
    Some(r#"not did "B" within 1 day"#),
    Some(r#"in segment "s0" or trait.age >= 3"#),
    Some("in segment \"s0\" and not reachable by email and last seen within 2 days"),
    Some("rfm.frequency >= 2"),
];

const SET: &str = "kinds";

/// What happens in a case.
#[derive(Clone, Debug)]
enum Act {
    Deed(Deed),
    /// Clusters are stated.
    State(Sketch),
    /// None were found.
    Fail,
}

/// A tree, whatever the features are.
#[derive(Clone, Debug)]
enum Sketch {
    Leaf(u8),
    Fork { feature: usize, at: i64, below: Box<Sketch>, reached: Box<Sketch> },
}

#[derive(Clone, Debug)]
struct Case {
    features: Vec<&'static str>,
    of: Option<&'static str>,
    acts: Vec<Act>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let leaf = (0..4u8).prop_map(Sketch::Leaf);
    leaf.prop_recursive(4, 16, 2, |inner| {
        (0..8usize, -4..12i64, inner.clone(), inner).prop_map(|(feature, at, below, reached)| Sketch::Fork {
            feature,
            at,
            below: Box::new(below),
            reached: Box::new(reached),
        })
    })
}

fn case(words: Words) -> impl Strategy<Value = Case> {
    let act = prop_oneof![
        12 => deed(words).prop_map(Act::Deed),
        3 => sketch().prop_map(Act::State),
        1 => Just(Act::Fail),
    ];
    let parts = (subsequence(FEATURES.to_vec(), 1..4), select(PEOPLE.to_vec()), vec(act, 4..40));
    parts.prop_map(|(features, of, acts)| Case { features, of, acts })
}

/// The tree of a sketch for these features.
fn tree(sketch: &Sketch, features: &[(String, Feature)]) -> Tree {
    match sketch {
        Sketch::Leaf(cluster) => Tree::Leaf(*cluster),
        Sketch::Fork { feature, at, below, reached } => {
            let feature = feature % features.len();
            let at = match features[feature].1.kind() {
                FeatureKind::Count | FeatureKind::DaysSince => (at.abs() / 2 + 1) * 1_000_000,
                FeatureKind::Sum | FeatureKind::Level => at * 500_000,
            };
            Tree::Fork {
                feature: feature as u8,
                at,
                below: Box::new(tree(below, features)),
                reached: Box::new(tree(reached, features)),
            }
        }
    }
}

/// The tree with the clusters to which a way leads, numbered from 0; how many there are.
fn numbered(tree: &Tree, features: usize) -> (Tree, usize) {
    let known: Vec<u8> = (0..4).filter(|cluster| !tree.cells(*cluster, features).is_empty()).collect();
    let number = |cluster: u8| known.iter().position(|one| *one == cluster).unwrap_or(0) as u8;
    (renumbered(tree, &number), known.len())
}

fn renumbered(tree: &Tree, number: &impl Fn(u8) -> u8) -> Tree {
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

struct Kinds {
    story: Story,
    /// What stands.
    tree: Option<(Tree, usize)>,
}

impl Kinds {
    fn act(&mut self, act: &Act) {
        match act {
            Act::Deed(deed) => self.story.tell(deed),
            Act::State(sketch) => {
                let features =
                    self.story.engine.cluster_set(SET).expect("it is asked for").clustering.features;
                let (tree, count) = numbered(&tree(sketch, &features), features.len());
                let cluster = |number| Cluster {
                    name: format!("kind-{number}"),
                    sampled: 0,
                    centre: vec![None; features.len()],
                };
                let found = Clusters {
                    seed: 1,
                    people: 0,
                    sampled: 0,
                    fidelity_permyriad: 0,
                    silhouette_permyriad: 0,
                    clusters: (0..count).map(cluster).collect(),
                    tree: tree.clone(),
                };
                self.state(Finding::Found(found));
                self.tree = Some((tree, count));
            }
            Act::Fail => self.state(Finding::NotFound(Lack::Inseparable)),
        }
    }

    fn state(&mut self, finding: Finding) {
        let view = self.story.engine.cluster_set(SET).expect("it is asked for");
        let (question, at_least, at_most) = (view.clustering.text(), view.set.at_least, view.set.at_most);
        let (set, stated_at) = (SET, self.story.now);
        let stated = ClustersStated { set, stated_at, question: &question, at_least, at_most, finding };
        self.story.apply(&Record::ClustersStated(stated));
        // A copy of who takes part in may first have to be ranked.
        let engine = &self.story.engine;
        let is_later = |due| due > self.story.now;
        assert!(engine.clusters_due().is_none_or(is_later) || engine.cutoffs_due().is_none_or(is_later));
    }

    fn check(&self) -> Result<(), String> {
        let (engine, moment) = (&self.story.engine, self.story.moment());
        let view = engine.cluster_set(SET).expect("it is asked for");
        let features: Vec<Feature> =
            view.clustering.features.iter().map(|(_, feature)| feature.clone()).collect();
        let survey = engine.survey(SET, self.story.now).expect("it is asked for");
        let scan = survey.people();
        let members: Vec<_> = (0..scan.slices()).map(|slice| scan.slice(slice)).collect();
        let people = members.iter().map(|members| members.count()).sum();
        let numbers = members.iter().flat_map(|members| survey.numbers(members, people, people));
        let mut surveyed = members.iter().flat_map(|members| members.iter()).zip(numbers);
        let mut counts = vec![0; self.tree.as_ref().map_or(0, |(_, count)| *count)];
        for (id, person) in self.story.people() {
            let takes_part = naive::holds(&view.clustering.of, &person, &moment);
            let number = self
                .tree
                .as_ref()
                .filter(|_| takes_part)
                .map(|(tree, _)| naive::cluster_of(tree, &features, &person, &moment));
            let expected: Vec<String> = number.iter().map(|number| format!("{SET}/kind-{number}")).collect();
            let found: Vec<&str> =
                engine.memberships(id).into_iter().filter(|name| name.starts_with(SET)).collect();
            if found != expected {
                let what = format!("{id:?} is in {found:?} and should be in {expected:?}: {:?}", self.tree);
                return Err(self.story.report(&what, &view.clustering.of, &[(id, &person)]));
            }
            number.iter().for_each(|number| counts[usize::from(*number)] += 1);
            if takes_part {
                let (who, numbers) = surveyed.next().ok_or("the survey has too few people")?;
                let tree =
                    self.tree.as_ref().map(|(tree, _)| tree.cluster_of(&view.clustering.features, &numbers));
                if (who, tree) != (id, number) {
                    let what =
                        format!("the survey has {who:?} with {numbers:?} in {tree:?}, not in {number:?}");
                    return Err(self.story.report(&what, &view.clustering.of, &[(id, &person)]));
                }
            }
        }
        let too_many = surveyed.next();
        let live = (0..counts.len())
            .map(|number| engine.segment(&format!("{SET}/kind-{number}")).map_or(0, |segment| segment.count));
        let live: Vec<u64> = live.collect();
        match (too_many, live == counts) {
            (None, true) => Ok(()),
            found => Err(format!("{found:?}: they count {live:?} people, and should {counts:?}")),
        }
    }
}

fn everybody_is_in_one(start: Start, words: Words, cases: u32) {
    hold(start, cases, &case(words), |case| {
        let segments = [said(r#"did "A" within 1 day or trait.colour = "red""#)];
        let mut kinds = Kinds { story: Story::begin(start, words, &segments), tree: None };
        let features =
            case.features.iter().enumerate().map(|(place, text)| (format!("f{place}"), (*text).to_owned()));
        let of = case.of.map(str::to_owned);
        let set = ClusterSet { features: features.collect(), of, ..ClusterSet::default() };
        kinds.story.ask_for_clusters(SET, set);
        for act in &case.acts {
            // Another programme would be about other segments.
            if !matches!(act, Act::Deed(Deed::Redefine { .. })) {
                kinds.act(act);
                kinds.check()?;
            }
        }
        kinds.story.tell(&Deed::Wait(Wait::Quarter { place: 0, off: 0 }));
        kinds.check()?;
        match kinds.story.replayed().hash() == kinds.story.engine.hash() {
            true => Ok(()),
            false => Err("a replay gives another state".to_owned()),
        }
    });
}

#[test]
fn everybody_who_takes_part_is_in_one_cluster() {
    everybody_is_in_one(UTC, Words::properties(UTC.today()), 150);
    everybody_is_in_one(ROME, Words::ranks(ROME.today()), 80);
    everybody_is_in_one(SANTIAGO, Words::people(SANTIAGO.today()), 60);
}

#[test]
fn what_a_case_speaks_of_can_be_said() {
    FEATURES
        .iter()
        .for_each(|text| drop(parse_feature(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))));
    PEOPLE
        .iter()
        .flatten()
        .for_each(|text| drop(parse(text).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))));
}
