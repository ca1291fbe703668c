//! What was spent by channel and day, for whoever puts it beside credit, value or a model: the same lines as the key figures.

use crate::kpi::question::Days;
use engine::day::Day;
use engine::engine::Engine;
use engine::programme::{CostKind, Programme, spread};
use engine::spend::SpendLine;
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
            let (millionths, currency) = worth(programme, millionths.into(), &line.money.currency, day);
            let sums = spent.entry((line.channel.clone(), day)).or_default();
            *sums.entry(currency.to_owned()).or_default() += millionths;
        }
    }
    spent
}

/// An amount in the programme's own currency at the rate of the day; as it is, where there is no such rate. What names no
/// currency is in the company's own.
pub fn worth<'a>(programme: &'a Programme, millionths: i128, currency: &'a str, day: Day) -> (i128, &'a str) {
    let own = programme.currency.as_deref();
    let currency = if currency.is_empty() { own.unwrap_or("") } else { currency };
    match (programme.in_own_currency(millionths, currency, day), own) {
        (Some(millionths), Some(own)) => (millionths, own),
        _ => (millionths, currency),
    }
}

/// What a line comes to on one of its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayOfLine {
    pub day: Day,
    /// Millionths of the line's currency.
    pub millionths: i64,
    /// How often it was seen; `None` where nobody counted.
    pub impressions: Option<u64>,
    pub clicks: Option<u64>,
}

/// A line day by day, its counts spread as its amount is.
pub fn day_by_day(line: &SpendLine) -> impl Iterator<Item = DayOfLine> {
    let counts = |count: Option<u64>| {
        let count = count.and_then(|count| i64::try_from(count).ok());
        let each: Option<Vec<i64>> = count.map(|count| spread(count, line.days()).collect());
        move |place: usize| each.as_ref().map(|each| each[place].unsigned_abs())
    };
    let (impressions, clicks) = (counts(line.counts.impressions), counts(line.counts.clicks));
    line.by_day().enumerate().map(move |(place, (day, millionths))| DayOfLine {
        day,
        millionths,
        impressions: impressions(place),
        clicks: clicks(place),
    })
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
