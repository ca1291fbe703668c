//! `trama query`: how many people match an expression, now or at an instant of the past.

use super::client::{Client, Refusal, token};
use super::place::live;
use crate::clock;
use crate::runtime::scan;
use anyhow::{Context, bail};
use engine::at::At;
use engine::backfill::Property;
use engine::engine::{Engine, Unanswered};
use engine::record::Record;
use engine::segment::Owner;
use engine::segment::json::from_json;
use eventlog::backfill::fill;
use eventlog::log::Batches;
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Count the people that match an expression
///
/// A server that runs on the directory is asked; without one the log is read, and nothing is changed.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The expression, such as 'did "Order Completed" within 30 days', or its JSON form
    expression: String,
    /// Directory of the installation: its log, keys and settings
    #[arg(
        long,
        env = "TRAMA_DATA",
        hide_env_values = true,
        value_name = "DIR",
        required_unless_present = "server"
    )]
    data: Option<PathBuf>,
    /// Address of a server to ask; its token comes from TRAMA_TOKEN or TRAMA_TOKEN_FILE
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The instant to ask about, as 2026-01-31T12:00:00Z: what was known then, and what was true then [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<At>,
    /// Print {"count": …, "took_ms": …}
    #[arg(long)]
    json: bool,
}

/// How many people, and the milliseconds that it took to find out.
struct Found {
    count: u64,
    took_ms: f64,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let expression = &text(&args.expression)?;
    let Found { count, took_ms } = match (&args.server, &args.data, args.at) {
        (Some(_), _, Some(_)) => bail!("--at reads the log again, so it needs the directory: --data DIR"),
        (Some(server), _, None) => ask(&Client::new(server, &token()?)?, expression)?,
        (None, Some(data), at) => match live(data)? {
            Some(client) if at.is_none() => ask(&client, expression)?,
            _ => read(data, expression, at)?,
        },
        (None, None, _) => bail!("say which installation: --data DIR or --server URL"),
    };
    if args.json {
        println!("{}", json!({"count": count, "took_ms": took_ms}));
    } else {
        println!("{count} {} ({took_ms:.1} ms)", if count == 1 { "person" } else { "people" });
    }
    Ok(())
}

/// Asks a running server.
fn ask(client: &Client, expression: &str) -> anyhow::Result<Found> {
    let asked = json!({"expression": expression});
    let answer =
        client.call(&Method::POST, "/api/v1/segments/preview", &asked).map_err(|error| {
            match error.downcast_ref::<Refusal>() {
                Some(Refusal { message, offset, suggestion, .. }) => {
                    told(expression, message, *offset, suggestion.as_deref())
                }
                None => error,
            }
        })?;
    let count = answer["count"].as_u64().context("no count in the answer")?;
    Ok(Found { count, took_ms: answer["took_ms"].as_f64().unwrap_or(0.0) })
}

/// Reads the log up to an instant, or to its end.
fn read(data: &Path, expression: &str, at: Option<At>) -> anyhow::Result<Found> {
    let until = at.unwrap_or(At::MAX);
    let log = SqliteReader::open(data)?;
    let snapshots = Snapshots::open(data)?;
    let mut engine = recover_as_of(until, &snapshots, |from| Ok(Box::new(log.read(from)?)))
        .context("the log cannot be read up to that instant")?;
    let now = at.unwrap_or_else(clock::now).max(engine.at());
    // What time alone has changed since the last record: memberships are asked as they are then.
    if engine.installed().is_some() {
        engine.apply(engine.seq().next(), now, &Record::Tick, &mut Vec::new());
    }
    loop {
        let begun = Instant::now();
        let preview = scan::preview(&engine, expression, now);
        let took_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        match preview {
            Ok(preview) => return Ok(Found { count: preview.count, took_ms }),
            Err(Unanswered::Mistake(wrong)) => {
                return Err(told(expression, &wrong.message, wrong.offset, wrong.suggestion.as_deref()));
            }
            Err(Unanswered::Unkept(properties)) => bring_in(&log, &mut engine, properties)?,
        }
    }
}

/// Reads from the log what the expression asks of the past and the engine does not keep.
fn bring_in(log: &SqliteReader, engine: &mut Engine, properties: Vec<Property>) -> anyhow::Result<()> {
    let length = engine.seq().0;
    let bar = ProgressBar::new(length).with_message(format!("reading {}", properties[0]));
    bar.set_style(ProgressStyle::with_template("{msg} {wide_bar} {percent} %").context("a template")?);
    let told = bar.clone();
    let read = move |from| {
        let batches = log.read(from)?.inspect(move |batch| {
            if let Ok(batch) = batch {
                told.set_position(batch.last().0);
            }
        });
        Ok(Box::new(batches) as Batches<'_>)
    };
    fill(engine, properties, read).context("the log cannot be read")?;
    bar.finish_and_clear();
    Ok(())
}

/// The expression with a mark under the place where it goes wrong.
fn told(expression: &str, message: &str, offset: Option<usize>, suggestion: Option<&str>) -> anyhow::Error {
    let mut told = message.to_owned();
    if let Some(offset) = offset.filter(|offset| expression.is_char_boundary(*offset)) {
        let (before, after) = expression.split_at(offset);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let after = after.split('\n').next().unwrap_or_default();
        // A tab is repeated, so that the mark stands under its character in any terminal.
        let indent: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        told.push_str(&format!("\n  {before}{after}\n  {indent}^"));
    }
    if let Some(suggestion) = suggestion {
        told.push_str(&format!("\n{suggestion}"));
    }
    anyhow::anyhow!(told)
}

fn instant(text: &str) -> Result<At, String> {
    At::parse(text).ok_or_else(|| "a time is written as 2026-01-31T12:00:00Z".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_marked_on_its_line() {
        for (expression, offset, expected) in [
            ("did X", Some(4), "m\n  did X\n      ^\ns"),
            ("in segment \"è\" or x", Some(18), "m\n  in segment \"è\" or x\n                   ^\ns"),
            ("did \"A\"\n\tand x\nor y", Some(13), "m\n  \tand x\n  \t    ^\ns"),
            ("did", Some(3), "m\n  did\n     ^\ns"),
            ("è", Some(1), "m\ns"),
            ("did", None, "m\ns"),
        ] {
            assert_eq!(told(expression, "m", offset, Some("s")).to_string(), expected, "{expression}");
        }
    }
}
