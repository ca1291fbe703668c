//! `trama measure attribution`: what each channel gets of the conversions, of a file or of an installation.

use super::path::OfInstallation;
use super::spend;
use crate::credit::{self, Answer, Shares};
use anyhow::{Context, bail};
use measure::attribution::read;
use serde_json::Value;
use std::io::{Write, stdout};
use std::path::PathBuf;

/// Share out conversions among channels
///
/// Without --model all models are put beside each other, with how far they are apart. None of them says what would have
/// happened without a channel; only a test does.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A table with the columns path ("a > b > c"), total_conversions, and perhaps total_conversion_value and total_null
    #[arg(long, value_name = "FILE")]
    paths: Option<PathBuf>,
    #[command(flatten)]
    of: OfInstallation,
    /// first, last, linear, time-decay, position, markov, shapley, or all
    #[arg(long, value_name = "MODEL", default_value = "all")]
    model: String,
    /// Of the Markov model: how many touches a state remembers, from 1 to 3
    #[arg(long, value_name = "TOUCHES", default_value_t = 1)]
    order: u8,
    /// Of time-decay: how far back a touch counts half; touches of a file (7), a time of an installation ("7 days")
    #[arg(long, value_name = "LENGTH")]
    half_life: Option<String>,
    /// Of position: weights of the first touch, all between, and the last one
    #[arg(long, value_name = "FIRST,MIDDLE,LAST", default_value = "40,20,40")]
    weights: String,
    /// Of the Markov model: take no notice of paths that did not convert
    #[arg(long)]
    no_null: bool,
    /// A table with the columns channel and amount: what channels cost, to be put beside what they get
    #[arg(long, value_name = "FILE")]
    spend: Option<PathBuf>,
    /// Print {"model": …, "channels": [{"channel": …, "conversions": …, "value": …}, …]}
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let spend = args.spend.as_deref().map(spend::read).transpose()?;
    let mut answer = match &args.paths {
        Some(file) => of_file(args, file)?,
        None => {
            let mut query = args.of.query();
            query.extend([("model", args.model.clone()), ("order", args.order.to_string())]);
            query.extend(args.half_life.clone().map(|half_life| ("half_life", half_life)));
            query.extend([("weights", args.weights.clone()), ("null", (!args.no_null).to_string())]);
            args.of.ask("/api/v1/measure/attribution", &query, |engine, log| {
                let shares = args.shares(true)?;
                let walked = credit::walked(engine, log, &args.of.question()?)?;
                let answer = credit::answer(&walked.paths, Some(walked.without_touch), &shares)?;
                Ok(serde_json::to_value(answer)?)
            })?
        }
    };
    if let Some(spend) = &spend {
        spend::beside(&mut answer, spend);
    }
    if args.json {
        writeln!(stdout(), "{answer}")?;
        return Ok(());
    }
    print(&answer)
}

fn of_file(args: &Args, file: &PathBuf) -> anyhow::Result<Value> {
    let shares = args.shares(false)?;
    let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut paths = read(&bytes).with_context(|| file.display().to_string())?;
    if let Some(lookback) = &args.of.lookback {
        let most = lookback.parse().ok().filter(|most| *most > 0);
        let most = most.with_context(|| {
            format!("--lookback {lookback}: a file has no times, so write how many of the last touches count, such as 5")
        })?;
        paths.keep_last(most);
    }
    let answer: Answer = credit::answer(&paths, None, &shares)?;
    Ok(serde_json::to_value(answer)?)
}

impl Args {
    fn shares(&self, has_times: bool) -> anyhow::Result<Shares> {
        let half_life = self.half_life.as_deref();
        match Shares::parse(&self.model, self.order, half_life, &self.weights, !self.no_null, has_times) {
            Ok(shares) => Ok(shares),
            Err((field, message)) => bail!("--{}: {message}", field.replace('_', "-")),
        }
    }
}

/// One line a channel, those with most first.
fn print(answer: &Value) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let mut head = format!("{} conversions", rounded(number(&answer["conversions"])));
    if let Some(value) = answer["value"].as_f64() {
        head += &format!(" worth {value:.2}");
    }
    head += &format!(" at the end of {} paths", answer["paths"]);
    if let Some(nulls) = answer["nulls"].as_f64() {
        head += &format!("; {} did not convert", rounded(nulls));
    }
    writeln!(out, "{head}")?;
    if let Some(without) = answer["without_touch"].as_u64().filter(|without| *without > 0) {
        writeln!(out, "{without} more conversions had no touch before them, and are nobody's")?;
    }
    let channels: Vec<&Value> = answer["channels"].as_array().into_iter().flatten().collect();
    let name = |channel: &Value| channel["channel"].as_str().unwrap_or_default().to_owned();
    let width = channels.iter().map(|channel| name(channel).chars().count()).max().unwrap_or(0).max(7);
    let models: Vec<&str> =
        answer["models"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut lines: Vec<(f64, String)> = Vec::new();
    let heading = if models.is_empty() {
        format!("{:width$} {:>12} {:>14} {:>7}", "channel", "conversions", "value", "share")
    } else {
        let columns: String = models.iter().map(|model| format!(" {model:>11}")).collect();
        format!("{:width$}{columns} {:>7}", "channel", "range")
    };
    for channel in channels {
        let name = name(channel);
        if models.is_empty() {
            let conversions = number(&channel["conversions"]);
            let value =
                channel["value"].as_f64().map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
            let share = number(&channel["share"]) * 100.0;
            let cost = cost(channel);
            lines.push((
                conversions,
                format!("{name:width$} {conversions:>12.2} {value:>14} {share:>6.1}%{cost}"),
            ));
        } else {
            let of = |model: &&str| number(&channel["by_model"][*model]["conversions"]);
            let columns: String = models.iter().map(|model| format!(" {:>11.2}", of(model))).collect();
            let range = number(&channel["range"]) * 100.0;
            let most = models.iter().map(of).fold(0.0, f64::max);
            lines.push((most, format!("{name:width$}{columns} {range:>6.1}%")));
        }
    }
    lines.sort_by(|one, other| other.0.total_cmp(&one.0));
    writeln!(out, "{heading}")?;
    lines.iter().try_for_each(|(_, line)| writeln!(out, "{line}"))?;
    if let Some(moved) = answer["moved"].as_f64() {
        writeln!(out, "Models agree on {:.1}% of all credit.", (1.0 - moved) * 100.0)?;
    }
    Ok(())
}

/// What a channel cost, an acquisition and a euro of it: for channels whose spend is known.
fn cost(channel: &Value) -> String {
    let Some(spend) = channel["spend"].as_f64() else { return String::new() };
    let told = |figure: &Value| {
        figure.as_f64().map_or_else(|| "undefined".to_owned(), |figure| format!("{figure:.2}"))
    };
    format!("  spend {spend:.2}, CPA {}, ROAS {}", told(&channel["cpa"]), told(&channel["roas"]))
}

/// Counts are whole, unless the file has others.
fn rounded(number: f64) -> String {
    if number.fract() == 0.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}
