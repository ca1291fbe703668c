//! In which cluster somebody is, by going through the tree with their own numbers.

use engine::segment::cluster::Tree;
use engine::segment::feature::Feature;
use engine::segment::{Comparison, Filter, Literal, Test};

use super::figure::{ONE, figure_of};
use super::{Moment, Person, all_of, value};

/// The number of the cluster to which a tree leads a person.
pub fn cluster_of(tree: &Tree, features: &[Feature], person: &Person, moment: &Moment) -> u8 {
    match tree {
        Tree::Leaf(cluster) => *cluster,
        Tree::Fork { feature, at, below, reached } => {
            let side = match reaches(&features[usize::from(*feature)], i128::from(*at), person, moment) {
                true => reached,
                false => below,
            };
            cluster_of(side, features, person, moment)
        }
    }
}

fn reaches(feature: &Feature, at: i128, person: &Person, moment: &Moment) -> bool {
    match feature {
        Feature::Figure(by) => {
            figure_of(by, person, moment).is_some_and(|(figure, count)| figure >= at * count)
        }
        Feature::DaysSince(deed) => {
            let days_ms = at / ONE * 86_400_000;
            let ago = |second: i64| i128::from(moment.now.0) - i128::from(second) * 1_000;
            all_of(deed, None, person, moment).iter().all(|event| ago(event.second) >= days_ms)
        }
        Feature::Trait(path) => {
            let at = Literal::Number(i64::try_from(at).expect("a tree has such numbers"));
            let test = Test::Compare(Comparison::GreaterOrEqual, at);
            value::passes(&Filter { path: path.clone(), test }, &person.traits, moment)
        }
    }
}
