//! `trama explain`: why a person matches an expression or not, and when time alone changes that.

use super::client::{Client, token};
use super::expression::{refused, text};
use super::place::{self, live};
use super::query::instant;
use crate::api::explanations::view;
use crate::runtime::scan;
use anyhow::{Context, bail};
use engine::at::At;
use engine::identifier::parse_address;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Say why a person matches an expression or not
///
/// Each part of the expression is shown with what was found, and with the instant at which time alone changes it.
/// Of a segment of the programme, ask for 'in segment "its name"'.
/// A server that runs on the directory is asked; without one the log is read, and nothing is changed.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The expression, such as 'did "Order Completed" within 30 days', or its JSON form
    expression: String,
    /// The person, as email:ada@example.com or user_id:u1
    #[arg(long, value_name = "TYPE:VALUE")]
    profile: String,
    /// Directory of the installation: its log, keys and settings
    #[arg(
        long,
        env = "TRAMA_DATA",
        hide_env_values = true,
        value_name = "DIR",
        required_unless_present = "server"
    )]
    data: Option<PathBuf>,
    /// Address of a server to ask; its token comes from TRAMA_TOKEN or TRAMA_TOKEN_FILE
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The instant to ask about, as 2026-01-31T12:00:00Z: what was known then, and what was true then [default: now]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<At>,
    /// Print the explanation as the API gives it
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let expression = &text(&args.expression)?;
    let explained = match (&args.server, &args.data, args.at) {
        (Some(_), _, Some(_)) => bail!("--at reads the log again, so it needs the directory: --data DIR"),
        (Some(server), _, None) => ask(&Client::new(server, &token()?)?, expression, &args.profile)?,
        (None, Some(data), at) => match live(data)? {
            Some(client) if at.is_none() => ask(&client, expression, &args.profile)?,
            _ => read(data, expression, &args.profile, at)?,
        },
        (None, None, _) => bail!("say which installation: --data DIR or --server URL"),
    };
    if args.json {
        println!("{explained}");
    } else {
        print!("{}", told_to_people(&explained));
    }
    Ok(())
}

/// Asks a running server.
fn ask(client: &Client, expression: &str, profile: &str) -> anyhow::Result<Value> {
    let path = format!("/api/v1/profiles/{}/explain", utf8_percent_encode(profile, NON_ALPHANUMERIC));
    let asked = json!({"expression": expression});
    client.call(&Method::POST, &path, &asked).map_err(|error| refused(expression, error))
}

/// Reads the log up to an instant, or to its end.
fn read(data: &Path, expression: &str, profile: &str, at: Option<At>) -> anyhow::Result<Value> {
    let (kind, value) =
        parse_address(profile).context("name a person as type:value, such as email:ada@example.com")?;
    let explained = place::ask_as_of(data, at, expression, |engine, now| {
        let question = scan::question(engine, expression, now)?;
        let id = engine.find(kind, value);
        Ok(id.map(|id| serde_json::to_value(view(&engine.explain(id, &question, now), now))))
    })?;
    let explained = explained.with_context(|| format!("nobody is known as {profile}"))?;
    explained.context("the explanation cannot be written")
}

/// The tree with a line for each part, and below it the segments that it is built on.
fn told_to_people(explained: &Value) -> String {
    let mut told = String::new();
    tell(&mut told, &explained["whole"], 0);
    for base in explained["built_on"].as_array().into_iter().flatten() {
        told += &format!("\nsegment {}\n", base["segment"]);
        tell(&mut told, &base["whole"], 0);
    }
    told
}

fn tell(told: &mut String, part: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let holds = if part["holds"] == true { "yes" } else { "no " };
    let text = |field: &str| part[field].as_str().unwrap_or_default().to_owned();
    *told += &format!("{indent}{holds} {}\n{indent}      {}\n", text("text"), text("sentence"));
    for inside in part["parts"].as_array().into_iter().flatten() {
        tell(told, inside, depth + 1);
    }
}
