//! Snapshots of the engine's state, so that recovery need not replay everything and the log can be trimmed.
//!
//! The bytes are opaque here. A snapshot is a *manifest*, which names its sections and says where each of them lies, and
//! files of sections, each written once and with one snapshot. What did not change since an earlier one is referred to.
//! A manifest gets its name only when all of that is durable, so a snapshot that is there under its name is whole; digests
//! tell when the disk disagrees, and then the one before is taken.
//!
//! For that to help, two snapshots that follow each other share no file: there are two lines of them, and each snapshot
//! goes on from the one before the last, which it replaces.

mod manifest;
mod snapshot;
mod writing;

use std::collections::BTreeSet;
use std::path::Path;

use engine::Seq;
use engine::at::At;
use engine::section::{Section, Sections};

use crate::error::Error;
use crate::folder::{DiskFolder, Folder};
use crate::limits;
use manifest::{Found, Manifest};
pub use snapshot::Snapshot;
pub use writing::Written;
use writing::{Kept, Writing};

/// Name that a manifest has until it is whole.
const TEMPORARY: &str = "snapshot.tmp";
/// What is added to the name of one that cannot be used.
const ASIDE: &str = ".aside";
/// Where in a data directory the snapshots are.
const SUBFOLDER: &str = "state";

/// A state that is told section by section.
pub trait Sectioned {
    /// Place of the last record in it.
    fn seq(&self) -> Seq;

    /// Its batch's instant.
    fn at(&self) -> At;

    /// Place before which nothing may be referred to: there are people's bytes that must go.
    fn whole_from(&self) -> Seq;

    /// The next section, without bytes where `is_kept` says of its key and digest that they are on the disk.
    fn next(&mut self, is_kept: &dyn Fn(u64, u128) -> bool) -> Option<Section>;
}

impl Sectioned for Sections {
    fn seq(&self) -> Seq {
        Self::seq(self)
    }

    fn at(&self) -> At {
        Self::at(self)
    }

    fn whole_from(&self) -> Seq {
        Self::whole_from(self)
    }

    fn next(&mut self, is_kept: &dyn Fn(u64, u128) -> bool) -> Option<Section> {
        Self::next(self, is_kept)
    }
}

/// The snapshots in one folder.
pub struct Snapshots {
    folder: Box<dyn Folder>,
}

impl Snapshots {
    /// The snapshots of a data directory.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Ok(Self::new(DiskFolder::open(dir.join(SUBFOLDER))?))
    }

    pub fn new(folder: impl Folder + 'static) -> Self {
        Self { folder: Box::new(folder) }
    }

    /// Writes a snapshot, durable on return, and removes those that are too many. The log must hold its last record by
    /// then: a snapshot of what the log may yet lose would bring it back. Where there is one of the same place already,
    /// nothing is to be done.
    pub fn write(&mut self, mut state: impl Sectioned) -> Result<Written, Error> {
        let (seq, at) = (state.seq(), state.at());
        let mut places: Vec<Seq> = self.names()?.into_iter().map(|(place, _)| place).collect();
        if places.last() == Some(&seq) {
            if self.manifest(seq)?.is_some() {
                return Ok(Written::default());
            }
            places.pop();
        }
        let replaced = places.len().checked_sub(limits::SNAPSHOTS_KEPT).map(|place| places[place]);
        let replaced = replaced.map(|place| self.manifest(place)).transpose()?.flatten();
        let mut names = self.folder.list()?;
        // Where one was set aside, or a crash brought one back that had been removed, the last may go on from the same one.
        if let Some(last) = places.last().map(|place| self.manifest(*place)).transpose()?.flatten() {
            last.files.iter().for_each(|file| _ = names.remove(&sections_name(file.place)));
        }
        let kept = Kept::of(replaced.as_ref(), state.whole_from(), &names);
        let mut writing = Writing::begin(&mut *self.folder, seq, &kept)?;
        while let Some(section) = state.next(&|key, digest| kept.has(key, digest)) {
            writing.add(&section)?;
        }
        let (files, sections, written) = writing.end()?;
        let manifest = Manifest { seq, at, files, sections }.encode();
        self.folder.write(TEMPORARY, &[&manifest])?;
        self.folder.rename(TEMPORARY, &name(seq))?;
        let too_many = self.names()?.into_iter().rev().skip(limits::SNAPSHOTS_KEPT);
        self.remove(&too_many.map(|(_, name)| name).collect::<Vec<_>>())?;
        Ok(written)
    }

    /// Every snapshot from the newest on, each read only when it is asked for; an error for one whose manifest is damaged.
    pub fn newest_first(&self) -> Result<impl Iterator<Item = (Seq, Result<Snapshot<'_>, Error>)>, Error> {
        let names = self.names()?.into_iter().rev();
        Ok(names.map(|(seq, _)| {
            let found = self.find(seq);
            (seq, found.map(|found| Snapshot::new(seq, found, &*self.folder)))
        }))
    }

    /// How many snapshots from a place on can be read and hold nothing from before it, each read whole for that. Those of
    /// them that turn out to be damaged are set aside, since what goes on from one of them would be damaged as well.
    pub fn whole_from(&mut self, from: Seq) -> Result<usize, Error> {
        let (mut whole, mut damaged) = (0, Vec::new());
        for (seq, snapshot) in self.newest_first()?.take_while(|(seq, _)| *seq >= from) {
            let read = snapshot.and_then(|snapshot| {
                snapshot.sections().try_for_each(|section| section.map(drop))?;
                Ok(snapshot.is_written_from(from))
            });
            match read {
                Ok(is_written_from) => whole += usize::from(is_written_from),
                Err(error) if error.is_damage() => damaged.push(seq),
                Err(error) => return Err(error),
            }
        }
        damaged.into_iter().try_for_each(|seq| self.set_aside(seq))?;
        Ok(whole)
    }

    /// Removes every file that holds the state of before a place, for good: those of people who were erased there. What
    /// was set aside goes as well.
    pub fn remove_before(&mut self, place: Seq) -> Result<(), Error> {
        let old = self.newest_first()?.filter(|(seq, snapshot)| {
            *seq < place || snapshot.as_ref().is_ok_and(|snapshot| !snapshot.is_written_from(place))
        });
        let old: Vec<String> = old.map(|(seq, _)| name(seq)).collect();
        let aside = self.folder.list()?.into_iter().filter(|name| name.ends_with(ASIDE) || name == TEMPORARY);
        self.remove(&old.into_iter().chain(aside).collect::<Vec<_>>())?;
        self.folder.sync()
    }

    /// Copies the snapshots as they lie here, whole or not; their places. One that is removed meanwhile is passed over, and
    /// those that came in its stead are looked for.
    pub fn copy(&self, to: &mut Self) -> Result<Vec<Seq>, Error> {
        let (mut copied, mut files) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..limits::COPY_PASSES {
            let mut is_gone = false;
            for (seq, _) in self.names()?.into_iter().rev() {
                if !copied.contains(&seq) {
                    let is_copied = self.copy_one(seq, to, &mut files)?;
                    copied.extend(is_copied.then_some(seq));
                    is_gone |= !is_copied;
                }
            }
            if !is_gone {
                break;
            }
        }
        to.remove(&[])?;
        to.folder.sync()?;
        Ok(copied.into_iter().collect())
    }

    /// Takes a snapshot that cannot be used out of the count: it must not stand for one that can. Its manifest stays
    /// under another name, for whoever wants to look at it, and its sections until the next snapshot.
    pub fn set_aside(&mut self, seq: Seq) -> Result<(), Error> {
        self.folder.rename(&name(seq), &format!("{}{ASIDE}", name(seq)))
    }

    /// Up to where the log may be trimmed: the oldest snapshot, once there are enough of them that the loss of one
    /// can be borne. What comes after it, recovery may still need.
    pub fn trim_to(&self) -> Result<Option<Seq>, Error> {
        let names = self.names()?;
        let oldest = names.first().map(|(seq, _)| *seq);
        Ok(oldest.filter(|_| names.len() >= limits::SNAPSHOTS_KEPT))
    }

    /// Every file with what it holds in the clear, whether a snapshot refers to it or not: for whoever looks for what must
    /// not be there.
    pub fn contents(&self) -> Result<impl Iterator<Item = (String, Result<Vec<u8>, Error>)>, Error> {
        Ok(self.folder.list()?.into_iter().map(|name| {
            let content = self.content(&name);
            (name, content)
        }))
    }

    fn content(&self, name: &str) -> Result<Vec<u8>, Error> {
        let bytes = self.folder.read(name)?;
        if place_of(name, "sections-").is_some() {
            return zstd::decode_all(&*bytes).map_err(Error::io("decompress", Path::new(name)));
        }
        let found = place_of(name, "snapshot-").map(|seq| manifest::decode(name, seq, &bytes));
        Ok(match found {
            Some(Ok(Found::Whole { state, .. })) => state,
            _ => bytes,
        })
    }

    /// Removes these files, and then every file of sections to which no snapshot refers any more. In this order, so that a
    /// crash leaves no snapshot that has lost a part.
    fn remove(&mut self, names: &[String]) -> Result<(), Error> {
        for name in names {
            self.folder.remove(name)?;
        }
        let mut referred = BTreeSet::new();
        for (seq, _) in self.names()? {
            let files = self.manifest(seq)?.map(|manifest| manifest.files).unwrap_or_default();
            referred.extend(files.into_iter().map(|file| file.place));
        }
        let files = self.folder.list()?.into_iter();
        let left =
            files.filter(|name| place_of(name, "sections-").is_some_and(|place| !referred.contains(&place)));
        let left: Vec<String> = left.collect();
        if !names.is_empty() && !left.is_empty() {
            self.folder.sync()?;
        }
        left.iter().try_for_each(|name| self.folder.remove(name))
    }

    /// Copies a snapshot and those of its files that are not among `files` yet; false if it is removed meanwhile.
    fn copy_one(&self, seq: Seq, to: &mut Self, files: &mut BTreeSet<Seq>) -> Result<bool, Error> {
        let copy = |to: &mut Self, files: &mut BTreeSet<Seq>| {
            let bytes = self.folder.read(&name(seq))?;
            let found = manifest::decode(&name(seq), seq, &bytes).ok();
            let Some(Found::Manifest(manifest)) = found else {
                return to.folder.write(&name(seq), &[&bytes]);
            };
            for place in manifest.files.iter().map(|file| file.place) {
                if files.insert(place) {
                    self.copy_sections(&sections_name(place), to)
                        .inspect_err(|_| _ = files.remove(&place))?;
                }
            }
            to.folder.write(&name(seq), &[&bytes])
        };
        match copy(to, files) {
            Ok(()) => Ok(true),
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn copy_sections(&self, file: &str, to: &mut Self) -> Result<(), Error> {
        if to.folder.list()?.contains(file) {
            to.folder.remove(file)?;
        }
        for offset in (0..).step_by(limits::WRITE_BYTES) {
            let bytes = self.folder.read_at(file, offset, limits::WRITE_BYTES)?;
            to.folder.append(file, &bytes)?;
            if bytes.len() < limits::WRITE_BYTES {
                break;
            }
        }
        to.folder.seal(file)
    }

    /// The manifest of a place; `None` for one that is damaged, and for a snapshot in one piece.
    fn manifest(&self, seq: Seq) -> Result<Option<Manifest>, Error> {
        match self.find(seq) {
            Ok(Found::Manifest(manifest)) => Ok(Some(manifest)),
            Ok(Found::Whole { .. }) | Err(Error::DamagedSnapshot { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn find(&self, seq: Seq) -> Result<Found, Error> {
        let name = name(seq);
        manifest::decode(&name, seq, &self.folder.read(&name)?)
    }

    fn names(&self) -> Result<Vec<(Seq, String)>, Error> {
        let names = self.folder.list()?.into_iter();
        let mut names: Vec<_> =
            names.filter_map(|name| Some((place_of(&name, "snapshot-")?, name))).collect();
        names.sort();
        Ok(names)
    }
}

fn name(seq: Seq) -> String {
    format!("snapshot-{:020}.trama", seq.0)
}

/// Name of the sections that came with a snapshot.
fn sections_name(seq: Seq) -> String {
    format!("sections-{:020}.trama", seq.0)
}

fn place_of(name: &str, kind: &str) -> Option<Seq> {
    let digits = name.strip_prefix(kind)?.strip_suffix(".trama")?;
    Some(Seq(digits.parse().ok()?))
}
