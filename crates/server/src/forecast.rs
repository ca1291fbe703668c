//! Forecasts as commands and the API ask for them: leads, orders or revenue of an installation, or a series of one's own.

use crate::ltv::log::{ReadLog, day_of, orders};
use crate::ltv::{Wrong, date_of};
use anyhow::Context as _;
use engine::at::At;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::programme::timezone;
use engine::record::{EventFlags, Record};
use engine::{ProfileId, Seq};
use jiff::tz::TimeZone;
use measure::forecast::{backtest, foretell};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// People who became known for the first time.
    Leads,
    /// Orders that were not given back.
    Orders,
    /// What they brought.
    Revenue,
}

const WHAT: [(&str, What); 3] =
    [("leads", What::Leads), ("orders", What::Orders), ("revenue", What::Revenue)];

/// How long one value of the series is, and after how many its season comes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    name: &'static str,
    days: i32,
    season: usize,
}

const PACES: [Pace; 2] =
    [Pace { name: "day", days: 1, season: 7 }, Pace { name: "week", days: 7, season: 52 }];

/// Most periods ahead: by then an interval holds everything.
const HORIZON_MAX: usize = 1_000;

/// What is asked, as it is written in the parameters of a request.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// `leads`, `orders` or `revenue`, which it is when absent.
    pub(crate) what: Option<String>,
    /// `day`, which it is when absent, or `week`, from Monday on.
    pub(crate) each: Option<String>,
    /// Periods ahead: 28 days or 12 weeks when absent.
    pub(crate) horizon: Option<usize>,
    /// The chance with which a value lies in its interval; 0.9 when absent.
    pub(crate) level: Option<f64>,
    /// The currency of revenue; that of most orders when absent.
    pub(crate) currency: Option<String>,
}

/// A question that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    what: What,
    pub(crate) pace: Pace,
    horizon: usize,
    level: f64,
    currency: Option<String>,
}

/// What is to come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Outlook {
    /// What was foretold; none of a series of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'static str>,
    /// `day` or `week`.
    each: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    /// Whole periods that it was learned from.
    periods: usize,
    /// `seasonal`, `smoothed` or `mean`, by how much there was to learn from.
    method: &'static str,
    /// The chance with which a value lies in its interval.
    level: f64,
    forecast: Vec<StepView>,
    /// Of all periods together.
    total: f64,
    /// How good the same way of foretelling was on what is known; none where there is too little.
    #[serde(skip_serializing_if = "Option::is_none")]
    backtest: Option<BacktestView>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StepView {
    /// The first day of the period.
    from: String,
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BacktestView {
    /// Instants from which it foretold what was known to come.
    origins: usize,
    /// Periods from each.
    length: usize,
    /// Mean error in parts of that of taking the value of a season ago; below 1 is better than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    mase: Option<f64>,
    mae: f64,
    /// Share of values that lay in their interval.
    coverage: f64,
}

impl Asked {
    pub(crate) fn question(&self) -> Result<Question, Wrong> {
        let what = self.what.as_deref().unwrap_or("revenue");
        let what = WHAT.iter().find(|one| one.0 == what).ok_or_else(|| {
            ("what", format!("\"{what}\" is not foretold, only {}", WHAT.map(|one| one.0).join(", ")))
        })?;
        let each = self.each.as_deref().unwrap_or("day");
        let pace = *PACES.iter().find(|pace| pace.name == each).ok_or_else(|| {
            (
                "each",
                format!("there is no period \"{each}\", only {}", PACES.map(|pace| pace.name).join(", ")),
            )
        })?;
        let horizon = self.horizon.unwrap_or(if pace.days == 1 { 28 } else { 12 });
        if !(1..=HORIZON_MAX).contains(&horizon) {
            return Err(("horizon", format!("{horizon} is not from 1 to {HORIZON_MAX}")));
        }
        let level = self.level.unwrap_or(0.9);
        if !(level > 0.0 && level < 1.0) {
            return Err(("level", format!("{level} is no chance between 0 and 1: write 0.9")));
        }
        Ok(Question { what: what.1, pace, horizon, level, currency: self.currency.clone() })
    }
}

impl Question {
    /// From the log, up to the last whole period before now.
    pub(crate) fn of_log(&self, engine: &Engine, read: ReadLog<'_, '_>, now: At) -> anyhow::Result<Outlook> {
        let zone = timezone(&engine.programme().timezone).unwrap_or(TimeZone::UTC);
        let mut currency = None;
        let by_day = match self.what {
            What::Leads => leads(engine, read, &zone)?,
            What::Orders | What::Revenue => {
                let taken = orders(engine, read)?.taken(self.currency.as_deref(), |at| day_of(at, &zone));
                let mut by_day: BTreeMap<i32, f64> = BTreeMap::new();
                for purchase in &taken.purchases {
                    let one = match self.what {
                        What::Revenue => purchase.amount_millionths as f64 / 1e6,
                        What::Orders | What::Leads => 1.0,
                    };
                    *by_day.entry(purchase.day).or_default() += one;
                }
                currency = Some(taken.currency).filter(|name| self.what == What::Revenue && !name.is_empty());
                by_day
            }
        };
        let mut outlook = self.of_days(&by_day, day_of(now, &zone))?;
        outlook.what = WHAT.iter().find(|one| one.1 == self.what).map(|one| one.0);
        outlook.currency = currency;
        Ok(outlook)
    }

    /// From what each day brought, up to a day that is not over.
    pub(crate) fn of_days(&self, by_day: &BTreeMap<i32, f64>, today: i32) -> anyhow::Result<Outlook> {
        let period = |day: i32| match self.pace.days {
            1 => day,
            // The first day of 1970 was a Thursday.
            days => (day + 3).div_euclid(days),
        };
        let first = by_day.keys().next().map_or(period(today), |day| {
            // The first week is whole only when it begins on a Monday.
            if self.pace.days == 1 || (day + 3).rem_euclid(self.pace.days) == 0 {
                period(*day)
            } else {
                period(*day) + 1
            }
        });
        let end = period(today);
        let mut values = vec![0.0; usize::try_from(end - first).unwrap_or(0)];
        for (day, value) in by_day {
            if let Some(place) = usize::try_from(period(*day) - first).ok().and_then(|at| values.get_mut(at))
            {
                *place += value;
            }
        }
        let Self { horizon, level, pace, .. } = *self;
        let outlook = foretell(&values, pace.season, horizon, level)?;
        let begins = |step: i32| match pace.days {
            1 => end + step,
            days => (end + step) * days - 3,
        };
        let steps = outlook.steps.iter().zip(0..);
        Ok(Outlook {
            what: None,
            each: pace.name,
            currency: None,
            periods: values.len(),
            method: outlook.method.name(),
            level,
            total: outlook.steps.iter().map(|step| step.point).sum(),
            forecast: steps
                .map(|(step, number)| StepView {
                    from: date_of(begins(number)),
                    value: step.point,
                    low: step.low,
                    high: step.high,
                })
                .collect(),
            backtest: backtest(&values, pace.season, horizon, level).map(|found| BacktestView {
                origins: found.origins,
                length: found.length,
                mase: found.mase,
                mae: found.mae,
                coverage: found.coverage,
            }),
        })
    }
}

/// People by the day on which a name of theirs that is more than a browser's was first told.
fn leads(engine: &Engine, read: ReadLog<'_, '_>, zone: &TimeZone) -> anyhow::Result<BTreeMap<i32, f64>> {
    let mut known: BTreeMap<ProfileId, At> = BTreeMap::new();
    for batch in read(Seq(1)).context("the log cannot be read")? {
        let batch = batch.context("the log cannot be read")?;
        if batch.first > engine.seq() {
            break;
        }
        for bytes in batch.records().map_while(Result::ok) {
            let Ok(Record::Event(event)) = Record::decode(bytes) else { continue };
            if event.flags.has(EventFlags::BOT) {
                continue;
            }
            let names =
                |kind| matches!(kind, IdentifierKind::UserId | IdentifierKind::Email | IdentifierKind::Phone);
            let name = event.identifiers.iter().find(|one| names(one.kind));
            if let Some(id) = name.and_then(|name| engine.find(name.kind, name.value)) {
                let first = known.entry(id).or_insert(event.occurred_at);
                *first = event.occurred_at.min(*first);
            }
        }
    }
    let mut by_day = BTreeMap::new();
    for at in known.into_values() {
        *by_day.entry(day_of(at, zone)).or_default() += 1.0;
    }
    Ok(by_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(each: &str, horizon: usize) -> Question {
        let asked = Asked { each: Some(each.to_owned()), horizon: Some(horizon), ..Asked::default() };
        asked.question().unwrap()
    }

    #[test]
    fn only_whole_periods_are_learned_from() {
        // From Wednesday, 1 January 2025, on, one a day.
        let first = crate::ltv::day("2025-01-01").unwrap();
        let by_day: BTreeMap<i32, f64> = (0..33).map(|day| (first + day, 1.0)).collect();
        let today = crate::ltv::day("2025-02-02").unwrap();
        let outlook = asked("day", 2).of_days(&by_day, today).unwrap();
        assert_eq!((outlook.periods, outlook.forecast[0].from.as_str()), (32, "2025-02-02"));
        let outlook = asked("week", 2).of_days(&by_day, today).unwrap();
        // Mondays 6, 13 and 20 January; the week that Sunday ends is not over.
        assert_eq!((outlook.periods, outlook.forecast[0].from.as_str()), (3, "2025-01-27"));
        assert!(outlook.forecast.iter().all(|step| (step.value - 7.0).abs() < 1e-9), "{outlook:?}");
        // Days without anything count.
        let gap: BTreeMap<i32, f64> = [(first, 4.0), (first + 3, 2.0)].into();
        assert_eq!(asked("day", 1).of_days(&gap, first + 4).unwrap().forecast[0].value, 1.5);
        let refused = asked("day", 1).of_days(&BTreeMap::new(), first).unwrap_err().to_string();
        assert!(refused.contains("so far there is 0"), "{refused}");
    }

    #[test]
    fn a_question_that_makes_no_sense_names_its_field() {
        let field = |asked: Asked| asked.question().unwrap_err().0;
        assert_eq!(field(Asked { what: Some("clicks".to_owned()), ..Asked::default() }), "what");
        assert_eq!(field(Asked { each: Some("year".to_owned()), ..Asked::default() }), "each");
        assert_eq!(field(Asked { horizon: Some(0), ..Asked::default() }), "horizon");
        assert_eq!(field(Asked { level: Some(95.0), ..Asked::default() }), "level");
    }
}
