//! What a purpose says of consent: its wording in every version, and its soft opt-in.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::at::Span;
use engine::programme::{Channel, Localized, Place, SoftOptIn, Wording};

/// As long as a month counts: a law that speaks of months is kept by the shorter ones.
const MONTH: Span = Span::DAY.times(30);

impl Reading {
    /// `{ version: 2, it: …, en: … }`, or a list of such with the newest last.
    pub(super) fn wordings(&mut self, fields: &Fields<'_>) -> Vec<Wording> {
        let Some(node) = fields.get("wording") else { return Vec::new() };
        let (file, place) = (fields.file, fields.place.field("wording"));
        let nodes = match &node.content {
            Content::Map(_) => std::slice::from_ref(node),
            _ => self.list(file, node, &place, false),
        };
        let numbered = nodes.iter().enumerate();
        numbered.filter_map(|(index, node)| self.wording(file, node, &place.index(index))).collect()
    }

    fn wording(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Wording> {
        let languages = self.languages.clone();
        let known: Vec<&str> = ["version"].into_iter().chain(languages.iter().map(String::as_str)).collect();
        let fields = self.fields(file, node, place, &known)?;
        let version = self.required_text(&fields, "version", "1");
        if version.is_none() {
            self.spoil(place.clone());
        }
        let texts: Localized = languages
            .iter()
            .filter_map(|language| Some((language.clone(), self.optional_text(&fields, language)?)))
            .collect();
        Some(Wording { version: version?, texts })
    }

    /// `{ after: did "Order Completed", channels: [email], within: 24 months }`.
    pub(super) fn soft_opt_in(&mut self, fields: &Fields<'_>) -> Option<SoftOptIn> {
        let node = fields.get("soft_opt_in")?;
        let (file, place) = (fields.file, fields.place.field("soft_opt_in"));
        let fields = self.fields(file, node, &place, &["after", "channels", "within"])?;
        let after = self.required_text(&fields, "after", "did \"Order Completed\"");
        let within = self.required(&fields, "within", "24 months");
        let within = within.and_then(|node| match node.text().and_then(months) {
            Some(span) => Some(span),
            None => self.span(file, node, &place.field("within")),
        });
        if after.is_none() || within.is_none() {
            self.spoil(place.clone());
        }
        let channels = fields.get("channels");
        let channels = channels.map(|node| self.channels(file, node, &place.field("channels")));
        Some(SoftOptIn {
            after: after.unwrap_or_default(),
            channels: channels.unwrap_or_else(|| vec![Channel::Email]),
            within: within.unwrap_or_default(),
        })
    }
}

fn months(text: &str) -> Option<Span> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| (1..=1_200).contains(count))?;
    matches!(unit.trim(), "month" | "months").then(|| MONTH.times(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_never_longer_than_in_the_calendar() {
        for (text, days) in
            [("24 months", Some(720)), ("1 month", Some(30)), ("0 months", None), ("2 days", None)]
        {
            assert_eq!(months(text), days.map(|days| Span::DAY.times(days)), "{text}");
        }
    }
}
