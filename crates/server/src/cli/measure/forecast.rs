//! `trama measure forecast`: leads, orders and revenue to come, or the continuation of a series of one's own.

use super::table::Table;
use super::{OfInstallation, text};
use crate::clock;
use crate::forecast::Asked;
use anyhow::{anyhow, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// Foretell leads, orders or revenue, with an interval for each day or week
///
/// What is foretold is said with how good the same way of foretelling would have been so far.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A table with the columns date and value; days that it leaves out are nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "server", "what", "currency"])]
    series: Option<PathBuf>,
    #[command(flatten)]
    of: OfInstallation,
    /// leads, orders or revenue [default: revenue]
    #[arg(long, value_name = "WHAT")]
    what: Option<String>,
    /// day or week [default: day]
    #[arg(long, value_name = "PERIOD")]
    each: Option<String>,
    /// Periods ahead [default: 28 days or 12 weeks]
    #[arg(long, value_name = "PERIODS")]
    horizon: Option<usize>,
    /// The chance with which a value lies in its interval [default: 0.9]
    #[arg(long, value_name = "CHANCE")]
    level: Option<f64>,
    /// The currency of revenue [default: that of most orders]
    #[arg(long, value_name = "CURRENCY")]
    currency: Option<String>,
    /// Print {"forecast": [{"from": …, "value": …, "low": …, "high": …}, …], …}
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let asked = Asked {
        what: args.what.clone(),
        each: args.each.clone(),
        horizon: args.horizon,
        level: args.level,
        currency: args.currency.clone(),
    };
    let question = asked.question().map_err(|(field, message)| anyhow!("--{field}: {message}"))?;
    let told = match &args.series {
        Some(file) => {
            let (by_day, last) = series(file)?;
            serde_json::to_value(question.of_days(&by_day, last + 1)?)?
        }
        None => {
            let query = [
                ("what", text(&args.what)),
                ("each", text(&args.each)),
                ("horizon", text(&args.horizon)),
                ("level", text(&args.level)),
                ("currency", text(&args.currency)),
            ];
            args.of.ask("/api/v1/measure/forecast", &query, |engine, read| {
                Ok(serde_json::to_value(question.of_log(engine, read, clock::now())?)?)
            })?
        }
    };
    if args.json {
        writeln!(stdout(), "{told}")?;
        return Ok(());
    }
    print(&told)
}

/// What each day brought, and the last day.
fn series(file: &Path) -> anyhow::Result<(BTreeMap<i32, f64>, i32)> {
    let mut table = Table::open(file)?;
    let (date, value) = (table.need("date")?, table.need("value")?);
    let mut by_day = BTreeMap::new();
    while table.advance()? {
        *by_day.entry(table.day(date)?).or_default() += table.number(value)?;
    }
    match by_day.keys().next_back() {
        Some(last) => Ok((by_day.clone(), *last)),
        None => bail!("{}: there are no values", file.display()),
    }
}

fn print(told: &Value) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (each, level) = (text(&told["each"]), number(&told["level"]) * 100.0);
    writeln!(out, "{:<10} {:>14} {:>14} {:>14}", each, "value", "low", "high")?;
    for step in told["forecast"].as_array().into_iter().flatten() {
        let (value, low, high) = (number(&step["value"]), number(&step["low"]), number(&step["high"]));
        writeln!(out, "{:<10} {value:>14.2} {low:>14.2} {high:>14.2}", text(&step["from"]))?;
    }
    let currency = told["currency"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
    let (total, method) = (number(&told["total"]), text(&told["method"]));
    writeln!(out, "{total:.2}{currency} in all; {method}, learned from {} {each}s", told["periods"])?;
    let tested = &told["backtest"];
    if tested.is_null() {
        writeln!(out, "too little is known to say how good that is")?;
        return Ok(());
    }
    let beside = match tested["mase"].as_f64() {
        Some(mase) => format!(", {mase:.2} of the error of taking the value of a season ago"),
        None => String::new(),
    };
    writeln!(
        out,
        "From {} instants of the past it was off by {:.2} on average{beside}; {:.0}% of values lay in their interval of {level:.0}%",
        tested["origins"],
        number(&tested["mae"]),
        number(&tested["coverage"]) * 100.0
    )?;
    Ok(())
}
