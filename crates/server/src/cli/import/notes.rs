//! How far each file was imported, in `imports.json` beside the log.
//!
//! A file is known by its first bytes, so that it may be moved and may grow. Before a note is believed, the bytes
//! in front of its end are looked at too: two exports can begin alike.

use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Bytes at the front of a file, and in front of a note's end, that tell files apart.
const LOOKED_AT: u64 = 64 << 10;
/// Bytes between two writes of the notes.
const NOTE_EVERY: u64 = 16 << 20;

pub(super) struct Notes {
    /// `None` where there is no directory to keep them in.
    file: Option<PathBuf>,
    notes: BTreeMap<String, Note>,
    /// Of the file in hand: its key, and the end of the newest note written.
    key: String,
    written: u64,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// For people who look into the file.
    file: PathBuf,
    bytes: u64,
    tail: String,
}

impl Notes {
    pub(super) fn open(data: Option<&Path>) -> anyhow::Result<Self> {
        let file = data.map(|data| data.join("imports.json"));
        let notes = match file.as_ref().map(std::fs::read) {
            None => BTreeMap::new(),
            Some(Ok(text)) => {
                serde_json::from_slice(&text).context("imports.json cannot be read; remove it")?
            }
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Some(Err(error)) => return Err(error).context("imports.json cannot be read"),
        };
        Ok(Self { file, notes, key: String::new(), written: 0 })
    }

    /// Takes a file in hand; the bytes of it that were imported before.
    pub(super) fn begin(&mut self, path: &Path) -> anyhow::Result<u64> {
        self.key = hash(path, 0, LOOKED_AT)?;
        let size = path.metadata()?.len();
        let note = self.notes.get(&self.key).filter(|note| note.bytes <= size);
        let believed = match note {
            Some(note) if tail(path, note.bytes)? == note.tail => note.bytes,
            _ => 0,
        };
        self.written = believed;
        Ok(believed)
    }

    /// Notes that everything up to `bytes` is durable. Written now and then, and at the end of the file.
    pub(super) fn reached(&mut self, path: &Path, bytes: u64, ended: bool) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        if bytes == self.written || (!ended && bytes < self.written + NOTE_EVERY) {
            return Ok(());
        }
        let note = Note { file: path.to_owned(), bytes, tail: tail(path, bytes)? };
        self.notes.insert(self.key.clone(), note);
        self.written = bytes;
        let directory = file.parent().expect("invariant: the notes lie in the data directory");
        let mut whole = tempfile::NamedTempFile::new_in(directory)?;
        whole.write_all(&serde_json::to_vec_pretty(&self.notes)?)?;
        whole.persist(file).context("imports.json cannot be written")?;
        Ok(())
    }
}

fn tail(path: &Path, end: u64) -> anyhow::Result<String> {
    hash(path, end.saturating_sub(LOOKED_AT), end.min(LOOKED_AT))
}

fn hash(path: &Path, from: u64, bytes: u64) -> anyhow::Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    file.seek(SeekFrom::Start(from))?;
    let mut read = Vec::new();
    file.take(bytes).read_to_end(&mut read)?;
    Ok(format!("{:032x}", xxh3_128(&read)))
}
