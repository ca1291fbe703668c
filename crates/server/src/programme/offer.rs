//! `offers/*.yaml`: one offer a file.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::programme::{Codes, Localized, Offer, OfferContent, OfferValue, Place, RedeemedBy, Stock};
use std::collections::BTreeMap;

const FIELDS: [&str; 12] = [
    "offer",
    "content",
    "value",
    "eligible",
    "from",
    "until",
    "lasts",
    "stock",
    "codes",
    "redeemed by",
    "per person",
    "priority",
];

impl Reading {
    pub(super) fn offer(&mut self, file: FileId, node: &Node) -> Option<(String, Offer)> {
        let root = Place("offers".into());
        let mut fields = self.fields(file, node, &root, &FIELDS)?;
        let Some(name) = self.required_text(&fields, "offer", "welcome-gift") else {
            self.incomplete = true;
            return None;
        };
        let place = root.field(&name);
        let at = fields.get("offer").map_or(node.at, |value| value.at);
        if self.sources.knows(&place) {
            self.mistake(file, at, &place, format!("an offer \"{name}\" is defined twice"), None);
            return None;
        }
        self.sources.note(&place, file, at, None);
        fields.place = place.clone();
        let content = self.required(&fields, "content", "{ en: { title: A gift } }");
        let content = content.map(|node| self.contents(file, node, &place.field("content")));
        let offer = Offer {
            content: content.unwrap_or_default(),
            value: self.value(&fields),
            eligible: self.optional_text(&fields, "eligible"),
            from: self.optional_text(&fields, "from"),
            until: self.optional_text(&fields, "until"),
            lasts: self.optional_span(&fields, "lasts"),
            stock: self.stock(&fields).unwrap_or_default(),
            codes: self.codes(&fields),
            redeemed_by: self.redeemed_by(&fields),
            per_person: self.quantity(&fields, "per person", "per_person").unwrap_or(1) as u32,
            priority: self.priority(&fields),
        };
        Some((name, offer))
    }

    fn contents(&mut self, file: FileId, node: &Node, place: &Place) -> BTreeMap<String, OfferContent> {
        let mut contents = BTreeMap::new();
        let Some(entries) = self.entries(file, node, place) else { return contents };
        for (language, _, node) in entries.all() {
            let known = ["title", "text", "terms", "image", "url"];
            let Some(fields) = self.fields(file, node, &place.field(language), &known) else { continue };
            let [title, text, terms, image, url] =
                known.map(|name| self.optional_text(&fields, name).unwrap_or_default());
            contents.insert(language.to_owned(), OfferContent { title, text, terms, image, url });
        }
        contents
    }

    /// `10%`, `{ amount: 5, currency: EUR }`, or words by language.
    fn value(&mut self, fields: &Fields<'_>) -> Option<OfferValue> {
        let node = fields.get("value")?;
        let place = fields.place.field("value");
        if node.text().is_some() {
            let text = self.text(fields.file, node, &place)?;
            return Some(OfferValue::PermilleOff(self.permille(&text, &place)));
        }
        let Content::Map(entries) = &node.content else {
            let message = format!("expected what the offer is worth, and this is {}", node.kind());
            self.mistake(fields.file, node.at, &place, message, Some("write `value: 10%`".into()));
            return None;
        };
        if entries.iter().all(|(key, _)| key.name != "amount" && key.name != "currency") {
            let words: Localized = self.localized(fields.file, node, &place);
            return Some(OfferValue::Words(words));
        }
        let inside = self.fields(fields.file, node, &place, &["amount", "currency"])?;
        let amount = self.required_text(&inside, "amount", "5")?;
        let currency = self.required_text(&inside, "currency", "EUR")?;
        let millionths = amount.parse::<f64>().ok().map(|amount| amount * 1e6);
        let millionths = millionths.filter(|one| one.is_finite() && one.abs() < 1e18);
        if millionths.is_none() {
            let message = format!("\"{amount}\" is no amount");
            self.mistake_at(&place.field("amount"), message, "for example `amount: 4.90`");
        }
        Some(OfferValue::Amount { millionths: millionths?.round() as i64, currency })
    }

    /// `{ given: 500, redeemed: 100 }`.
    fn stock(&mut self, fields: &Fields<'_>) -> Option<Stock> {
        let node = fields.get("stock")?;
        let fields = self.fields(fields.file, node, &fields.place.field("stock"), &["given", "redeemed"])?;
        Some(Stock {
            given: self.quantity(&fields, "given", "given"),
            redeemed: self.quantity(&fields, "redeemed", "redeemed"),
        })
    }

    /// `one a person`, `listed`, `none`, or `{ shared: WELCOME10 }`.
    fn codes(&mut self, fields: &Fields<'_>) -> Codes {
        let Some(node) = fields.get("codes") else { return Codes::None };
        let place = fields.place.field("codes");
        if let Some(word) = node.text() {
            self.sources.note(&place, fields.file, node.at, None);
            return match word {
                "one a person" => Codes::Own,
                "listed" => Codes::Listed,
                "none" => Codes::None,
                _ => {
                    let suggestion = "write `one a person`, `listed`, `none`, or `{ shared: WELCOME10 }`";
                    let message = format!("\"{word}\" does not say which codes the offer has");
                    self.mistake(fields.file, node.at, &place, message, Some(suggestion.into()));
                    Codes::None
                }
            };
        }
        let Some(inside) = self.fields(fields.file, node, &place, &["shared"]) else { return Codes::None };
        Codes::Shared(self.required_text(&inside, "shared", "WELCOME10").unwrap_or_default())
    }

    /// `{ event: Order Completed, code: coupon }`.
    fn redeemed_by(&mut self, fields: &Fields<'_>) -> Option<RedeemedBy> {
        let node = fields.get("redeemed by")?;
        let place = fields.place.field("redeemed_by");
        let fields = self.fields(fields.file, node, &place, &["event", "code"])?;
        let event = self.required_text(&fields, "event", "Order Completed").unwrap_or_default();
        Some(RedeemedBy { event, code: self.optional_text(&fields, "code") })
    }

    fn quantity(&mut self, fields: &Fields<'_>, name: &str, field: &str) -> Option<u64> {
        let node = fields.get(name)?;
        let place = fields.place.field(field);
        let text = self.text(fields.file, node, &place)?;
        let number = text.parse::<u64>().ok().filter(|number| *number <= u64::from(u32::MAX));
        if number.is_none() {
            let message = format!("expected a whole number, and this is \"{text}\"");
            self.mistake_at(&place, message, &format!("for example `{name}: 100`"));
        }
        number
    }
}
