//! `trama calls`: lists for people who telephone. What came of the calls is brought in as events by `trama import`.

use super::place::Running;
use anyhow::Context;
use clap::Subcommand;
use serde_json::Value;
use std::fs::File;
use std::io::{Write, stdout};
use std::path::PathBuf;

/// Make a list of people to telephone
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write who of a segment may be telephoned for a purpose, now, as CSV
    ///
    /// Consents, opt-out registers, suppressions, pauses and the global holdout are looked at for each of them. What came of
    /// the calls comes back as events: `trama import outcomes.csv --event "Call Completed"`, with the columns phone, outcome,
    /// timestamp and perhaps appointment_at.
    Export {
        /// The segment
        segment: String,
        /// What they are telephoned for: a purpose with `call` among its channels
        #[arg(long, value_name = "NAME")]
        purpose: String,
        /// Traits that are told besides the name
        #[arg(long, value_delimiter = ',', value_name = "NAMES")]
        traits: Vec<String>,
        /// A look at an opt-out register may be older than it is good for
        #[arg(long)]
        old_registers: bool,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        running: Running,
        /// Write JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let Command::Export { segment, purpose, traits, old_registers, out, running, json } = &args.command;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("segment", segment)
        .append_pair("purpose", purpose)
        .append_pair("traits", &traits.join(","))
        .append_pair("old_registers", if *old_registers { "true" } else { "false" })
        .finish();
    let list = running.client()?.get(&format!("/api/v1/calls?{query}"))?;
    let mut to: Box<dyn Write> = match out {
        Some(file) => {
            Box::new(File::create(file).with_context(|| format!("cannot write {}", file.display()))?)
        }
        None => Box::new(stdout()),
    };
    if *json {
        writeln!(to, "{list}")?;
    } else {
        write(&mut to, &list, traits)?;
    }
    to.flush()?;
    let count = list["callees"].as_array().map_or(0, Vec::len);
    let held_back = list["held_back"].as_object().into_iter().flatten();
    let held_back: Vec<String> = held_back.map(|(reason, people)| format!("{people} {reason}")).collect();
    let rest =
        if held_back.is_empty() { String::new() } else { format!("; not on it: {}", held_back.join(", ")) };
    eprintln!("{count} to telephone{rest}");
    Ok(())
}

fn write(to: &mut dyn Write, list: &Value, traits: &[String]) -> anyhow::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    let titles = ["phone", "name", "user_id", "profile", "basis"].map(str::to_owned);
    csv.write_record(titles.iter().chain(traits))?;
    for callee in list["callees"].as_array().into_iter().flatten() {
        let shown = |value: &Value| value.as_str().map_or_else(|| plain(value), guarded);
        let own = ["phone", "name", "user_id", "profile", "basis"].map(|field| match field {
            "phone" => plain(&callee[field]),
            _ => shown(&callee[field]),
        });
        csv.write_record(own.into_iter().chain(traits.iter().map(|name| shown(&callee["traits"][name]))))?;
    }
    Ok(csv.flush()?)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a person wrote, so that no spreadsheet takes it for a formula.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
