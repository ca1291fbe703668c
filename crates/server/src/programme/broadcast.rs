//! A broadcast as a file: one message, to whom, and when.

use super::reading::Reading;
use super::source::FileId;
use super::yaml::Node;
use engine::programme::{Broadcast, Choices, Place};

const FIELDS: [&str; 9] =
    ["broadcast", "message", "purpose", "channels", "variant", "to", "at", "pace", "holdout"];

impl Reading {
    /// The broadcast of one file, with its name.
    pub(super) fn broadcast(&mut self, file: FileId, node: &Node) -> Option<(String, Broadcast)> {
        let nowhere = Place("broadcasts".to_owned());
        let mut fields = self.fields(file, node, &nowhere, &FIELDS)?;
        let Some(name) = self.required_text(&fields, "broadcast", "spring") else {
            self.incomplete = true;
            return None;
        };
        let place = nowhere.field(&name);
        let at = fields.get("broadcast").map_or(node.at, |value| value.at);
        self.is_name(file, at, &place, &name);
        if self.sources.knows(&place) {
            self.mistake(file, at, &place, format!("a broadcast \"{name}\" is defined twice"), None);
            return None;
        }
        self.sources.note(&place, file, at, None);
        fields.place = place;
        // A mistake about the message is one about a send, as in a journey.
        let message = self.required(&fields, "message", "spring");
        let message = message.and_then(|node| self.text(file, node, &fields.place.field("send")));
        let (channels, channel) = self.channels_or_best(&fields);
        let choices = Choices { channel, variant: self.variant_choice(&fields), hour_within: None };
        let broadcast = Broadcast {
            message: message.unwrap_or_default(),
            purpose: self.required_text(&fields, "purpose", "newsletter").unwrap_or_default(),
            channels,
            choices,
            to: self.required_text(&fields, "to", "in segment \"customers\"").unwrap_or_default(),
            at: self.required_text(&fields, "at", "2026-04-01 09:00").unwrap_or_default(),
            pace: self.optional_text(&fields, "pace"),
            holdout_permille: self.holdout(&fields),
        };
        Some((name, broadcast))
    }
}
