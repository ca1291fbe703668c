//! `trama query`: how many people match an expression, now or at an instant of the past.

use super::client::Client;
use super::expression::{refused, text};
use super::place::{self, Asked, Whom};
use crate::runtime::scan;
use anyhow::Context;
use engine::at::At;
use reqwest::Method;
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// Count the people that match an expression
///
/// A server that runs on the directory is asked; without one the log is read, and nothing is changed.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The expression, such as 'did "Order Completed" within 30 days', or its JSON form
    expression: String,
    #[command(flatten)]
    asked: Asked,
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
    let Found { count, took_ms } = match args.asked.whom()? {
        Whom::Server(client) => ask(&client, expression)?,
        Whom::Directory(data) => read(data, expression, args.asked.at)?,
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
