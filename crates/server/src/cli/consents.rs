//! `trama consents`: who agreed to what, when, to which words.

use super::keys::escaped;
use super::place::Running;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Write, copy, stdout};

/// Show what a person agreed to, when, and to which words
#[derive(clap::Args)]
pub(super) struct Args {
    /// Any of the person's identifiers: type:value, such as email:ada@example.com
    address: String,
    #[command(flatten)]
    running: Running,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print the statements as a table, to be kept
    #[arg(long)]
    csv: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let client = args.running.client()?;
    let path = format!("/api/v1/profiles/{}/consents", escaped(&args.address));
    if args.csv {
        copy(&mut client.open(&format!("{path}?format=csv"))?, &mut stdout())?;
        return Ok(());
    }
    let evidence = client.get(&path)?;
    let text = if args.json { format!("{evidence}\n") } else { told(&args.address, &evidence) };
    stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// A page that can be printed.
fn told(address: &str, evidence: &Value) -> String {
    let text = |value: &Value, field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let mut told = format!("{address} on {}\n", text(evidence, "at"));
    if let Some(until) = evidence["paused_until"].as_str() {
        let _ = writeln!(told, "paused until {until}");
    }
    if evidence["fewer"] == true {
        told.push_str("asked for fewer messages\n");
    }
    for held in evidence["consents"].as_array().into_iter().flatten() {
        let channel = held["channel"].as_str().map(|name| format!(" by {name}")).unwrap_or_default();
        let until = held["until"].as_str().map(|until| format!(" until {until}")).unwrap_or_default();
        let (purpose, state, basis) = (text(held, "purpose"), text(held, "state"), text(held, "basis"));
        let _ = writeln!(told, "  {purpose}{channel}: {state}, basis {basis}{until}");
    }
    for one in evidence["history"].as_array().into_iter().flatten() {
        let channel = one["channel"].as_str().map(|name| format!(" by {name}")).unwrap_or_default();
        let (at, state, purpose) = (text(one, "stated_at"), text(one, "state"), text(one, "purpose"));
        let _ = writeln!(told, "\n{at}  {state} {purpose}{channel}  (seq {})", one["seq"]);
        let _ = writeln!(told, "  source   {}", text(one, "source"));
        if let Some(value) = one["address"]["value"].as_str() {
            let _ = writeln!(told, "  address  {}:{value}", text(&one["address"], "type"));
        }
        let wording = &one["wording"];
        if wording.is_object() {
            let assumed = if wording["assumed"] == true { ", which was live then" } else { "" };
            let unknown = if wording["known"] == true { "" } else { ", which no programme had" };
            let _ = writeln!(told, "  wording  version {}{assumed}{unknown}", text(wording, "version"));
            for (language, words) in wording["texts"].as_object().into_iter().flatten() {
                let _ = writeln!(told, "           {language}: {}", words.as_str().unwrap_or_default());
            }
        }
        for (label, field) in [("proof", "proof"), ("ip", "ip"), ("browser", "user_agent"), ("page", "page")]
        {
            let value = text(one, field);
            if !value.is_empty() {
                let _ = writeln!(told, "  {label:<8} {value}");
            }
        }
    }
    told
}
