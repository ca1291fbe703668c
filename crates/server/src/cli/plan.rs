//! `trama plan`: what would change on a server if a folder's programme were applied.

use super::check::show;
use super::client::{Client, token};
use super::keys::escaped;
use crate::programme::{Change, Difference, Kind, differences, load};
use anyhow::{Context, bail};
use engine::programme::{Journey, OnChange, Programme};
use reqwest::Method;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// Show what applying a programme would change
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) target: Target,
}

/// A folder's programme and the server that it is for.
#[derive(clap::Args)]
pub(super) struct Target {
    /// Folder of the programme
    #[arg(value_name = "PROGRAMME_DIR")]
    pub(super) programme: PathBuf,
    /// Address of the server, such as http://127.0.0.1:8080; its token comes from TRAMA_TOKEN or TRAMA_TOKEN_FILE
    #[arg(long, env = "TRAMA_SERVER", hide_env_values = true, value_name = "URL")]
    pub(super) server: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let programme = whole(&args.target.programme)?;
    let client = Client::new(&args.target.server, &token()?)?;
    let live = live(&client)?;
    refuse_changed_words(&live, &programme)?;
    stdout().write_all(plan(&client, &live, &programme).as_bytes())?;
    Ok(())
}

/// The programme of a folder; its mistakes are printed if it has any.
pub(super) fn whole(folder: &Path) -> anyhow::Result<Programme> {
    match load(folder) {
        Ok((programme, _)) => Ok(programme),
        Err(findings) => {
            show(&findings)?;
            bail!("the programme in {} has mistakes", folder.display())
        }
    }
}

pub(super) fn live(client: &Client) -> anyhow::Result<Programme> {
    let mut answer = client.get("/api/v1/programme")?;
    serde_json::from_value(answer["programme"].take()).context("the server's programme cannot be read")
}

/// Words that people may have agreed to cannot become others under the same version. The server knows of all that were ever
/// live; here it is those that are.
fn refuse_changed_words(live: &Programme, programme: &Programme) -> anyhow::Result<()> {
    let mut changed = String::new();
    for (name, purpose) in &programme.purposes {
        let known = live.purposes.get(name).map_or(&[][..], |purpose| &purpose.wording);
        for wording in &purpose.wording {
            let before = known.iter().find(|one| one.version == wording.version);
            let texts = before.into_iter().flat_map(|before| &before.texts);
            for (language, _) in
                texts.filter(|(code, old)| wording.texts.get(*code).is_some_and(|new| new != *old))
            {
                let version = &wording.version;
                let _ = write!(
                    changed,
                    "\npurposes.{name}.wording: version {version} was live with other words in {language}"
                );
            }
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    bail!("people agreed to words that this programme changes; give the new ones a new version{changed}")
}

/// The differences as people read them, with the size of segments before and after.
pub(super) fn plan(client: &Client, live: &Programme, programme: &Programme) -> String {
    let differences = differences(live, programme);
    let mut text = String::new();
    for difference in &differences {
        let Difference { kind, name, change } = difference;
        let size = if *kind == Kind::Segment { size(client, difference, programme) } else { String::new() };
        let _ = writeln!(text, "{} {} {name}{size}", change.sign(), kind.name());
        if let Change::Changed(lines) = change {
            lines.iter().for_each(|line| _ = writeln!(text, "      {line}"));
        }
        if *kind == Kind::Journey && *change != Change::Added {
            text += &inside(client, name, programme.journeys.get(name));
        }
    }
    let count = |sign| differences.iter().filter(|difference| difference.change.sign() == sign).count();
    let _ = match differences.len() {
        0 if live.files != programme.files && !live.files.is_empty() => {
            writeln!(text, "nothing to change but how it is written")
        }
        0 => writeln!(text, "nothing to change"),
        _ => writeln!(text, "{} to add, {} to change, {} to remove", count('+'), count('~'), count('-')),
    };
    text
}

/// How many people are on their way through a journey that changes, at which steps, and what becomes of them. Nothing where
/// there are none.
fn inside(client: &Client, name: &str, journey: Option<&Journey>) -> String {
    let Ok(found) = client.get(&format!("/api/v1/journeys/{}", escaped(name))) else { return String::new() };
    let versions = found["versions"].as_array().into_iter().flatten();
    let positions = versions.flat_map(|version| version["positions"].as_array().into_iter().flatten());
    let mut by_step: BTreeMap<String, u64> = BTreeMap::new();
    for position in positions {
        let step = position["step"].as_str().unwrap_or_default().to_owned();
        *by_step.entry(step).or_default() += position["people"].as_u64().unwrap_or_default();
    }
    let all: u64 = by_step.values().sum();
    if all == 0 {
        return String::new();
    }
    let are = if all == 1 { "person is" } else { "people are" };
    let mut text = format!("      {all} {are} on the way through it:\n");
    let places = journey.map(Journey::places).unwrap_or_default();
    for (step, people) in by_step {
        let becomes = match journey.map(|journey| journey.on_change) {
            Some(OnChange::Exit) => "end".to_owned(),
            Some(OnChange::Move) if places.contains(&step) => {
                format!("move to step {step} of the new version")
            }
            Some(OnChange::Move) => "finish as they began, since the new version has no such step".to_owned(),
            Some(OnChange::Finish) | None => "finish as they began".to_owned(),
        };
        let _ = writeln!(text, "        {people} at step {step}: {becomes}");
    }
    text
}

/// How many people a segment has now, and would have: `  (12 people → 9)`. Nothing where the server cannot say, as
/// for an expression built on a segment that is new too.
fn size(client: &Client, difference: &Difference, programme: &Programme) -> String {
    let before = match difference.change {
        Change::Added => None,
        _ => client.get(&format!("/api/v1/segments/{}", escaped(&difference.name))).ok(),
    };
    let after = programme.segments.get(&difference.name).and_then(|expression| {
        let asked = json!({ "expression": expression });
        client.call(&Method::POST, "/api/v1/segments/preview", &asked).ok()
    });
    let count = |answer: Option<serde_json::Value>| answer.and_then(|answer| answer["count"].as_u64());
    match (count(before), count(after)) {
        (Some(before), Some(after)) => format!("  ({before} people → {after})"),
        (Some(before), None) => format!("  ({before} people)"),
        (None, Some(after)) => format!("  ({after} people)"),
        (None, None) => String::new(),
    }
}
