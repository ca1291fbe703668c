//! `trama query`: how many people match an expression, now or at an instant of the past.

use super::client::{Client, token};
use super::expression::{refused, text};
use super::place::{self, live};
use crate::runtime::scan;
use anyhow::{Context, bail};
use engine::at::At;
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
    let answer = client
        .call(&Method::POST, "/api/v1/segments/preview", &asked)
        .map_err(|error| refused(expression, error))?;
    let count = answer["count"].as_u64().context("no count in the answer")?;
    Ok(Found { count, took_ms: answer["took_ms"].as_f64().unwrap_or(0.0) })
}

/// Reads the log up to an instant, or to its end.
fn read(data: &Path, expression: &str, at: Option<At>) -> anyhow::Result<Found> {
    place::ask_as_of(data, at, expression, |engine, now| {
        let begun = Instant::now();
        let preview = scan::preview(engine, expression, now)?;
        let took_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        Ok(Found { count: preview.count, took_ms })
    })
}

pub(super) fn instant(text: &str) -> Result<At, String> {
    At::parse(text).ok_or_else(|| "a time is written as 2026-01-31T12:00:00Z".to_owned())
}
