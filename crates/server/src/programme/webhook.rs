//! `webhooks.yaml`, and the step that asks a webhook.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use crate::liquid::Template;
use engine::at::Span;
use engine::programme::{Place, Webhook, WebhookStep};
use std::collections::BTreeMap;

impl Reading {
    /// `webhooks:` with a group of fields for each name.
    pub(super) fn webhooks(&mut self, file: FileId, node: &Node) -> BTreeMap<String, Webhook> {
        let mut webhooks = BTreeMap::new();
        let root = Place("webhooks".into());
        let Some(fields) = self.fields(file, node, &Place::default(), &["webhooks"]) else { return webhooks };
        let Some(node) = self.required(&fields, "webhooks", "{ erp: { url: …, hears: […] } }") else {
            return webhooks;
        };
        let Some(entries) = self.entries(file, node, &root) else { return webhooks };
        for (name, at, node) in entries.all() {
            let place = root.field(name);
            self.is_name(file, at, &place, name);
            self.sources.note(&place, file, at, None);
            webhooks.insert(name.to_owned(), self.webhook(file, node, &place).unwrap_or_default());
        }
        webhooks
    }

    fn webhook(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Webhook> {
        let known = ["url", "hears", "fields"];
        let Some(fields) = self.fields(file, node, place, &known) else {
            self.spoil(place.clone());
            return None;
        };
        let url = self.required_text(&fields, "url", "https://erp.shop.example/hooks").unwrap_or_default();
        let (hears, told) = (self.listed(&fields, "hears"), self.listed(&fields, "fields"));
        Some(Webhook { url, hears, fields: told })
    }

    pub(super) fn listed(&mut self, fields: &Fields<'_>, name: &str) -> Vec<String> {
        let Some(node) = fields.get(name) else { return Vec::new() };
        let place = fields.place.field(name);
        let elements = self.list(fields.file, node, &place, true).iter().enumerate();
        elements
            .map(|(index, one)| self.text(fields.file, one, &place.index(index)).unwrap_or_default())
            .collect()
    }

    /// `webhook: loyalty`, with `body`, `as`, `at most` and `else`.
    pub(super) fn webhook_step(&mut self, fields: &Fields<'_>) -> WebhookStep {
        let webhook = self.required_text(fields, "webhook", "loyalty").unwrap_or_default();
        let body = fields.get("body").map(|node| self.body(fields, node)).unwrap_or_default();
        let name = self.optional_text(fields, "as").unwrap_or_else(|| webhook.replace('-', "_"));
        let at_most = match fields.get("at most") {
            Some(node) => self.span(fields.file, node, &fields.place.field("at_most")).unwrap_or(Span::DAY),
            None => Span::DAY,
        };
        let otherwise = fields.get("else");
        let otherwise = otherwise.map(|steps| self.steps(fields.file, steps, &fields.place.field("else")));
        WebhookStep { webhook, body, name, at_most, otherwise: otherwise.unwrap_or_default() }
    }

    /// What the step tells: texts that are templates.
    fn body(&mut self, fields: &Fields<'_>, node: &Node) -> BTreeMap<String, String> {
        let place = fields.place.field("body");
        let mut body = BTreeMap::new();
        let Some(entries) = self.entries(fields.file, node, &place) else { return body };
        for (name, at, node) in entries.all() {
            let place = place.field(name);
            self.sources.note(&place, fields.file, at, None);
            match &node.content {
                Content::Text(text) => {
                    if let Err(error) = Template::parse(text) {
                        self.mistake(fields.file, node.at, &place, error.to_string(), None);
                    }
                    body.insert(name.to_owned(), text.clone());
                }
                _ => {
                    let message = format!("expected a text, and this is {}", node.kind());
                    self.mistake(fields.file, node.at, &place, message, None);
                }
            }
        }
        body
    }
}
