//! `trama backup`: a data directory in one file, from a server that runs or is stopped.
//!
//! Everything is copied to a place beside the file first, because a log that is being written has no size; then
//! [`pack`] makes one file of the copy, and [`manifest`] says what must come out of it again.

pub(super) mod manifest;
mod pack;
pub(super) mod unpack;

use super::DataDir;
use crate::clock;
use anyhow::{Context, bail};
use engine::at::At;
use eventlog::copy::{Copied, copy};
use eventlog::recovery::recover_as_of;
use eventlog::snapshots::Snapshots;
use eventlog::sqlite::{SqliteReader, exists, is_in_use};
use indicatif::{ProgressBar, ProgressStyle};
use manifest::{Manifest, State};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Put an installation into one file: log, snapshots, keys and settings
///
/// A server may run on the directory meanwhile; what it acknowledged before is in the file. The file holds keys and
/// personal data, so only its owner can read it.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataDir,
    /// File to make, such as backup.tar.zst
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Bring the engine back from the copy and note the hash of its state, so that a restore can compare; takes as much
    /// memory as the server. Without a server on the directory it is done in any case
    #[arg(long)]
    prove: bool,
}

/// Files of an installation besides log and snapshots, with whether they are copied before the log: what a note of an
/// import says is in the log must be in the log that is copied after it.
const FILES: &[(&str, bool)] = &[
    ("imports.json", true),
    ("dkim.json", false),
    ("keys.json", false),
    ("operators.json", false),
    ("webhooks.json", false),
    ("trama.toml", false),
];

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let (data, to) = (&args.data.data, &args.to);
    if !exists(data) {
        bail!("there is no installation in {}", data.display());
    }
    if to.exists() {
        bail!("there is a file {} already", to.display());
    }
    let beside = folder_of(to)?;
    let prove = args.prove || !is_in_use(data)?;
    let copy = private_dir(".trama-backup-", &beside);
    let copy = copy.with_context(|| format!("no room for the copy in {}", beside.display()))?;
    let copied = gather(data, copy.path())?;
    let Some((last, at)) = copied.last else { bail!("the log in {} is empty", data.display()) };
    let state = if prove { Some(state(copy.path())?) } else { None };
    let manifest =
        Manifest::new(copy.path(), clock::now(), copied.first.unwrap_or_default(), (last, at), state)?;
    let bar = bar("packing", manifest.bytes());
    let bytes = pack::pack(copy.path(), &manifest, to, &bar)?;
    bar.finish_and_clear();
    println!("{}: records up to seq {last}, taken in at {at}; {bytes} bytes", to.display());
    Ok(())
}

/// Copies everything that makes an installation.
fn gather(data: &Path, into: &Path) -> anyhow::Result<Copied> {
    let copy_files = |before: bool| {
        FILES.iter().filter(|(_, first)| *first == before).try_for_each(|(name, _)| {
            match fs::copy(data.join(name), into.join(name)) {
                Ok(_) => Ok(()),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error).with_context(|| format!("cannot copy {name}")),
            }
        })
    };
    copy_files(true)?;
    let copied = copy(data, into).context("the log cannot be copied")?;
    copy_files(false)?;
    Ok(copied)
}

/// The state that log and snapshots of a directory lead to.
fn state(data: &Path) -> anyhow::Result<State> {
    let log = SqliteReader::open(data)?;
    let snapshots = Snapshots::open(data)?;
    let engine = recover_as_of(At::MAX, &snapshots, |from| Ok(Box::new(log.read(from)?)));
    let engine = engine.context("the engine cannot be brought back from the copy")?;
    Ok(State::of(&engine))
}

/// The folder in which a file or folder lies or is to lie.
pub(super) fn folder_of(path: &Path) -> anyhow::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!("there is no directory {}", folder.display());
    }
    Ok(folder.to_owned())
}

/// A new directory for its owner's eyes only, removed unless it is kept.
pub(super) fn private_dir(prefix: &str, beside: &Path) -> std::io::Result<TempDir> {
    let private = fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix(prefix).permissions(private).tempdir_in(beside)
}

/// Draws only on a terminal.
pub(super) fn bar(doing: &'static str, bytes: u64) -> ProgressBar {
    let style = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let style = ProgressStyle::with_template(style).expect("invariant: the template is ours");
    ProgressBar::new(bytes).with_style(style).with_message(doing)
}
