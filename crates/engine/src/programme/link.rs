//! Short links and QR codes: where an address that is printed, posted or said leads, and as what a visit by it counts.

use super::check::did_you_mean;
use super::{Mistake, Place, Programme};
use crate::at::At;
use crate::limits::{LINK_URL_BYTES_MAX, LINK_WORD_CHARS_MAX, LINKS_MAX};
use crate::segment::date::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where `/l/NAME` and `/q/NAME` lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Link {
    /// An address, or a path of this server such as `/p/market`.
    pub url: String,
    #[serde(skip_serializing_if = "LinkCampaign::is_empty")]
    pub campaign: LinkCampaign,
    /// What carries it: `flyer`, `press`, `fair`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Where it hangs or is handed out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The last day, whole, or the instant from which it leads nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// A second name, to be read out and typed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vanity: Option<String>,
    /// Whether the site that it leads to is told which visit this is, so that both are one.
    #[serde(skip_serializing_if = "is_true")]
    pub joins: bool,
}

/// What `context.campaign` says of a visit, and the `utm_` words of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkCampaign {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub medium: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub term: String,
}

fn is_true(value: &bool) -> bool {
    *value
}

impl Default for Link {
    fn default() -> Self {
        Self {
            url: String::new(),
            campaign: LinkCampaign::default(),
            channel: String::new(),
            place: String::new(),
            expires: None,
            vanity: None,
            joins: true,
        }
    }
}

impl LinkCampaign {
    pub fn is_empty(&self) -> bool {
        self.words().next().is_none()
    }

    /// What is said of it, by the names of the tracking API; `utm_campaign` is `name`.
    pub fn words(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let words = [
            ("name", &self.name),
            ("source", &self.source),
            ("medium", &self.medium),
            ("content", &self.content),
            ("term", &self.term),
        ];
        words.into_iter().filter(|(_, word)| !word.is_empty()).map(|(name, word)| (name, word.as_str()))
    }
}

impl Programme {
    /// The link of a name or a vanity name, with its own name.
    pub fn link(&self, slug: &str) -> Option<(&str, &Link)> {
        let own = self.links.get_key_value(slug);
        let other = || self.links.iter().find(|(_, link)| link.vanity.as_deref() == Some(slug));
        own.or_else(other).map(|(name, link)| (name.as_str(), link))
    }

    /// From when on a link leads nowhere.
    pub fn link_ends(&self, link: &Link) -> At {
        let date = link.expires.as_deref().and_then(Date::parse);
        date.map_or(At::MAX, |date| date.end(&self.timezone()))
    }

    /// The page or the form of this server that an address leads to: its kind and its name.
    pub fn hosted(url: &str) -> Option<(&'static str, &str)> {
        let (kind, rest) = match url.strip_prefix("/p/") {
            Some(rest) => ("page", rest),
            None => ("form", url.strip_prefix("/f/")?),
        };
        Some((kind, rest.split(['?', '#', '/']).next().unwrap_or_default()))
    }

    /// What is wrong with an address that visitors are led to.
    pub(super) fn address_mistake(&self, url: &str) -> Option<(String, Option<String>)> {
        if let Some((kind, name)) = Self::hosted(url) {
            let (is_known, known) = match kind {
                "page" => (self.pages.contains_key(name), self.pages.keys().collect::<Vec<_>>()),
                _ => (self.forms.contains_key(name), self.forms.keys().collect()),
            };
            let suggestion = || did_you_mean(name, known.into_iter());
            return (!is_known).then(|| (format!("there is no {kind} \"{name}\""), suggestion()));
        }
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = host.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
        let is_plain =
            url.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && !b"\"<>\\^`{|}".contains(&byte));
        let is_address = host.is_some_and(|host| !host.is_empty() && !host.contains('@')) && is_plain;
        (!is_address).then(|| {
            let way = "write https:// and a host, or a page of this server such as /p/market".to_owned();
            (format!("\"{url}\" is no address of a page"), Some(way))
        })
    }

    /// What is wrong with the links.
    pub(super) fn link_mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let root = Place("links".to_owned());
        let mut add = |place: &Place, message: String, suggestion: Option<String>| {
            found.push(Mistake { place: place.clone(), offset: None, message, suggestion });
        };
        if self.links.len() > LINKS_MAX {
            add(&root, format!("a programme has at most {LINKS_MAX} links"), None);
        }
        let mut taken: BTreeMap<&str, &str> = self.links.keys().map(|name| (name.as_str(), "")).collect();
        for (name, link) in &self.links {
            let place = root.field(name);
            if let Some((message, suggestion)) = self.address_mistake(&link.url) {
                add(&place.field("url"), message, suggestion);
            }
            if link.url.len() > LINK_URL_BYTES_MAX {
                let message = format!("an address is at most {LINK_URL_BYTES_MAX} bytes long");
                add(&place.field("url"), message, Some("a browser cuts longer ones".to_owned()));
            }
            let words =
                link.campaign.words().map(|(field, word)| (place.field("campaign").field(field), word));
            let own = [(place.field("channel"), link.channel.as_str()), (place.field("place"), &link.place)];
            for (place, word) in words.chain(own) {
                if word.chars().count() > LINK_WORD_CHARS_MAX {
                    add(
                        &place,
                        format!("a word of a link has at most {LINK_WORD_CHARS_MAX} characters"),
                        None,
                    );
                }
            }
            if link.expires.as_deref().is_some_and(|text| Date::parse(text).is_none()) {
                let suggestion = "for example `2026-12-31`, or `2026-12-31T18:00:00+01:00`".to_owned();
                add(&place.field("expires"), "this is no date".to_owned(), Some(suggestion));
            }
            if let Some(vanity) = &link.vanity
                && let Some(other) = taken.insert(vanity, name)
            {
                let other = if other.is_empty() { vanity } else { other };
                let message = format!("\"{vanity}\" is the name of the link \"{other}\" already");
                add(&place.field("vanity"), message, Some("choose another".to_owned()));
            }
        }
        found
    }
}
