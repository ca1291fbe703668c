//! `trama merges`: which profiles were found to be one person, and what to say when that is wrong or was not found.

use super::keys::escaped;
use super::place::Running;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// List merges of profiles, join two, or undo a merge
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List merges, newest first
    List {
        #[command(flatten)]
        running: Running,
        /// Only those that this person's profile had to do with: type:value
        #[arg(long, value_name = "ADDRESS")]
        profile: Option<String>,
        /// Only those with a smaller number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that two profiles are one person, be both of them registered
    Join {
        #[command(flatten)]
        running: Running,
        /// The profile that is taken in: type:value, such as email:ada@example.com
        from: String,
        /// The one that stands
        into: String,
    },
    /// Say that a merge was wrong: the profile that was taken in lives again
    Undo {
        #[command(flatten)]
        running: Running,
        /// The number of the merge, as `trama merges list` shows it
        number: u32,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List { running, profile, before, limit, json } => {
            let mut path = format!("/api/v1/merges?limit={limit}");
            if let Some(profile) = profile {
                path += &format!("&profile={}", escaped(profile));
            }
            if let Some(before) = before {
                path += &format!("&before={before}");
            }
            let list = running.client()?.get(&path)?;
            if *json {
                writeln!(stdout(), "{list}")?;
                return Ok(());
            }
            for merge in list["merges"].as_array().into_iter().flatten() {
                writeln!(stdout(), "{}", line(merge))?;
            }
        }
        Command::Join { running, from, into } => {
            let stated = json!({ "from": from, "into": into });
            running.client()?.call(&Method::POST, "/api/v1/merges", &stated)?;
            println!("{from} is one with {into}");
        }
        Command::Undo { running, number } => {
            running.client()?.call(&Method::POST, &format!("/api/v1/merges/{number}/undo"), &json!(null))?;
            println!("merge {number} is undone");
        }
    }
    Ok(())
}

/// `12  2026-01-05T10:00:00.000Z  profile 7 into 3  anonymous_id:a1  5 events  by ada`
fn line(merge: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names = merge["identifiers"].as_array().into_iter().flatten();
    let names = names.map(|one| format!("{}:{}", text(&one["type"]), text(&one["value"])));
    let mut line = format!(
        "{}  {}  profile {} into {}  {}",
        merge["number"],
        text(&merge["at"]),
        merge["from"],
        merge["into"],
        names.collect::<Vec<_>>().join(", "),
    );
    if let Some(operator) = merge["operator"].as_str() {
        line += &format!("  by {operator}");
    }
    match merge["undone"].as_object() {
        Some(undone) => line += &format!("  undone {} by {}", text(&undone["at"]), text(&undone["operator"])),
        None => line += &format!("  {} events", merge["events"]),
    }
    line
}
