//! What one group comes to: counts, money by currency, and sums over people.

use super::interval::{Sums, by_count, wilson};
use super::table::{DEFINITIONS, Definition, Method, Quantity};
use super::target::Against;
use std::collections::BTreeMap;

/// A group's quantities.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    counts: BTreeMap<Quantity, u64>,
    /// It is of some people alone, and nobody says what was spent on them.
    pub(super) is_of_some: bool,
    /// Millionths by currency.
    money: BTreeMap<Quantity, BTreeMap<String, i128>>,
    /// Revenue and orders of each customer.
    pub(super) customers: Sums,
    /// Revenue of each lead, and one.
    pub(super) leads: Sums,
}

/// A quantity as it is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    Count(u64),
    /// Millionths.
    Money(i128),
    /// Of several currencies, which are not added up.
    Several(BTreeMap<String, i128>),
}

/// One figure of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Kpi {
    pub name: &'static str,
    /// In units of the currency, where it is money. `None` is undefined, and not zero.
    pub value: Option<f64>,
    /// Why it is undefined.
    pub undefined: Option<&'static str>,
    pub currency: Option<String>,
    pub numerator: Amount,
    pub denominator: Option<Amount>,
    /// How many it is about: what is divided by, or what was counted; of sums over people, the people.
    pub n: u64,
    /// At 95 %; the upper end is missing where there is none.
    pub interval: Option<(f64, Option<f64>)>,
    /// What it is to come to, where the programme says so of everybody's.
    pub against: Option<Against>,
}

const NOT_BY_SEGMENT: &str = "nobody says what was spent on the people of a segment";
const DIVIDED_BY_NOTHING: &str = "there is nothing to divide by";
const SEVERAL_CURRENCIES: &str =
    "amounts in several currencies are not added up; the programme can state rates";
const OTHER_CURRENCY: &str = "what is divided is in another currency than what it is divided by";

impl Tally {
    pub(super) fn count(&mut self, quantity: Quantity, more: u64) {
        *self.counts.entry(quantity).or_default() += more;
    }

    pub(super) fn add_money(&mut self, quantity: Quantity, currency: &str, millionths: i128) {
        let sums = self.money.entry(quantity).or_default();
        *sums.entry(currency.to_owned()).or_default() += millionths;
    }

    pub fn amount(&self, quantity: Quantity) -> (Amount, Option<String>) {
        if !quantity.is_money() {
            return (Amount::Count(self.counts.get(&quantity).copied().unwrap_or(0)), None);
        }
        match self.money.get(&quantity) {
            None => (Amount::Money(0), None),
            Some(sums) if sums.len() == 1 => {
                let (currency, millionths) = sums.iter().next().expect("invariant: there is one");
                (Amount::Money(*millionths), Some(currency.clone()))
            }
            Some(sums) => (Amount::Several(sums.clone()), None),
        }
    }

    /// Every figure of the table.
    pub fn kpis(&self) -> Vec<Kpi> {
        DEFINITIONS.iter().map(|definition| self.kpi(definition)).collect()
    }

    pub fn kpi(&self, definition: &Definition) -> Kpi {
        let (numerator, above) = self.amount(definition.numerator);
        let (denominator, below) = match definition.denominator.map(|one| self.amount(one)) {
            Some((amount, currency)) => (Some(amount), currency),
            None => (None, None),
        };
        let asks_spend =
            definition.numerator.is_of_spend() || definition.denominator.is_some_and(Quantity::is_of_spend);
        let undefined = match (&numerator, &denominator) {
            _ if self.is_of_some && asks_spend => Some(NOT_BY_SEGMENT),
            (Amount::Several(_), _) | (_, Some(Amount::Several(_))) => Some(SEVERAL_CURRENCIES),
            (_, Some(Amount::Count(0) | Amount::Money(0))) => Some(DIVIDED_BY_NOTHING),
            _ if above.is_some() && below.is_some() && above != below => Some(OTHER_CURRENCY),
            _ => None,
        };
        let scale = f64::from(definition.scale);
        let quotient = |over: f64| self.units(&numerator) / over * scale;
        let value = match &denominator {
            _ if undefined.is_some() => None,
            Some(denominator) => Some(quotient(self.units(denominator))),
            None => Some(self.units(&numerator)),
        };
        let is_ratio =
            definition.numerator.is_money() && definition.denominator.is_some_and(Quantity::is_money);
        let interval =
            value.and_then(|_| self.interval(definition, (&numerator, denominator.as_ref()), scale));
        let n = match (definition.interval, &denominator) {
            (Method::Fieller, _) => self.sums(definition.numerator).people,
            (Method::Total, _) => self.customers.people,
            (_, Some(Amount::Count(count))) => *count,
            _ => {
                if let Amount::Count(count) = numerator {
                    count
                } else {
                    0
                }
            }
        };
        Kpi {
            name: definition.name,
            value,
            undefined,
            currency: above.filter(|_| !is_ratio),
            numerator,
            denominator,
            n,
            interval,
            against: None,
        }
    }

    fn units(&self, amount: &Amount) -> f64 {
        match amount {
            Amount::Count(count) => *count as f64,
            Amount::Money(millionths) => *millionths as f64 / 1e6,
            Amount::Several(_) => f64::NAN,
        }
    }

    fn sums(&self, numerator: Quantity) -> &Sums {
        if numerator == Quantity::LeadRevenue { &self.leads } else { &self.customers }
    }

    fn interval(
        &self,
        definition: &Definition,
        (numerator, denominator): (&Amount, Option<&Amount>),
        scale: f64,
    ) -> Option<(f64, Option<f64>)> {
        let both = |(low, high): (f64, f64)| (low * scale, Some(high * scale));
        match (definition.interval, numerator, denominator?) {
            (Method::Wilson, Amount::Count(count), Amount::Count(of)) => wilson(*count, *of).map(both),
            (Method::ByCount, _, Amount::Count(count)) => {
                let (low, high) = by_count(self.units(numerator), *count);
                Some((low * scale, high.map(|high| high * scale)))
            }
            (Method::Fieller, ..) => self.sums(definition.numerator).fieller().map(both),
            (Method::Total, _, Amount::Money(_)) if self.customers.people > 0 => {
                let (low, high) = self.customers.total();
                let over = self.units(denominator?);
                Some(both((low / over, high / over)))
            }
            _ => None,
        }
    }
}
