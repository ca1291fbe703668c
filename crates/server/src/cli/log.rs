//! `trama log`: what lies in the log, as it is.

use super::DataDir;
use crate::wire::{erased_json, record_json};
use anyhow::{Context, bail};
use clap::Subcommand;
use engine::Seq;
use engine::record::{Malformed, Record};
use eventlog::log::Batch;
use eventlog::sqlite::SqliteReader;
use eventlog::verify::verify_beside;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// Verify, follow or export the log
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Read the whole log and say whether it is what was written; a server may run on it meanwhile
    Verify {
        #[command(flatten)]
        data: DataDir,
    },
    /// Print the newest records, and those to come as they become durable
    Tail {
        #[command(flatten)]
        data: DataDir,
        /// Records to begin with
        #[arg(short = 'n', long, default_value_t = 10)]
        lines: u64,
        /// End after those that are there
        #[arg(long)]
        no_follow: bool,
    },
    /// Print every record as a line of JSON
    Export {
        #[command(flatten)]
        data: DataDir,
        /// Place in the log to begin at
        #[arg(long, default_value_t = 1)]
        from: u64,
    },
}

/// How often a tail looks for more: the log belongs to another process, which has no way to wake this one.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Verify { data } => walk(&data.data),
        Command::Tail { data, lines, no_follow } => tail(&data.data, *lines, !no_follow),
        Command::Export { data, from } => print(&SqliteReader::open(&data.data)?, Seq(*from)).map(drop),
    }
}

fn walk(data: &Path) -> anyhow::Result<()> {
    let report = verify_beside(&SqliteReader::open(data)?);
    let last = report.last.map_or(Seq(0), |(seq, _)| seq);
    println!(
        "{} records in {} batches, seq {} to {last}, {} bytes on disk for {} as they came in",
        report.records,
        report.batches,
        report.first.unwrap_or_default(),
        report.bytes_stored,
        report.bytes_raw
    );
    match report.fault {
        None => {
            println!("whole");
            Ok(())
        }
        Some(fault) => bail!("{fault}"),
    }
}

fn tail(data: &Path, lines: u64, follow: bool) -> anyhow::Result<()> {
    let reader = SqliteReader::open(data)?;
    let newest = reader.last()?.map_or(0, |(seq, _)| seq.0);
    let mut next = Seq(newest.saturating_sub(lines) + 1);
    loop {
        next = print(&reader, next)?;
        if !follow {
            return Ok(());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Prints what is there from a place on; the place after it.
fn print(reader: &SqliteReader, from: Seq) -> anyhow::Result<Seq> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut next = from;
    for batch in reader.read(from)? {
        next = print_batch(&mut out, &batch?, next)?;
    }
    out.flush().context("cannot print")?;
    Ok(next)
}

fn print_batch(out: &mut impl Write, batch: &Batch, from: Seq) -> anyhow::Result<Seq> {
    let mut seq = batch.first;
    for bytes in batch.records() {
        if seq >= from {
            let line = match Record::decode(bytes?) {
                Ok(record) => record_json(seq, batch.at, &record),
                Err(Malformed::Sealed) => erased_json(seq, batch.at),
                Err(malformed) => return Err(malformed).with_context(|| format!("the record at seq {seq}")),
            };
            writeln!(out, "{line}")?;
        }
        seq = seq.next();
    }
    Ok(seq)
}
