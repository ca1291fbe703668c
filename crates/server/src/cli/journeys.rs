//! `trama journeys`: how journeys fare, where people are in them, and stopping one or letting it go on.

use super::keys::escaped;
use super::named::{Look, One, path};
use clap::Subcommand;
use serde_json::{Value, json};

/// List journeys, look into one, or pause, resume or drain it
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every journey with its figures
    List(Look),
    /// Show one journey, and how many people are at which step of which version
    Show {
        #[command(flatten)]
        look: Look,
        /// Its name in the programme
        name: String,
    },
    /// Show how people went through each step: who came in, went on, left and is there
    Steps {
        #[command(flatten)]
        look: Look,
        /// Its name in the programme
        name: String,
        /// From this day on, as 2026-01-31 [default: the first]
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// Up to this day, the day itself among them [default: today]
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
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

const NOUN: &str = "journeys";

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List(look) => look.list("/api/v1/journeys", NOUN, line),
        Command::Show { look, name } => look.show(&path(NOUN, name), told),
        Command::Steps { look, name, from, until } => {
            let days = [("from", from), ("until", until)].into_iter();
            let days = days.filter_map(|(name, day)| Some(format!("{name}={}", escaped(day.as_ref()?))));
            let days: Vec<String> = days.collect();
            look.show(&format!("{}/steps?{}", path(NOUN, name), days.join("&")), steps)
        }
        Command::Pause(one) => one.command(NOUN, "pause", "is paused"),
        Command::Resume(one) => one.command(NOUN, "resume", "goes on"),
        Command::Drain(one) => one.command(NOUN, "drain", "is draining"),
        Command::Run { one, profile, with } => {
            one.post(NOUN, "runs", &json!({ "profile": profile, "data": with }))?;
            println!("{profile} is in {}", one.name);
            Ok(())
        }
    }
}

/// A journey, and where people are in it.
fn told(found: &Value) -> String {
    let mut text = line(found) + "\n";
    for version in found["versions"].as_array().into_iter().flatten() {
        let live = if version["live"] == true { "  live" } else { "" };
        text += &format!("  version {}{live}  {} active\n", version["version"], version["active"]);
        for position in version["positions"].as_array().into_iter().flatten() {
            let step = position["step"].as_str().unwrap_or_default();
            text += &format!("    {} at step {step}\n", position["people"]);
        }
    }
    text
}

/// Each version, and a line for each step.
fn steps(told: &Value) -> String {
    let mut text = String::new();
    for gap in told["gaps"].as_array().into_iter().flatten() {
        text += &format!("nothing is counted from {} to {}: somebody was erased\n", gap["from"], gap["to"]);
    }
    for version in told["versions"].as_array().into_iter().flatten() {
        let live = if version["live"] == true { "  live" } else { "" };
        let (number, entered) = (&version["version"], &version["entered"]);
        text += &format!(
            "version {number}{live}  {entered} entered  {} reached the goal\n",
            version["reached_goal"]
        );
        for step in version["steps"].as_array().into_iter().flatten() {
            let parts = |name: &str, word: &str| {
                let all = step[name].as_object().into_iter().flatten();
                all.map(|(of, people)| format!("  {people} {word} {of}")).collect::<String>()
            };
            let place = step["step"].as_str().unwrap_or_default();
            let (went, left) = (parts("went_on", "to"), parts("left", "left by"));
            text += &format!(
                "  {place:<12} {} came in  {} here now{went}{left}\n",
                step["came_in"], step["here_now"]
            );
        }
    }
    text
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
