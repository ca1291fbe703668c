//! `best:` of `programme.yaml`, what a send leaves open, and the variants of a message.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::limits::BEST_HOURS_WITHIN_MAX;
use engine::programme::{Best, Channel, Choices, Place, Response, Variant, VariantChoice, nearest};
use std::collections::{BTreeMap, BTreeSet};

impl Reading {
    /// `{ responses: [click, goal], within: 3 days, explore: 10%, after: 50 }`.
    pub(super) fn best(&mut self, fields: &Fields<'_>) -> Best {
        let place = fields.place.field("best");
        let known = ["responses", "within", "explore", "after"];
        let inside = fields.get("best").map(|node| self.fields(fields.file, node, &place, &known));
        let Some(fields) = inside.flatten() else { return Best::default() };
        let usual = Best::default();
        let responses = fields.get("responses").map(|node| self.responses(fields.file, node, &place));
        let explore = self.optional_text(&fields, "explore");
        let explore = explore.map(|text| self.permille(&text, &place.field("explore")));
        let after = fields.get("after").and_then(|_| self.required_count(&fields, "after", "after", "50"));
        Best {
            responses: responses.unwrap_or(usual.responses),
            within: self.optional_span(&fields, "within").unwrap_or(usual.within),
            explore_permille: explore.unwrap_or(usual.explore_permille),
            after: after.unwrap_or(usual.after),
        }
    }

    fn responses(&mut self, file: FileId, node: &Node, place: &Place) -> BTreeSet<Response> {
        let place = place.field("responses");
        let mut responses = BTreeSet::new();
        for (index, name) in self.names(file, node, &place).into_iter().enumerate() {
            match Response::ALL.into_iter().find(|one| one.name() == name) {
                Some(response) => _ = responses.insert(response),
                None => {
                    let names = Response::ALL.map(Response::name);
                    let suggestion = match nearest(&name, names) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("one of: {}", names.join(", ")),
                    };
                    self.mistake_at(&place.index(index), format!("\"{name}\" is no response"), &suggestion);
                }
            }
        }
        responses
    }

    /// `channels: [push, email]`, one of them, `best`, or `{ best: [push, email] }`; the list, and whether the best is taken.
    pub(super) fn channels_or_best(&mut self, fields: &Fields<'_>) -> (Vec<Channel>, bool) {
        let place = fields.place.field("channels");
        match fields.get("channels") {
            None => (Vec::new(), false),
            Some(node) if node.text() == Some("best") => {
                self.sources.note(&place, fields.file, node.at, None);
                (Vec::new(), true)
            }
            Some(node) if matches!(node.content, Content::Map(_)) => {
                let inside = self.fields(fields.file, node, &place, &["best"]);
                let list = inside.as_ref().and_then(|inside| self.required(inside, "best", "[push, email]"));
                let list = list.map(|node| self.channels(fields.file, node, &place));
                (list.unwrap_or_default(), true)
            }
            Some(node) => (self.channels(fields.file, node, &place), false),
        }
    }

    /// `variant: best`, `split`, or the name of one.
    pub(super) fn variant_choice(&mut self, fields: &Fields<'_>) -> VariantChoice {
        match self.optional_text(fields, "variant").as_deref() {
            None | Some("split") => VariantChoice::Split,
            Some("best") => VariantChoice::Best,
            Some(name) => VariantChoice::Named(name.to_owned()),
        }
    }

    /// What a send step leaves open: `variant: …`, and `at: best` or `at: { best: 12 hours }`.
    pub(super) fn choices(&mut self, fields: &Fields<'_>, channel: bool) -> Choices {
        let variant = self.variant_choice(fields);
        let place = fields.place.field("at");
        let hour_within = match fields.get("at") {
            None => None,
            Some(node) if matches!(node.content, Content::Map(_)) => {
                let inside = self.fields(fields.file, node, &place, &["best"]);
                let span = inside.as_ref().and_then(|inside| self.required(inside, "best", "24 hours"));
                span.and_then(|node| self.span(fields.file, node, &place))
            }
            Some(node) if node.text() == Some("best") => {
                self.sources.note(&place, fields.file, node.at, None);
                Some(BEST_HOURS_WITHIN_MAX)
            }
            Some(node) => {
                let suggestion = Some("write `best`, or `{ best: 12 hours }`".to_owned());
                let message = "this does not say when the message is sent";
                self.mistake(fields.file, node.at, &place, message, suggestion);
                None
            }
        };
        Choices { channel, variant, hour_within }
    }

    /// `{ short: { share: 20%, subject: { en: … } } }`; what a variant does not write is the original's.
    pub(super) fn variants(&mut self, fields: &Fields<'_>) -> BTreeMap<String, Variant> {
        let place = fields.place.field("variants");
        let Some(node) = fields.get("variants") else { return BTreeMap::new() };
        self.sources.note(&place, fields.file, node.at, None);
        let Some(entries) = self.entries(fields.file, node, &place) else { return BTreeMap::new() };
        let mut variants = BTreeMap::new();
        for (name, at, node) in entries.all() {
            let place = place.field(name);
            self.is_name(fields.file, at, &place, name);
            self.sources.note(&place, fields.file, at, None);
            let variant = if node.is_nothing() { None } else { self.variant(fields.file, node, &place) };
            variants.insert(name.to_owned(), variant.unwrap_or_default());
        }
        variants
    }

    fn variant(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Variant> {
        let fields = self.fields(file, node, place, &["share", "subject"])?;
        let share = self.optional_text(&fields, "share");
        let share_permille = share.map(|text| self.permille(&text, &place.field("share")));
        let subject = fields.get("subject");
        let subject = subject.map(|node| self.localized(file, node, &place.field("subject")));
        Some(Variant { share_permille, subject: subject.unwrap_or_default(), templates: BTreeMap::new() })
    }
}
