//! `trama query`: how many people match an expression.

use super::DataDir;
use super::place::{Place, engine};
use crate::clock;
use crate::runtime::scan;
use anyhow::{Context, bail};
use engine::at::At;
use engine::engine::{Engine, Preview};
use engine::programme::Mistake;
use engine::record::Record;
use engine::segment::Owner;
use engine::segment::json::from_json;
use eventlog::log::Log;
use reqwest::Method;
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// Count the people that match an expression
#[derive(clap::Args)]
pub(super) struct Args {
    /// The expression, such as 'did "Order Completed" within 30 days', or its JSON form
    expression: String,
    #[command(flatten)]
    data: DataDir,
    /// The instant to ask about, as RFC 3339; now, when absent
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Print {"count": …, "took_ms": …}
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let data = &args.data.data;
    let at =
        args.at.as_deref().map(|text| At::parse(text).context("--at is not a time as 2026-01-31T12:00:00Z"));
    let at = at.transpose()?;
    let expression = text(&args.expression)?;
    let (count, took_ms) = match Place::open(data)? {
        Place::Live(_) if at.is_some() => bail!("--at needs a stopped server, whose log is read again"),
        Place::Live(client) => {
            let asked = json!({"expression": expression});
            let answer = client.call(Method::POST, "/api/v1/segments/preview", &asked)?;
            (
                answer["count"].as_u64().context("no count in the answer")?,
                answer["took_ms"].as_f64().unwrap_or(0.0),
            )
        }
        Place::Stopped(log) => {
            let engine = past(data, *log, at)?;
            let begun = Instant::now();
            let now = at.unwrap_or_else(clock::now).max(engine.at());
            let preview = scan::preview(&engine, &expression, now);
            let Preview { count, .. } = preview.map_err(|mistake| told(&expression, &mistake))?;
            (count, begun.elapsed().as_secs_f64() * 1_000.0)
        }
    };
    if args.json {
        println!("{}", json!({"count": count, "took_ms": took_ms}));
    } else {
        println!("{count} {} ({took_ms:.1} ms)", if count == 1 { "person" } else { "people" });
    }
    Ok(())
}

/// The expression as text. No text begins as JSON does.
fn text(given: &str) -> anyhow::Result<String> {
    if !given.trim_start().starts_with('{') {
        return Ok(given.to_owned());
    }
    let json = serde_json::from_str(given).context("the expression begins as JSON and is none")?;
    let tree = from_json(&json, Owner::Segment).map_err(|mistake| anyhow::anyhow!("{mistake}"))?;
    Ok(tree.to_string())
}

/// The engine as it was at an instant: replayed from the beginning up to then, since a snapshot knows too much.
fn past(data: &Path, mut log: eventlog::sqlite::SqliteLog, at: Option<At>) -> anyhow::Result<Engine> {
    let newest = log.last().map_or(At::MIN, |(_, at)| at);
    let Some(at) = at.filter(|at| *at < newest) else { return engine(data, &mut log) };
    let mut engine = Engine::new();
    let mut effects = Vec::new();
    for batch in log.read(engine::Seq(1))? {
        let batch = batch?;
        if batch.at > at {
            break;
        }
        for record in batch.records() {
            let record = Record::decode(record?)?;
            engine.apply(engine.seq().next(), batch.at, &record, &mut effects);
            effects.clear();
        }
    }
    Ok(engine)
}

/// The expression with a mark under the place where it goes wrong.
fn told(expression: &str, mistake: &Mistake) -> anyhow::Error {
    let mut told = mistake.message.clone();
    if let Some(offset) = mistake.offset {
        let column = expression.get(..offset).map_or(0, |before| before.chars().count());
        told.push_str(&format!("\n  {expression}\n  {}^", " ".repeat(column)));
    }
    if let Some(suggestion) = &mistake.suggestion {
        told.push_str(&format!("\n{suggestion}"));
    }
    anyhow::anyhow!(told)
}
