//! `channels.yaml`: the company's own hosts and its rules for the channels of visits.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::Node;
use engine::programme::{ChannelRule, ChannelRules, Direction, Place, nearest};

impl Reading {
    pub(super) fn channel_rules(&mut self, file: FileId, node: &Node) -> ChannelRules {
        let Some(fields) = self.fields(file, node, &Place::default(), &["own hosts", "rules"]) else {
            return ChannelRules::default();
        };
        let root = Place("channels".into());
        self.sources.note(&root, file, fields.at, None);
        let mut channels = ChannelRules::default();
        if let Some(node) = fields.get("own hosts") {
            let place = root.field("own_hosts");
            for (index, one) in self.list(file, node, &place, true).iter().enumerate() {
                channels.own_hosts.extend(self.text(file, one, &place.index(index)));
            }
        }
        if let Some(node) = fields.get("rules") {
            let place = root.field("rules");
            for (index, one) in self.list(file, node, &place, false).iter().enumerate() {
                channels.rules.push(self.channel_rule(file, one, &place.index(index)).unwrap_or_default());
            }
        }
        channels
    }

    fn channel_rule(&mut self, file: FileId, node: &Node, place: &Place) -> Option<ChannelRule> {
        let known = ["when", "channel", "direction", "paid", "online"];
        let Some(fields) = self.fields(file, node, place, &known) else {
            self.spoil(place.clone());
            return None;
        };
        let channel = self.required_text(&fields, "channel", "Partners").unwrap_or_default();
        let direction = self.direction(&fields);
        let (paid, online) = (self.truth(&fields, "paid"), self.truth(&fields, "online"));
        let mut rule = ChannelRule { channel, direction, paid, online, ..ChannelRule::default() };
        let Some(when) = self.required(&fields, "when", "{ source: \"partner-*\" }") else {
            self.spoil(place.field("when"));
            return Some(rule);
        };
        let known = ["source", "medium", "campaign", "referrer", "url", "event"];
        let Some(when) = self.fields(file, when, &place.field("when"), &known) else {
            self.spoil(place.field("when"));
            return Some(rule);
        };
        rule.source = self.optional_text(&when, "source");
        rule.medium = self.optional_text(&when, "medium");
        rule.campaign = self.optional_text(&when, "campaign");
        rule.referrer = self.optional_text(&when, "referrer");
        rule.url = self.optional_text(&when, "url");
        rule.event = self.optional_text(&when, "event");
        Some(rule)
    }

    fn direction(&mut self, fields: &Fields<'_>) -> Option<Direction> {
        let text = self.optional_text(fields, "direction")?;
        let found = Direction::ALL.into_iter().find(|one| one.name() == text);
        if found.is_none() {
            let near = nearest(&text, Direction::ALL.map(Direction::name)).unwrap_or("inbound");
            let place = fields.place.field("direction");
            self.mistake_at(&place, format!("\"{text}\" is no direction"), &format!("did you mean {near}?"));
        }
        found
    }
}
