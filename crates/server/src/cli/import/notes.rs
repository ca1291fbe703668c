//! How far each file was imported, in `imports.json` beside the log.
//!
//! A file is known by its first bytes, so that it may be moved and may grow. Before a note is believed, everything up to
//! its place is read again and compared: two exports can begin alike, and a row can have been mended.

use super::batch::Place;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

/// Bytes at the front of a file that tell files apart.
const LOOKED_AT: u64 = 64 << 10;
/// Bytes of a file between two writes of the notes.
const NOTE_EVERY: u64 = 16 << 20;

pub(super) struct Notes {
    /// `None` where there is no directory to keep them in.
    file: Option<PathBuf>,
    notes: BTreeMap<String, Note>,
    /// Of the file in hand: its key, and the place of the newest note written.
    key: String,
    written: Place,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// For people who look into the file.
    file: PathBuf,
    /// Rows of it that are durable.
    #[serde(default)]
    rows: u64,
    /// What those rows hold, folded into a number.
    #[serde(default)]
    check: u64,
    /// How many of them were refused.
    #[serde(default)]
    refused: u64,
    /// Bytes that the list of refused rows had by then.
    #[serde(default)]
    refused_bytes: u64,
}

/// Where an earlier run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) rows: u64,
    pub(super) check: u64,
    pub(super) refused: u64,
    pub(super) refused_bytes: u64,
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
        Ok(Self { file, notes, key: String::new(), written: Place::default() })
    }

    /// Takes a file in hand; where an earlier run ended in one that began like it.
    pub(super) fn begin(&mut self, path: &Path) -> anyhow::Result<Reached> {
        let mut start = Vec::new();
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        file.take(LOOKED_AT).read_to_end(&mut start).context("cannot read")?;
        self.key = format!("{:032x}", xxh3_128(&start));
        self.written = Place::default();
        let note = self.notes.get(&self.key);
        Ok(note.map_or(Reached::default(), |note| Reached {
            rows: note.rows,
            check: note.check,
            refused: note.refused,
            refused_bytes: note.refused_bytes,
        }))
    }

    /// Whether it is time for a note of this place.
    pub(super) fn is_due(&self, place: &Place, ended: bool) -> bool {
        self.file.is_some() && (ended || place.bytes >= self.written.bytes + NOTE_EVERY)
    }

    /// Notes that everything up to `place` is durable, and listed where it was refused.
    pub(super) fn reached(
        &mut self,
        path: &Path,
        place: &Place,
        (refused, refused_bytes): (u64, u64),
    ) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let Place { rows, check, .. } = *place;
        let note = Note { file: path.to_owned(), rows, check, refused, refused_bytes };
        self.written = *place;
        self.notes.insert(self.key.clone(), note);
        let directory = file.parent().expect("invariant: the notes lie in the data directory");
        let mut whole = tempfile::NamedTempFile::new_in(directory)?;
        whole.write_all(&serde_json::to_vec_pretty(&self.notes)?)?;
        whole.as_file().sync_all()?;
        whole.persist(file).context("imports.json cannot be written")?;
        Ok(())
    }
}
