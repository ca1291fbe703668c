//! What was spent by channel and day, for whoever puts it beside credit, value or a model: the same lines as the key figures.

use crate::kpi::question::Days;
use engine::day::Day;
use engine::engine::Engine;
use engine::programme::CostKind;
use std::collections::BTreeMap;

/// Millionths by currency: the programme's own, and others for which it states no rate.
pub type Spent = BTreeMap<String, i128>;

/// By channel and day. `media_alone` leaves content and hours of people out.
pub fn by_channel_and_day(engine: &Engine, days: Days, media_alone: bool) -> BTreeMap<(String, Day), Spent> {
    let programme = engine.programme();
    let mut spent: BTreeMap<(String, Day), Spent> = BTreeMap::new();
    let costs = engine.costs();
    for line in costs.iter().filter(|line| !media_alone || line.kind == CostKind::Media) {
        for (day, millionths) in line.by_day().filter(|(day, _)| days.hold(*day)) {
            let currency = line.money.currency.as_str();
            let own = programme.in_own_currency(millionths.into(), currency, day);
            let currency = match (own, &programme.currency) {
                (Some(_), Some(own)) => own,
                _ => currency,
            };
            let sums = spent.entry((line.channel.clone(), day)).or_default();
            *sums.entry(currency.to_owned()).or_default() += own.unwrap_or(millionths.into());
        }
    }
    spent
}

/// By channel.
pub fn by_channel(engine: &Engine, days: Days, media_alone: bool) -> BTreeMap<String, Spent> {
    let mut spent: BTreeMap<String, Spent> = BTreeMap::new();
    for ((channel, _), sums) in by_channel_and_day(engine, days, media_alone) {
        let of_channel = spent.entry(channel).or_default();
        sums.into_iter()
            .for_each(|(currency, millionths)| *of_channel.entry(currency).or_default() += millionths);
    }
    spent
}
