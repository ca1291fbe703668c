//! `trama broadcasts`: what became of broadcasts, and stopping one or letting it go on.

use super::keys::escaped;
use super::place::Running;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// List broadcasts, look into one, or pause, resume or cancel it
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every broadcast with its figures
    List {
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one broadcast, and what became of its sends
    Show {
        #[command(flatten)]
        one: One,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Call nobody until it is resumed
    Pause(One),
    /// Go on with those who wait
    Resume(One),
    /// Call nobody any more
    Cancel(One),
}

#[derive(clap::Args)]
struct One {
    #[command(flatten)]
    running: Running,
    /// The name of the broadcast in the programme
    broadcast: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List { running, json } => {
            let list = running.client()?.get("/api/v1/broadcasts")?;
            if *json {
                writeln!(stdout(), "{list}")?;
                return Ok(());
            }
            let broadcasts = list["broadcasts"].as_array().into_iter().flatten();
            broadcasts.into_iter().try_for_each(|one| writeln!(stdout(), "{}", line(one)))?;
        }
        Command::Show { one, json } => {
            let found = one.running.client()?.get(&one.path())?;
            if *json {
                writeln!(stdout(), "{found}")?;
                return Ok(());
            }
            writeln!(stdout(), "{}", line(&found))?;
            for (status, count) in found["sends"].as_object().into_iter().flatten() {
                writeln!(stdout(), "  {count} {status}")?;
            }
        }
        Command::Pause(one) => one.command("pause", "is paused")?,
        Command::Resume(one) => one.command("resume", "goes on")?,
        Command::Cancel(one) => one.command("cancel", "is cancelled")?,
    }
    Ok(())
}

impl One {
    fn path(&self) -> String {
        format!("/api/v1/broadcasts/{}", escaped(&self.broadcast))
    }

    fn command(&self, command: &str, done: &str) -> anyhow::Result<()> {
        self.running.client()?.call(&Method::POST, &format!("{}/{command}", self.path()), &json!(null))?;
        println!("{} {done}", self.broadcast);
        Ok(())
    }
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
