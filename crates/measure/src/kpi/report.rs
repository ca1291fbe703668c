//! The answer to a question: what each group comes to, from what was gathered and what was spent.

use super::arrival::Arrival;
use super::people::{Gathered, LOOKBACK, Order, Person};
use super::question::{By, Days, Members, Question};
use super::table::{Quantity, definition};
use super::tally::{Kpi, Tally};
use super::target::{self, Against};
use crate::spend::{DayOfLine, day_by_day, worth};
use engine::at::At;
use engine::day::Day;
use engine::outbox::{Fate, Status};
use engine::programme::{CostKind, Programme};
use engine::spend::SpendLine;
use engine::{ProfileId, Seq};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};

/// Figures by group, as of an instant of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub as_of: At,
    pub seq: Seq,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Empty where figures are divided by nothing.
    pub group: String,
    pub kpis: Vec<Kpi>,
}

impl Report {
    pub fn of(gathered: &Gathered<'_>, question: &Question) -> Self {
        let engine = gathered.engine();
        let programme = engine.programme();
        let members: Members = question.segment.as_deref().map(|segment| {
            let is_inside = |id: &ProfileId| engine.memberships(*id).contains(&segment);
            gathered.people.keys().copied().filter(is_inside).collect()
        });
        let mut counting = Counting {
            gathered,
            programme,
            question,
            span: span(question.days, &programme.timezone()),
            before: question.days.before().map(|days| span(days, &programme.timezone())),
            timezone: programme.timezone(),
            as_of: engine.at(),
            groups: BTreeMap::new(),
        };
        if question.by == By::Nothing {
            counting.groups.entry(String::new()).or_default();
        }
        for (id, person) in &gathered.people {
            if members.as_ref().is_none_or(|members| members.contains(id)) {
                counting.person(person);
            }
        }
        if members.is_none() {
            gathered.nameless.iter().for_each(|order| counting.nameless(order));
            engine.costs().iter().for_each(|line| counting.cost(line));
        }
        counting.messages(&members);
        let row = |(group, mut tally): (String, Tally)| {
            tally.is_of_some = members.is_some();
            Row { group, kpis: tally.kpis() }
        };
        let (timezone, rows) = (counting.timezone, counting.groups.into_iter().map(row));
        let mut report = Self { as_of: engine.at(), seq: engine.seq(), rows: rows.collect() };
        report.hold(programme, question, &timezone);
        report
    }

    /// Holds every figure that has a target against it.
    fn hold(&mut self, programme: &Programme, question: &Question, timezone: &TimeZone) {
        let today = Day::of(self.as_of, timezone);
        for row in &mut self.rows {
            let Some(days) = target::days(question, &row.group, today) else { continue };
            for kpi in &mut row.kpis {
                let (target, figure) = (programme.targets.get(kpi.name), definition(kpi.name));
                let against = target
                    .zip(figure)
                    .map(|(target, figure)| Against::of(kpi, figure, target, days, (self.as_of, timezone)));
                kpi.against = against;
            }
        }
    }
}

struct Counting<'a> {
    gathered: &'a Gathered<'a>,
    programme: &'a Programme,
    question: &'a Question,
    /// The days that are asked for, and as many before them, as the instants from which on and before which they are: millions
    /// are held against them.
    span: (At, At),
    before: Option<(At, At)>,
    timezone: TimeZone,
    as_of: At,
    groups: BTreeMap<String, Tally>,
}

/// From the beginning of the first day on, up to the end of the last.
fn span(days: Days, timezone: &TimeZone) -> (At, At) {
    let begin = |day: Day| day.begin(timezone);
    let from = if days.from == Days::EVER.from { At::MIN } else { begin(days.from) };
    let until = if days.until == Days::EVER.until { At::MAX } else { begin(days.until.plus(1)) };
    (from, until)
}

fn holds((from, until): (At, At), at: At) -> bool {
    from <= at && at < until
}

impl Counting<'_> {
    fn day(&self, at: At) -> Day {
        Day::of(at, &self.timezone)
    }

    fn is_asked(&self, at: At) -> bool {
        at <= self.as_of && holds(self.span, at)
    }

    /// The tally to which something belongs that happened at an instant, by what brought it.
    fn tally(&mut self, at: At, arrival: Option<usize>) -> Option<&mut Tally> {
        let arrival = arrival.map(|number| self.gathered.arrival(number));
        let group = self.question.group(self.programme, || self.day(at), arrival)?;
        Some(self.groups.entry(group).or_default())
    }

    fn worth(&self, order: &Order) -> (i128, String) {
        let millionths = order.millionths.unwrap_or(0).into();
        let (millionths, currency) = worth(self.programme, millionths, &order.currency, self.day(order.at));
        (millionths, currency.to_owned())
    }

    fn person(&mut self, person: &Person) {
        self.visits(person);
        if let Some(known_at) = person.known_at.filter(|at| self.is_asked(*at)) {
            self.lead(person, known_at);
        }
        self.orders(person);
        self.retention(person);
    }

    fn visits(&mut self, person: &Person) {
        // By group: the first visit of the time.
        let mut first: BTreeMap<String, At> = BTreeMap::new();
        for visit in &person.visits {
            if !self.is_asked(visit.at) {
                continue;
            }
            let arrival = visit.arrival.map(|number| self.gathered.arrival(number));
            let Some(group) = self.question.group(self.programme, || self.day(visit.at), arrival) else {
                continue;
            };
            let is_organic = arrival.is_some_and(Arrival::is_organic);
            let tally = self.groups.entry(group.clone()).or_default();
            tally.count(Quantity::Visits, 1);
            tally.count(Quantity::OrganicVisits, u64::from(is_organic));
            first.entry(group).or_insert(visit.at);
        }
        for (group, at) in first {
            let orders = person.orders.iter().filter(|order| order.at >= at && order.at <= self.as_of);
            let converted = orders.filter(|order| order.at.since(at) < LOOKBACK).count() > 0;
            let tally = self.groups.entry(group).or_default();
            tally.count(Quantity::Visitors, 1);
            tally.count(Quantity::Converted, u64::from(converted));
        }
    }

    fn lead(&mut self, person: &Person, known_at: At) {
        let since = person.orders.iter().filter(|order| order.at >= known_at && order.at <= self.as_of);
        let since: Vec<&Order> = since.collect();
        let told = since.iter().filter(|order| order.millionths.is_some());
        let amounts: Vec<(i128, String)> = told.map(|order| self.worth(order)).collect();
        let Some(tally) = self.tally(known_at, person.led_by(known_at)) else { return };
        tally.count(Quantity::Leads, 1);
        tally.count(Quantity::LeadsWon, u64::from(!since.is_empty()));
        let mut worth = 0.0;
        for (millionths, currency) in amounts {
            tally.add_money(Quantity::LeadRevenue, &currency, millionths);
            worth += millionths as f64 / 1e6;
        }
        tally.leads.add(worth, 1.0);
    }

    fn orders(&mut self, person: &Person) {
        // By group: revenue and orders.
        let mut by_group: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        let so_far: Vec<&Order> = person.orders.iter().filter(|order| order.at <= self.as_of).collect();
        for (place, order) in so_far.iter().enumerate() {
            if !self.is_asked(order.at) {
                continue;
            }
            let brought = order.told.or_else(|| person.led_by(order.at));
            let arrival = brought.map(|number| self.gathered.arrival(number));
            let Some(group) = self.question.group(self.programme, || self.day(order.at), arrival) else {
                continue;
            };
            let (millionths, currency) = self.worth(order);
            let tally = self.groups.entry(group.clone()).or_default();
            tally.count(Quantity::Orders, 1);
            if order.millionths.is_some() {
                tally.add_money(Quantity::Revenue, &currency, millionths);
            }
            if place == 0 {
                tally.count(Quantity::NewCustomers, 1);
                tally.count(Quantity::Repeaters, u64::from(so_far.len() > 1));
            }
            let (revenue, orders) = by_group.entry(group).or_default();
            *revenue += millionths as f64 / 1e6;
            *orders += 1.0;
        }
        for (group, (revenue, orders)) in by_group {
            let tally = self.groups.entry(group).or_default();
            tally.count(Quantity::Customers, 1);
            tally.customers.add(revenue, orders);
        }
    }

    /// Of those who ordered in the time before: who did again. They belong to the group of their last order then.
    fn retention(&mut self, person: &Person) {
        let Some(before) = self.before else { return };
        let then = person.orders.iter().rev().find(|order| holds(before, order.at));
        let Some(then) = then else { return };
        let again = person.orders.iter().any(|order| self.is_asked(order.at));
        let at = match self.question.by {
            // Divided by time, the group is that of the days that are asked for.
            By::Day | By::Week | By::Month => return,
            _ => then.at,
        };
        let brought = then.told.or_else(|| person.led_by(then.at));
        if let Some(tally) = self.tally(at, brought) {
            tally.count(Quantity::CustomersBefore, 1);
            tally.count(Quantity::Retained, u64::from(again));
        }
    }

    fn nameless(&mut self, order: &Order) {
        if !self.is_asked(order.at) {
            return;
        }
        let (millionths, currency) = self.worth(order);
        if let Some(tally) = self.tally(order.at, order.told) {
            tally.count(Quantity::Orders, 1);
            if order.millionths.is_some() {
                tally.add_money(Quantity::Revenue, &currency, millionths);
            }
            tally.customers.add(millionths as f64 / 1e6, 1.0);
        }
    }

    fn cost(&mut self, line: &SpendLine) {
        let arrival = Arrival::by(self.programme, &line.channel, &line.campaign);
        for DayOfLine { day, millionths, impressions: seen, clicks: clicked } in day_by_day(line) {
            if !self.question.days.hold(day) {
                continue;
            }
            let Some(group) = self.question.group(self.programme, || day, Some(&arrival)) else { continue };
            let (millionths, currency) = worth(self.programme, millionths.into(), &line.money.currency, day);
            let tally = self.groups.entry(group).or_default();
            let mut spent = |quantity| tally.add_money(quantity, currency, millionths);
            spent(Quantity::Spend);
            if line.kind == CostKind::Media {
                spent(Quantity::MediaSpend);
                seen.is_some().then(|| spent(Quantity::SeenSpend));
                clicked.is_some().then(|| spent(Quantity::ClickedSpend));
            }
            tally.count(Quantity::Impressions, seen.unwrap_or(0));
            tally.count(Quantity::Clicks, clicked.unwrap_or(0));
            if let (Some(seen), Some(clicked)) = (seen, clicked) {
                tally.count(Quantity::CountedImpressions, seen);
                tally.count(Quantity::SeenClicks, clicked);
            }
        }
    }

    /// What was delivered in the time, and who of those clicked: as the ledger says.
    fn messages(&mut self, members: &Members) {
        let engine = self.gathered.engine();
        // By group and person: whether they clicked in one.
        let mut reached: BTreeMap<String, HashMap<ProfileId, bool>> = BTreeMap::new();
        for fate in engine.fates() {
            let Some(at) = delivered_at(&fate).filter(|at| self.is_asked(*at)) else { continue };
            let person = engine.canonical(fate.profile);
            let is_member = members.as_ref().is_none_or(|members| members.contains(&person));
            // Whoever was erased is nobody who could be reached.
            if engine.profile(person).is_none() || !is_member {
                continue;
            }
            let channel = fate.channel.map_or("", engine::programme::Channel::name);
            let arrival = Arrival::by_message(self.programme, channel, fate.message);
            let Some(group) = self.question.group(self.programme, || self.day(at), Some(&arrival)) else {
                continue;
            };
            self.groups.entry(group.clone()).or_default().count(Quantity::Delivered, 1);
            *reached.entry(group).or_default().entry(person).or_default() |= fate.is_clicked;
        }
        for (group, people) in reached {
            let tally = self.groups.entry(group).or_default();
            tally.count(Quantity::Reached, people.len() as u64);
            tally.count(Quantity::Responded, people.values().filter(|clicked| **clicked).count() as u64);
        }
    }
}

/// When a provider took a message that did not come back. One that is called spam, or is put away, has arrived.
fn delivered_at(fate: &Fate<'_>) -> Option<At> {
    let is_there = matches!(fate.status, Status::Accepted | Status::Complained | Status::Dismissed);
    fate.settled_at.filter(|_| is_there)
}
