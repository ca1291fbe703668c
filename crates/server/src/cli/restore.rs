//! `trama restore`: an installation out of a backup, proven before it gets its name.

use super::backup::manifest::{Manifest, State};
use super::backup::unpack::unpack;
use super::backup::{folder_of, private_dir};
use super::place;
use anyhow::{Context, bail};
use engine::outbox::Status;
use eventlog::sqlite::SqliteLog;
use eventlog::verify::verify;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Bring an installation back from a backup, into a new directory
///
/// Every checksum is compared, the log is read whole, and the engine is brought back from it; only then the directory
/// appears under its name.
///
/// It is the installation as it was when the backup was made: messages that were owed then are sent at the next start,
/// also those that the original has sent since, and consents that were withdrawn since are not.
#[derive(clap::Args)]
pub(super) struct Args {
    /// File that `trama backup` made
    file: PathBuf,
    /// Directory to make; an empty one is fine
    #[arg(long, value_name = "NEW_DIR")]
    data: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let Args { file, data } = args;
    if data.exists() && fs::read_dir(data).map_or(true, |mut entries| entries.next().is_some()) {
        bail!("{} is not empty; a backup is restored into a new directory", data.display());
    }
    let beside = folder_of(data)?;
    let work = private_dir(".trama-restore-", &beside);
    let work = work.with_context(|| format!("no room in {}", beside.display()))?;
    let manifest = unpack(file, work.path())?;
    let proven = prove(work.path(), &manifest);
    let proven = proven.with_context(|| format!("{} cannot be restored", file.display()))?;
    // Taken in hand for the proof, and free again.
    fs::remove_file(work.path().join("trama.lock")).context("cannot tidy up")?;
    File::open(work.path())?.sync_all()?;
    fs::rename(work.path(), data).with_context(|| format!("cannot make {}", data.display()))?;
    // It has another name by now, and stays.
    _ = work.keep();
    File::open(beside)?.sync_all()?;
    let (last, at) = (manifest.log.last_seq, &manifest.log.at);
    let Proven { words, owed } = proven;
    println!("{}: records up to seq {last}, taken in at {at}; {words}", data.display());
    if owed > 0 {
        println!("{owed} messages are owed and go out at the next start, unless they did before");
    }
    Ok(())
}

struct Proven {
    words: &'static str,
    /// Messages that wait to be handed over.
    owed: usize,
}

/// Reads the whole log and brings the engine back; what was proven by it.
fn prove(data: &Path, manifest: &Manifest) -> anyhow::Result<Proven> {
    let mut log = SqliteLog::open(data)?;
    let report = verify(&log);
    if let Some(fault) = report.fault {
        return Err(fault.into());
    }
    let (first, last) = (report.first.unwrap_or_default(), report.last.map_or(0, |(seq, _)| seq.0));
    if (first.0, last) != (manifest.log.first_seq, manifest.log.last_seq) {
        bail!("its log reaches from seq {first} to {last}, which is not what its manifest says");
    }
    let engine = place::engine(data, &mut log)?;
    let owed = engine.sends().filter(|send| send.status == Status::Queued).count();
    let words = match &manifest.state {
        None => "the log is whole and the engine comes back from it",
        Some(_) if manifest.version != env!("CARGO_PKG_VERSION") => {
            "the log is whole; the state is not compared, since another version of Trama stated it"
        }
        Some(stated) if *stated != State::of(&engine) => {
            bail!("the engine comes back with another state than it had")
        }
        Some(_) => "the log is whole and the state is what it was",
    };
    Ok(Proven { words, owed })
}
