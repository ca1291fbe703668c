//! `trama journeys`: how journeys fare, where people are in them, and stopping one or letting it go on.

use super::keys::escaped;
use super::place::Running;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// List journeys, look into one, or pause, resume or drain it
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every journey with its figures
    List {
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one journey, and how many people are at which step of which version
    Show {
        #[command(flatten)]
        running: Running,
        /// The name of the journey in the programme
        journey: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let nobody in and nobody go on, until it is resumed
    Pause(One),
    /// Let people in again, and go on where they were
    Resume(One),
    /// Let nobody in any more; whoever is inside goes on to the end
    Drain(One),
    /// Begin a run for somebody
    Run {
        #[command(flatten)]
        one: One,
        /// Who: type:value, such as email:ada@example.com
        profile: String,
        /// What the run begins with, as a JSON object
        #[arg(long, value_name = "JSON", default_value = "{}")]
        with: Value,
    },
}

#[derive(clap::Args)]
struct One {
    #[command(flatten)]
    running: Running,
    /// The name of the journey in the programme
    journey: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List { running, json } => {
            let list = running.client()?.get("/api/v1/journeys")?;
            if *json {
                writeln!(stdout(), "{list}")?;
                return Ok(());
            }
            let journeys = list["journeys"].as_array().into_iter().flatten();
            journeys.into_iter().try_for_each(|journey| writeln!(stdout(), "{}", line(journey)))?;
        }
        Command::Show { running, journey, json } => {
            let found = running.client()?.get(&path(journey))?;
            if *json {
                writeln!(stdout(), "{found}")?;
                return Ok(());
            }
            writeln!(stdout(), "{}", line(&found))?;
            for version in found["versions"].as_array().into_iter().flatten() {
                let live = if version["live"] == true { "  live" } else { "" };
                writeln!(stdout(), "  version {}{live}  {} active", version["version"], version["active"])?;
                for position in version["positions"].as_array().into_iter().flatten() {
                    let step = position["step"].as_str().unwrap_or_default();
                    writeln!(stdout(), "    {} at step {step}", position["people"])?;
                }
            }
        }
        Command::Pause(one) => one.command("pause", "is paused")?,
        Command::Resume(one) => one.command("resume", "goes on")?,
        Command::Drain(one) => one.command("drain", "is draining")?,
        Command::Run { one, profile, with } => {
            let asked = json!({ "profile": profile, "data": with });
            one.running.client()?.call(&Method::POST, &format!("{}/runs", path(&one.journey)), &asked)?;
            println!("{profile} is in {}", one.journey);
        }
    }
    Ok(())
}

impl One {
    fn command(&self, command: &str, done: &str) -> anyhow::Result<()> {
        let path = format!("{}/{command}", path(&self.journey));
        self.running.client()?.call(&Method::POST, &path, &json!(null))?;
        println!("{} {done}", self.journey);
        Ok(())
    }
}

fn path(journey: &str) -> String {
    format!("/api/v1/journeys/{}", escaped(journey))
}

/// `welcome  version 2  paused  120 entered  4 active  116 finished  12 held out  30 converted`
fn line(journey: &Value) -> String {
    let text = |name: &str| journey[name].as_str().unwrap_or_default().to_owned();
    let mut line = format!("{}  version {}", text("name"), journey["version"]);
    if journey["live"] == false {
        line += "  no longer in the programme";
    }
    if text("standing") != "open" {
        line += &format!("  {}", text("standing"));
    }
    for (name, words) in [
        ("entered", "entered"),
        ("active", "active"),
        ("finished", "finished"),
        ("held_out", "held out"),
        ("converted", "converted"),
    ] {
        line += &format!("  {} {words}", journey[name]);
    }
    line
}
