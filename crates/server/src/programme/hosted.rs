//! `pages/*.yaml`: one page that Trama shows a file.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::Node;
use engine::programme::{Here, HostedPage, Hours, PageBlock, Place, Share, ShareWay, nearest};

const FIELDS: [&str; 6] = ["page", "title", "description", "purpose", "timezone", "blocks"];

const BLOCK_FIELDS: [&str; 13] = [
    "title", "text", "image", "button", "form", "share", "when", "places", "hours", "days", "from", "until",
    "else",
];

impl Reading {
    pub(super) fn page(&mut self, file: FileId, node: &Node) -> Option<(String, HostedPage)> {
        let (name, fields) = self.named_file(file, node, "page", "pages", &FIELDS)?;
        self.required(&fields, "title", "{ en: At the market }");
        let blocks = self.required(&fields, "blocks", "[{ title: { en: Hello } }]");
        let place = fields.place.field("blocks");
        let nodes = blocks.map(|node| self.list(file, node, &place, false)).unwrap_or_default();
        let numbered = nodes.iter().enumerate();
        let blocks = numbered.map(|(number, node)| self.page_block(file, node, &place.index(number)));
        let blocks: Vec<PageBlock> = blocks.map(Option::unwrap_or_default).collect();
        let page = HostedPage {
            title: self.texts(&fields, "title"),
            description: self.texts(&fields, "description"),
            purpose: self.optional_text(&fields, "purpose"),
            timezone: self.optional_text(&fields, "timezone"),
            blocks,
        };
        Some((name, page))
    }

    fn page_block(&mut self, file: FileId, node: &Node, place: &Place) -> Option<PageBlock> {
        let Some(fields) = self.fields(file, node, place, &BLOCK_FIELDS) else {
            self.spoil(place.clone());
            return None;
        };
        let hours = fields.get("hours").and_then(|node| {
            let inside = self.fields(file, node, &place.field("hours"), &["from", "to"])?;
            let from = self.required_text(&inside, "from", "\"08:00\"")?;
            Some(Hours { from, to: self.required_text(&inside, "to", "\"13:00\"")? })
        });
        let here = Here {
            places: self.words(&fields, "places"),
            hours,
            days: self.words(&fields, "days"),
            from: self.optional_text(&fields, "from"),
            until: self.optional_text(&fields, "until"),
        };
        Some(PageBlock {
            content: self.parts(&fields),
            form: self.optional_text(&fields, "form"),
            share: self.share(&fields),
            when: self.optional_text(&fields, "when"),
            here,
            otherwise: self.truth(&fields, "else").unwrap_or(false),
        })
    }

    /// `{ text: …, by: [whatsapp, copy] }`.
    fn share(&mut self, fields: &Fields<'_>) -> Option<Share> {
        let node = fields.get("share")?;
        let place = fields.place.field("share");
        let inside = self.fields(fields.file, node, &place, &["text", "by"])?;
        self.required(&inside, "text", "{ en: Look at this }");
        let mut by = Vec::new();
        let names = self.words(&inside, "by");
        for (index, name) in names.iter().enumerate() {
            match ShareWay::ALL.into_iter().find(|way| way.name() == name) {
                Some(way) => by.push(way),
                None => {
                    let near = nearest(name, ShareWay::ALL.map(ShareWay::name));
                    let suggestion = format!("write {}", near.unwrap_or("mail, whatsapp, telegram or copy"));
                    let message = format!("\"{name}\" is no way to pass a page on");
                    self.mistake_at(&place.field("by").index(index), message, &suggestion);
                }
            }
        }
        if names.is_empty() {
            by = ShareWay::ALL.to_vec();
        }
        Some(Share { text: self.texts(&inside, "text"), by })
    }

    /// The name of a definition that has a file of its own, and its fields.
    pub(super) fn named_file<'n>(
        &mut self,
        file: FileId,
        node: &'n Node,
        kind: &str,
        root: &str,
        known: &[&str],
    ) -> Option<(String, Fields<'n>)> {
        let root = Place(root.to_owned());
        let mut fields = self.fields(file, node, &root, known)?;
        let Some(name) = self.required_text(&fields, kind, "market") else {
            self.incomplete = true;
            return None;
        };
        let place = root.field(&name);
        let at = fields.get(kind).map_or(node.at, |value| value.at);
        self.is_name(file, at, &place, &name);
        if self.sources.knows(&place) {
            self.mistake(file, at, &place, format!("a {kind} \"{name}\" is defined twice"), None);
            return None;
        }
        self.sources.note(&place, file, at, None);
        fields.place = place;
        Some((name, fields))
    }

    /// A list of words, or one.
    pub(super) fn words(&mut self, fields: &Fields<'_>, name: &str) -> Vec<String> {
        let Some(node) = fields.get(name) else { return Vec::new() };
        let place = fields.place.field(name);
        let nodes = self.list(fields.file, node, &place, true);
        let numbered = nodes.iter().enumerate();
        numbered.filter_map(|(index, node)| self.text(fields.file, node, &place.index(index))).collect()
    }
}
