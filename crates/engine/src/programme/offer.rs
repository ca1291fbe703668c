//! Offers: defined once, and shown on every channel with the same words and the same price.

use super::check::did_you_mean;
use super::identity::within_ms;
use super::{Localized, Mistake, Place, Programme};
use crate::at::{At, Span};
use crate::limits::{OFFER_CODE_CHARS_MAX, OFFER_DAYS_MAX, OFFERS_MAX, PRIORITY_MAX};
use crate::offer::code::tidied;
use crate::segment::date::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Offer {
    /// By language.
    pub content: BTreeMap<String, OfferContent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<OfferValue>,
    /// An expression: only people for whom it holds are given the offer, and shown it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eligible: Option<String>,
    /// `2026-12-01`, or an instant: before it nobody is given the offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last day, whole, or the instant at which it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How long a person has it, counted from when it was given.
    #[serde(with = "within_ms", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    #[serde(skip_serializing_if = "Stock::is_endless")]
    pub stock: Stock,
    pub codes: Codes,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redeemed_by: Option<RedeemedBy>,
    /// How often one person may redeem it.
    pub per_person: u32,
    /// Of several, a place that has room for one shows the highest.
    #[serde(skip_serializing_if = "super::is_usual")]
    pub priority: u8,
}

/// What is said of an offer, in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OfferContent {
    pub title: String,
    pub text: String,
    pub terms: String,
    /// Address of a picture.
    pub image: String,
    /// Where it leads.
    pub url: String,
}

/// What it is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferValue {
    /// Off the price, in thousandths.
    PermilleOff(u16),
    Amount {
        millionths: i64,
        currency: String,
    },
    /// By language.
    Words(Localized),
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stock {
    /// People who may be given it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<u64>,
    /// Times that it may be redeemed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redeemed: Option<u64>,
}

/// What somebody says or shows to redeem it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codes {
    /// Nothing: it is known of a person that they have it.
    #[default]
    None,
    /// The same for everybody.
    Shared(String),
    /// One a person, which nobody can guess and which is the same whenever it is asked for.
    Own,
    /// One a person, from a list that another system made.
    Listed,
}

/// The event that says that it was redeemed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RedeemedBy {
    pub event: String,
    /// The property that has the code, with dots; for an offer without codes there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl Default for Offer {
    fn default() -> Self {
        Self {
            content: BTreeMap::new(),
            value: None,
            eligible: None,
            from: None,
            until: None,
            lasts: None,
            stock: Stock::default(),
            codes: Codes::None,
            redeemed_by: None,
            per_person: 1,
            priority: 0,
        }
    }
}

impl Stock {
    fn is_endless(&self) -> bool {
        *self == Self::default()
    }
}

impl Offer {
    /// The event by which it is redeemed: where it has codes and nobody says otherwise, an order with its coupon.
    pub fn redeemed_by(&self) -> Option<RedeemedBy> {
        let usual = || RedeemedBy { event: "Order Completed".to_owned(), code: Some("coupon".to_owned()) };
        self.redeemed_by.clone().or_else(|| (self.codes != Codes::None).then(usual))
    }

    /// What is said of it in a language, or else in the first of these that it has.
    pub fn content(&self, language: &str, languages: &[String]) -> Option<&OfferContent> {
        let others = languages.iter().find_map(|one| self.content.get(one));
        self.content.get(language).or(others).or_else(|| self.content.values().next())
    }

    pub(crate) fn begins(&self, timezone: &TimeZone) -> At {
        self.from.as_deref().and_then(Date::parse).map_or(At::MIN, |date| date.begin(timezone))
    }

    pub(crate) fn ends(&self, timezone: &TimeZone) -> At {
        self.until.as_deref().and_then(Date::parse).map_or(At::MAX, |date| date.end(timezone))
    }
}

impl OfferValue {
    /// For people: `10%`, `5.00 EUR`, or the words.
    pub fn text(&self, language: &str, languages: &[String]) -> String {
        let point = if language == "en" { "." } else { "," };
        match self {
            Self::PermilleOff(permille) => match permille % 10 {
                0 => format!("{}%", permille / 10),
                tenths => format!("{}{point}{tenths}%", permille / 10),
            },
            Self::Amount { millionths, currency } => {
                let cents = millionths / 10_000;
                format!("{}{point}{:02} {currency}", cents / 100, cents % 100)
            }
            Self::Words(words) => {
                let other = || languages.iter().find_map(|one| words.get(one));
                words.get(language).or_else(other).cloned().unwrap_or_default()
            }
        }
    }
}

impl Programme {
    /// Who is eligible for the offers, as it is written.
    pub(crate) fn eligibilities(&self) -> impl Iterator<Item = &str> {
        self.offers.values().filter_map(|offer| offer.eligible.as_deref())
    }

    /// The offer that a message shows.
    pub fn offer_of(&self, message: &str) -> Option<&str> {
        self.messages.get(message)?.offer.as_deref()
    }

    /// What is wrong with the offers, and with what names one.
    pub(super) fn offer_mistakes(&self) -> Vec<Mistake> {
        let mut check = Check { programme: self, found: Vec::new() };
        let root = Place("offers".to_owned());
        if self.offers.len() > OFFERS_MAX {
            check.add(&root, format!("a programme has at most {OFFERS_MAX} offers"), None);
        }
        for (name, offer) in &self.offers {
            check.offer(&root.field(name), name, offer);
        }
        for (message, definition) in &self.messages {
            if let Some(name) = &definition.offer {
                let place = Place("messages".to_owned()).field(message).field("offer");
                check.named(&place, name);
            }
        }
        check.found
    }
}

struct Check<'a> {
    programme: &'a Programme,
    found: Vec<Mistake>,
}

impl Check<'_> {
    fn add(&mut self, place: &Place, message: impl Into<String>, suggestion: impl Into<Option<String>>) {
        let (message, suggestion) = (message.into(), suggestion.into());
        self.found.push(Mistake { place: place.clone(), offset: None, message, suggestion });
    }

    fn named(&mut self, place: &Place, name: &str) {
        if !self.programme.offers.contains_key(name) {
            let suggestion = did_you_mean(name, self.programme.offers.keys());
            self.add(place, format!("there is no offer \"{name}\""), suggestion);
        }
    }

    fn offer(&mut self, place: &Place, name: &str, offer: &Offer) {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || !name.chars().all(is_plain) {
            let message =
                "the name of an offer stands in links, and so has letters, digits, `-`, `_` and `.`";
            self.add(place, message, "for example `gift-2026`".to_owned());
        }
        self.content(&place.field("content"), offer);
        self.times(place, offer);
        self.value(&place.field("value"), offer);
        self.codes(place, name, offer);
        for (field, stock) in [("given", offer.stock.given), ("redeemed", offer.stock.redeemed)] {
            if stock == Some(0) {
                self.add(&place.field("stock").field(field), "of nothing, nobody gets anything", None);
            }
        }
        if offer.priority > PRIORITY_MAX {
            self.add(&place.field("priority"), format!("a priority is at most {PRIORITY_MAX}"), None);
        }
    }

    fn content(&mut self, place: &Place, offer: &Offer) {
        for language in &self.programme.languages {
            if offer.content.get(language).is_none_or(|content| content.title.trim().is_empty()) {
                let suggestion = format!("add `{language}: {{ title: … }}`");
                self.add(place, format!("the offer has no title in the language `{language}`"), suggestion);
            }
        }
        for language in offer.content.keys().filter(|one| !self.programme.languages.contains(one)) {
            let message = format!("the programme does not speak the language `{language}`");
            self.found.push(Mistake {
                place: place.field(language),
                offset: None,
                message,
                suggestion: Some("add it to `languages`, or remove it here".to_owned()),
            });
        }
    }

    fn times(&mut self, place: &Place, offer: &Offer) {
        for (field, text) in [("from", &offer.from), ("until", &offer.until)] {
            if let Some(text) = text.as_ref().filter(|text| Date::parse(text).is_none()) {
                let suggestion = "write `2026-12-24`, or an instant such as `2026-12-24T18:00:00+01:00`";
                self.add(&place.field(field), format!("\"{text}\" is no date"), suggestion.to_owned());
            }
        }
        let timezone = &self.programme.timezone();
        if offer.begins(timezone) >= offer.ends(timezone) {
            self.add(&place.field("until"), "the offer is over before it begins", None);
        }
        if offer.lasts.is_some_and(|lasts| lasts <= Span::default() || lasts > OFFER_DAYS_MAX) {
            let message = "the offer lasts for no time, or for longer than ten years";
            self.add(&place.field("lasts"), message, "write `lasts: 7 days`".to_owned());
        }
    }

    fn value(&mut self, place: &Place, offer: &Offer) {
        match &offer.value {
            Some(OfferValue::PermilleOff(permille)) if *permille == 0 || *permille > 1_000 => {
                self.add(place, "a reduction lies between 0% and 100%", "write `value: 10%`".to_owned());
            }
            Some(OfferValue::Amount { millionths, currency }) => {
                let is_currency = currency.len() == 3 && currency.bytes().all(|one| one.is_ascii_uppercase());
                if *millionths <= 0 || !is_currency {
                    let suggestion = "write `value: { amount: 5, currency: EUR }`".to_owned();
                    self.add(
                        place,
                        "an amount is more than nothing, in a currency of three letters",
                        suggestion,
                    );
                }
            }
            _ => {}
        }
    }

    fn codes(&mut self, place: &Place, name: &str, offer: &Offer) {
        if let Codes::Shared(code) = &offer.codes {
            let place = &place.field("codes").field("shared");
            let code = tidied(code);
            if code.is_empty() || code.len() > OFFER_CODE_CHARS_MAX {
                let message = format!("a code has from 1 to {OFFER_CODE_CHARS_MAX} letters and digits");
                self.add(place, message, None);
            }
            let same = self
                .programme
                .offers
                .iter()
                .take_while(|(other, _)| *other != name)
                .find(|(_, other)| matches!(&other.codes, Codes::Shared(other) if tidied(other) == code));
            if let Some((other, _)) = same {
                let message = format!("the offer \"{other}\" has the same code");
                self.add(place, message, "one code leads to one offer".to_owned());
            }
        }
        let is_once = matches!(offer.codes, Codes::Own | Codes::Listed);
        if offer.per_person == 0 {
            let message = "an offer that a person may redeem 0 times is none";
            self.add(&place.field("per_person"), message, None);
        } else if is_once && offer.per_person > 1 {
            let message = "a code that is one person's own is redeemed once";
            self.add(&place.field("per_person"), message, "leave it out, or share one code".to_owned());
        }
        let Some(by) = &offer.redeemed_by else { return };
        let place = &place.field("redeemed_by");
        if by.event.trim().is_empty() {
            let suggestion = "write `redeemed_by: { event: Order Completed, code: coupon }`".to_owned();
            self.add(&place.field("event"), "it is redeemed by an event, and none is named", suggestion);
        }
        match (&by.code, offer.codes == Codes::None) {
            (None, false) => {
                let suggestion = "add `code: coupon`".to_owned();
                self.add(place, "the offer has codes, and no property of the event has the code", suggestion);
            }
            (Some(_), true) => {
                self.add(&place.field("code"), "the offer has no codes", "leave it out".to_owned());
            }
            _ => {}
        }
    }
}
