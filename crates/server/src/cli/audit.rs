//! `trama audit`: who changed what. On a server that runs through its API, otherwise from the log of the directory.

use super::client::Client;
use super::keys::escaped;
use super::place::{Held, Installation, engine};
use crate::audit::{Filter, Places, page};
use anyhow::Context;
use engine::Seq;
use engine::identifier::{normalise, parse_address};
use eventlog::sqlite::SqliteReader;
use serde_json::{Value, json};
use std::io::{Write, stdout};

/// Show who changed what: the acts of operators and keys, newest first
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    installation: Installation,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Only those of an operator or a key
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Only these, such as journey.pause, or all that begin so, such as journey
    #[arg(long, value_name = "ACT")]
    act: Option<String>,
    /// Only those about a person: type:value
    #[arg(long, value_name = "ADDRESS")]
    profile: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let page = match args.installation.held()? {
        Held::Server(client) => pages(args, through(&client, args))?,
        Held::Directory(data, mut log) => {
            let engine = engine(data, &mut log)?;
            let (reader, filter) = (SqliteReader::open(data)?, filter(args)?);
            pages(args, |before, limit| {
                let places = Places::of(&engine, Seq(before), &filter);
                Ok(serde_json::to_value(page(&reader, &places, &filter, limit)?)?)
            })?
        }
    };
    if args.json {
        writeln!(stdout(), "{}", json!({ "acts": page }))?;
        return Ok(());
    }
    page.iter().try_for_each(|act| writeln!(stdout(), "{}", line(act)).map_err(Into::into))
}

/// Goes on from page to page until there are as many as are wanted.
fn pages(
    args: &Args,
    mut ask: impl FnMut(u64, usize) -> anyhow::Result<Value>,
) -> anyhow::Result<Vec<Value>> {
    let (mut acts, mut before) = (Vec::new(), u64::MAX);
    while acts.len() < args.limit {
        let mut page = ask(before, args.limit - acts.len())?;
        acts.extend(page["acts"].as_array_mut().into_iter().flat_map(std::mem::take));
        match page["next"].as_u64() {
            Some(next) => before = next,
            None => break,
        }
    }
    Ok(acts)
}

fn through<'a>(client: &'a Client, args: &'a Args) -> impl FnMut(u64, usize) -> anyhow::Result<Value> + 'a {
    move |before, limit| {
        let mut path = format!("/api/v1/audit?limit={limit}&before={before}");
        for (name, value) in [("operator", &args.operator), ("act", &args.act), ("profile", &args.profile)] {
            path += &value.as_ref().map_or_else(String::new, |value| format!("&{name}={}", escaped(value)));
        }
        client.get(&path)
    }
}

fn filter(args: &Args) -> anyhow::Result<Filter> {
    let named = |text: &String| {
        let (kind, raw) =
            parse_address(text).context("name a person as type:value, such as email:ada@example.com")?;
        let value = normalise(kind, raw).map_err(|_| anyhow::anyhow!("{text} is no address of its type"))?;
        Ok::<_, anyhow::Error>((kind, value))
    };
    let person = args.profile.as_ref().map(named).transpose()?;
    Ok(Filter { operator: args.operator.clone(), act: args.act.clone(), person })
}

fn line(act: &Value) -> String {
    let text = |name: &str| act[name].as_str().unwrap_or_default();
    let people = act["people"].as_array().into_iter().flatten();
    let people = people.map(|one| {
        format!("{}:{}", one["type"].as_str().unwrap_or_default(), one["value"].as_str().unwrap_or_default())
    });
    let whom = match act["erased"] == true {
        true => "somebody who was erased".to_owned(),
        false => people.collect::<Vec<_>>().join(" "),
    };
    let mut line = format!("{}  {} ({})  {}", text("at"), text("operator"), text("role"), text("act"));
    for part in [text("subject"), &whom].into_iter().filter(|part| !part.is_empty()) {
        line += &format!("  {part}");
    }
    match (&act["before"], &act["after"]) {
        (Value::Null, Value::Null) => {}
        (Value::Null, after) => line += &format!("  {after}"),
        (before, Value::Null) => line += &format!("  {before} -> nothing"),
        (before, after) => line += &format!("  {before} -> {after}"),
    }
    line
}
