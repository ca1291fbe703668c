//! `trama broadcasts`: what became of broadcasts, and stopping one or letting it go on.

use super::named::{Look, One, path};
use clap::Subcommand;
use serde_json::Value;

/// List broadcasts, look into one, or pause, resume or cancel it
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every broadcast with its figures
    List(Look),
    /// Show one broadcast, and what became of its sends
    Show {
        #[command(flatten)]
        look: Look,
        /// Its name in the programme
        name: String,
    },
    /// Call nobody until it is resumed
    Pause(One),
    /// Go on with those who wait
    Resume(One),
    /// Call nobody any more
    Cancel(One),
}

const NOUN: &str = "broadcasts";

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List(look) => look.list("/api/v1/broadcasts", NOUN, line),
        Command::Show { look, name } => look.show(&path(NOUN, name), told),
        Command::Pause(one) => one.command(NOUN, "pause", "is paused"),
        Command::Resume(one) => one.command(NOUN, "resume", "goes on"),
        Command::Cancel(one) => one.command(NOUN, "cancel", "is cancelled"),
    }
}

/// A broadcast, and what became of its sends.
fn told(found: &Value) -> String {
    let sends = found["sends"].as_object().into_iter().flatten();
    let sends: String = sends.map(|(status, count)| format!("  {count} {status}\n")).collect();
    format!("{}\n{sends}", line(found))
}

/// `spring  sending  audience 1200  900 waiting  300 begun  12 held out`
fn line(broadcast: &Value) -> String {
    let text = |name: &str| broadcast[name].as_str().unwrap_or_default().to_owned();
    let mut line = format!("{}  {}", text("name"), text("state"));
    if let Some(at) = broadcast["starts_at"].as_str() {
        line += &format!("  starts {at}");
        return line;
    }
    line += &format!("  audience {}", broadcast["audience"]);
    for (name, words) in [
        ("waiting", "waiting"),
        ("cancelled", "cancelled"),
        ("skipped", "skipped"),
        ("begun", "begun"),
        ("held_out", "held out"),
    ] {
        if broadcast[name] != 0 {
            line += &format!("  {} {words}", broadcast[name]);
        }
    }
    line
}
