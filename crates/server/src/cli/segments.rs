//! `trama segments`: who is in which segment, and who enters and leaves.

use super::keys::escaped;
use super::named::Look;
use super::place::Running;
use crate::limits::SIZES_DAYS_USUAL;
use anyhow::Context;
use clap::Subcommand;
use reqwest::Method;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write, stdout};

/// List segments, how large one was, or who enters and leaves it
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the segments of the programme, with how many people are in each
    List(Look),
    /// Tell how large a segment was at the end of each of the last days
    Sizes {
        #[command(flatten)]
        running: Running,
        /// Name of the segment
        name: String,
        /// So many days, today among them
        #[arg(long, value_name = "N", default_value_t = SIZES_DAYS_USUAL)]
        days: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List who entered and left a segment that somebody listens to, oldest first
    Changes {
        #[command(flatten)]
        running: Running,
        /// Name of the segment
        name: String,
        /// Only what came after this place in the log
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        after: u64,
        /// Go on with those to come, as they become durable
        #[arg(long)]
        follow: bool,
        /// Print each change as a line of JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List(look) => look.list("/api/v1/segments", "segments", |segment| {
            let listened = if segment["recorded"] == true { "  changes are recorded" } else { "" };
            let (name, count) = (segment["name"].as_str().unwrap_or_default(), segment["count"].to_string());
            format!("{count:>9}  {name}{listened}")
        }),
        Command::Sizes { running, name, days, json } => {
            let path = format!("/api/v1/segments/{}/sizes?days={days}", escaped(name));
            let told = running.client()?.call(&Method::GET, &path, &Value::Null)?;
            if *json {
                writeln!(stdout(), "{told}")?;
                return Ok(());
            }
            for one in told["days"].as_array().into_iter().flatten() {
                let size = one["size"].as_u64().map_or_else(|| "-".to_owned(), |size| size.to_string());
                writeln!(stdout(), "{}  {size:>9}", one["day"].as_str().unwrap_or_default())?;
            }
            Ok(())
        }
        Command::Changes { running, name, after, follow, json } => {
            let place = list(running, name, *after, *json)?;
            if *follow { self::follow(running, name, place, *json) } else { Ok(()) }
        }
    }
}

/// Prints what is there from a place on, page by page; the place up to which that is.
fn list(running: &Running, name: &str, mut after: u64, json: bool) -> anyhow::Result<u64> {
    let client = running.client()?;
    loop {
        let path = format!("/api/v1/segments/{}/changes?after={after}&limit=1000", escaped(name));
        let page = client.get(&path)?;
        print(&page["changes"], json)?;
        after = page["after"].as_u64().context("the answer names no place to go on from")?;
        if page["more"] != true {
            if page["recorded"] != true {
                eprintln!("nobody listens to the segment: write it as `{{ is: '…', record: changes }}`");
            }
            return Ok(after);
        }
    }
}

/// Prints what the stream tells, until the server ends it.
fn follow(running: &Running, name: &str, after: u64, json: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/segments/changes/stream?segment={}&after={after}", escaped(name));
    for line in BufReader::new(running.client()?.open(&path)?).lines() {
        if let Some(told) = line.context("the stream broke off")?.strip_prefix("data:") {
            let told: Value = serde_json::from_str(told).context("the stream tells something else")?;
            print(&told["changes"], json)?;
        }
    }
    Ok(())
}

fn print(changes: &Value, json: bool) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    for change in changes.as_array().into_iter().flatten() {
        if json {
            writeln!(out, "{change}")?;
        } else {
            writeln!(out, "{}", line(change))?;
        }
    }
    out.flush()?;
    Ok(())
}

/// `2026-01-05T10:00:00.000Z  entered  user_id:ada (Ada)  seq 12, by 11`
fn line(change: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let person = &change["person"];
    let who = match person["address"].as_str() {
        Some(address) => address.to_owned(),
        None => format!("profile {}", change["profile"]),
    };
    let name = person["name"].as_str().map(|name| format!(" ({name})")).unwrap_or_default();
    let (since, what) = (text(&change["since"]), text(&change["change"]));
    format!("{since}  {what:<7}  {who}{name}  seq {}, by {}", change["seq"], change["cause"])
}
