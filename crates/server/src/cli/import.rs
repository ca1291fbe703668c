//! `trama import`: tracking events from files, durable and applied, and counted once however often it is run.
//!
//! A line without a message id gets one made of its content and of how many equal lines came before it, so that a
//! second run repeats itself instead of counting twice. How far each file came is noted beside the log; losing the
//! note costs time and nothing else.

mod destination;
mod lines;
mod notes;

use anyhow::{Context, bail};
use destination::{Destination, Tally};
use indicatif::{ProgressBar, ProgressStyle};
use lines::Lines;
use notes::Notes;
use std::path::{Path, PathBuf};

/// Import tracking events from .jsonl files, one event a line
#[derive(clap::Args)]
pub(super) struct Args {
    /// Files with one event a line, as for the tracking API
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Directory of the installation; a server that runs on it is sent the events
    #[arg(
        long,
        env = "TRAMA_DATA",
        hide_env_values = true,
        value_name = "DIR",
        required_unless_present = "server"
    )]
    data: Option<PathBuf>,
    /// Address of a server to send the events to, with its write key in TRAMA_WRITE_KEY
    #[arg(long, value_name = "URL")]
    server: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    for file in &args.files {
        let known = file.extension().is_some_and(|one| ["jsonl", "ndjson"].iter().any(|known| one == *known));
        if !known {
            bail!("{} is not a .jsonl file, which is what can be imported", file.display());
        }
    }
    let mut destination = match (&args.server, &args.data) {
        (Some(server), _) => Destination::server(server)?,
        (None, Some(data)) => Destination::directory(data)?,
        (None, None) => bail!("say where to: --data DIR or --server URL"),
    };
    let mut notes = Notes::open(args.data.as_deref().filter(|_| args.server.is_none()))?;
    let mut total = Tally::default();
    for file in &args.files {
        let imported = import(file, &mut destination, &mut notes);
        total.add(&imported.with_context(|| format!("{} was not imported to its end", file.display()))?);
    }
    destination.close();
    println!("{total}");
    Ok(())
}

/// Imports one file from where an earlier run ended.
fn import(path: &Path, destination: &mut Destination, notes: &mut Notes) -> anyhow::Result<Tally> {
    let mut lines = Lines::open(path)?;
    let bar = bar(path, lines.size());
    let begun = notes.begin(path)?;
    while lines.offset() < begun && lines.skip()? {}
    bar.set_position(lines.offset());
    let mut tally = Tally::default();
    loop {
        let batch = lines.batch()?;
        let ended = batch.is_empty();
        if !ended {
            destination.send(&batch)?;
        }
        for answer in destination.answers(ended)? {
            for refused in &answer.refused {
                bar.suspend(|| eprintln!("{}:{}", path.display(), refused));
            }
            tally.add(&answer.tally());
            bar.set_position(answer.end);
            notes.reached(path, answer.end, ended)?;
        }
        if ended {
            notes.reached(path, lines.offset(), true)?;
            bar.finish_and_clear();
            return Ok(tally);
        }
    }
}

/// Draws only on a terminal.
fn bar(path: &Path, bytes: u64) -> ProgressBar {
    let style = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(style).expect("invariant: the template is ours");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    ProgressBar::new(bytes).with_style(style).with_message(name)
}
