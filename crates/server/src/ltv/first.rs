//! By what each person first came, from the log; and what channels cost.

use super::date_of;
use super::log::ReadLog;
use anyhow::Context as _;
use engine::day::Day;
use engine::engine::Engine;
use engine::record::Record;
use engine::{ProfileId, Seq};
use measure::acquisition::{First, firsts};
use measure::kpi::question::Days;
use measure::touchpoint::{Owners, Touchpoints};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The first touch of everybody who has one.
pub(crate) fn first_touches(
    engine: &Engine,
    read: ReadLog<'_, '_>,
) -> anyhow::Result<BTreeMap<ProfileId, First>> {
    let owners = Owners::everybody(engine);
    let mut touchpoints = Touchpoints::new(engine, None);
    for batch in read(Seq(1)).context("the log cannot be read")? {
        let batch = batch.context("the log cannot be read")?;
        if batch.first > engine.seq() {
            break;
        }
        for (seq, bytes) in (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok)) {
            // One that an erasure sealed tells nothing any more.
            if let Some(owner) = owners.of(seq)
                && let Ok(record) = Record::decode(bytes)
            {
                touchpoints.observe(owner, seq, batch.at, &record);
            }
        }
    }
    Ok(firsts(&mut touchpoints, engine.programme()))
}

/// What each channel cost up to a day, content and hours among it, in a currency; and what a reader should know of that.
pub(super) fn costs_until(
    engine: &Engine,
    until: i32,
    currency: &str,
) -> (BTreeMap<String, f64>, Vec<String>) {
    let days = Days { until: Day(until), ..Days::EVER };
    let own =
        if currency.is_empty() { engine.programme().currency.as_deref().unwrap_or("") } else { currency };
    let (mut costs, mut notes) = (BTreeMap::new(), Vec::new());
    for (channel, sums) in measure::spend::by_channel(engine, days, false) {
        for (currency, millionths) in sums {
            if currency == own {
                costs.insert(channel.clone(), millionths as f64 / 1e6);
            } else {
                let amount = millionths as f64 / 1e6;
                notes.push(format!(
                    "{amount:.2} {currency} of {channel} up to {} are left out: there is no rate to {own}",
                    date_of(until)
                ));
            }
        }
    }
    (costs, notes)
}

/// By what people first came, those that brought most first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Acquired {
    channels: Vec<AcquiredChannel>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AcquiredChannel {
    /// As spend and campaigns write it.
    channel: String,
    /// Empty for none.
    campaign: String,
    people: u64,
}

pub(crate) fn acquired(engine: &Engine, read: ReadLog<'_, '_>) -> anyhow::Result<Acquired> {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for first in first_touches(engine, read)?.into_values() {
        *counts.entry((first.channel, first.campaign)).or_default() += 1;
    }
    let view = |((channel, campaign), people)| AcquiredChannel { channel, campaign, people };
    let mut channels: Vec<AcquiredChannel> = counts.into_iter().map(view).collect();
    channels.sort_by_key(|one| Reverse(one.people));
    Ok(Acquired { channels })
}
