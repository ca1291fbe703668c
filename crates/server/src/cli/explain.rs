//! `trama explain`: why a person matches an expression or not, and when time alone changes that.

use super::client::Client;
use super::expression::{refused, text};
use super::place::{self, Asked, Whom};
use crate::api::explanations::view;
use crate::runtime::scan;
use anyhow::Context;
use engine::at::At;
use engine::identifier::parse_address;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;

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
    #[command(flatten)]
    asked: Asked,
    /// Print the explanation as the API gives it
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let expression = &text(&args.expression)?;
    let explained = match args.asked.whom()? {
        Whom::Server(client) => ask(&client, expression, &args.profile)?,
        Whom::Directory(data) => read(data, expression, &args.profile, args.asked.at)?,
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
