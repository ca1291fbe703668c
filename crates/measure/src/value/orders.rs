//! Orders in the log, whose they are, and what was given back of them.
//!
//! Fed by whoever reads the log; whose an order is, the engine says as it stands at the end of what is read, so that what
//! somebody bought before a sign-up or a merge is theirs.

use super::summary::Purchase;
use crate::refund::{Kept, OrderRules, is_payable};
use engine::at::At;
use engine::engine::Engine;
use engine::record::Record;
use engine::{ProfileId, Seq};
use std::collections::BTreeMap;

/// The orders of everybody.
#[derive(Clone, Debug)]
pub struct Orders {
    rules: OrderRules,
    /// Whose each order is, by its place in the log.
    owners: Vec<(Seq, ProfileId)>,
    /// How many of them were passed.
    passed: usize,
    marks: Vec<Mark>,
    currencies: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    owner: ProfileId,
    at: At,
    seq: Seq,
    /// Without one, an order is worth nothing, and all of an order is given back.
    amount_millionths: Option<i64>,
    currency: u16,
    /// A hash of the order's number.
    order: Option<u64>,
    is_refund: bool,
}

/// What the orders come to in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Customers are numbers of profiles.
    pub purchases: Vec<Purchase>,
    pub currency: String,
    /// Orders in other currencies, which are left out: amounts of two are never added.
    pub foreign: u64,
    /// Orders that were given back whole.
    pub returned: u64,
    /// Refunds whose order is not known.
    pub unmatched: u64,
}

impl Orders {
    pub fn new(rules: OrderRules, engine: &Engine) -> Self {
        let mut owners = Vec::new();
        for (id, _) in engine.profiles() {
            let entries = engine.timeline(id, usize::MAX).into_iter();
            let of_orders = entries.filter(|entry| entry.name == rules.event || entry.name == rules.refund);
            owners.extend(of_orders.map(|entry| (entry.seq, id)));
        }
        owners.sort_unstable();
        Self { rules, owners, passed: 0, marks: Vec::new(), currencies: Vec::new() }
    }

    /// The first place at which there is an order.
    pub fn first(&self) -> Option<Seq> {
        self.owners.first().map(|owner| owner.0)
    }

    /// Whose the record at a place is; places come in their order.
    pub fn owner(&mut self, seq: Seq) -> Option<ProfileId> {
        while self.owners.get(self.passed).is_some_and(|owner| owner.0 < seq) {
            self.passed += 1;
        }
        self.owners.get(self.passed).filter(|owner| owner.0 == seq).map(|owner| owner.1)
    }

    /// Takes in a record that is somebody's.
    pub fn observe(&mut self, owner: ProfileId, seq: Seq, record: &Record<'_>) {
        let Record::Event(event) = record else { return };
        let Some(told) = self.rules.read(event) else { return };
        let currency = self.currency(told.currency);
        self.marks.push(Mark {
            owner,
            at: event.occurred_at,
            seq,
            amount_millionths: told.millionths,
            currency,
            order: told.number,
            is_refund: told.is_refund,
        });
    }

    fn currency(&mut self, name: &str) -> u16 {
        let known = self.currencies.iter().position(|currency| currency == name);
        known.unwrap_or_else(|| {
            self.currencies.push(name.to_owned());
            self.currencies.len() - 1
        }) as u16
    }

    /// The orders in a currency, less what was given back of each; without one, in that of most orders.
    pub fn taken(mut self, currency: Option<&str>, day: impl Fn(At) -> i32) -> Taken {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for mark in self.marks.iter().filter(|mark| !mark.is_refund) {
            *counts.entry(&self.currencies[usize::from(mark.currency)]).or_default() += 1;
        }
        let most = counts.iter().max_by(|one, other| one.1.cmp(other.1).then(other.0.cmp(one.0)));
        let chosen = currency.or(most.map(|most| *most.0)).unwrap_or_default().to_owned();
        let foreign = counts.iter().filter(|count| *count.0 != chosen).map(|count| count.1).sum();
        self.marks.sort_unstable_by_key(|mark| (mark.owner, mark.at, mark.seq));
        let mut taken = Taken { purchases: Vec::new(), currency: chosen, foreign, returned: 0, unmatched: 0 };
        for of_owner in self.marks.chunk_by(|one, other| one.owner == other.owner) {
            taken.add(of_owner, &self.currencies, &day);
        }
        taken
    }
}

impl Taken {
    /// One person's orders.
    fn add(&mut self, marks: &[Mark], currencies: &[String], day: &impl Fn(At) -> i32) {
        let name = |mark: &Mark| currencies[usize::from(mark.currency)].as_str();
        let mut kept: Kept<&Mark> = Kept::default();
        for mark in marks {
            match mark.is_refund {
                false => kept.order(mark, mark.order, mark.amount_millionths),
                true => {
                    let fits = |order: &&Mark| is_payable(name(mark), name(order));
                    kept.refund(mark.order, mark.amount_millionths, fits);
                }
            }
        }
        self.unmatched += kept.unmatched;
        for one in kept.orders.into_iter().filter(|one| name(one.order) == self.currency) {
            if one.is_returned {
                self.returned += 1;
            } else {
                let (customer, day) = (one.order.owner.0, day(one.order.at));
                let amount_millionths = one.millionths.unwrap_or(0);
                self.purchases.push(Purchase { customer, day, amount_millionths });
            }
        }
    }
}
