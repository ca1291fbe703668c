//! Key figures of a period: events, messages and what people did with them, orders and their value.
//!
//! Feed every record of the log to [`Kpis::observe`], in order; only those of the period count, but earlier ones say
//! which send a later reaction belongs to. Money is summed in millionths of its currency, so the order does not
//! matter, and currencies are never added to each other.
//!
//! These are the figures of everybody together. [`table`] defines the key figures of marketing, once; [`people`] gathers from
//! the log what they are made of, and [`report`] divides it by campaign, channel, direction, phase or time; [`target`] holds them
//! against what they are to come to. Each has its SQL over the lake beside it. [`funnel`] and [`cohort`] are told from the same
//! log.

pub mod arrival;
pub mod cohort;
pub mod funnel;
pub mod interval;
pub mod kept;
pub mod people;
pub mod question;
pub mod report;
mod sql;
pub mod table;
pub mod tally;
pub mod target;

use engine::SendId;
use engine::at::At;
use engine::record::{DeliveryOutcome, Engagement, Event, EventFlags, EventKind, Record, Verdict};
use std::collections::{BTreeMap, BTreeSet};

/// The event that is an order, in the tracking API's e-commerce specification.
const ORDER: &str = "Order Completed";

/// From `from`, included, to `to`, left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: At,
    pub to: At,
}

impl Period {
    pub const EVER: Self = Self { from: At::MIN, to: At::MAX };

    fn holds(self, at: At) -> bool {
        self.from <= at && at < self.to
    }
}

/// The figures, and what is needed to go on counting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kpis {
    period: Period,
    /// Events of people; bots are apart.
    pub events: u64,
    pub bot_events: u64,
    pub events_by_name: BTreeMap<String, u64>,
    /// Messages that a provider took responsibility for.
    pub accepted: u64,
    /// Messages that came back, at once or after they were accepted.
    pub bounced: u64,
    /// Accepted messages that their recipients called spam.
    pub complained: u64,
    pub failed: u64,
    pub unknown: u64,
    /// Accepted messages that were opened or clicked at least once by a person.
    pub opened: u64,
    pub clicked: u64,
    /// Opens of messages whose picture tells how often and not who; the same person may be among them many times.
    pub viewed: u64,
    pub orders: u64,
    /// Millionths by currency; orders without one are under an empty name.
    pub revenue_millionths: BTreeMap<String, i128>,
    opened_sends: BTreeSet<SendId>,
    bounced_sends: BTreeSet<SendId>,
    clicked_sends: BTreeSet<SendId>,
}

impl Kpis {
    pub fn new(period: Period) -> Self {
        Self {
            period,
            events: 0,
            bot_events: 0,
            events_by_name: BTreeMap::new(),
            accepted: 0,
            bounced: 0,
            complained: 0,
            failed: 0,
            unknown: 0,
            opened: 0,
            clicked: 0,
            viewed: 0,
            orders: 0,
            revenue_millionths: BTreeMap::new(),
            opened_sends: BTreeSet::new(),
            bounced_sends: BTreeSet::new(),
            clicked_sends: BTreeSet::new(),
        }
    }

    /// Counts one record.
    pub fn observe(&mut self, record: &Record<'_>) {
        match record {
            Record::Event(event) if self.period.holds(event.occurred_at) => self.observe_event(event),
            Record::Settled(settled) if self.period.holds(settled.settled_at) => match settled.outcome {
                DeliveryOutcome::Accepted => self.accepted += 1,
                DeliveryOutcome::InvalidRecipient => self.bounced += 1,
                DeliveryOutcome::Permanent => self.failed += 1,
                DeliveryOutcome::Unknown => self.unknown += 1,
                DeliveryOutcome::Transient => {}
            },
            Record::Returned(returned) if self.period.holds(returned.returned_at) => match returned.verdict {
                Verdict::Refused | Verdict::SoftBounce | Verdict::HardBounce => {
                    self.bounced += u64::from(self.bounced_sends.insert(returned.send));
                }
                Verdict::Complaint => self.complained += 1,
            },
            Record::Engaged(engaged) if !engaged.machine && self.period.holds(engaged.occurred_at) => {
                let (sends, count) = match engaged.engagement {
                    Engagement::Opened => (&mut self.opened_sends, &mut self.opened),
                    Engagement::Clicked => (&mut self.clicked_sends, &mut self.clicked),
                    Engagement::Dismissed => return,
                };
                *count += u64::from(sends.insert(engaged.send));
            }
            Record::Viewed(viewed) if self.period.holds(viewed.occurred_at) => self.viewed += 1,
            _ => {}
        }
    }

    fn observe_event(&mut self, event: &Event<'_>) {
        if event.flags.has(EventFlags::BOT) {
            self.bot_events += 1;
            return;
        }
        self.events += 1;
        *self.events_by_name.entry(event.name.to_owned()).or_default() += 1;
        if event.kind == EventKind::Track && event.name == ORDER {
            self.orders += 1;
            let total = ["total", "revenue", "value"]
                .into_iter()
                .find_map(|field| event.properties.get(field)?.millionths());
            let currency = event.properties.get("currency").and_then(|value| value.text()).unwrap_or("");
            if let Some(total) = total {
                *self.revenue_millionths.entry(currency.to_owned()).or_default() += i128::from(total);
            }
        }
    }

    /// Share of accepted messages that were clicked; `None` where none was accepted.
    pub fn click_rate(&self) -> Option<f64> {
        (self.accepted > 0).then(|| self.clicked as f64 / self.accepted as f64)
    }

    /// Mean value of an order in a currency, in millionths, rounded towards zero.
    pub fn average_order_millionths(&self, currency: &str) -> Option<i128> {
        let revenue = self.revenue_millionths.get(currency)?;
        (self.orders > 0 && self.revenue_millionths.len() == 1).then(|| revenue / i128::from(self.orders))
    }
}
