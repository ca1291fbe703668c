//! One snapshot, to be read section by section.

use engine::Seq;
use engine::at::At;
use engine::section::Section;
use std::cell::RefCell;
use xxhash_rust::xxh3::xxh3_128;
use zstd::bulk::Decompressor;

use super::manifest::{Entry, Found, Manifest};
use super::{name, sections_name};
use crate::error::Error;
use crate::folder::Folder;

thread_local! {
    /// There are thousands of sections, and preparing to inflate one takes as long as inflating a small one.
    static INFLATER: RefCell<Decompressor<'static>> =
        RefCell::new(Decompressor::new().expect("invariant: there is memory for a decompressor"));
}

/// The state after record `seq`, whose batch was taken in at `at`. Several threads may read it at once.
pub struct Snapshot<'s> {
    pub seq: Seq,
    pub at: At,
    folder: &'s dyn Folder,
    content: Content,
}

enum Content {
    Sections(Manifest),
    /// Of format 1: one section that is all of it.
    Whole(Section),
}

impl<'s> Snapshot<'s> {
    pub(super) fn new(seq: Seq, found: Found, folder: &'s dyn Folder) -> Self {
        let (at, content) = match found {
            Found::Manifest(manifest) => (manifest.at, Content::Sections(manifest)),
            Found::Whole { at, state } => (at, Content::Whole(Section::new(0, state))),
        };
        Self { seq, at, folder, content }
    }

    /// How many sections there are.
    pub fn count(&self) -> usize {
        match &self.content {
            Content::Sections(manifest) => manifest.sections.len(),
            Content::Whole(_) => 1,
        }
    }

    /// Reads one of them; an error where it is not what was written.
    pub fn section(&self, number: usize) -> Result<Section, Error> {
        match &self.content {
            Content::Sections(manifest) => {
                let entry = &manifest.sections[number];
                self.read(&sections_name(manifest.files[entry.file as usize].place), entry)
            }
            Content::Whole(section) => Ok(section.clone()),
        }
    }

    /// Reads all of them.
    pub fn sections(&self) -> impl Iterator<Item = Result<Section, Error>> {
        (0..self.count()).map(|number| self.section(number))
    }

    /// Names of the files that it is made of.
    pub fn files(&self) -> Vec<String> {
        let sections = match &self.content {
            Content::Sections(manifest) => &manifest.files[..],
            Content::Whole(_) => &[],
        };
        std::iter::once(name(self.seq)).chain(sections.iter().map(|file| sections_name(file.place))).collect()
    }

    /// Whether it refers to no bytes that were written before a place.
    pub(super) fn is_written_from(&self, place: Seq) -> bool {
        match &self.content {
            Content::Sections(manifest) => manifest.files.iter().all(|file| file.place >= place),
            Content::Whole(_) => self.seq >= place,
        }
    }

    fn read(&self, name: &str, entry: &Entry) -> Result<Section, Error> {
        let damaged = |what| Error::DamagedSnapshot { name: name.to_string(), what };
        let stored = self.folder.read_at(name, entry.offset, entry.stored as usize)?;
        let inflated = INFLATER.with_borrow_mut(|one| one.decompress(&stored, entry.length as usize));
        let bytes = inflated.map_err(|_| damaged("a section cannot be decompressed"))?;
        if xxh3_128(&bytes) != entry.digest {
            return Err(damaged("the digest of a section does not match"));
        }
        Ok(Section { key: entry.key, digest: entry.digest, bytes: Some(bytes) })
    }
}
