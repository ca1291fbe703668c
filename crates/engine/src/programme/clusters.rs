//! Sets of clusters, as a company asks for them.

use super::check::did_you_mean;
use super::{Mistake, Place, Programme, Purchase};
use crate::limits::{
    CLUSTER_FEATURES_MAX, CLUSTER_FORKS_MAX, CLUSTER_SETS_MAX, CLUSTERS_MAX, EXPRESSION_DEPTH_MAX,
};
use crate::segment::cluster::{Clustering, set_of};
use crate::segment::feature::Feature;
use crate::segment::parse::{parse, parse_feature};
use crate::segment::{Aggregate, Deed, Figure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// People who are to be told apart, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterSet {
    /// By name, each a feature: `count of "Order Completed" within 365 days`.
    pub features: BTreeMap<String, String>,
    /// An expression, true of those who take part; absent for whoever has any of the features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How many clusters: the number between these with which people are told apart best.
    pub at_least: u8,
    pub at_most: u8,
    pub refresh: Refresh,
}

/// How often clusters are looked for anew, with the beginning of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    Daily,
    #[default]
    Weekly,
}

impl Refresh {
    pub const ALL: [Self; 2] = [Self::Daily, Self::Weekly];

    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    pub(crate) fn days(self) -> i32 {
        match self {
            Self::Daily => 1,
            Self::Weekly => 7,
        }
    }
}

impl Default for ClusterSet {
    fn default() -> Self {
        let (at_least, at_most) = Self::COUNT_USUAL;
        Self { features: BTreeMap::new(), of: None, at_least, at_most, refresh: Refresh::default() }
    }
}

impl ClusterSet {
    /// As many kinds of people as a marketer speaks to differently.
    pub const COUNT_USUAL: (u8, u8) = (3, 6);

    /// The features by which buyers are scored: days since the last purchase, how many purchases, for how much.
    pub fn rfm(purchase: &Purchase) -> BTreeMap<String, String> {
        let deed = Deed { event: purchase.event.clone(), filters: Vec::new() };
        let figure = |aggregate| Feature::Figure(Figure { aggregate, deed: deed.clone(), window: None });
        let spent = figure(Some((Aggregate::Sum, purchase.amount_path())));
        let features =
            [("idle", Feature::DaysSince(deed.clone())), ("orders", figure(None)), ("spent", spent)];
        features.map(|(name, feature)| (name.to_owned(), feature.to_string())).into()
    }

    /// How many conditions and filters its clusters may ask, where it has no mistake.
    pub(super) fn asked(&self) -> usize {
        let of = self.of.as_deref().and_then(|text| parse(text).ok()).map_or(0, |of| of.asked());
        let features = self.features.values().filter_map(|text| parse_feature(text).ok());
        let dearest = features.map(|feature| feature.asks().asked()).max().unwrap_or(0);
        // Whether each fork is reached, and whether it is not, are two conditions.
        of + self.features.len() + 2 * CLUSTER_FORKS_MAX * dearest
    }
}

impl Programme {
    /// The set whose clusters a segment's name speaks of, whether they were found or not.
    pub(crate) fn cluster_set(&self, segment: &str) -> Option<&ClusterSet> {
        self.clusters.get(set_of(segment)?)
    }

    /// Every set, with its words read. The programme has no mistakes.
    pub(crate) fn clusterings(&self) -> impl Iterator<Item = (&str, Clustering)> {
        self.clusters.iter().map(|(name, set)| (name.as_str(), Clustering::of(set)))
    }

    /// What is wrong with the sets, besides the expressions in them.
    pub(super) fn cluster_mistakes(&self) -> Vec<Mistake> {
        let place = Place("clusters".to_owned());
        let mut mistakes = Vec::new();
        let mut add = |place: Place, message: String, suggestion: Option<&str>| {
            let suggestion = suggestion.map(str::to_owned);
            mistakes.push(Mistake { place, offset: None, message, suggestion });
        };
        if self.clusters.len() > CLUSTER_SETS_MAX {
            let message = format!("a programme has at most {CLUSTER_SETS_MAX} sets of clusters");
            add(place.clone(), message, None);
        }
        for (name, set) in &self.clusters {
            let place = place.field(name);
            if !is_name(name) {
                add(place.clone(), format!("\"{name}\" is no name of a set"), Some(NAME));
            }
            let taken = self.segments.keys().find(|segment| set_of(segment) == Some(name));
            if let Some(segment) = taken {
                let message =
                    format!("the segment \"{segment}\" is named like a cluster of the set \"{name}\"");
                add(place.clone(), message, Some("give one of them another name"));
            }
            if !(1..=CLUSTER_FEATURES_MAX).contains(&set.features.len()) {
                let message = format!("people are told apart by 1 to {CLUSTER_FEATURES_MAX} features");
                add(place.field("features"), message, Some("for example `features: rfm`"));
            }
            for feature in set.features.keys().filter(|feature| !is_name(feature)) {
                let message = format!("\"{feature}\" is no name of a feature");
                add(place.field("features").field(feature), message, Some(NAME));
            }
            let most = CLUSTERS_MAX as u8;
            if !(2..=most).contains(&set.at_least)
                || !(2..=most).contains(&set.at_most)
                || set.at_most < set.at_least
            {
                let message = format!("people are told apart in 2 to {most} clusters");
                add(place.field("count"), message, Some("for example `count: 4` or `count: 3 to 6`"));
            }
            let of = set.of.as_deref().and_then(|text| parse(text).ok());
            if of.is_some_and(|of| of.nesting() >= EXPRESSION_DEPTH_MAX) {
                let message = "this expression is nested too deeply".to_owned();
                add(place.field("of"), message, Some("make a segment of a part of it"));
            }
        }
        mistakes
    }

    /// What to say of a segment's name that no segment has.
    pub(super) fn unknown_segment(&self, name: &str) -> (String, Option<String>) {
        match set_of(name).filter(|_| !self.clusters.is_empty()) {
            Some(set) => {
                (format!("there is no set of clusters \"{set}\""), did_you_mean(set, self.clusters.keys()))
            }
            None => (format!("there is no segment \"{name}\""), did_you_mean(name, self.segments.keys())),
        }
    }
}

const NAME: &str = "use lower-case letters, digits, - and _";

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 60 && name.chars().all(fits)
}
