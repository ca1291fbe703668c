//! What people did, gathered from the log: visits, orders, when they became known. What became of messages the ledger knows.
//!
//! Feed every record of the log to [`Gathered::observe`], in order, with the engine as it stands at the end of them: whose an
//! event is, is whose it is now. Bots are left out, and so is whoever was erased. Visits are those of [`crate::touchpoint`], and
//! orders are less what was given back of them, by [`crate::refund`], so that credit and lifetime value count the same.

use super::arrival::Arrival;
use crate::refund::{Kept, KeptOrder, OrderRules, Told, is_payable};
use crate::touchpoint::{Occasion, Owners, Touchpoints};
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::record::{Event, EventFlags, Record};
use engine::{ProfileId, Seq};
use std::collections::BTreeMap;

/// What brought somebody counts for less than so long.
pub const LOOKBACK: Span = Span::DAY.times(30);

/// An order, less what was given back of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub at: At,
    /// None where the event has no amount.
    pub millionths: Option<i64>,
    /// Empty where it names none.
    pub currency: String,
    /// What its promo code says.
    pub told: Option<usize>,
}

/// A visit, from where it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    pub at: At,
    /// `None` for one that nothing led to.
    pub arrival: Option<usize>,
}

/// One person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// In order of time.
    pub visits: Vec<Visit>,
    /// In order of time.
    pub orders: Vec<Order>,
    /// When an identifier that names somebody was first told.
    pub known_at: Option<At>,
}

/// An order or a refund as it came.
pub(super) struct Entry {
    /// `None` for nobody who has a name.
    owner: Option<ProfileId>,
    seq: Seq,
    order: Order,
    number: Option<u64>,
    is_refund: bool,
}

/// What the log says.
pub struct Gathered<'a> {
    pub(super) engine: &'a Engine,
    pub(super) owners: Owners,
    touchpoints: Touchpoints<'a>,
    rules: OrderRules,
    /// Once the log has ended, those of nobody who has a name.
    pub(super) entries: Vec<Entry>,
    /// By number.
    pub(super) arrivals: Vec<Arrival>,
    pub(super) numbers: BTreeMap<Arrival, usize>,
    /// Codes of campaigns and flights, as they are compared.
    pub(super) codes: BTreeMap<String, Arrival>,
    pub people: BTreeMap<ProfileId, Person>,
    /// Orders of nobody who has a name.
    pub nameless: Vec<Order>,
}

impl<'a> Gathered<'a> {
    pub fn new(engine: &'a Engine) -> Self {
        Self::with(engine, Owners::everybody(engine))
    }

    pub(super) fn with(engine: &'a Engine, owners: Owners) -> Self {
        Self {
            engine,
            owners,
            touchpoints: Touchpoints::new(engine, None),
            rules: OrderRules::of(engine.programme()),
            entries: Vec::new(),
            arrivals: Vec::new(),
            numbers: BTreeMap::new(),
            codes: codes(engine),
            people: BTreeMap::new(),
            nameless: Vec::new(),
        }
    }

    pub fn engine(&self) -> &'a Engine {
        self.engine
    }

    pub fn arrival(&self, number: usize) -> &Arrival {
        &self.arrivals[number]
    }

    /// Takes in the record at a place, of a batch that was applied at an instant.
    pub fn observe(&mut self, seq: Seq, at: At, record: &Record<'_>) {
        let owner = self.owners.of(seq);
        if let Some(owner) = owner {
            self.touchpoints.observe(owner, seq, at, record);
        }
        if let Record::Event(event) = record
            && !event.flags.has(EventFlags::BOT)
        {
            self.observe_event(owner, seq, at, event);
        }
    }

    fn observe_event(&mut self, owner: Option<ProfileId>, seq: Seq, at: At, event: &Event<'_>) {
        let names =
            |kind| matches!(kind, IdentifierKind::UserId | IdentifierKind::Email | IdentifierKind::Phone);
        if event.identifiers.iter().any(|one| names(one.kind) && !one.is_blank())
            // What only names people is in nobody's history.
            && let Some(owner) = owner.or_else(|| self.named(event))
        {
            let person = self.people.entry(owner).or_default();
            let told_at = event.occurred_at.min(at);
            person.known_at = Some(person.known_at.map_or(told_at, |known| known.min(told_at)));
        }
        let Some(told) = self.rules.read(event) else { return };
        let Told { is_refund, millionths, currency, number } = told;
        let text = |field| event.properties.get(field).and_then(|value| value.text());
        let code = ["coupon", "promo_code", "code"].into_iter().find_map(text).map(tidied);
        let told = code.and_then(|code| self.codes.get(&code).cloned()).map(|arrival| self.number(arrival));
        let order = Order { at: event.occurred_at.min(at), millionths, currency: currency.to_owned(), told };
        self.entries.push(Entry { owner, seq, order, number, is_refund });
    }

    fn named(&self, event: &Event<'_>) -> Option<ProfileId> {
        let owner = event.identifiers.iter().find_map(|one| self.engine.named(one));
        owner.filter(|id| self.engine.profile(*id).is_some())
    }

    fn number(&mut self, arrival: Arrival) -> usize {
        if let Some(number) = self.numbers.get(&arrival) {
            return *number;
        }
        let number = self.arrivals.len();
        self.arrivals.push(arrival.clone());
        self.numbers.insert(arrival, number);
        number
    }

    /// The log has ended: says what everybody's visits and orders are.
    pub fn finish(&mut self) {
        let mut touchpoints = std::mem::replace(&mut self.touchpoints, Touchpoints::new(self.engine, None));
        let programme = self.engine.programme();
        let arrivals: Vec<Option<usize>> = touchpoints
            .touches()
            .iter()
            .map(|touch| Arrival::by_touch(programme, touch).map(|arrival| self.number(arrival)))
            .collect();
        touchpoints.each(|owner, points, _| {
            let is_visit = |occasion| matches!(occasion, Occasion::Visit | Occasion::Click);
            let visits = points.iter().filter(|point| is_visit(point.occasion));
            let person = self.people.entry(owner).or_default();
            person.visits = visits.map(|one| Visit { at: one.at, arrival: arrivals[one.number()] }).collect();
        });
        self.entries.sort_by_key(|entry| (entry.owner, entry.order.at, entry.seq));
        for of_owner in self.entries.chunk_by(|one, other| one.owner == other.owner) {
            let orders = standing(of_owner);
            match of_owner[0].owner {
                Some(owner) => self.people.entry(owner).or_default().orders = orders,
                None => self.nameless = orders,
            }
        }
        self.entries.retain(|entry| entry.owner.is_none());
    }
}

/// One person's orders, less what was given back.
fn standing(entries: &[Entry]) -> Vec<Order> {
    let mut kept: Kept<&Order> = Kept::default();
    for Entry { order, number, is_refund, .. } in entries {
        match is_refund {
            false => kept.order(order, *number, order.millionths),
            true => kept.refund(*number, order.millionths, |of| is_payable(&order.currency, &of.currency)),
        }
    }
    let left = |one: KeptOrder<&Order>| Order { millionths: one.millionths, ..one.order.clone() };
    kept.standing().map(left).collect()
}

/// As codes are compared.
fn tidied(code: &str) -> String {
    code.trim().to_uppercase()
}

/// Every code that says by what somebody came: a flight's by its medium, a campaign's own by nothing but the campaign.
pub(super) fn codes(engine: &Engine) -> BTreeMap<String, Arrival> {
    let programme = engine.programme();
    let mut codes = BTreeMap::new();
    for (name, campaign) in &programme.campaigns {
        for code in &campaign.codes {
            codes.insert(tidied(code), Arrival::by(programme, "code", name));
        }
    }
    for flight in engine.flights() {
        for code in &flight.codes {
            codes.insert(tidied(code), Arrival::by(programme, flight.medium.name(), &flight.campaign));
        }
    }
    codes
}

impl Person {
    /// What led somebody here last before an instant, within the lookback; visits that nothing led to left out.
    pub fn led_by(&self, at: At) -> Option<usize> {
        let before = self.visits.iter().rev().filter(|visit| visit.at <= at);
        let recent = before.take_while(|visit| at.since(visit.at) < LOOKBACK);
        recent.filter_map(|visit| visit.arrival).next()
    }
}
