//! `trama erase`: a person is known no longer, in the state, in the log and in the snapshots.

use super::client::Client;
use super::keys::escaped;
use super::place::{Held, Installation, engine};
use crate::api::erasures::ErasedView;
use crate::audit::What;
use crate::clock;
use crate::keys::Holder;
use anyhow::{Context, bail};
use engine::identifier::parse_address;
use engine::record::{ProfileErased, Record};
use eventlog::frame::push_record;
use eventlog::log::Log;
use eventlog::redaction::redact;
use eventlog::sequencer::{Outcome, stage};
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::SqliteLog;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write, stdin, stdout};
use std::path::Path;

/// Erase a person for good: everything that is known of them, in the log too
///
/// What stays: figures that lead to nobody, and that their addresses must not be written to, where they were suppressed.
/// Backups that were made before keep what they have; delete them, or erase the person again after restoring one.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Any of the person's identifiers: type:value, such as email:ada@example.com
    address: String,
    #[command(flatten)]
    installation: Installation,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let erased = match args.installation.held()? {
        Held::Server(client) => through(&client, args)?,
        Held::Directory(data, mut log) => in_directory(data, &mut log, args)?,
    };
    if args.json {
        writeln!(stdout(), "{erased}")?;
        return Ok(());
    }
    writeln!(
        stdout(),
        "{} is erased: {} identifiers, {} events, {} merged profiles; {} sends lead to nobody now",
        args.address,
        erased["identifiers"],
        erased["events"],
        erased["merged"],
        erased["sends"]
    )?;
    if erased["disk"] == "pending" {
        writeln!(
            stdout(),
            "the server still takes the person out of its log; `trama status` says when that is over"
        )?;
    }
    Ok(())
}

fn through(client: &Client, args: &Args) -> anyhow::Result<Value> {
    let path = format!("/api/v1/profiles/{}", escaped(&args.address));
    client.get(&path)?;
    confirm(args)?;
    client.call(&Method::DELETE, &path, &json!(null))
}

/// The same on the directory of a server that does not run.
fn in_directory(data: &Path, log: &mut SqliteLog, args: &Args) -> anyhow::Result<Value> {
    let mut engine = engine(data, log)?;
    let mut snapshots = Snapshots::open(data)?;
    // What an earlier command or a server was kept from ending.
    redact(log, &mut snapshots, &mut engine, clock::now()).context("the log cannot be redacted")?;
    let (kind, raw) = parse_address(&args.address)
        .context("name a person as type:value, such as email:ada@example.com or user_id:u1")?;
    let profile = engine.find(kind, raw).with_context(|| format!("nobody is known as {}", args.address))?;
    confirm(args)?;
    let view = ErasedView::of(&engine, profile);
    let (mut bytes, mut body) = (Vec::new(), Vec::new());
    let by = Holder::server("trama erase");
    let erased = ProfileErased { profile, erased_at: clock::now(), operator: &by.name };
    let erased = Record::ProfileErased(erased);
    erased.encode(&mut bytes);
    push_record(&mut body, &bytes);
    What::of(&engine, &erased).push(&by, &mut body);
    let staged = stage(&mut engine, clock::now(), &[&body]);
    let [[Outcome::Applied(seq), _]] = staged.outcomes.iter().map(Vec::as_slice).collect::<Vec<_>>()[..]
    else {
        bail!("the person could not be erased: {:?}", staged.outcomes);
    };
    let seq = *seq;
    log.append(&staged.batches).context("the log cannot be written")?;
    redact(log, &mut snapshots, &mut engine, clock::now()).context(
        "the person is erased, and still in the log: run this again, or start the server, to go on with that",
    )?;
    super::lake::forget(data, &engine).context(
        "the person is erased, and still in the lake: run `trama lake refresh`, or start the server, to go on with that",
    )?;
    Ok(serde_json::to_value(view.erased(seq, true))?)
}

/// What is erased does not come back.
fn confirm(args: &Args) -> anyhow::Result<()> {
    if args.yes {
        return Ok(());
    }
    if !stdin().is_terminal() {
        bail!("nobody can be asked here; with --yes nobody is");
    }
    print!("Everything that is known of {} is erased for good. Type `yes` to go on: ", args.address);
    stdout().flush()?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    if answer.trim() == "yes" { Ok(()) } else { bail!("nothing was erased") }
}
