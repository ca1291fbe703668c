//! `trama clusters`: groups of people who are alike, as they were found, and a search for them now.

use super::keys::escaped;
use super::place::Running;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// List clusters of people who are alike, or look for them now
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the sets of the programme with their clusters
    List {
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Look at everybody now, and find the clusters of a set anew
    Refresh {
        #[command(flatten)]
        running: Running,
        /// The name of the set in the programme
        set: String,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List { running, json } => {
            let list = running.client()?.get("/api/v1/clusters")?;
            if *json {
                writeln!(stdout(), "{list}")?;
                return Ok(());
            }
            list["sets"].as_array().into_iter().flatten().try_for_each(print)
        }
        Command::Refresh { running, set } => {
            let path = format!("/api/v1/clusters/{}/refresh", escaped(set));
            print(&running.client()?.call(&Method::POST, &path, &json!(null))?)
        }
    }
}

/// A line for the set, and one for each of its clusters.
fn print(set: &Value) -> anyhow::Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut head = text(&set["name"]);
    let found = &set["found"];
    if let Some(at) = found["at"].as_str() {
        let fidelity = found["fidelity"].as_f64().unwrap_or_default() * 100.0;
        head += &format!("  found {at} among {}  fidelity {fidelity:.0}%", found["people"]);
    }
    if let Some(lack) = set["lack"].as_str() {
        head += &format!("  not found {}: {lack}", text(&set["tried_at"]));
    }
    writeln!(stdout(), "{head}")?;
    for cluster in found["clusters"].as_array().into_iter().flatten() {
        writeln!(
            stdout(),
            "  {}  {}  {}",
            text(&cluster["segment"]),
            cluster["count"],
            text(&cluster["description"])
        )?;
        writeln!(stdout(), "    {}", text(&cluster["expression"]))?;
    }
    Ok(())
}
