//! A company's own rules for the channels of visits, asked before the usual ones.
//!
//! The engine only checks them: what a visit is, is told from the log.

use super::{Mistake, Place, Programme};
use crate::limits::CHANNEL_RULES_MAX;
use serde::{Deserialize, Serialize};

/// Who went to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The person came by themselves: a search, a recommendation, a QR code on the wall.
    Inbound,
    /// The company went to the person: an ad, an email, a call.
    Outbound,
}

impl Direction {
    pub const ALL: [Self; 2] = [Self::Inbound, Self::Outbound];

    pub fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelRules {
    /// Hosts of the company: whoever comes from one of them comes from nowhere else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_hosts: Vec<String>,
    /// The first that matches counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<ChannelRule>,
}

/// What is true of a visit, and what channel that makes it. Patterns are texts in which `*` is any text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelRule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medium: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The address of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The address of the page that was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    pub channel: String,
    /// What is not said is as it is with the channel that the usual rules find.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
}

impl ChannelRules {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ChannelRule {
    /// The conditions by name, in the order in which they are written.
    pub fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { source, medium, campaign, referrer, url, event, .. } = self;
        let named = [
            ("source", source),
            ("medium", medium),
            ("campaign", campaign),
            ("referrer", referrer),
            ("url", url),
            ("event", event),
        ];
        named.into_iter().filter_map(|(name, pattern)| Some((name, pattern.as_deref()?)))
    }
}

impl Programme {
    /// What is wrong with its rules for channels.
    pub(super) fn channel_mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut add = |place: Place, message: String, suggestion: &str| {
            mistakes.push(Mistake { place, offset: None, message, suggestion: Some(suggestion.to_owned()) });
        };
        let root = Place("channels".to_owned()).field("rules");
        let rules = &self.channels.rules;
        if rules.len() > CHANNEL_RULES_MAX {
            let message = format!("a programme has at most {CHANNEL_RULES_MAX} rules for channels");
            add(root.clone(), message, "`*` in a pattern is any text");
        }
        for (index, rule) in rules.iter().enumerate() {
            let place = root.index(index);
            if rule.channel.trim().is_empty() || rule.channel.contains('>') {
                let message =
                    "a channel is named, without a `>`, which stands between the channels of a path";
                add(place.field("channel"), message.to_owned(), "for example `channel: Partners`");
            }
            if rule.conditions().all(|(_, pattern)| pattern.chars().all(|one| one == '*')) {
                let message = "a rule needs a condition, or every visit would be of this channel".to_owned();
                add(place.field("when"), message, "for example `when: { source: \"partner-*\" }`");
            }
            let earlier =
                rules[..index].iter().position(|earlier| earlier.conditions().eq(rule.conditions()));
            if let Some(earlier) = earlier.filter(|_| rule.conditions().next().is_some()) {
                let message = format!("rule {} has the same conditions and comes first", earlier + 1);
                add(place.field("when"), message, "remove one of them");
            }
        }
        mistakes
    }
}
