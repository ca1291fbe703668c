//! `campaigns/*.yaml`: one campaign a file; and the currencies of `programme.yaml`.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::Node;
use crate::amount::scaled;
use engine::programme::{
    Campaign, CampaignChannel, Cost, CostAmount, CostKind, Direction, Money, Phase, Place, Rates, nearest,
};
use std::collections::BTreeMap;

const FIELDS: [&str; 12] = [
    "campaign",
    "objective",
    "phase",
    "from",
    "until",
    "budget",
    "channels",
    "messages",
    "offers",
    "codes",
    "named",
    "costs",
];

impl Reading {
    /// `own` is the programme's currency, for amounts that name none.
    pub(super) fn campaign(
        &mut self,
        file: FileId,
        node: &Node,
        own: Option<&str>,
    ) -> Option<(String, Campaign)> {
        let root = Place("campaigns".into());
        let mut fields = self.fields(file, node, &root, &FIELDS)?;
        let Some(name) = self.required_text(&fields, "campaign", "autumn-oil") else {
            self.incomplete = true;
            return None;
        };
        let place = root.field(&name);
        let at = fields.get("campaign").map_or(node.at, |value| value.at);
        self.is_name(file, at, &place, &name);
        if self.sources.knows(&place) {
            self.mistake(file, at, &place, format!("a campaign \"{name}\" is defined twice"), None);
            return None;
        }
        self.sources.note(&place, file, at, None);
        fields.place = place;
        let channels = self.required(&fields, "channels", "{ search: { direction: inbound, paid: true } }");
        let campaign = Campaign {
            objective: self.optional_text(&fields, "objective").unwrap_or_default(),
            phase: self.word(&fields, "phase", &Phase::ALL.map(|phase| (phase.name(), phase))),
            from: self.required_text(&fields, "from", "2026-10-01").unwrap_or_default(),
            until: self.required_text(&fields, "until", "2026-11-30").unwrap_or_default(),
            budget: self.budget(&fields, own),
            channels: channels.map(|node| self.campaign_channels(&fields, node)).unwrap_or_default(),
            messages: self.listed(&fields, "messages"),
            offers: self.listed(&fields, "offers"),
            codes: self.listed(&fields, "codes"),
            named: self.listed(&fields, "named"),
            costs: self.costs(&fields, own),
        };
        Some((name, campaign))
    }

    fn campaign_channels(&mut self, fields: &Fields<'_>, node: &Node) -> BTreeMap<String, CampaignChannel> {
        let mut channels = BTreeMap::new();
        let place = fields.place.field("channels");
        let Some(entries) = self.entries(fields.file, node, &place) else { return channels };
        for (name, at, node) in entries.all() {
            let place = place.field(name);
            self.is_name(fields.file, at, &place, name);
            let Some(inside) = self.fields(fields.file, node, &place, &["direction", "paid"]) else {
                continue;
            };
            let directions = Direction::ALL.map(|direction| (direction.name(), direction));
            self.required(&inside, "direction", "inbound");
            let direction = self.word(&inside, "direction", &directions).unwrap_or(Direction::Outbound);
            let paid = self.truth(&inside, "paid").unwrap_or(false);
            channels.insert(name.to_owned(), CampaignChannel { direction, paid });
        }
        channels
    }

    fn budget(&mut self, fields: &Fields<'_>, own: Option<&str>) -> Option<Money> {
        let node = fields.get("budget")?;
        let inside =
            self.fields(fields.file, node, &fields.place.field("budget"), &["amount", "currency"])?;
        self.required(&inside, "amount", "12000")?;
        self.money(&inside, "amount", own)
    }

    fn costs(&mut self, fields: &Fields<'_>, own: Option<&str>) -> Vec<Cost> {
        let Some(node) = fields.get("costs") else { return Vec::new() };
        let place = fields.place.field("costs");
        let elements = self.list(fields.file, node, &place, false).iter().enumerate();
        let costs = elements.map(|(index, node)| {
            let place = place.index(index);
            // One that cannot be read keeps its place, so that the others have theirs.
            self.cost(fields.file, node, &place, own).unwrap_or_else(|| {
                self.spoil(place);
                Cost::default()
            })
        });
        costs.collect()
    }

    /// `{ channel: flyer, for: content, total: 640 }`, or with `per day`, or with `hours` and `rate`.
    fn cost(&mut self, file: FileId, node: &Node, place: &Place, own: Option<&str>) -> Option<Cost> {
        let known = ["channel", "for", "total", "per day", "hours", "rate", "currency", "from", "until"];
        let fields = self.fields(file, node, place, &known)?;
        let channel = self.required_text(&fields, "channel", "flyer").unwrap_or_default();
        let kind = self.word(&fields, "for", &CostKind::ALL.map(|kind| (kind.name(), kind)));
        let said: Vec<&str> =
            ["total", "per day", "hours"].into_iter().filter(|name| fields.get(name).is_some()).collect();
        let amount = match said.as_slice() {
            ["total"] => CostAmount::Total(self.money(&fields, "total", own)?),
            ["per day"] => CostAmount::PerDay(self.money(&fields, "per day", own)?),
            ["hours"] => {
                self.required(&fields, "rate", "35")?;
                let thousandths = self.decimal(&fields, "hours", 3, "12.5")?;
                CostAmount::Hours { thousandths, rate: self.money(&fields, "rate", own)? }
            }
            _ => {
                let suggestion = "write `total: 640`, `per day: 25`, or `hours: 12` with `rate: 35`";
                let message = "a cost is a total, so much a day, or hours: one of them";
                self.mistake(file, node.at, place, message, Some(suggestion.into()));
                return None;
            }
        };
        Some(Cost {
            channel,
            kind: kind.unwrap_or_default(),
            amount,
            from: self.optional_text(&fields, "from"),
            until: self.optional_text(&fields, "until"),
        })
    }

    /// An amount in the currency that stands beside it, or in the programme's own.
    fn money(&mut self, fields: &Fields<'_>, name: &str, own: Option<&str>) -> Option<Money> {
        let millionths = self.decimal(fields, name, 6, "640")?;
        self.sources.note(&fields.place.field("amount"), fields.file, fields.at, None);
        match self.optional_text(fields, "currency").or_else(|| own.map(str::to_owned)) {
            Some(currency) => Some(Money { millionths, currency }),
            None => {
                let place = fields.place.field("currency");
                let suggestion = "add `currency: EUR` here, or to programme.yaml for all amounts";
                let message = "nobody says in which currency this is";
                self.mistake(fields.file, fields.at, &place, message, Some(suggestion.into()));
                None
            }
        }
    }

    /// A number at a scale.
    fn decimal(&mut self, fields: &Fields<'_>, name: &str, decimals: usize, example: &str) -> Option<i64> {
        let text = self.optional_text(fields, name)?;
        let number = scaled(&text, decimals);
        if number.is_none() {
            let message = format!("\"{text}\" is no number with {decimals} decimals at most");
            let example = format!("for example `{name}: {example}`");
            self.mistake_at(&fields.place.field(name), message, &example);
        }
        number
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let text = self.optional_text(fields, name)?;
        let found = known.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let suggestion = match nearest(&text, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write {}", words.join(", ")),
            };
            let message = format!("\"{text}\" is not known as `{name}`");
            self.mistake_at(&fields.place.field(name), message, &suggestion);
        }
        found.map(|(_, value)| *value)
    }

    /// `rates:` with, for each currency, what one of it is worth from a day on: `USD: { 2026-01-01: 0.92 }`.
    pub(super) fn rates(&mut self, fields: &Fields<'_>) -> Rates {
        let mut rates = Rates::new();
        let Some(node) = fields.get("rates") else { return rates };
        let root = Place("rates".into());
        let Some(currencies) = self.entries(fields.file, node, &root) else { return rates };
        for (currency, at, node) in currencies.all() {
            let place = root.field(currency);
            self.sources.note(&place, fields.file, at, None);
            let Some(days) = self.entries(fields.file, node, &place) else { continue };
            let mut of_days = BTreeMap::new();
            for (day, at, _) in days.all() {
                self.sources.note(&place.field(day), fields.file, at, None);
                if let Some(rate) = self.decimal(&days, day, 9, "0.92") {
                    of_days.insert(day.to_owned(), rate);
                }
            }
            rates.insert(currency.to_owned(), of_days);
        }
        rates
    }
}
