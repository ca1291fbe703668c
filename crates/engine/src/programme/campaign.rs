//! Campaigns: what a company says to whom for a while, on which channels, and what it costs.
//!
//! A campaign changes nothing that the engine does. It is part of the programme so that what is spent, said and done for it has
//! one name, and so that `trama check` finds a code that would mean two campaigns before it is printed.

use super::channels::Direction;
use super::check::did_you_mean;
use super::money::is_currency;
use super::{Mistake, Money, Place, Programme};
use crate::day::Day;
use crate::limits::{CAMPAIGN_DAYS_MAX, CAMPAIGNS_MAX};
use crate::offer::code::tidied;
use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Campaign {
    /// What it is for, in a sentence.
    pub objective: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Its first day, as `2026-10-01`.
    pub from: String,
    /// Its last day.
    pub until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Money>,
    /// Where it runs, by name of the channel.
    pub channels: BTreeMap<String, CampaignChannel>,
    /// Messages that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<String>,
    /// Promo codes by which people say that they come from it, besides those of its offers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// What links call it in `utm_campaign`, besides its own name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<String>,
    /// What it costs and no file tells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<Cost>,
}

/// What a company does at the time of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It collects people and learns.
    Startup,
    /// It pushes volume at a thin margin.
    Boost,
    /// The relation with customers pays it back.
    Consolidation,
}

impl Phase {
    pub const ALL: [Self; 3] = [Self::Startup, Self::Boost, Self::Consolidation];

    pub fn name(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Boost => "boost",
            Self::Consolidation => "consolidation",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignChannel {
    pub direction: Direction,
    /// Whether somebody else is paid for the place.
    pub paid: bool,
}

/// What money went into. The order is part of the log's format.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum CostKind {
    /// The place: ads, spots, stamps.
    #[default]
    Media,
    /// What is shown there: texts, pictures, printing.
    Content,
    /// The hours of people.
    People,
    /// Tools, fees, what else there is.
    Other,
}

impl CostKind {
    pub const ALL: [Self; 4] = [Self::Media, Self::Content, Self::People, Self::Other];

    pub fn name(self) -> &'static str {
        match self {
            Self::Media => "media",
            Self::Content => "content",
            Self::People => "people",
            Self::Other => "other",
        }
    }
}

/// A cost that is known without a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    /// One of the campaign's.
    pub channel: String,
    pub kind: CostKind,
    pub amount: CostAmount,
    /// Its first day, if not the campaign's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its last day, if not the campaign's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// How much it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostAmount {
    /// In all, spread evenly over its days.
    Total(Money),
    PerDay(Money),
    /// Hours of people in all, in thousandths, each at a rate; spread evenly over the days.
    Hours {
        thousandths: i64,
        rate: Money,
    },
}

impl Default for CostAmount {
    fn default() -> Self {
        Self::Total(Money::default())
    }
}

/// What one day of a campaign costs on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayCost {
    pub day: Day,
    pub channel: String,
    pub kind: CostKind,
    pub money: Money,
}

/// A total over so many days, as evenly as millionths allow; the days add up to the total exactly.
pub fn spread(total: i64, days: i32) -> impl Iterator<Item = i64> {
    let (total, days) = (i128::from(total), i128::from(days.max(1)));
    let up_to = move |day: i128| (total * day).div_euclid(days);
    (0..days).map(move |day| (up_to(day + 1) - up_to(day)) as i64)
}

impl CostAmount {
    /// All of it, or what a day costs; and in which currency.
    fn money(&self) -> Money {
        match self {
            Self::Total(money) | Self::PerDay(money) => money.clone(),
            Self::Hours { thousandths, rate } => {
                let millionths = i128::from(*thousandths) * i128::from(rate.millionths) / 1_000;
                Money { millionths: i64::try_from(millionths).unwrap_or(i64::MAX), ..rate.clone() }
            }
        }
    }
}

impl Campaign {
    pub fn days(&self) -> Option<(Day, Day)> {
        Some((Day::parse(&self.from)?, Day::parse(&self.until)?))
    }

    /// What its costs come to, day by day. Empty where the days are none.
    pub fn day_costs(&self) -> Vec<DayCost> {
        let Some((first, last)) = self.days() else { return Vec::new() };
        let of = |cost: &Cost| {
            let from = cost.from.as_deref().and_then(Day::parse).unwrap_or(first);
            let until = cost.until.as_deref().and_then(Day::parse).unwrap_or(last);
            let days = (until.0.saturating_sub(from.0).saturating_add(1)).clamp(0, CAMPAIGN_DAYS_MAX);
            let money = cost.amount.money();
            let each: Vec<i64> = match cost.amount {
                CostAmount::PerDay(_) => vec![money.millionths; days as usize],
                _ => spread(money.millionths, days).take(days as usize).collect(),
            };
            let day_cost = |(day, millionths)| DayCost {
                day: from.plus(day),
                channel: cost.channel.clone(),
                kind: cost.kind,
                money: Money { millionths, ..money.clone() },
            };
            (0..days).zip(each).map(day_cost).collect::<Vec<_>>()
        };
        self.costs.iter().flat_map(of).collect()
    }

    /// Whether links that call a campaign so mean this one.
    fn is_called(&self, own: &str, name: &str) -> bool {
        own.eq_ignore_ascii_case(name) || self.named.iter().any(|one| one.eq_ignore_ascii_case(name))
    }
}

impl Programme {
    /// The campaign that links mean by a name, in letters of any size.
    pub fn campaign_called(&self, name: &str) -> Option<&str> {
        let found = self.campaigns.iter().find(|(own, campaign)| campaign.is_called(own, name.trim()));
        found.map(|(own, _)| own.as_str())
    }

    /// The campaign that a promo code leads to.
    pub fn campaign_of_code(&self, code: &str) -> Option<&str> {
        let code = tidied(code);
        let has = |campaign: &Campaign| campaign.codes.iter().any(|one| tidied(one) == code);
        self.campaigns.iter().find(|(_, campaign)| has(campaign)).map(|(name, _)| name.as_str())
    }

    /// How a channel is used, where a campaign says so: the first one, by name, that has it.
    pub fn campaign_channel(&self, channel: &str) -> Option<CampaignChannel> {
        self.campaigns.values().find_map(|campaign| campaign.channels.get(channel)).copied()
    }

    /// What is wrong with the campaigns.
    pub(super) fn campaign_mistakes(&self) -> Vec<Mistake> {
        let mut check = Check { programme: self, found: Vec::new() };
        let root = Place("campaigns".to_owned());
        if self.campaigns.len() > CAMPAIGNS_MAX {
            check.add(&root, format!("a programme has at most {CAMPAIGNS_MAX} campaigns"), None);
        }
        for (name, campaign) in &self.campaigns {
            check.campaign(&root.field(name), name, campaign);
        }
        check.found
    }
}

struct Check<'a> {
    programme: &'a Programme,
    found: Vec<Mistake>,
}

const DAY: &str = "write a day as `2026-10-01`";

impl Check<'_> {
    fn add(&mut self, place: &Place, message: impl Into<String>, suggestion: impl Into<Option<String>>) {
        let (message, suggestion) = (message.into(), suggestion.into());
        self.found.push(Mistake { place: place.clone(), offset: None, message, suggestion });
    }

    fn campaign(&mut self, place: &Place, name: &str, campaign: &Campaign) {
        self.days(place, &campaign.from, &campaign.until);
        if let Some(budget) = &campaign.budget {
            self.money(&place.field("budget"), budget);
        }
        if campaign.channels.is_empty() {
            let suggestion = "write `channels: { search: { direction: inbound, paid: true } }`".to_owned();
            self.add(
                &place.field("channels"),
                "a campaign runs somewhere, and this has no channel",
                suggestion,
            );
        }
        for (index, message) in campaign.messages.iter().enumerate() {
            if !self.programme.messages.contains_key(message) {
                let near = did_you_mean(message, self.programme.messages.keys());
                let place = place.field("messages").index(index);
                self.add(&place, format!("there is no message \"{message}\""), near);
            }
        }
        for (index, offer) in campaign.offers.iter().enumerate() {
            if !self.programme.offers.contains_key(offer) {
                let near = did_you_mean(offer, self.programme.offers.keys());
                self.add(&place.field("offers").index(index), format!("there is no offer \"{offer}\""), near);
            }
        }
        self.codes(place, name, campaign);
        self.names(place, name, campaign);
        self.costs(place, campaign);
    }

    fn days(&mut self, place: &Place, from: &str, until: &str) {
        for (field, text) in [("from", from), ("until", until)] {
            if Day::parse(text).is_none() {
                self.add(&place.field(field), format!("\"{text}\" is no day"), DAY.to_owned());
            }
        }
        let (Some(from), Some(until)) = (Day::parse(from), Day::parse(until)) else { return };
        if until < from {
            self.add(&place.field("until"), "the last day lies before the first", None);
        } else if until.0 - from.0 >= CAMPAIGN_DAYS_MAX {
            let message = format!("a campaign has at most {CAMPAIGN_DAYS_MAX} days");
            self.add(&place.field("until"), message, "make one of each year".to_owned());
        }
    }

    fn money(&mut self, place: &Place, money: &Money) {
        if money.millionths <= 0 || !is_currency(&money.currency) {
            let suggestion = "write `{ amount: 1200, currency: EUR }`".to_owned();
            self.add(place, "an amount is more than nothing, in a currency of three letters", suggestion);
        }
    }

    /// A code leads to one campaign, and one that is an offer's leads to a campaign with that offer.
    fn codes(&mut self, place: &Place, name: &str, campaign: &Campaign) {
        for (index, code) in campaign.codes.iter().enumerate() {
            let place = place.field("codes").index(index);
            let code = tidied(code);
            if code.is_empty() {
                self.add(&place, "a code has letters or digits", None);
                continue;
            }
            let before = campaign.codes[..index].iter().any(|one| tidied(one) == code);
            let others = self.programme.campaigns.iter().take_while(|(other, _)| *other != name);
            let mut others = others.filter(|(_, other)| other.codes.iter().any(|one| tidied(one) == code));
            if let Some((other, _)) = others.next() {
                let message = format!("the campaign \"{other}\" has the same code");
                self.add(&place, message, "one code leads to one campaign".to_owned());
            } else if before {
                self.add(&place, "the code is named twice", "leave one of them out".to_owned());
            }
            let shared = |offer: &super::Offer| matches!(&offer.codes, super::Codes::Shared(one) if tidied(one) == code);
            let offer = self.programme.offers.iter().find(|(_, offer)| shared(offer)).map(|(offer, _)| offer);
            if let Some(offer) = offer.filter(|offer| !campaign.offers.contains(offer)) {
                let message =
                    format!("this is the code of the offer \"{offer}\", which is not the campaign's");
                self.add(&place, message, format!("add `offers: [{offer}]`"));
            }
        }
    }

    fn names(&mut self, place: &Place, name: &str, campaign: &Campaign) {
        for (index, called) in campaign.named.iter().enumerate() {
            let place = place.field("named").index(index);
            if called.trim().is_empty() {
                self.add(&place, "a name has letters", None);
                continue;
            }
            let other = self.programme.campaigns.iter().find(|(own, other)| {
                let is_before = own.as_str() < name && other.is_called(own, called);
                is_before || (own.as_str() != name && own.eq_ignore_ascii_case(called))
            });
            if let Some((other, _)) = other {
                let message = format!("links that say \"{called}\" mean the campaign \"{other}\" already");
                self.add(&place, message, "one name leads to one campaign".to_owned());
            }
        }
    }

    fn costs(&mut self, place: &Place, campaign: &Campaign) {
        for (index, cost) in campaign.costs.iter().enumerate() {
            let place = place.field("costs").index(index);
            if !campaign.channels.contains_key(&cost.channel) {
                let near = did_you_mean(&cost.channel, campaign.channels.keys());
                let message = format!("the campaign has no channel \"{}\"", cost.channel);
                self.add(&place.field("channel"), message, near);
            }
            match &cost.amount {
                CostAmount::Total(money) | CostAmount::PerDay(money) => {
                    self.money(&place.field("amount"), money);
                }
                CostAmount::Hours { thousandths, rate } => {
                    self.money(&place.field("rate"), rate);
                    if *thousandths <= 0 {
                        self.add(&place.field("hours"), "nobody works for no time", None);
                    }
                }
            }
            let (from, until) = (cost.from.as_ref(), cost.until.as_ref());
            let (from, until) = (from.unwrap_or(&campaign.from), until.unwrap_or(&campaign.until));
            if cost.from.is_some() || cost.until.is_some() {
                self.days(&place, from, until);
                let (own, whole) = ((Day::parse(from), Day::parse(until)), campaign.days());
                if let ((Some(from), Some(until)), Some((first, last))) = (own, whole)
                    && (from < first || until > last)
                {
                    let field = if from < first { "from" } else { "until" };
                    let message = format!("the campaign lasts from {first} until {last}");
                    self.add(&place.field(field), message, "costs lie within its days".to_owned());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_spread_without_a_rest() {
        for (total, days) in [(10_000_000, 3), (1, 7), (0, 5), (-10, 3), (i64::MAX, 3_653), (7, 1)] {
            let each: Vec<i64> = spread(total, days).collect();
            assert_eq!(each.len(), days as usize);
            assert_eq!(
                each.iter().map(|one| i128::from(*one)).sum::<i128>(),
                i128::from(total),
                "{total} {days}"
            );
            let (least, most) = (each.iter().min().unwrap(), each.iter().max().unwrap());
            assert!(most - least <= 1, "{total} {days}");
        }
    }

    #[test]
    fn costs_are_told_by_the_day() {
        let cost = |amount, from: Option<&str>| Cost {
            channel: "blog".into(),
            kind: CostKind::People,
            amount,
            from: from.map(str::to_owned),
            until: None,
        };
        let campaign = Campaign {
            from: "2026-02-27".into(),
            until: "2026-03-01".into(),
            costs: vec![
                cost(CostAmount::Hours { thousandths: 1_500, rate: Money::new(30_000_000, "EUR") }, None),
                cost(CostAmount::PerDay(Money::new(2, "USD")), Some("2026-03-01")),
            ],
            ..Campaign::default()
        };
        let told = campaign.day_costs().into_iter().map(|one| (one.day.to_string(), one.money.to_string()));
        let told: Vec<(String, String)> = told.collect();
        let expected = [
            ("2026-02-27", "15.00 EUR"),
            ("2026-02-28", "15.00 EUR"),
            ("2026-03-01", "15.00 EUR"),
            ("2026-03-01", "0.000002 USD"),
        ];
        assert_eq!(told, expected.map(|(day, money)| (day.to_owned(), money.to_owned())));
    }
}
