//! What a message is on a page of the company's own, and in the inbox of its app: a few typed blocks, and when they are
//! shown to whom.
//!
//! Whom it is for and how often they see it is one expression, [`Programme::onsite_rules`]: exposures and dismissals are
//! events like others, so an own cap is a condition about them, as exact, as live and as explainable as a segment.

use super::identity::within_ms;
use super::{Localized, Mistake, Place, Programme, span_ms};
use crate::at::Span;
use crate::limits::{CAP_SENDS_MAX, CONTACT_SPAN_MAX, INBOX_SPAN_MAX, ONSITE_HEIGHT_MAX};
use serde::{Deserialize, Serialize};

/// What somebody sees of it. Texts are Liquid, by language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Blocks {
    pub title: Localized,
    pub text: Localized,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<Button>,
    /// What the button that closes it is called.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub close: Localized,
    /// The author's own HTML, shown in a frame that can reach nothing of the page.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub html: Localized,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    pub url: String,
    pub alt: Localized,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Button {
    pub text: Localized,
    pub url: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// At the top or the bottom of the window, over the page.
    #[default]
    Banner,
    /// The same, one line high.
    Bar,
    /// A dialogue that has to be closed.
    Popup,
    /// In a place that the page keeps free for it.
    Inline,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Banner, Self::Bar, Self::Popup, Self::Inline];

    pub fn name(self) -> &'static str {
        match self {
            Self::Banner => "banner",
            Self::Bar => "bar",
            Self::Popup => "popup",
            Self::Inline => "inline",
        }
    }
}

/// What has to happen on the page first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    #[default]
    AtOnce,
    After(#[serde(with = "span_ms")] Span),
    /// So many hundredths of the page have been scrolled through.
    Scroll(u8),
    /// The pointer leaves the page at its top.
    ExitIntent,
}

/// A message on a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OnsiteMessage {
    pub format: Format,
    /// The place on the page, as the page names it.
    pub slot: String,
    /// The consent that showing it needs. Without one it is content for everybody: the contact policy does not apply to it,
    /// nobody is chosen for it, and nothing in it is about the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// An expression: only who matches sees it.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    pub trigger: Trigger,
    /// So many exposures of one person in any window of this length.
    pub at_most: u32,
    #[serde(with = "span_ms")]
    pub within: Span,
    /// How long it stays away from whoever closed it.
    #[serde(with = "span_ms")]
    pub silent: Span,
    /// What an inline slot keeps free for it, in pixels of CSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u16>,
    pub blocks: Blocks,
}

impl Default for OnsiteMessage {
    fn default() -> Self {
        Self::of(Format::default())
    }
}

impl OnsiteMessage {
    /// With the caps that a format has where its author names none: whoever is stopped by a pop-up is stopped once a week.
    pub fn of(format: Format) -> Self {
        let (at_most, within) = match format {
            Format::Popup => (1, Span::DAY.times(7)),
            Format::Banner | Format::Bar | Format::Inline => (10, Span::DAY),
        };
        Self {
            format,
            slot: String::new(),
            purpose: None,
            audience: None,
            trigger: Trigger::default(),
            at_most,
            within,
            silent: Span::DAY.times(30),
            height: None,
            blocks: Blocks::default(),
        }
    }

    /// Whether somebody of whom nothing is known may see it.
    pub fn is_for_everybody(&self) -> bool {
        self.purpose.is_none()
    }

    /// Who may see it now.
    fn rule(&self, name: &str) -> String {
        let own = format!("(message = \"{name}\")");
        let mut rule = format!(
            "not did \"{SHOWN}\" {own} at least {} times within {} seconds",
            self.at_most,
            self.within.0 / 1_000
        );
        if self.silent.0 >= 1_000 {
            rule.push_str(&format!(
                " and not did \"{DISMISSED}\" {own} within {} seconds",
                self.silent.0 / 1_000
            ));
        }
        match &self.audience {
            Some(audience) => format!("({audience}) and {rule}"),
            None => rule,
        }
    }
}

/// A message in the inbox of the company's app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InAppMessage {
    pub blocks: Blocks,
    /// How long it lies there, if not as long as most.
    #[serde(with = "within_ms", skip_serializing_if = "Option::is_none")]
    pub expires: Option<Span>,
}

/// What somebody did with a message on a page, as the events of it are named. The first two of sends are named so too.
pub const SHOWN: &str = "Message Shown";
pub const CLICKED: &str = "Message Clicked";
pub const DISMISSED: &str = "Message Dismissed";
/// It would have been shown to somebody of the global holdout.
pub const WITHHELD: &str = "Message Withheld";

impl Programme {
    /// Of each message on a page, who may see it now.
    pub fn onsite_rules(&self) -> impl Iterator<Item = (&str, String)> {
        self.messages
            .iter()
            .filter_map(|(name, message)| Some((name.as_str(), message.onsite.as_ref()?.rule(name))))
    }

    /// What is wrong with messages on pages and in the inbox.
    pub(super) fn onsite_mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let mut add = |place: Place, message: &str, suggestion: &str| {
            let suggestion = Some(suggestion.to_owned());
            found.push(Mistake { place, offset: None, message: message.to_owned(), suggestion });
        };
        for (name, message) in &self.messages {
            let place = Place("messages".to_owned()).field(name);
            if let Some(one) = &message.onsite {
                let place = place.field("onsite");
                if name.contains(['"', '\\']) {
                    add(
                        place.clone(),
                        "a name holds no quotation marks",
                        "write letters, digits and hyphens",
                    );
                }
                one.mistakes(&place, &mut add);
                blocks_mistakes(&one.blocks, &place, &mut add);
                if one.purpose.is_none() && one.audience.is_some() {
                    let why = "who is chosen by what is known of them has consented to it";
                    add(place.field("for"), why, "add `purpose:`, or leave `for` out");
                }
                if let Some(purpose) = one.purpose.as_ref().filter(|name| !self.purposes.contains_key(*name))
                {
                    let message = format!("there is no purpose \"{purpose}\"");
                    add(place.field("purpose"), &message, "name one of the programme, or leave it out");
                }
            }
            if let Some(one) = &message.in_app {
                let place = place.field("in_app");
                blocks_mistakes(&one.blocks, &place, &mut add);
                if one.expires.is_some_and(|span| span.0 <= 0 || span > INBOX_SPAN_MAX) {
                    let message = format!("a message lies in the inbox for {INBOX_SPAN_MAX} at most");
                    add(place.field("expires"), &message, "for example `14 days`");
                }
            }
        }
        found
    }
}

impl OnsiteMessage {
    fn mistakes(&self, place: &Place, add: &mut impl FnMut(Place, &str, &str)) {
        if self.slot.trim().is_empty() {
            add(place.field("slot"), "the page has to say where it goes", "for example `slot: home-top`");
        }
        if self.at_most == 0 || self.at_most > CAP_SENDS_MAX {
            let message = format!("somebody sees it 1 to {CAP_SENDS_MAX} times");
            add(place.field("at_most"), &message, "for example `at most: { times: 3, within: 7 days }`");
        }
        for (field, span) in [("within", self.within), ("silent", self.silent)] {
            if span.0 < 0 || span > CONTACT_SPAN_MAX || (field == "within" && span.0 < 1_000) {
                let message = format!("a window is at most {CONTACT_SPAN_MAX} long");
                add(place.field(field), &message, "for example `7 days`");
            }
        }
        if matches!(self.trigger, Trigger::Scroll(percent) if percent > 100) {
            add(place.field("trigger"), "a page ends at 100%", "for example `{ scroll: 50% }`");
        }
        if self.height.is_some_and(|height| height > ONSITE_HEIGHT_MAX) {
            let message = format!("a slot is at most {ONSITE_HEIGHT_MAX} pixels high");
            add(place.field("height"), &message, "for example `height: 240`");
        }
    }
}

fn blocks_mistakes(blocks: &Blocks, place: &Place, add: &mut impl FnMut(Place, &str, &str)) {
    if blocks.title.is_empty() {
        let why = "it has no title, by which somebody who cannot see it is told what it is";
        add(place.field("title"), why, "for example `title: { en: Spring is here }`");
    }
}
