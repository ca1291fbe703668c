//! The sections of one snapshot on their way to the disk: what is there already is referred to, and the rest goes into a
//! file of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use engine::Seq;
use engine::section::Section;

use super::manifest::{Entry, File, Manifest};
use super::sections_name;
use crate::error::Error;
use crate::folder::Folder;
use crate::limits;

/// What a snapshot wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub sections: usize,
    /// Those of them that were not on the disk yet.
    pub new: usize,
    /// What these took there.
    pub bytes: u64,
}

/// Sections that a snapshot may refer to, by key.
pub(super) struct Kept(BTreeMap<u64, (File, Entry)>);

impl Kept {
    /// Of a snapshot, what lies in files that are there and not given up: those from `whole_from` on, of which at least half
    /// is still referred to, and not more than so many.
    pub(super) fn of(manifest: Option<&Manifest>, whole_from: Seq, names: &BTreeSet<String>) -> Self {
        let Some(manifest) = manifest else { return Self(BTreeMap::new()) };
        let too_many = (manifest.files.len() + 1).saturating_sub(limits::SECTION_FILES_MAX);
        let stays = |(number, file): (usize, &File)| {
            number >= too_many
                && file.place >= whole_from
                && manifest.live(number as u32) * 2 >= file.length
                && names.contains(&sections_name(file.place))
        };
        let stays: Vec<bool> = manifest.files.iter().enumerate().map(stays).collect();
        let entries = manifest.sections.iter().filter(|entry| stays[entry.file as usize]);
        Self(entries.map(|entry| (entry.key, (manifest.files[entry.file as usize], *entry))).collect())
    }

    pub(super) fn has(&self, key: u64, digest: u128) -> bool {
        self.0.get(&key).is_some_and(|(_, entry)| entry.digest == digest)
    }
}

/// A file of sections that is being written.
pub(super) struct Writing<'f> {
    folder: &'f mut dyn Folder,
    name: String,
    compressor: zstd::bulk::Compressor<'static>,
    kept: &'f Kept,
    waiting: Vec<u8>,
    /// What was handed to the folder.
    length: u64,
    written: Written,
    entries: Vec<(File, Entry)>,
    place: Seq,
}

impl<'f> Writing<'f> {
    pub(super) fn begin(folder: &'f mut dyn Folder, place: Seq, kept: &'f Kept) -> Result<Self, Error> {
        let name = sections_name(place);
        // A process that died may have left one, to which nothing refers.
        if folder.list()?.contains(&name) {
            folder.remove(&name)?;
        }
        let compressor = zstd::bulk::Compressor::new(limits::ZSTD_LEVEL)
            .map_err(Error::io("compress", Path::new(&name)))?;
        let (waiting, written, entries) = (Vec::new(), Written::default(), Vec::new());
        Ok(Self { folder, name, compressor, kept, waiting, length: 0, written, entries, place })
    }

    pub(super) fn add(&mut self, section: &Section) -> Result<(), Error> {
        self.written.sections += 1;
        let Some(bytes) = &section.bytes else {
            let kept = self.kept.0.get(&section.key).expect("invariant: only what is kept may be left out");
            self.entries.push(*kept);
            return Ok(());
        };
        let stored = self.compressor.compress(bytes).map_err(Error::io("compress", Path::new(&self.name)))?;
        let short = |length: usize| u32::try_from(length).expect("invariant: a section has a bound");
        let entry = Entry {
            key: section.key,
            digest: section.digest,
            length: short(bytes.len()),
            file: 0,
            offset: self.length + self.waiting.len() as u64,
            stored: short(stored.len()),
        };
        self.entries.push((File { place: self.place, length: 0 }, entry));
        self.written.new += 1;
        self.waiting.extend_from_slice(&stored);
        if self.waiting.len() >= limits::WRITE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.folder.append(&self.name, &self.waiting)?;
        self.length += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }

    /// Makes the file durable. Gives the files and the sections of the manifest.
    pub(super) fn end(mut self) -> Result<(Vec<File>, Vec<Entry>, Written), Error> {
        if !self.waiting.is_empty() {
            self.flush()?;
        }
        if self.length > 0 {
            self.folder.seal(&self.name)?;
            // A manifest must not be there before what it refers to.
            self.folder.sync()?;
        }
        let mut lengths = BTreeMap::new();
        for (file, _) in &self.entries {
            lengths.insert(file.place, if file.place == self.place { self.length } else { file.length });
        }
        let files: Vec<File> = lengths.into_iter().map(|(place, length)| File { place, length }).collect();
        let number = |file: File| files.partition_point(|one| one.place < file.place) as u32;
        let entries = self.entries.iter().map(|(file, entry)| Entry { file: number(*file), ..*entry });
        let entries = entries.collect();
        Ok((files, entries, Written { bytes: self.length, ..self.written }))
    }
}
