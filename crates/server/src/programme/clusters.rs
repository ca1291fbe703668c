//! `clusters.yaml`: sets of clusters, and what their people are told apart by.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::programme::{ClusterSet, Place, Purchase, Refresh};
use std::collections::BTreeMap;

/// What stands for the features by which buyers are scored.
const RFM: &str = "rfm";

impl Reading {
    pub(super) fn clusters(
        &mut self,
        file: FileId,
        node: &Node,
        purchase: &Purchase,
    ) -> BTreeMap<String, ClusterSet> {
        let mut sets = BTreeMap::new();
        let root = Place("clusters".into());
        let Some(fields) = self.fields(file, node, &Place::default(), &["clusters"]) else { return sets };
        let Some(node) = self.required(&fields, "clusters", "{ shoppers: { features: rfm } }") else {
            return sets;
        };
        let Some(entries) = self.entries(file, node, &root) else { return sets };
        for (name, at, node) in entries.all() {
            let place = root.field(name);
            self.is_name(file, at, &place, name);
            let set = self.cluster_set(file, node, &place, purchase);
            sets.insert(name.to_owned(), set.unwrap_or_default());
        }
        sets
    }

    fn cluster_set(
        &mut self,
        file: FileId,
        node: &Node,
        place: &Place,
        purchase: &Purchase,
    ) -> Option<ClusterSet> {
        let fields = self.fields(file, node, place, &["features", "of", "count", "refresh"])?;
        let features = self.required(&fields, "features", RFM);
        let features = features.map(|node| self.features(file, node, &place.field("features"), purchase));
        let (at_least, at_most) = self.count(&fields).unwrap_or(ClusterSet::COUNT_USUAL);
        Some(ClusterSet {
            features: features.unwrap_or_default(),
            of: self.optional_text(&fields, "of"),
            at_least,
            at_most,
            refresh: self.refresh(&fields),
        })
    }

    /// `rfm`, or a feature for each name.
    fn features(
        &mut self,
        file: FileId,
        node: &Node,
        place: &Place,
        purchase: &Purchase,
    ) -> BTreeMap<String, String> {
        let mut features = BTreeMap::new();
        if let Content::Text(text) = &node.content {
            self.sources.note(place, file, node.at, Some(text));
            if text == RFM {
                return ClusterSet::rfm(purchase);
            }
            let suggestion = "write `rfm`, or a group such as `{ orders: count of \"Order Completed\" }`";
            let message = format!("\"{text}\" is no group of features");
            self.mistake(file, node.at, place, message, Some(suggestion.to_owned()));
            return features;
        }
        let Some(entries) = self.entries(file, node, place) else { return features };
        for (name, at, node) in entries.all() {
            let place = place.field(name);
            self.is_name(file, at, &place, name);
            let feature = self.text(file, node, &place);
            features.insert(name.to_owned(), feature.unwrap_or_default());
        }
        features
    }

    /// `4`, or `3 to 6`.
    fn count(&mut self, fields: &Fields<'_>) -> Option<(u8, u8)> {
        let text = self.optional_text(fields, "count")?;
        let (least, most) = text.split_once(" to ").unwrap_or((&text, &text));
        match (least.trim().parse(), most.trim().parse()) {
            (Ok(least), Ok(most)) => Some((least, most)),
            _ => {
                let message = format!("\"{text}\" is no number of clusters");
                self.mistake_at(
                    &fields.place.field("count"),
                    message,
                    "for example `count: 4` or `count: 3 to 6`",
                );
                None
            }
        }
    }

    fn refresh(&mut self, fields: &Fields<'_>) -> Refresh {
        let Some(text) = self.optional_text(fields, "refresh") else { return Refresh::default() };
        let known = Refresh::ALL.into_iter().find(|refresh| refresh.name() == text);
        if known.is_none() {
            let message = format!("\"{text}\" is no time at which clusters are looked for");
            self.mistake_at(&fields.place.field("refresh"), message, "write daily or weekly");
        }
        known.unwrap_or_default()
    }
}
