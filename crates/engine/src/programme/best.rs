//! What a send leaves open to be chosen for each person, what is learned of it, and the variants of a message.

use super::{EmailMessage, EmailTemplate, Localized, Message, Programme};
use crate::at::Span;
use crate::limits::{BEST_EXPLORE_USUAL, BEST_RESPONSES_USUAL, BEST_WITHIN_USUAL};
use crate::programme::identity::within_ms;
use crate::programme::span_ms;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the message itself is called among its variants.
pub const ORIGINAL: &str = "original";

/// What the programme says of learning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Best {
    /// What counts as a response to a send.
    pub responses: BTreeSet<Response>,
    /// How long after the send left.
    #[serde(with = "span_ms")]
    pub within: Span,
    /// Share of choices that are drawn evenly, in thousandths.
    pub explore_permille: u16,
    /// Responses of all arms together before anything is learned.
    pub after: u32,
}

impl Default for Best {
    fn default() -> Self {
        Self {
            responses: [Response::Click].into(),
            within: BEST_WITHIN_USUAL,
            explore_permille: BEST_EXPLORE_USUAL,
            after: BEST_RESPONSES_USUAL,
        }
    }
}

impl Best {
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// What a person may do about a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    Click,
    /// Programs open messages too; those that are known for it do not count.
    Open,
    /// The run of the send came to the goal of its journey.
    Goal,
    /// The offer in the message was redeemed.
    Redeem,
}

impl Response {
    pub const ALL: [Self; 4] = [Self::Click, Self::Open, Self::Goal, Self::Redeem];

    pub fn name(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Open => "open",
            Self::Goal => "goal",
            Self::Redeem => "redeem",
        }
    }
}

/// What a send leaves open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choices {
    /// The best channel of those that may reach the person, instead of the first.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub channel: bool,
    #[serde(skip_serializing_if = "VariantChoice::is_usual")]
    pub variant: VariantChoice,
    /// The best hour of those that begin within so long.
    #[serde(with = "within_ms", skip_serializing_if = "Option::is_none")]
    pub hour_within: Option<Span>,
}

impl Choices {
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Which variant of its message a send has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariantChoice {
    /// By shares; for the same person always the same.
    #[default]
    Split,
    Best,
    Named(String),
}

impl VariantChoice {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Another wording of an email.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Variant {
    /// Of those who get the message, in thousandths; without it, an equal part of what the others leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_permille: Option<u16>,
    /// Empty for that of the original.
    #[serde(skip_serializing_if = "Localized::is_empty")]
    pub subject: Localized,
    /// The same.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, EmailTemplate>,
}

impl Message {
    /// The names of its variants, the original first; none where it has only one wording.
    pub fn variant_names(&self) -> impl Iterator<Item = &str> {
        let original = (!self.variants.is_empty()).then_some(ORIGINAL);
        original.into_iter().chain(self.variants.keys().map(String::as_str))
    }

    /// The email as a variant writes it.
    pub fn email_of(&self, variant: &str) -> Option<EmailMessage> {
        let mut email = self.email.clone()?;
        if let Some(Variant { subject, templates, .. }) = self.variants.get(variant) {
            if !subject.is_empty() {
                email.subject = subject.clone();
            }
            if !templates.is_empty() {
                email.templates = templates.clone();
            }
        }
        Some(email)
    }

    /// Below which of a thousand numbers each variant is drawn, the original first.
    pub(crate) fn variant_bounds(&self) -> Vec<u16> {
        let stated: u16 = self.variants.values().filter_map(|one| one.share_permille).sum();
        let rest = 1_000_u16.saturating_sub(stated);
        let open = 1 + self.variants.values().filter(|one| one.share_permille.is_none()).count() as u16;
        // What does not divide is the original's.
        let part = rest / open;
        let original = rest - part * (open - 1);
        let shares = self.variants.values().map(|one| one.share_permille.unwrap_or(part));
        let bounds = std::iter::once(original).chain(shares).scan(0, |below, share| {
            *below += share;
            Some(*below)
        });
        bounds.collect()
    }
}

impl Programme {
    /// Whether a send waits for an hour that is best where the person is.
    pub(crate) fn asks_for_hours(&self) -> bool {
        self.journeys.values().any(|journey| journey.choices().any(|one| one.hour_within.is_some()))
    }
}
