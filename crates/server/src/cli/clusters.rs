//! `trama clusters`: groups of people who are alike, as they were found, and a search for them now.

use super::named::{Look, One};
use clap::Subcommand;
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
    List(Look),
    /// Look at everybody now, and find the clusters of a set anew
    Refresh(One),
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List(look) => look.show("/api/v1/clusters", |list| {
            list["sets"].as_array().into_iter().flatten().map(told).collect()
        }),
        Command::Refresh(one) => {
            let set = one.post("clusters", "refresh", &json!(null))?;
            Ok(write!(stdout(), "{}", told(&set))?)
        }
    }
}

/// A line for the set, and one for each of its clusters.
fn told(set: &Value) -> String {
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
    head.push('\n');
    for cluster in found["clusters"].as_array().into_iter().flatten() {
        let (segment, description) = (text(&cluster["segment"]), text(&cluster["description"]));
        head += &format!("  {segment}  {}  {description}\n", cluster["count"]);
        head += &format!("    {}\n", text(&cluster["expression"]));
    }
    head
}
