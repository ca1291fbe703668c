//! Lifetime value as commands and the API ask for it: the question, and the answer that both give.
//!
//! Customers come from tables (`cli/measure`) or from the log ([`log`]); nothing is kept.

mod answer;
pub(crate) mod first;
pub(crate) mod log;

pub(crate) use answer::{Answer, answer};

use jiff::civil;
use measure::value::bg_nbd::Variant;
use measure::value::customer::Customer;
use measure::value::summary::Unit;
use std::collections::BTreeMap;

/// A parameter, and what is wrong with it.
pub(crate) type Wrong = (&'static str, String);

/// A model of purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Model {
    BgNbd(Variant),
    ParetoNbd,
}

const MODELS: [(&str, Model); 3] = [
    ("bg-nbd", Model::BgNbd(Variant::Plain)),
    ("mbg-nbd", Model::BgNbd(Variant::Modified)),
    ("pareto-nbd", Model::ParetoNbd),
];

const UNITS: [Unit; 3] = [Unit::Day, Unit::Week, Unit::Month];

/// Days of a year: the mean of the calendar over four.
const YEAR_DAYS: f64 = 365.25;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) unit: Unit,
    /// The first of them foretells.
    pub(crate) models: Vec<Model>,
    /// The share of what customers pay that is earned.
    pub(crate) margin: f64,
    /// What money loses in a year: 0.1 is ten percent.
    pub(crate) discount: f64,
    /// In units; a year where nobody says.
    pub(crate) horizon: f64,
}

/// A customer, and what is known beside the summary.
#[derive(Clone, Debug)]
pub(crate) struct Buyer {
    /// What the table or the engine calls them.
    pub(crate) id: String,
    pub(crate) customer: Customer,
    /// What they paid so far, the first purchase too; none in a table of summaries.
    pub(crate) paid: Option<f64>,
    /// Purchases that were left out of the summary to score the forecast.
    pub(crate) bought_later: u32,
    /// By which channel they came; a number of [`Buyers::channels`].
    pub(crate) channel: Option<u32>,
}

/// Everybody, up to a day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buyers {
    pub(crate) buyers: Vec<Buyer>,
    pub(crate) channels: Vec<String>,
    /// What the people of channels cost altogether, as far as it is on record.
    pub(crate) costs: BTreeMap<String, f64>,
    /// Days since 1970; none in a table of summaries.
    pub(crate) as_of: Option<i32>,
    /// In units, what was left out to score the forecast.
    pub(crate) holdout: Option<f64>,
    pub(crate) currency: Option<String>,
    /// What a reader should know of the numbers.
    pub(crate) notes: Vec<String>,
}

impl Question {
    pub(crate) fn parse(
        period: Option<&str>,
        model: Option<&str>,
        margin: Option<f64>,
        discount: Option<f64>,
        horizon: Option<f64>,
    ) -> Result<Self, Wrong> {
        let unit = match period {
            None => Unit::Week,
            Some(name) => *UNITS.iter().find(|unit| unit.name() == name).ok_or_else(|| {
                (
                    "period",
                    format!("there is no period \"{name}\", only {}", UNITS.map(Unit::name).join(", ")),
                )
            })?,
        };
        let models = model.unwrap_or(MODELS[0].0).split(',').map(model_of).collect::<Result<_, _>>()?;
        let margin = margin.unwrap_or(1.0);
        if !(margin > 0.0 && margin <= 1.0) {
            return Err(("margin", format!("{margin} is no share: write 0.4 for forty percent")));
        }
        let discount = discount.unwrap_or(0.0);
        if !(0.0..10.0).contains(&discount) {
            return Err(("discount", format!("{discount} is no rate a year: write 0.1 for ten percent")));
        }
        let horizon = horizon.unwrap_or(YEAR_DAYS / unit.days());
        if !(horizon > 0.0 && horizon * unit.days() <= 100.0 * YEAR_DAYS) {
            return Err((
                "horizon",
                format!("{horizon} {}s is no time between nothing and a century", unit.name()),
            ));
        }
        Ok(Self { unit, models, margin, discount, horizon })
    }
}

fn model_of(name: &str) -> Result<Model, Wrong> {
    let model = MODELS.iter().find(|one| one.0 == name.trim());
    let names = || MODELS.map(|one| one.0).join(", ");
    model.map(|one| one.1).ok_or_else(|| ("model", format!("there is no model \"{name}\", only {}", names())))
}

/// Reads what the customers of channels cost: `newsletter=1200,search=800`.
pub(crate) fn costs(text: &str) -> Result<BTreeMap<String, f64>, Wrong> {
    let one = |part: &str| {
        let (channel, amount) = part.rsplit_once('=')?;
        let amount =
            amount.trim().parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0)?;
        Some((channel.trim().to_owned(), amount))
    };
    let parts = text.split(',').filter(|part| !part.trim().is_empty());
    parts
        .map(|part| {
            one(part).ok_or_else(|| ("cost", format!("\"{part}\" is no cost: write newsletter=1200")))
        })
        .collect()
}

/// Reads a day: 1997-09-30, 19970930, or the beginning of a time such as 1997-09-30T08:00:00Z.
pub(crate) fn day(text: &str) -> Option<i32> {
    let text = text.trim();
    let digits = |range: std::ops::Range<usize>| -> Option<i16> {
        let part = text.get(range)?;
        part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
    };
    let is_compact = text.len() == 8;
    let (year, month, day) = if is_compact {
        (digits(0..4)?, digits(4..6)?, digits(6..8)?)
    } else {
        let is_date = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
        let rest = text.as_bytes().get(10);
        if !is_date || rest.is_some_and(|byte| !b"T ".contains(byte)) {
            return None;
        }
        (digits(0..4)?, digits(5..7)?, digits(8..10)?)
    };
    let date = civil::Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(number_of(date))
}

/// Days since 1970.
pub(crate) fn number_of(date: civil::Date) -> i32 {
    let epoch = civil::date(1970, 1, 1);
    epoch.until(date).expect("invariant: days of dates are in bounds").get_days()
}

pub(crate) fn date_of(day: i32) -> String {
    let date = civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(day));
    date.map_or_else(|_| day.to_string(), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_the_ways_in_which_tables_write_them() {
        let expected = Some(10_134);
        for text in ["1997-09-30", "19970930", "1997-09-30T23:59:59Z", "1997-09-30 08:00", " 1997-09-30 "] {
            assert_eq!(day(text), expected, "{text}");
        }
        for text in ["1997-9-30", "30.09.1997", "1997-02-30", "1997-13-01", "1997093", "", "1997-09-301"] {
            assert_eq!(day(text), None, "{text}");
        }
        assert_eq!(date_of(10_134), "1997-09-30");
        assert_eq!((day("1970-01-01"), day("1969-12-31")), (Some(0), Some(-1)));
    }

    #[test]
    fn a_question_that_makes_no_sense_names_its_field() {
        let field = |asked: Result<Question, Wrong>| asked.unwrap_err().0;
        assert_eq!(field(Question::parse(Some("year"), None, None, None, None)), "period");
        assert_eq!(field(Question::parse(None, Some("bg-nbd,x"), None, None, None)), "model");
        assert_eq!(field(Question::parse(None, None, Some(40.0), None, None)), "margin");
        assert_eq!(field(Question::parse(None, None, None, Some(-0.1), None)), "discount");
        assert_eq!(field(Question::parse(None, None, None, None, Some(f64::NAN))), "horizon");
        let asked = Question::parse(None, Some("pareto-nbd, bg-nbd"), None, None, None).unwrap();
        assert_eq!(asked.models, [Model::ParetoNbd, Model::BgNbd(Variant::Plain)]);
        assert!((asked.horizon - 52.178_571).abs() < 1e-6, "{}", asked.horizon);
    }
}
