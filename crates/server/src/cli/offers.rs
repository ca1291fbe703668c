//! `trama offers`: how offers fare, redeeming one at a till, and bringing codes.

use super::keys::escaped;
use super::named::{Look, One, path};
use anyhow::{Context, bail};
use clap::Subcommand;
use engine::limits::CODES_IN_RECORD_MAX;
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
    List(Look),
    /// Show one offer, and what it is to those who were given it
    Show {
        #[command(flatten)]
        look: Look,
        /// Its name in the programme
        name: String,
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

const NOUN: &str = "offers";

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::List(look) => look.list("/api/v1/offers", NOUN, line)?,
        Command::Show { look, name } => look.show(&path(NOUN, name), told)?,
        Command::People { one, state, limit, json } => people(one, state.as_deref(), *limit, *json)?,
        Command::Redeem { one, code, profile } => {
            if code.is_none() && profile.is_none() {
                bail!("say what was redeemed: `--code` with a code, or `--profile` with a person");
            }
            let statement = match (code, profile) {
                (Some(code), Some(profile)) => json!({"code": code, "profile": profile}),
                (Some(code), None) => json!({"code": code}),
                (None, profile) => json!({"profile": profile}),
            };
            one.post(NOUN, "redemptions", &statement)?;
            println!("{} is redeemed", one.name);
        }
        Command::Codes { one, file } => bring(one, file)?,
    }
    Ok(())
}

/// An offer, and what it is to those who were given it.
fn told(found: &Value) -> String {
    let mut text = line(found) + "\n";
    for (figures, denied) in [(&found["people"], ""), (&found["denied"], " (denied)")] {
        for (word, count) in figures.as_object().into_iter().flatten().filter(|(_, one)| **one != 0) {
            text += &format!("  {count} {word}{denied}\n");
        }
    }
    text
}

/// Goes on from page to page until there are as many as are wanted.
fn people(one: &One, state: Option<&str>, limit: usize, json: bool) -> anyhow::Result<()> {
    let state = state.map(|state| format!("&state={}", escaped(state))).unwrap_or_default();
    let (mut people, mut after) = (Vec::new(), String::new());
    let count = loop {
        let wanted = limit - people.len();
        let mut page = one.get_below(NOUN, &format!("/people?limit={wanted}{state}{after}"))?;
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

fn bring(one: &One, file: &PathBuf) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let codes: Vec<&str> = text.lines().map(str::trim).filter(|code| !code.is_empty()).collect();
    if codes.is_empty() {
        bail!("{} has no code: write one a line", file.display());
    }
    for part in codes.chunks(CODES_IN_RECORD_MAX) {
        one.post(NOUN, "codes", &json!({"codes": part}))?;
    }
    let left = one.get(NOUN)?["codes_left"].as_u64().unwrap_or_default();
    println!("{} codes were read; {left} of {} are left to be given", codes.len(), one.name);
    Ok(())
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
