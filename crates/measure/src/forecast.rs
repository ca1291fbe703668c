//! What a series is likely to do next: leads, orders or revenue a day or a week, with an interval for each step.
//!
//! Exponential smoothing and seasonal decomposition are those of `augurs`; this file chooses by how much there is to learn from,
//! down to two values, and says how good the same way of foretelling would have been so far. Pure functions.

use crate::special::student;
use augurs::ets::AutoETS;
use augurs::mstl::MSTLModel;
use augurs::{Fit as _, Forecast, Predict as _};

/// Values that smoothing needs at least.
const SMOOTHED_MIN: usize = 12;
/// Seasons that are needed to tell a season from chance.
const SEASONS_MIN: usize = 3;
/// Beginnings from which a backtest foretells.
const ORIGINS_MAX: usize = 12;

/// How it was foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A season, and a trend that is smoothed beside it.
    Seasonal,
    /// A smoothed level, with a trend where there is one.
    Smoothed,
    /// The mean so far: there is too little for more.
    Mean,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::Seasonal => "seasonal",
            Self::Smoothed => "smoothed",
            Self::Mean => "mean",
        }
    }
}

/// A value to come, and the interval in which it lies with the chance that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    pub point: f64,
    pub low: f64,
    pub high: f64,
}

/// What is to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    pub method: Method,
    pub steps: Vec<Step>,
}

/// How good the same way of foretelling was on what is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backtest {
    /// Instants from which it foretold.
    pub origins: usize,
    /// Steps from each.
    pub length: usize,
    /// Mean absolute error in parts of that of taking the value of a season ago; below 1 is better than that. None where
    /// that never erred.
    pub mase: Option<f64>,
    /// Mean absolute error.
    pub mae: f64,
    /// Share of values that lay in their interval.
    pub coverage: f64,
}

/// Why there is nothing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("two whole periods are needed at least, and so far there is {0}")]
    TooShort(usize),
    #[error("a value is no number")]
    NotFinite,
}

/// Foretells so many steps; a season of 1 is none. What never was below nothing is not foretold below it.
pub fn foretell(values: &[f64], season: usize, steps: usize, level: f64) -> Result<Outlook, Refusal> {
    if values.len() < 2 {
        return Err(Refusal::TooShort(values.len()));
    }
    if values.iter().any(|value| !value.is_finite()) {
        return Err(Refusal::NotFinite);
    }
    let seasonal = || seasonal(values, season, steps, level);
    let smoothed = || smoothed(values, steps, level);
    let mut outlook = seasonal().or_else(smoothed).unwrap_or_else(|| mean(values, steps, level));
    if values.iter().all(|value| *value >= 0.0) {
        for step in &mut outlook.steps {
            *step = Step { point: step.point.max(0.0), low: step.low.max(0.0), high: step.high.max(0.0) };
        }
    }
    Ok(outlook)
}

/// Foretells the newest values from those before each; none where there are too few for that.
pub fn backtest(values: &[f64], season: usize, steps: usize, level: f64) -> Option<Backtest> {
    let length = steps.min(values.len() / 4).max(1);
    let first = (values.len() / 2).max(2);
    let room = values.len().checked_sub(first + length)? + 1;
    let origins = room.min(ORIGINS_MAX);
    let (mut errors, mut naive, mut inside) = (Vec::new(), Vec::new(), 0);
    for number in 0..origins {
        // Spread evenly, and up to the newest.
        let origin = values.len() - length - number * room / origins;
        let (known, to_come) = (&values[..origin], &values[origin..origin + length]);
        let outlook = foretell(known, season, length, level).ok()?;
        let back = if season < known.len() { season.max(1) } else { 1 };
        naive.extend(known.iter().zip(&known[back..]).map(|(before, after)| (after - before).abs()));
        for (step, value) in outlook.steps.iter().zip(to_come) {
            errors.push((step.point - value).abs());
            inside += usize::from((step.low..=step.high).contains(value));
        }
    }
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    let (mae, usual) = (mean(&errors), mean(&naive));
    Some(Backtest {
        origins,
        length,
        mase: (usual > 0.0).then(|| mae / usual),
        mae,
        coverage: inside as f64 / errors.len() as f64,
    })
}

fn seasonal(values: &[f64], season: usize, steps: usize, level: f64) -> Option<Outlook> {
    if season < 2 || values.len() < (SEASONS_MIN * season).max(SMOOTHED_MIN) {
        return None;
    }
    let model = MSTLModel::new(vec![season], AutoETS::new(1, "AZN").ok()?.into_trend_model());
    let fitted = model.fit(values).ok()?;
    outlook(Method::Seasonal, &fitted.predict(steps, level).ok()?)
}

fn smoothed(values: &[f64], steps: usize, level: f64) -> Option<Outlook> {
    if values.len() < SMOOTHED_MIN {
        return None;
    }
    let fitted = AutoETS::new(1, "AZN").ok()?.fit(values).ok()?;
    outlook(Method::Smoothed, &fitted.predict(steps, level).ok()?)
}

fn outlook(method: Method, forecast: &Forecast) -> Option<Outlook> {
    let intervals = forecast.intervals.as_ref()?;
    let ends = intervals.lower.iter().zip(&intervals.upper);
    let steps: Vec<Step> =
        forecast.point.iter().zip(ends).map(|(&point, (&low, &high))| Step { point, low, high }).collect();
    // A series that never changes has no spread to learn, and gives no numbers.
    let is_whole = steps.iter().all(|step| step.point.is_finite() && step.low <= step.high);
    is_whole.then_some(Outlook { method, steps })
}

fn mean(values: &[f64], steps: usize, level: f64) -> Outlook {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let reach = student::quantile(0.5 + 0.5 * level, count - 1.0) * (variance * (1.0 + 1.0 / count)).sqrt();
    let step = Step { point: mean, low: mean - reach, high: mean + reach };
    Outlook { method: Method::Mean, steps: vec![step; steps] }
}
