//! Clusters: when they are to be looked for, who is to be surveyed for that, and what follows when they are stated.

use super::{ClustersRefusal, Engine};
use crate::at::At;
use crate::effect::Effect;
use crate::programme::ClusterSet;
use crate::record::ClustersStated;
use crate::segment::cluster::{ClusterState, Clustering, Clusters, Finding, Lack, segment_name};
use crate::segment::cutoff::Cutoffs;
use crate::segment::rule::Rule;
use crate::segment::survey::Survey;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A set of clusters of the programme, and what is known of it.
#[derive(Clone, Debug)]
pub struct ClusterSetView<'a> {
    pub name: &'a str,
    pub set: &'a ClusterSet,
    pub clustering: Clustering,
    /// When clusters were looked for last, and why none were found then.
    pub tried_at: Option<At>,
    pub lack: Option<Lack>,
    /// Those that stand, and when they were found.
    pub found: Option<(At, &'a Clusters)>,
    /// When they are looked for next; none while others have to be stated first.
    pub due: Option<At>,
}

/// A cluster of the programme, where a segment is one.
#[derive(Clone, Copy, Debug)]
pub struct ClusterView<'a> {
    pub set: &'a str,
    /// Its number in the tree.
    pub number: u8,
    pub clusters: &'a Clusters,
}

impl Engine {
    /// When clusters of some set are to be looked for next: at once where what is asked was not asked before, otherwise
    /// with the day that the set says. None where the programme asks for none, or has to have its cut-offs first.
    pub fn clusters_due(&self) -> Option<At> {
        self.index.clusters_due.values().min().copied()
    }

    /// The sets whose clusters are due by an instant, by name.
    pub fn cluster_sets_due(&self, now: At) -> Vec<String> {
        let due = self.index.clusters_due.iter().filter(|(_, due)| **due <= now);
        due.map(|(name, _)| name.clone()).collect()
    }

    /// Every set of the programme, by name.
    pub fn cluster_sets(&self) -> Vec<ClusterSetView<'_>> {
        self.programme.clusters.keys().filter_map(|name| self.cluster_set(name)).collect()
    }

    pub fn cluster_set(&self, name: &str) -> Option<ClusterSetView<'_>> {
        let (name, set) = self.programme.clusters.get_key_value(name)?;
        let known = self.state.clusters.get(name);
        Some(ClusterSetView {
            name,
            set,
            clustering: Clustering::of(set),
            tried_at: known.map(|known| known.tried_at),
            lack: known.and_then(|known| known.lack),
            found: known.and_then(|known| known.found.as_ref()).map(|(at, clusters)| (*at, clusters)),
            due: self.index.clusters_due.get(name).copied(),
        })
    }

    /// The cluster that a segment is; none of a segment that somebody defined.
    pub fn cluster(&self, segment: &str) -> Option<ClusterView<'_>> {
        let (set, cluster) = segment.split_once('/')?;
        let (set, known) = self.state.clusters.get_key_value(set)?;
        let (_, clusters) = known.found.as_ref()?;
        let number = clusters.clusters.iter().position(|one| one.name == cluster)?;
        Some(ClusterView { set, number: number as u8, clusters })
    }

    /// The people of a set, to be looked at at an instant that is not before the engine's own.
    pub fn survey(&self, set: &str, now: At) -> Option<Survey<'_>> {
        let clustering = Clustering::of(self.programme.clusters.get(set)?);
        let (names, wanted) = (&mut self.state.names.clone(), &mut BTreeMap::new());
        let of =
            self.in_scope(names, &self.state.cutoffs, wanted, |scope| Rule::compile(&clustering.of, scope));
        let features = clustering.features.iter().map(|(_, feature)| {
            self.in_scope(names, &Cutoffs::default(), wanted, |scope| scope.feature(feature))
        });
        let features = features.collect();
        let seed = self.state.installed.as_ref().map_or(0, |installed| installed.seed);
        let seed = xxh3_64_with_seed(set.as_bytes(), seed);
        Some(Survey::new(self, clustering, of, features, (now, seed)))
    }

    pub(super) fn check_clusters(&self, stated: &ClustersStated<'_>) -> Result<(), ClustersRefusal> {
        let set = self.programme.clusters.get(stated.set).ok_or(ClustersRefusal::NoSuchSet)?;
        let clustering = Clustering::of(set);
        let is_asked = clustering.text() == stated.question
            && (set.at_least, set.at_most) == (stated.at_least, stated.at_most);
        if !is_asked {
            return Err(ClustersRefusal::AskedOtherwise);
        }
        let Finding::Found(clusters) = &stated.finding else { return Ok(()) };
        if let Some(fault) = clusters.fault(&clustering.features) {
            return Err(ClustersRefusal::Unsound(fault));
        }
        let known: BTreeSet<&str> = self.state.segments.iter().map(|one| one.name.as_str()).collect();
        let names = clusters.clusters.iter().map(|cluster| segment_name(stated.set, &cluster.name));
        let slots = known.len() + names.filter(|name| !known.contains(name.as_str())).count();
        if slots > usize::from(u16::MAX) { Err(ClustersRefusal::NoRoom) } else { Ok(()) }
    }

    /// A set of which nothing was found keeps the clusters that it has.
    pub(super) fn apply_clusters(&mut self, stated: &ClustersStated<'_>, effects: &mut Vec<Effect>) {
        let tried_at = stated.stated_at.min(self.state.at);
        let known = self.state.clusters.remove(stated.set);
        let before = known.and_then(|known| known.found);
        let (lack, found) = match &stated.finding {
            Finding::Found(clusters) => (None, Some((tried_at, clusters.clone()))),
            Finding::NotFound(lack) => (Some(*lack), before),
        };
        let state = ClusterState {
            question: stated.question.to_owned(),
            least: stated.at_least,
            most: stated.at_most,
            tried_at,
            lack,
            found,
        };
        self.state.clusters.insert(stated.set.to_owned(), state);
        self.place_segments();
        let before = self.build_index();
        self.refresh_stated(&before, effects);
    }

    /// Forgets what was found for sets that the programme no longer has, or that ask something else now.
    pub(super) fn keep_clusters(&mut self) {
        let programme = &self.programme;
        self.state.clusters.retain(|name, known| {
            programme.clusters.get(name).is_some_and(|set| Clustering::of(set).text() == known.question)
        });
    }

    /// The segments that are clusters: name and expression.
    pub(super) fn cluster_segments(&self) -> Vec<(String, String)> {
        let mut segments = Vec::new();
        for (name, known) in &self.state.clusters {
            let (Some(set), Some((_, found))) = (self.programme.clusters.get(name), &known.found) else {
                continue;
            };
            let clustering = Clustering::of(set);
            for (number, cluster) in found.clusters.iter().enumerate() {
                let expression = clustering.expression(&found.tree, number as u8);
                segments.push((segment_name(name, &cluster.name), expression.to_string()));
            }
        }
        segments
    }
}
