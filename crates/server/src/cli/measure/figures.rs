//! Key figures, funnels, cohorts and what flights brought. Each asks what the API asks, in the same words.

use crate::cli::client::Client;
use crate::cli::place::{self, Whom};
use crate::figures::{self, Asked, OfDays, ReadLog, Unanswered};
use anyhow::bail;
use clap::Subcommand;
use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use eventlog::log::Batches;
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteReader;
use serde::Serialize;
use serde_json::Value;
use std::io::{Write, stdout};
use std::path::Path;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Key figures of marketing, each with its interval
    Kpi {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asked: place::Asked,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// The SQL behind a key figure, to be asked of the lake as it stands
    Sql {
        /// Its name: orders
        figure: String,
        /// From this day on, as 2026-01-31
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// Up to this day
        #[arg(long, value_name = "DAY")]
        until: Option<String>,
    },
    /// How many people went how far through steps, one after the other
    Funnel {
        /// Names of events with commas between them: 'Page Viewed,Product Added,Order Completed'
        steps: String,
        /// How long after the first step all others have to come
        #[arg(long, value_name = "SPAN", default_value = "7 days")]
        within: String,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asked: place::Asked,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// People by the month or week of their first order, and how many ordered again in each one after
    Retention {
        /// month or week
        #[arg(long, value_name = "PERIOD")]
        each: Option<String>,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        asked: place::Asked,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// How much more happened just after each spot, fair or round of flyers than is usual: directional, and no proof
    Uplift {
        /// The event that is counted [default: Page Viewed]
        #[arg(long, value_name = "NAME")]
        event: Option<String>,
        /// The key of one flight
        #[arg(long, value_name = "KEY")]
        flight: Option<String>,
        #[command(flatten)]
        asked: place::Asked,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Which days, divided by what, and of whom.
#[derive(clap::Args)]
pub(super) struct Which {
    /// Divide by campaign, channel, direction, phase, day, week or month
    #[arg(long, value_name = "WHAT")]
    by: Option<String>,
    /// From this day on, as 2026-01-31
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// Up to this day
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Of this campaign alone
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// Of this channel alone
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// inbound or outbound alone
    #[arg(long, value_name = "DIRECTION")]
    direction: Option<String>,
    /// startup, boost or consolidation alone
    #[arg(long, value_name = "PHASE")]
    phase: Option<String>,
    /// Of people who are in this segment alone
    #[arg(long, value_name = "NAME")]
    segment: Option<String>,
}

impl Which {
    fn asked(&self) -> Asked {
        Asked {
            by: self.by.clone(),
            from: self.from.clone(),
            until: self.until.clone(),
            campaign: self.campaign.clone(),
            channel: self.channel.clone(),
            direction: self.direction.clone(),
            phase: self.phase.clone(),
            segment: self.segment.clone(),
        }
    }

    fn parameters(&self) -> Vec<(&'static str, Option<&String>)> {
        vec![
            ("by", self.by.as_ref()),
            ("from", self.from.as_ref()),
            ("until", self.until.as_ref()),
            ("campaign", self.campaign.as_ref()),
            ("channel", self.channel.as_ref()),
            ("direction", self.direction.as_ref()),
            ("phase", self.phase.as_ref()),
            ("segment", self.segment.as_ref()),
        ]
    }
}

pub(super) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Kpi { which, asked, json } => {
            let ask = |engine: &Engine, read: ReadLog<'_, '_>| figures::kpis(engine, read, &which.asked());
            let told = told(asked, "kpis", &which.parameters(), ask)?;
            if *json { print(&told) } else { kpis(&told) }
        }
        Command::Sql { figure, from, until } => {
            sql(figure, &OfDays { from: from.clone(), until: until.clone() })
        }
        Command::Funnel { steps, within, which, asked, json } => {
            let ask = |engine: &Engine, read: ReadLog<'_, '_>| {
                figures::funnel(engine, read, (steps, within), &which.asked())
            };
            let mut parameters = which.parameters();
            parameters.extend([("steps", Some(steps)), ("within", Some(within))]);
            let told = told(asked, "funnel", &parameters, ask)?;
            if *json { print(&told) } else { funnel(&told) }
        }
        Command::Retention { each, which, asked, json } => {
            let ask = |engine: &Engine, read: ReadLog<'_, '_>| {
                figures::retention(engine, read, each.as_ref(), &which.asked())
            };
            let mut parameters = which.parameters();
            parameters.push(("each", each.as_ref()));
            let told = told(asked, "retention", &parameters, ask)?;
            if *json { print(&told) } else { retention(&told) }
        }
        Command::Uplift { event, flight, asked, json } => {
            let ask = |engine: &Engine, read: ReadLog<'_, '_>| {
                figures::uplifts(engine, read, (event.as_ref(), flight.as_ref()))
            };
            let parameters = [("event", event.as_ref()), ("flight", flight.as_ref())];
            let told = told(asked, "uplift", &parameters, ask)?;
            if *json { print(&told) } else { uplift(&told) }
        }
    }
}

fn sql(figure: &str, days: &OfDays) -> anyhow::Result<()> {
    match figures::defined(figure, days) {
        Ok(defined) => Ok(writeln!(stdout(), "{}", defined.sql)?),
        Err(wrong) if wrong.field == "name" => bail!("{}", wrong.reason),
        Err(wrong) => bail!("--{}: {}", wrong.field, wrong.reason),
    }
}

/// The answer of a server, or of the log that it would be told from: the same, as JSON.
fn told<T: Serialize>(
    asked: &place::Asked,
    what: &str,
    parameters: &[(&str, Option<&String>)],
    ask: impl Fn(&Engine, ReadLog<'_, '_>) -> Result<T, Unanswered>,
) -> anyhow::Result<Value> {
    match asked.whom()? {
        Whom::Server(client) => of_server(&client, what, parameters),
        Whom::Directory(data) => Ok(serde_json::to_value(of_directory(data, asked.at, ask)?)?),
    }
}

fn of_server(client: &Client, what: &str, parameters: &[(&str, Option<&String>)]) -> anyhow::Result<Value> {
    let given = parameters.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    client.get(&format!("/api/v1/measure/{what}?{query}"))
}

fn of_directory<T>(
    data: &Path,
    at: Option<At>,
    ask: impl Fn(&Engine, ReadLog<'_, '_>) -> Result<T, Unanswered>,
) -> anyhow::Result<T> {
    let log = SqliteReader::open(data)?;
    let snapshots = Snapshots::open(data)?;
    let read = |from: Seq| -> Result<Batches<'_>, eventlog::Error> { Ok(Box::new(log.read(from)?)) };
    let engine = recover_as_of(at.unwrap_or(At::MAX), &snapshots, read)?;
    match ask(&engine, &read) {
        Ok(answer) => Ok(answer),
        Err(Unanswered::Wrong(wrong)) => bail!("--{}: {}", wrong.field, wrong.reason),
        Err(Unanswered::Log(error)) => Err(error.into()),
    }
}

fn print(told: &Value) -> anyhow::Result<()> {
    Ok(writeln!(stdout(), "{told}")?)
}

/// A figure for people.
fn figure(unit: &str, value: f64) -> String {
    match unit {
        "share" => format!("{:.1} %", value * 100.0),
        "money" | "ratio" => format!("{value:.2}"),
        _ => format!("{value}"),
    }
}

/// An interval for people; empty where there is none.
fn interval(unit: &str, ends: &Value) -> String {
    let Some(low) = ends[0].as_f64() else { return String::new() };
    let high = ends[1].as_f64().map_or("∞".to_owned(), |high| figure(unit, high));
    format!("[{} … {high}]", figure(unit, low))
}

fn list<'v>(told: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    told[field].as_array().into_iter().flatten()
}

fn kpis(told: &Value) -> anyhow::Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for row in list(told, "rows") {
        if !text(&row["group"]).is_empty() {
            writeln!(stdout(), "{} {}", text(&told["by"]), text(&row["group"]))?;
        }
        for kpi in list(row, "kpis") {
            let (title, unit) = (text(&kpi["title"]), text(&kpi["unit"]));
            let shown = match kpi["value"].as_f64() {
                Some(value) => figure(&unit, value),
                None => "–".to_owned(),
            };
            let behind = match kpi["value"].is_null() {
                true => text(&kpi["undefined"]),
                false => format!("{:<4}{}", text(&kpi["currency"]), interval(&unit, &kpi["interval"])),
            };
            writeln!(stdout(), "  {title:<28} {shown:>14} {behind}")?;
            if let Some(held) = held(&unit, &kpi["target"]) {
                writeln!(stdout(), "  {:<28} {:>14} {held}", "", "")?;
            }
        }
    }
    Ok(writeln!(stdout(), "as of {}, record {}", text(&told["as_of"]), told["seq"])?)
}

/// How far a figure is from its target, for people; nothing where it has none.
fn held(unit: &str, target: &Value) -> Option<String> {
    let text = |field: &str| target[field].as_str().unwrap_or_default();
    let bound = if text("bound") == "at_most" { "at most" } else { "at least" };
    let value = figure(unit, target["value"].as_f64()?);
    let per = if text("per").is_empty() { String::new() } else { format!(" a {}", text("per")) };
    let said = match (target["course"].as_str(), target["distance"].as_f64()) {
        (None, _) => format!("undefined, {}", text("undefined")),
        (Some(course), None) => course.replace('_', " "),
        (Some(course), Some(distance)) => {
            let side = if distance < 0.0 { "under" } else { "over" };
            let so_far = if target["so_far"] == true { " so far" } else { "" };
            format!("{:.0} % {side}{so_far}, {}", distance.abs() * 100.0, course.replace('_', " "))
        }
    };
    Some(format!("target: {bound} {value}{per}: {said}"))
}

fn funnel(told: &Value) -> anyhow::Result<()> {
    for step in list(told, "steps") {
        let share = step["of_previous"].as_f64().map_or("–".to_owned(), |share| figure("share", share));
        let name = step["step"].as_str().unwrap_or_default();
        let ends = interval("share", &step["interval"]);
        writeln!(stdout(), "{:>10}  {share:>8} {ends:<20} {name}", step["people"].to_string())?;
    }
    Ok(())
}

fn retention(told: &Value) -> anyhow::Result<()> {
    for cohort in list(told, "cohorts") {
        let people = cohort["people"].as_u64().unwrap_or_default();
        let share = |ordered: &Value| {
            let share = ordered.as_u64().unwrap_or_default() as f64 / people.max(1) as f64;
            format!("{:>7}", figure("share", share))
        };
        let shares: Vec<String> = list(cohort, "ordered").map(share).collect();
        let text = |field: &str| cohort[field].as_str().unwrap_or_default();
        writeln!(stdout(), "{:<10} {:<16} {people:>8} {}", text("begin"), text("channel"), shares.join(" "))?;
    }
    Ok(())
}

fn uplift(told: &Value) -> anyhow::Result<()> {
    for flight in list(told, "flights") {
        let text = |field: &str| flight[field].as_str().unwrap_or_default();
        let said = match flight["uplift"].as_f64() {
            Some(uplift) => {
                let (low, high) = (flight["interval"][0].as_f64(), flight["interval"][1].as_f64());
                let (low, high) = (low.unwrap_or_default(), high.unwrap_or_default());
                format!("{uplift:+.1} [{low:+.1} … {high:+.1}] of {}", flight["observed"])
            }
            None => format!("– {}", text("undefined")),
        };
        writeln!(stdout(), "{}  {:<12} {:<20} {said}", text("from"), text("medium"), text("place"))?;
    }
    Ok(writeln!(stdout(), "what just happened more than usual: it points somewhere, and proves nothing")?)
}
