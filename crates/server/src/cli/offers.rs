//! `trama offers`: how offers fare, redeeming one at a till, and bringing codes.

use super::keys::escaped;
use super::place::Running;
use anyhow::{Context, bail};
use clap::Subcommand;
use engine::limits::CODES_IN_RECORD_MAX;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Write, stdout};
use std::path::PathBuf;

/// List offers, look into one, redeem it, or bring codes for it
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every offer with its figures
    List {
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one offer, and what it is to those who were given it
    Show {
        #[command(flatten)]
        one: One,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List who was given an offer, those who came last first
    People {
        #[command(flatten)]
        one: One,
        /// Only those with whom it came so far: given, seen, clicked, redeemed or expired
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Redeem an offer, by a code or for a person
    Redeem {
        #[command(flatten)]
        one: One,
        /// A code that is one person's own
        #[arg(long)]
        code: Option<String>,
        /// Whoever redeems it, as `type:value`
        #[arg(long)]
        profile: Option<String>,
    },
    /// Bring codes for an offer, one a line of the file
    Codes {
        #[command(flatten)]
        one: One,
        /// The file
        file: PathBuf,
    },
}

#[derive(clap::Args)]
struct One {
    #[command(flatten)]
    running: Running,
    /// The name of the offer in the programme
    offer: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List { running, json } => {
            let list = running.client()?.get("/api/v1/offers")?;
            if *json {
                writeln!(stdout(), "{list}")?;
                return Ok(());
            }
            let offers = list["offers"].as_array().into_iter().flatten();
            offers.into_iter().try_for_each(|one| writeln!(stdout(), "{}", line(one)))?;
        }
        Command::Show { one, json } => {
            let found = one.running.client()?.get(&one.path(""))?;
            if *json {
                writeln!(stdout(), "{found}")?;
                return Ok(());
            }
            writeln!(stdout(), "{}", line(&found))?;
            for (what, figures) in [("people", &found["people"]), ("denied", &found["denied"])] {
                for (word, count) in figures.as_object().into_iter().flatten().filter(|(_, one)| **one != 0) {
                    writeln!(
                        stdout(),
                        "  {count} {word}{}",
                        if what == "denied" { " (denied)" } else { "" }
                    )?;
                }
            }
        }
        Command::People { one, state, limit, json } => one.people(state.as_deref(), *limit, *json)?,
        Command::Redeem { one, code, profile } => {
            if code.is_none() && profile.is_none() {
                bail!("say what was redeemed: `--code` with a code, or `--profile` with a person");
            }
            let statement = match (code, profile) {
                (Some(code), Some(profile)) => json!({"code": code, "profile": profile}),
                (Some(code), None) => json!({"code": code}),
                (None, profile) => json!({"profile": profile}),
            };
            one.running.client()?.call(&Method::POST, &one.path("/redemptions"), &statement)?;
            println!("{} is redeemed", one.offer);
        }
        Command::Codes { one, file } => one.bring(file)?,
    }
    Ok(())
}

impl One {
    fn path(&self, below: &str) -> String {
        format!("/api/v1/offers/{}{below}", escaped(&self.offer))
    }

    /// Goes on from page to page until there are as many as are wanted.
    fn people(&self, state: Option<&str>, limit: usize, json: bool) -> anyhow::Result<()> {
        let client = self.running.client()?;
        let state = state.map(|state| format!("&state={}", escaped(state))).unwrap_or_default();
        let (mut people, mut after) = (Vec::new(), String::new());
        let count = loop {
            let wanted = limit - people.len();
            let mut page = client.get(&self.path(&format!("/people?limit={wanted}{state}{after}")))?;
            people.extend(page["people"].as_array_mut().into_iter().flat_map(std::mem::take));
            match page["after"].as_u64().filter(|_| people.len() < limit) {
                Some(next) => after = format!("&after={next}"),
                None => break page["count"].take(),
            }
        };
        if json {
            writeln!(stdout(), "{}", json!({"count": count, "people": people}))?;
            return Ok(());
        }
        for one in &people {
            let text = |name: &str| one[name].as_str().unwrap_or_default();
            let who = one["person"]["address"].as_str().unwrap_or("somebody without a name");
            writeln!(stdout(), "{who}  {}  given {}", text("state"), text("given_at"))?;
        }
        writeln!(stdout(), "{} of {count}", people.len())?;
        Ok(())
    }

    fn bring(&self, file: &PathBuf) -> anyhow::Result<()> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let codes: Vec<&str> = text.lines().map(str::trim).filter(|code| !code.is_empty()).collect();
        if codes.is_empty() {
            bail!("{} has no code: write one a line", file.display());
        }
        let client = self.running.client()?;
        for part in codes.chunks(CODES_IN_RECORD_MAX) {
            client.call(&Method::POST, &self.path("/codes"), &json!({"codes": part}))?;
        }
        let left = client.get(&self.path(""))?["codes_left"].as_u64().unwrap_or_default();
        println!("{} codes were read; {left} of {} are left to be given", codes.len(), self.offer);
        Ok(())
    }
}

/// `gift  10%  given 12  redeemed 3  38 left to give  only 5 codes are left: import more`
fn line(offer: &Value) -> String {
    let text = |name: &str| offer[name].as_str().unwrap_or_default().to_owned();
    let mut line = text("name");
    if !text("value").is_empty() {
        line += &format!("  {}", text("value"));
    }
    line += &format!("  given {}  redeemed {}", offer["given"], offer["redeemed"]);
    for (name, words) in
        [("left_to_give", "left to give"), ("left_to_redeem", "left to redeem"), ("codes_left", "codes left")]
    {
        if let Some(left) = offer[name].as_u64() {
            line += &format!("  {left} {words}");
        }
    }
    if let Some(warning) = offer["warning"].as_str() {
        line += &format!("  {warning}");
    }
    line
}
