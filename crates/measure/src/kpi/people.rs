//! What people did, gathered from the log: visits, orders, when they became known; and what became of what they were sent.
//!
//! Feed every record of the log to [`Gathered::observe`], in order, with the engine as it stands at the end of them: whose an
//! event is, is whose it is now. Bots are left out, and so is whoever was erased.

use super::arrival::{Arrival, Arrivals};
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::record::{DeliveryOutcome, Engagement, Event, EventFlags, EventKind, Record, Verdict};
use engine::{ProfileId, SendId};
use std::collections::{BTreeMap, BTreeSet};

/// A visit ends after so long a silence.
pub const VISIT_SILENCE: Span = Span::MINUTE.times(30);
/// What brought somebody counts so long.
pub const LOOKBACK: Span = Span::DAY.times(30);

/// An order, as the event tells it.
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

/// A visit, from its first page on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    pub at: At,
    /// `None` for one that nothing led to.
    pub arrival: Option<usize>,
}

/// One person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Pages seen, and by what somebody came to them.
    pages: Vec<(At, Option<usize>)>,
    pub orders: Vec<Order>,
    /// When an identifier that names somebody was first told.
    pub known_at: Option<At>,
}

/// What the log says.
pub struct Gathered<'a> {
    engine: &'a Engine,
    arrivals_of: &'a dyn Arrivals,
    /// By number.
    arrivals: Vec<Arrival>,
    numbers: BTreeMap<Arrival, usize>,
    /// Codes of campaigns and flights, as they are compared.
    codes: BTreeMap<String, Arrival>,
    pub people: BTreeMap<ProfileId, Person>,
    /// Orders of nobody who has a name.
    pub nameless: Vec<Order>,
    /// When each was taken by its provider.
    pub accepted: BTreeMap<SendId, At>,
    pub bounced: BTreeSet<SendId>,
    pub clicked: BTreeSet<SendId>,
}

impl<'a> Gathered<'a> {
    pub fn new(engine: &'a Engine, arrivals_of: &'a dyn Arrivals) -> Self {
        Self {
            engine,
            arrivals_of,
            arrivals: Vec::new(),
            numbers: BTreeMap::new(),
            codes: codes(engine),
            people: BTreeMap::new(),
            nameless: Vec::new(),
            accepted: BTreeMap::new(),
            bounced: BTreeSet::new(),
            clicked: BTreeSet::new(),
        }
    }

    pub fn engine(&self) -> &'a Engine {
        self.engine
    }

    pub fn arrival(&self, number: usize) -> &Arrival {
        &self.arrivals[number]
    }

    pub fn observe(&mut self, record: &Record<'_>) {
        match record {
            Record::Event(event) if !event.flags.has(EventFlags::BOT) => self.observe_event(event),
            Record::Settled(settled) => match settled.outcome {
                DeliveryOutcome::Accepted => {
                    self.accepted.entry(settled.send).or_insert(settled.settled_at);
                }
                DeliveryOutcome::InvalidRecipient => {
                    self.bounced.insert(settled.send);
                }
                DeliveryOutcome::Permanent | DeliveryOutcome::Unknown | DeliveryOutcome::Transient => {}
            },
            Record::Returned(returned) if returned.verdict != Verdict::Complaint => {
                self.bounced.insert(returned.send);
            }
            Record::Engaged(engaged) if !engaged.machine && engaged.engagement == Engagement::Clicked => {
                self.clicked.insert(engaged.send);
            }
            _ => {}
        }
    }

    fn observe_event(&mut self, event: &Event<'_>) {
        let owner = event.identifiers.iter().find_map(|one| self.engine.find(one.kind, one.value));
        let owner = owner.filter(|id| self.engine.profile(*id).is_some());
        let order = self.order(event);
        let Some(owner) = owner else {
            self.nameless.extend(order);
            return;
        };
        let is_page = matches!(event.kind, EventKind::Page | EventKind::Screen);
        let arrival = is_page.then(|| self.arrivals_of.of(event, self.engine.programme())).flatten();
        let arrival = arrival.map(|arrival| self.number(arrival));
        let person = self.people.entry(owner).or_default();
        let names =
            |kind| matches!(kind, IdentifierKind::UserId | IdentifierKind::Email | IdentifierKind::Phone);
        if event.identifiers.iter().any(|one| names(one.kind) && !one.is_blank()) {
            let first = person.known_at.map_or(event.occurred_at, |known| known.min(event.occurred_at));
            person.known_at = Some(first);
        }
        if is_page {
            person.pages.push((event.occurred_at, arrival));
        }
        person.orders.extend(order);
    }

    /// The order that an event is: the programme's purchase, with the amount where it says, or where orders usually have it.
    fn order(&mut self, event: &Event<'_>) -> Option<Order> {
        let purchase = &self.engine.programme().purchase;
        if event.kind != EventKind::Track || event.name != purchase.event {
            return None;
        }
        let mut stated = None;
        let path: Vec<&str> = purchase.amount.split('.').collect();
        event.properties.find(&path, &mut |value| stated = stated.or(value.millionths()));
        let usual = || {
            ["total", "revenue", "value"]
                .into_iter()
                .find_map(|field| event.properties.get(field)?.millionths())
        };
        let text = |field| event.properties.get(field).and_then(|value| value.text());
        let code = ["coupon", "promo_code", "code"].into_iter().find_map(text).map(tidied);
        let told = code.and_then(|code| self.codes.get(&code).cloned()).map(|arrival| self.number(arrival));
        Some(Order {
            at: event.occurred_at,
            millionths: stated.or_else(usual),
            currency: text("currency").unwrap_or("").to_owned(),
            told,
        })
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

    /// The log has ended: puts everybody's visits and orders in the order of time.
    pub fn finish(&mut self) {
        for person in self.people.values_mut() {
            person.pages.sort_by_key(|(at, _)| *at);
            person.orders.sort_by_key(|order| order.at);
        }
    }
}

/// As codes are compared.
fn tidied(code: &str) -> String {
    code.trim().to_uppercase()
}

/// Every code that says by what somebody came: a flight's by its medium, a campaign's own by nothing but the campaign.
fn codes(engine: &Engine) -> BTreeMap<String, Arrival> {
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
    /// Visits in order of time: each ends after a silence, or where something else leads somebody back.
    pub fn visits(&self) -> Vec<Visit> {
        let mut visits: Vec<Visit> = Vec::new();
        let mut last: Option<At> = None;
        for (at, arrival) in &self.pages {
            let is_silent = last.is_none_or(|last| at.since(last) > VISIT_SILENCE);
            let is_led = arrival.is_some() && visits.last().is_some_and(|visit| visit.arrival != *arrival);
            if is_silent || is_led {
                visits.push(Visit { at: *at, arrival: *arrival });
            }
            last = Some(*at);
        }
        visits
    }

    /// What led somebody here last before an instant, within the lookback; visits that nothing led to left out.
    pub fn led_by(visits: &[Visit], at: At) -> Option<usize> {
        let before = visits.iter().rev().filter(|visit| visit.at <= at);
        let recent = before.take_while(|visit| at.since(visit.at) <= LOOKBACK);
        recent.filter_map(|visit| visit.arrival).next()
    }
}
