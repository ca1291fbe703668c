//! Cohorts: people by the month or week of their first order, and the share of them who order in each month or week after.

use super::people::Gathered;
use super::question::{DIRECT, Members};
use engine::day::Day;
use std::collections::BTreeMap;

/// How long a cohort's periods are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Week,
    Month,
}

impl Period {
    /// The number of a day's period.
    fn number(self, day: Day) -> i32 {
        match self {
            // Weeks begin on Mondays; day 0 was a Thursday.
            Self::Week => (day.0 + 3).div_euclid(7),
            Self::Month => i32::from(day.date().year()) * 12 + i32::from(day.date().month()) - 1,
        }
    }

    /// The first day of a period, or the month.
    fn label(self, number: i32) -> String {
        match self {
            Self::Week => Day(number * 7 - 3).to_string(),
            Self::Month => format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
        }
    }
}

/// One cohort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// The channel by which they came to their first order; empty where cohorts are not told apart by it.
    pub channel: String,
    pub begin: String,
    /// How many people.
    pub people: u64,
    /// How many of them ordered in the first period after, the second and so on. Periods that are not over are left out.
    pub ordered: Vec<u64>,
}

/// Every cohort, oldest first.
pub fn cohorts(gathered: &Gathered<'_>, period: Period, by_channel: bool, members: &Members) -> Vec<Cohort> {
    let engine = gathered.engine();
    let timezone = engine.programme().timezone();
    let number = |at| period.number(Day::of(at, &timezone));
    let now = number(engine.at());
    let mut found: BTreeMap<(String, i32), (u64, BTreeMap<i32, u64>)> = BTreeMap::new();
    for (id, person) in &gathered.people {
        let is_asked = members.as_ref().is_none_or(|members| members.contains(id));
        let Some(first) = person.orders.first().filter(|_| is_asked) else { continue };
        let brought = || first.told.or_else(|| person.led_by(first.at));
        let channel = match by_channel {
            false => String::new(),
            true => brought().map_or(DIRECT.to_owned(), |arrival| gathered.arrival(arrival).channel.clone()),
        };
        let begin = number(first.at);
        let (people, ordered) = found.entry((channel, begin)).or_default();
        *people += 1;
        let mut later: Vec<i32> = person.orders.iter().map(|order| number(order.at) - begin).collect();
        later.dedup();
        later
            .into_iter()
            .filter(|later| *later > 0)
            .for_each(|later| *ordered.entry(later).or_default() += 1);
    }
    let cohort = |((channel, begin), (people, ordered)): ((String, i32), (u64, BTreeMap<i32, u64>))| Cohort {
        channel,
        begin: period.label(begin),
        people,
        ordered: (1..now - begin).map(|later| ordered.get(&later).copied().unwrap_or(0)).collect(),
    };
    found.into_iter().map(cohort).collect()
}
