//! What customers will bring: purchases times spend times margin, each step's share discounted to today.

use super::customer::Customer;
use super::purchases::Purchases;
use std::collections::HashMap;

/// From now to how far ahead, in steps that are paid at their ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizon {
    /// In periods of the model; the last step may be shorter.
    pub length: f64,
    /// In periods too.
    pub step: f64,
    /// What money loses over one step: 0.01 is one percent.
    pub discount: f64,
}

impl Horizon {
    /// Purchases in the horizon, each worth what one at its step's end is worth today.
    pub fn purchases(&self, model: &dyn Purchases, customer: &Customer) -> f64 {
        if self.discount == 0.0 {
            return model.expected_of(customer, self.length);
        }
        let by_step = self.ends().map(|(end, worth)| (model.expected_of(customer, end), worth));
        by_step.fold((0.0, 0.0), |(sum, before), (until, worth)| (sum + (until - before) * worth, until)).0
    }

    /// The end of every step, and what money there is worth today.
    pub fn ends(&self) -> impl Iterator<Item = (f64, f64)> {
        let Self { length, step, discount } = *self;
        let steps = (length / step - 1e-9).ceil().max(1.0) as u32;
        (1..=steps).map(move |number| {
            let end = (step * f64::from(number)).min(length);
            (end, (1.0 + discount).powf(-end / step))
        })
    }
}

/// A customer as the models see them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// The chance that the customer still buys.
    pub alive: f64,
    /// Purchases in the horizon.
    pub purchases: f64,
    /// What one purchase is expected to bring.
    pub spend: f64,
    /// Discounted margin of the horizon.
    pub value: f64,
}

/// Foretells customers; those who are alike to the model are foretold once.
pub struct Foreteller<'m> {
    model: &'m dyn Purchases,
    horizon: Horizon,
    known: HashMap<(u32, u64, u64), Ahead>,
}

/// What the model says of those who are alike to it.
#[derive(Clone, Copy)]
struct Ahead {
    alive: f64,
    purchases: f64,
    discounted: f64,
}

impl<'m> Foreteller<'m> {
    pub fn new(model: &'m dyn Purchases, horizon: Horizon) -> Self {
        Self { model, horizon, known: HashMap::new() }
    }

    /// Foretells a customer; spend is what one purchase brings, margin the share of it that is earned.
    pub fn prospect(&mut self, customer: &Customer, spend: f64, margin: f64) -> Prospect {
        let Self { model, horizon, known } = self;
        let key = (customer.frequency, customer.recency.to_bits(), customer.age.to_bits());
        let ahead = *known.entry(key).or_insert_with(|| {
            let purchases = model.expected_of(customer, horizon.length);
            let discounted =
                if horizon.discount == 0.0 { purchases } else { horizon.purchases(*model, customer) };
            Ahead { alive: model.alive(customer), purchases, discounted }
        });
        let value = ahead.discounted * spend * margin;
        Prospect { alive: ahead.alive, purchases: ahead.purchases, spend, value }
    }
}
