//! `links.yaml`: short links and QR codes by name.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::programme::{Link, LinkCampaign, Place};
use std::collections::BTreeMap;

const FIELDS: [&str; 7] = ["url", "campaign", "channel", "place", "expires", "vanity", "joins"];

impl Reading {
    pub(super) fn links(&mut self, file: FileId, node: &Node) -> BTreeMap<String, Link> {
        let mut links = BTreeMap::new();
        let root = Place("links".to_owned());
        let Some(fields) = self.fields(file, node, &Place::default(), &["links"]) else { return links };
        let Some(node) = self.required(&fields, "links", "{ flyer: { url: https://shop.example/oil } }")
        else {
            return links;
        };
        let Some(entries) = self.entries(file, node, &root) else { return links };
        for (name, at, node) in entries.all() {
            let place = root.field(name);
            self.is_name(file, at, &place, name);
            if let Some(link) = self.link(file, node, &place) {
                links.insert(name.to_owned(), link);
            }
        }
        links
    }

    fn link(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Link> {
        let fields = self.fields(file, node, place, &FIELDS)?;
        let vanity = self.optional_text(&fields, "vanity");
        if let (Some(vanity), Some(node)) = (&vanity, fields.get("vanity")) {
            self.is_name(file, node.at, &place.field("vanity"), vanity);
        }
        Some(Link {
            url: self.required_text(&fields, "url", "https://shop.example/oil").unwrap_or_default(),
            campaign: self.campaign_words(&fields).unwrap_or_default(),
            channel: self.optional_text(&fields, "channel").unwrap_or_default(),
            place: self.optional_text(&fields, "place").unwrap_or_default(),
            expires: self.optional_text(&fields, "expires"),
            vanity,
            joins: self.truth(&fields, "joins").unwrap_or(true),
        })
    }

    /// `new-oil`, or `{ name: new-oil, source: flyer, medium: print, content: market }`.
    fn campaign_words(&mut self, fields: &Fields<'_>) -> Option<LinkCampaign> {
        let node = fields.get("campaign")?;
        let place = fields.place.field("campaign");
        if let Content::Text(_) = node.content {
            let name = self.text(fields.file, node, &place)?;
            return Some(LinkCampaign { name, ..LinkCampaign::default() });
        }
        let known = ["name", "source", "medium", "content", "term"];
        let inside = self.fields(fields.file, node, &place, &known)?;
        let [name, source, medium, content, term] =
            known.map(|field| self.optional_text(&inside, field).unwrap_or_default());
        Some(LinkCampaign { name, source, medium, content, term })
    }
}
