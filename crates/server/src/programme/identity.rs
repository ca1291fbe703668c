//! `identity:` of `programme.yaml`: how many identifiers of each type a profile may have, and values that name nobody.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::programme::{IdentifierLimit, Identity, Place};

impl Reading {
    pub(super) fn identity(&mut self, fields: &Fields<'_>) -> Identity {
        let place = fields.place.field("identity");
        let Some(node) = fields.get("identity") else { return Identity::default() };
        let Some(fields) = self.fields(fields.file, node, &place, &["limits", "blocked"]) else {
            return Identity::default();
        };
        let mut identity = Identity::default();
        if let Some(node) = fields.get("limits")
            && let Some(entries) = self.entries(fields.file, node, &place.field("limits"))
        {
            for (name, at, node) in entries.all() {
                let place = place.field("limits").field(name);
                self.sources.note(&place, fields.file, at, None);
                if let Some(limit) = self.limit(fields.file, node, &place) {
                    identity.limits.insert(name.to_owned(), limit);
                }
            }
        }
        if let Some(node) = fields.get("blocked") {
            let place = place.field("blocked");
            for (index, element) in self.list(fields.file, node, &place, true).iter().enumerate() {
                let value = self.text(fields.file, element, &place.index(index));
                identity.blocked.push(value.unwrap_or_default());
            }
        }
        identity
    }

    /// A number alone, or `{ at most: 100, within: 30 days }`.
    fn limit(&mut self, file: FileId, node: &Node, place: &Place) -> Option<IdentifierLimit> {
        if let Content::Text(_) = &node.content {
            let at_most = self.number(file, node, place)?;
            return Some(IdentifierLimit { at_most, within: None });
        }
        let fields = self.fields(file, node, place, &["at most", "within"])?;
        let number = self.required(&fields, "at most", "100")?;
        let at_most = self.number(file, number, &place.field("at most"))?;
        let within = match fields.get("within") {
            Some(node) => Some(self.span(file, node, &place.field("within"))?),
            None => None,
        };
        Some(IdentifierLimit { at_most, within })
    }

    fn number(&mut self, file: FileId, node: &Node, place: &Place) -> Option<u32> {
        let text = node.text().unwrap_or_default();
        let number = text.parse().ok();
        if number.is_none() {
            let message = format!("expected a whole number, and this is {}", written(node));
            let suggestion = "for example `5`, or `{ at most: 100, within: 30 days }`";
            self.mistake(file, node.at, place, message, Some(suggestion.to_owned()));
        }
        number
    }
}

fn written(node: &Node) -> String {
    node.text().map_or_else(|| node.kind().to_string(), |text| format!("\"{text}\""))
}
