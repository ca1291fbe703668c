//! Customers of an installation: their orders in the log, as the engine says whose they are.

use super::first::{costs_until, first_touches};
use super::{Buyer, Buyers, Question, Wrong, date_of, day, number_of};
use anyhow::{Context as _, bail};
use engine::at::At;
use engine::engine::Engine;
use engine::programme::timezone;
use engine::record::Record;
use engine::{ProfileId, Seq};
use eventlog::log::Batches;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use measure::refund::{OrderRules, REFUND};
use measure::value::orders::Orders;
use measure::value::summary::summarise;
use std::collections::BTreeMap;

/// The log from a place on.
pub(crate) type ReadLog<'r, 'l> = &'r dyn Fn(Seq) -> Result<Batches<'l>, eventlog::Error>;

/// A century: whoever asks for more has mistaken the unit.
const HOLDOUT_DAYS_MAX: f64 = 36_525.0;

/// What of the log counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Which {
    /// The event that is an order; the programme's purchase where nobody says.
    pub(crate) order: Option<String>,
    /// The property that says for how much.
    pub(crate) amount: Option<String>,
    pub(crate) refund: Option<String>,
    pub(crate) currency: Option<String>,
    /// The trait that says by which channel somebody came.
    pub(crate) channel: Option<String>,
    /// Whether people are told apart by the channel of their first touch, and beside what was spent on it.
    pub(crate) by_channel: bool,
    /// The last day that the models know of; where nobody says, the last one that leaves room for the holdout.
    pub(crate) as_of: Option<i32>,
    /// In units: how long after that day the forecast is scored.
    pub(crate) holdout: Option<f64>,
}

impl Which {
    /// By what people are told apart: nothing but `channel`.
    pub(crate) fn by(text: Option<&str>) -> Result<bool, Wrong> {
        match text {
            None => Ok(false),
            Some("channel") => Ok(true),
            Some(other) => Err(("by", format!("\"{other}\" is not known here: write channel"))),
        }
    }

    pub(crate) fn as_of(text: Option<&str>) -> Result<Option<i32>, Wrong> {
        let Some(text) = text else { return Ok(None) };
        day(text).map(Some).ok_or_else(|| ("as_of", format!("{text} is no day: write 2026-01-31")))
    }
}

/// Everybody who ordered, by the log up to where the engine stands.
pub(crate) fn buyers(
    engine: &Engine,
    read: ReadLog<'_, '_>,
    which: &Which,
    question: &Question,
    now: At,
) -> anyhow::Result<Buyers> {
    let orders = gathered(engine, read, rules(engine, which))?;
    let zone = timezone(&engine.programme().timezone).unwrap_or(TimeZone::UTC);
    let day = |at: At| day_of(at, &zone);
    let taken = orders.taken(which.currency.as_deref(), day);

    if let Some(length) = which.holdout
        && !(length > 0.0 && length * question.unit.days() <= HOLDOUT_DAYS_MAX)
    {
        bail!("holdout: {length} periods is no time between nothing and a century");
    }
    let left_out = which.holdout.map_or(0, |length| (length * question.unit.days()).round() as i32);
    let as_of = which.as_of.unwrap_or_else(|| day(now) - left_out);
    let last = as_of.saturating_add(left_out);
    if last > day(now) {
        bail!("holdout: so many periods after {} are still to come", date_of(as_of));
    }
    let summaries = summarise(taken.purchases, as_of, last, question.unit);
    let mut channels = Channels::default();
    let path = which.channel.as_deref().map(words);
    let firsts = if which.by_channel { first_touches(engine, read)? } else { BTreeMap::new() };
    let (costs, mut notes) = match which.by_channel {
        true => costs_until(engine, as_of, &taken.currency),
        false => (BTreeMap::new(), Vec::new()),
    };
    let buyers = summaries.into_iter().map(|one| Buyer {
        id: one.number.to_string(),
        customer: one.customer,
        paid: Some(one.total_millionths as f64 / 1e6),
        bought_later: one.bought_later,
        channel: match &path {
            Some(path) => channels.of(engine, ProfileId(one.number), path),
            None => firsts.get(&ProfileId(one.number)).map(|first| channels.number(&first.channel)),
        },
    });
    let buyers = buyers.collect();
    let mut note = |count: u64, text: &str| {
        if count > 0 {
            notes.push(format!("{count} {text}"));
        }
    };
    note(taken.foreign, "orders in other currencies are left out: name one with currency");
    note(taken.returned, "orders were given back whole, and do not count");
    note(taken.unmatched, "refunds come before any order of theirs, and do not count");
    Ok(Buyers {
        buyers,
        channels: channels.names,
        costs,
        as_of: Some(as_of),
        holdout: which.holdout,
        currency: Some(taken.currency).filter(|currency| !currency.is_empty()),
        notes,
    })
}

/// What counts as the programme says, where the question does not.
fn rules(engine: &Engine, which: &Which) -> OrderRules {
    let purchase = &engine.programme().purchase;
    OrderRules {
        event: which.order.as_ref().unwrap_or(&purchase.event).clone(),
        amount: words(which.amount.as_ref().unwrap_or(&purchase.amount)),
        refund: which.refund.as_deref().unwrap_or(REFUND).to_owned(),
    }
}

fn words(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

/// All orders, as the programme knows them.
pub(crate) fn orders(engine: &Engine, read: ReadLog<'_, '_>) -> anyhow::Result<Orders> {
    gathered(engine, read, rules(engine, &Which::default()))
}

fn gathered(engine: &Engine, read: ReadLog<'_, '_>, rules: OrderRules) -> anyhow::Result<Orders> {
    let mut orders = Orders::new(rules, engine);
    let Some(first) = orders.first() else { return Ok(orders) };
    for batch in read(first).context("the log cannot be read")? {
        let batch = batch.context("the log cannot be read")?;
        if batch.first > engine.seq() {
            break;
        }
        for (seq, bytes) in (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok)) {
            // One that an erasure sealed tells nothing any more.
            if let Some(owner) = orders.owner(seq)
                && let Ok(record) = Record::decode(bytes)
            {
                orders.observe(owner, seq, &record);
            }
        }
    }
    Ok(orders)
}

/// The day in a zone, since 1970.
pub(crate) fn day_of(at: At, zone: &TimeZone) -> i32 {
    let instant = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    number_of(zone.to_datetime(instant).date())
}

/// Names of channels, each once.
#[derive(Default)]
struct Channels {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Channels {
    fn of(&mut self, engine: &Engine, id: ProfileId, path: &[String]) -> Option<u32> {
        let traits = engine.profile(id)?.traits_map();
        let mut name = None;
        traits.as_map().find(path, &mut |value| name = name.take().or(value.text().map(str::to_owned)));
        Some(self.number(&name?))
    }

    fn number(&mut self, name: &str) -> u32 {
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(name.to_owned()).or_insert(next);
        if number == next {
            self.names.push(name.to_owned());
        }
        number
    }
}
