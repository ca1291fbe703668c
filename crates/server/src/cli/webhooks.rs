//! `trama webhooks`: how webhooks stand, what was told to them, and what to do where they did not take it.

use super::keys::escaped;
use super::place::Running;
use anyhow::bail;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// List webhooks, see what was told to them, tell it again
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List webhooks, and how each stands
    List {
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List attempts to tell a webhook something, newest first
    Deliveries {
        #[command(flatten)]
        running: Running,
        /// Name of the webhook
        name: String,
        /// Only attempts with a smaller number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell something once more
    Retry {
        #[command(flatten)]
        running: Running,
        /// Name of the webhook
        name: String,
        /// What to tell, as `trama webhooks deliveries` shows it: 120-0
        delivery: String,
    },
    /// Tell a webhook nothing until it is resumed
    Pause {
        #[command(flatten)]
        running: Running,
        /// Name of the webhook
        name: String,
    },
    /// Go on where a webhook was paused or switched off
    Resume {
        #[command(flatten)]
        running: Running,
        /// Name of the webhook
        name: String,
    },
    /// Send a webhook a message that tells nothing, and show its answer
    Test {
        #[command(flatten)]
        running: Running,
        /// Name of the webhook
        name: String,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let post = |running: &Running, name: &str, what: &str| {
        let path = format!("/api/v1/webhooks/{}/{what}", escaped(name));
        running.client()?.call(&Method::POST, &path, &json!(null))
    };
    match &args.command {
        Command::List { running, json } => {
            let list = running.client()?.get("/api/v1/webhooks")?;
            show(&list, &list["webhooks"], *json, webhook)
        }
        Command::Deliveries { running, name, before, limit, json } => {
            let mut path = format!("/api/v1/webhooks/{}/deliveries?limit={limit}", escaped(name));
            if let Some(before) = before {
                path += &format!("&before={before}");
            }
            let list = running.client()?.get(&path)?;
            show(&list, &list["deliveries"], *json, delivery)
        }
        Command::Retry { running, name, delivery } => {
            post(running, name, &format!("deliveries/{}/retry", escaped(delivery)))?;
            println!("{delivery} is told to {name} once more");
            Ok(())
        }
        Command::Pause { running, name } => {
            post(running, name, "pause")?;
            println!("{name} is paused");
            Ok(())
        }
        Command::Resume { running, name } => {
            post(running, name, "resume")?;
            println!("{name} goes on where it stopped");
            Ok(())
        }
        Command::Test { running, name } => {
            let answer = post(running, name, "test")?;
            let line = format!("{}{}", text(&answer["outcome"]), end(&answer));
            if answer["outcome"] != "accepted" {
                bail!("{name} did not take it: {line}");
            }
            println!("{line}");
            Ok(())
        }
    }
}

fn show(list: &Value, rows: &Value, as_json: bool, line: fn(&Value) -> String) -> anyhow::Result<()> {
    if as_json {
        writeln!(stdout(), "{list}")?;
        return Ok(());
    }
    for row in rows.as_array().into_iter().flatten() {
        writeln!(stdout(), "{}", line(row))?;
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `erp  on  told to 120  2 behind  0 waiting  14 accepted  https://erp.shop.example/hooks`
fn webhook(one: &Value) -> String {
    let state = match (one["off"].as_object(), one["failing_since"].as_str()) {
        (Some(off), _) => format!("off since {} ({})", text(&off["since"]), text(&off["reason"])),
        (None, Some(since)) => format!("failing since {since}"),
        (None, None) => "on".to_owned(),
    };
    format!(
        "{}  {state}  told to {}  {} behind  {} waiting  {} accepted  {} given up  {}",
        text(&one["name"]),
        one["told"],
        one["behind"],
        one["waiting"],
        one["accepted"],
        one["given_up"],
        text(&one["url"]),
    )
}

/// `7  2026-01-05T10:00:00.000Z  120-0  attempt 2  failed  503  12 ms  Service Unavailable  again at …`
fn delivery(one: &Value) -> String {
    let mut line = format!(
        "{}  {}  {}  attempt {}  {}{}",
        one["number"],
        text(&one["at"]),
        text(&one["delivery"]),
        one["attempt"],
        text(&one["outcome"]),
        end(one),
    );
    if let Some(next) = one["next_at"].as_str() {
        line += &format!("  again at {next}");
    }
    line
}

fn end(one: &Value) -> String {
    let status = one["status"].as_u64().map(|status| format!("  {status}")).unwrap_or_default();
    let reason = one["reason"].as_str().map(|reason| format!("  {reason}")).unwrap_or_default();
    format!("{status}  {} ms{reason}", one["took_ms"])
}
