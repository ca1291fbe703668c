//! `trama webhooks`: how webhooks stand, what was told to them, and what to do where they did not take it.

use super::keys::escaped;
use super::named::{Look, One, path};
use anyhow::bail;
use clap::Subcommand;
use serde_json::{Value, json};

/// List webhooks, see what was told to them, tell it again
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List webhooks, and how each stands
    List(Look),
    /// List attempts to tell a webhook something, newest first
    Deliveries {
        #[command(flatten)]
        look: Look,
        /// Its name in the programme
        name: String,
        /// Only attempts with a smaller number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
        /// At most this many
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// Tell something once more
    Retry {
        #[command(flatten)]
        one: One,
        /// What to tell, as `trama webhooks deliveries` shows it: 120-0
        delivery: String,
    },
    /// Tell a webhook nothing until it is resumed
    Pause(One),
    /// Go on where a webhook was paused or switched off
    Resume(One),
    /// Send a webhook a message that tells nothing, and show its answer
    Test(One),
}

const NOUN: &str = "webhooks";

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List(look) => look.list("/api/v1/webhooks", NOUN, webhook),
        Command::Deliveries { look, name, before, limit } => {
            let mut path = format!("{}/deliveries?limit={limit}", path(NOUN, name));
            if let Some(before) = before {
                path += &format!("&before={before}");
            }
            look.list(&path, "deliveries", self::delivery)
        }
        Command::Retry { one, delivery } => {
            one.post(NOUN, &format!("deliveries/{}/retry", escaped(delivery)), &json!(null))?;
            println!("{delivery} is told to {} once more", one.name);
            Ok(())
        }
        Command::Pause(one) => one.command(NOUN, "pause", "is paused"),
        Command::Resume(one) => one.command(NOUN, "resume", "goes on where it stopped"),
        Command::Test(one) => {
            let answer = one.post(NOUN, "test", &json!(null))?;
            let line = format!("{}{}", text(&answer["outcome"]), end(&answer));
            if answer["outcome"] != "accepted" {
                bail!("{} did not take it: {line}", one.name);
            }
            println!("{line}");
            Ok(())
        }
    }
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
