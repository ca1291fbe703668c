//! Credit as commands and the API ask for it: which conversions, by which model, and the answer that both give.
//!
//! Touchpoints are read from the log anew for each question, by an engine at its side that says whose they are. Owned by
//! whoever asks; nothing is kept.

use anyhow::Context;
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::record::Record;
use engine::{ProfileId, Seq};
use eventlog::sqlite::SqliteReader;
use measure::attribution::{Credit, HalfLife, Model, ORDER_MAX, Paths, agreement, credit};
use measure::touchpoint::{Asked, Goal, Owners, Spread, Touchpoints, Walked, walk};
use serde::Serialize;
use std::collections::BTreeMap;

/// How long before a conversion a touch counts, where nobody says otherwise.
const LOOKBACK_USUAL: Span = Span::DAY.times(30);

/// A parameter, and what is wrong with it.
pub(crate) type Wrong = (&'static str, String);

/// Which conversions are asked about.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    conversion: Option<String>,
    value: Option<String>,
    asked: Asked,
}

impl Question {
    pub(crate) fn parse(
        conversion: Option<String>,
        value: Option<String>,
        lookback: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
        sends: bool,
    ) -> Result<Self, Wrong> {
        let instant = |name, text: Option<&str>, usual| match text {
            None => Ok(usual),
            Some(text) => At::parse(text).ok_or_else(|| {
                (name, format!("{text} is no time: write 2026-01-31, a day in UTC, or 2026-01-31T12:00:00Z"))
            }),
        };
        let (from, to) = (instant("from", from, At::MIN)?, instant("to", to, At::MAX)?);
        if to <= from {
            return Err(("to", format!("{to} is not after {from}")));
        }
        let lookback = match lookback {
            None => LOOKBACK_USUAL,
            Some(text) => length("lookback", text)?,
        };
        Ok(Self { conversion, value, asked: Asked { from, to, lookback, sends } })
    }

    /// What counts, as the programme says where the question does not.
    fn goal(&self, engine: &Engine) -> Goal {
        let purchase = &engine.programme().purchase;
        let path = self.value.as_ref().unwrap_or(&purchase.amount);
        Goal {
            event: self.conversion.clone().unwrap_or_else(|| purchase.event.clone()),
            value: Some(path.split('.').map(str::to_owned).collect()),
        }
    }
}

/// The paths of everybody, from a log by the engine that applied it. Nothing is read that the engine does not know.
pub(crate) fn walked(engine: &Engine, log: &SqliteReader, question: &Question) -> anyhow::Result<Walked> {
    let owners = Owners::everybody(engine);
    let mut touchpoints = Touchpoints::new(engine, Some(question.goal(engine)));
    let first = log.first()?.unwrap_or(Seq(1));
    for batch in log.read(first).context("the log cannot be read")? {
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
    walk(&mut touchpoints, question.asked)
        .map_err(|_| anyhow::anyhow!("the rules for channels make more channels than can be told apart"))
}

/// One person's touchpoints, from what the log has of them.
pub(crate) fn of_person<'e>(
    engine: &'e Engine,
    owner: ProfileId,
    batches: &[eventlog::log::Batch],
    places: &std::collections::BTreeSet<Seq>,
) -> Touchpoints<'e> {
    let mut touchpoints = Touchpoints::new(engine, None);
    for batch in batches {
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        for (seq, bytes) in records.filter(|(seq, _)| places.contains(seq)) {
            if let Ok(record) = Record::decode(bytes) {
                touchpoints.observe(owner, seq, batch.at, &record);
            }
        }
    }
    touchpoints
}

/// By which models credit is shared out.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    models: Vec<Model>,
    is_all: bool,
    /// Whether the chain knows of paths that did not convert.
    nulls: bool,
}

impl Shares {
    pub(crate) fn parse(
        model: &str,
        order: u8,
        half_life: Option<&str>,
        weights: &str,
        nulls: bool,
        has_times: bool,
    ) -> Result<Self, Wrong> {
        if !(1..=ORDER_MAX).contains(&order) {
            return Err(("order", format!("{order} touches cannot be remembered, only 1 to {ORDER_MAX}")));
        }
        let all = Model::all(half_life_of(half_life, has_times)?, weights_of(weights)?, order);
        let is_all = model == "all";
        let models: Vec<Model> = all.into_iter().filter(|one| is_all || one.name() == model).collect();
        if models.is_empty() {
            let names = all.map(Model::name).join(", ");
            return Err((
                "model",
                format!("there is no model \"{model}\", only {names}, and all of them: all"),
            ));
        }
        Ok(Self { models, is_all, nulls })
    }
}

fn half_life_of(text: Option<&str>, has_times: bool) -> Result<HalfLife, Wrong> {
    match (text, has_times) {
        (None, false) => Ok(HalfLife::Touches(Model::HALF_LIFE)),
        (None, true) => Ok(HalfLife::Seconds(Model::HALF_LIFE * 86_400.0)),
        (Some(text), true) => Ok(HalfLife::Seconds(length("half_life", text)?.0 as f64 / 1_000.0)),
        (Some(text), false) => {
            let touches: Option<f64> =
                text.parse().ok().filter(|touches| *touches > 0.0 && f64::is_finite(*touches));
            let wrong = || {
                ("half_life", format!("{text}: a file has no times, so write a number of touches, such as 7"))
            };
            touches.map(HalfLife::Touches).ok_or_else(wrong)
        }
    }
}

fn weights_of(text: &str) -> Result<[f64; 3], Wrong> {
    let weights: Option<Vec<f64>> = text.split(',').map(|one| one.trim().parse().ok()).collect();
    let is_fit = |one: &f64| one.is_finite() && *one >= 0.0;
    let weights = weights.filter(|weights| weights.iter().all(is_fit) && weights.iter().sum::<f64>() > 0.0);
    let wrong = || ("weights", format!("{text} are no three weights, such as 40,20,40"));
    weights.and_then(|weights| <[f64; 3]>::try_from(weights).ok()).ok_or_else(wrong)
}

fn length(name: &'static str, text: &str) -> Result<Span, Wrong> {
    Span::parse(text)
        .ok_or_else(|| (name, format!("{text} is no length of time: write it as \"30 days\" or 30d")))
}

/// What came of it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Attribution)]
#[serde(untagged)]
pub(crate) enum Answer {
    One(Credited),
    All(Compared),
}

/// Credit by one model.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Credited {
    model: &'static str,
    /// Of the Markov model.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<u8>,
    paths: u64,
    conversions: f64,
    /// Null where values are not known.
    value: Option<f64>,
    /// How often a path ended in nothing; null where that is not known.
    nulls: Option<f64>,
    /// Conversions that no touch came before, beside those above.
    #[serde(skip_serializing_if = "Option::is_none")]
    without_touch: Option<u64>,
    channels: Vec<Channel>,
}

/// What a channel gets.
#[derive(Serialize, utoipa::ToSchema)]
struct Channel {
    channel: String,
    conversions: f64,
    value: Option<f64>,
    /// Of all conversions; null where there are none.
    share: Option<f64>,
    /// The share of conversions that would be lost without the channel: the Markov model's.
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_effect: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_effect_value: Option<f64>,
}

/// Every model beside the others.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Compared {
    model: &'static str,
    models: Vec<&'static str>,
    paths: u64,
    conversions: f64,
    value: Option<f64>,
    nulls: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    without_touch: Option<u64>,
    /// The part of all credit that goes to other channels in one model than in another, of the two that differ most; null
    /// where nothing was converted.
    moved: Option<f64>,
    channels: Vec<ComparedChannel>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ComparedChannel {
    channel: String,
    /// The greatest share of all conversions that a model gives it, less the smallest.
    range: Option<f64>,
    by_model: BTreeMap<&'static str, Got>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct Got {
    conversions: f64,
    value: Option<f64>,
}

pub(crate) fn answer(paths: &Paths, without_touch: Option<u64>, shares: &Shares) -> anyhow::Result<Answer> {
    let without_nulls;
    let paths = if shares.nulls || !paths.has_nulls() {
        paths
    } else {
        without_nulls = paths.clone().without_nulls();
        &without_nulls
    };
    let credits: Vec<Credit> =
        shares.models.iter().map(|model| credit(paths, *model)).collect::<Result<_, _>>()?;
    let total = paths.total();
    let value = |value: f64| paths.has_values().then_some(value);
    let nulls = paths.has_nulls().then_some(total.nulls);
    let channels = 0..paths.channels();
    if let ([model], [given], false) = (shares.models.as_slice(), credits.as_slice(), shares.is_all) {
        let channel = |number: usize| Channel {
            channel: paths.name(number).to_owned(),
            conversions: given.conversions[number],
            value: value(given.value[number]),
            share: (total.conversions > 0.0).then(|| given.conversions[number] / total.conversions),
            removal_effect: given.removal.as_ref().map(|removal| removal.conversions[number]),
            removal_effect_value: given.removal.as_ref().and_then(|removal| value(removal.value[number])),
        };
        let order = if let Model::Markov { order } = model { Some(*order) } else { None };
        return Ok(Answer::One(Credited {
            model: model.name(),
            order,
            paths: paths.len() as u64,
            conversions: total.conversions,
            value: value(total.value),
            nulls,
            without_touch,
            channels: channels.map(channel).collect(),
        }));
    }
    let apart = agreement(&credits.iter().collect::<Vec<_>>());
    let channel = |number: usize| {
        let got = |credit: &Credit| Got {
            conversions: credit.conversions[number],
            value: value(credit.value[number]),
        };
        ComparedChannel {
            channel: paths.name(number).to_owned(),
            range: apart.as_ref().map(|apart| apart.ranges[number]),
            by_model: shares
                .models
                .iter()
                .zip(&credits)
                .map(|(model, credit)| (model.name(), got(credit)))
                .collect(),
        }
    };
    Ok(Answer::All(Compared {
        model: "all",
        models: shares.models.iter().map(|model| model.name()).collect(),
        paths: paths.len() as u64,
        conversions: total.conversions,
        value: value(total.value),
        nulls,
        without_touch,
        moved: apart.as_ref().map(|apart| apart.moved),
        channels: channels.map(channel).collect(),
    }))
}

/// The paths that people walked.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Told {
    /// Who was touched or converted in the time.
    people: u64,
    conversions: f64,
    /// Conversions that no touch came before, beside those above.
    without_touch: u64,
    /// Touches before a conversion.
    touches: SpreadView,
    /// Days from the first touch to the conversion.
    days: SpreadView,
    /// Those that converted most first; a channel that is repeated is told once.
    paths: Vec<PathView>,
}

/// Null where there is no conversion.
#[derive(Serialize, utoipa::ToSchema)]
struct SpreadView {
    mean: Option<f64>,
    median: Option<f64>,
    p90: Option<f64>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct PathView {
    path: String,
    conversions: f64,
    value: f64,
    /// How often it ended in nothing.
    nulls: f64,
}

pub(crate) fn told(walked: &Walked, most: usize) -> Told {
    let spread = |spread: &Spread, unit: f64| SpreadView {
        mean: spread.mean().map(|mean| mean / unit),
        median: spread.percentile(50).map(|one| f64::from(one) / unit),
        p90: spread.percentile(90).map(|one| f64::from(one) / unit),
    };
    let paths = walked.frequent(most).into_iter().map(|one| PathView {
        path: one.channels.join(" > "),
        conversions: one.came.conversions,
        value: one.came.value,
        nulls: one.came.nulls,
    });
    Told {
        people: walked.people,
        conversions: walked.paths.total().conversions,
        without_touch: walked.without_touch,
        touches: spread(&walked.touches, 1.0),
        days: spread(&walked.seconds, 86_400.0),
        paths: paths.collect(),
    }
}
