//! Snapshots of the engine's state, so that recovery need not replay everything and the log can be trimmed.
//!
//! The bytes are opaque here. A snapshot gets its name only when its content is durable, so one that is there under
//! its name is whole; a checksum tells when the disk disagrees, and then the one before is taken.

use std::path::Path;

use engine::Seq;
use engine::at::At;
use xxhash_rust::xxh3::Xxh3;

use crate::error::Error;
use crate::folder::{DiskFolder, Folder};
use crate::limits;

const MAGIC: [u8; 8] = *b"TRAMASNP";
const FORMAT: u32 = 1;
/// Magic, format, seq, at, length of the state, checksum.
const HEADER: usize = 8 + 4 + 8 + 8 + 8 + 16;
/// Name that a snapshot has until it is whole.
const TEMPORARY: &str = "snapshot.tmp";
/// What is added to the name of one that cannot be used.
const ASIDE: &str = ".aside";
/// Where in a data directory the snapshots are.
const SUBFOLDER: &str = "state";

/// The state after record `seq`, whose batch was taken in at `at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub seq: Seq,
    pub at: At,
    pub state: Vec<u8>,
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

    /// Writes a snapshot, durable on return, and removes those that are too many. The log must hold `seq` by then:
    /// a snapshot of what the log may yet lose would bring it back.
    pub fn write(&mut self, seq: Seq, at: At, state: &[u8]) -> Result<(), Error> {
        let stored = zstd::bulk::compress(state, limits::ZSTD_LEVEL)
            .map_err(Error::io("compress", Path::new(TEMPORARY)))?;
        let fields = fields(seq, at, state.len() as u64);
        let checksum = checksum(&fields, &stored).to_le_bytes();
        self.folder.write(TEMPORARY, &[&MAGIC, &fields, &checksum, &stored])?;
        self.folder.rename(TEMPORARY, &name(seq))?;
        for (_, old) in self.names()?.iter().rev().skip(limits::SNAPSHOTS_KEPT) {
            self.folder.remove(old)?;
        }
        Ok(())
    }

    /// Every snapshot from the newest on, each read only when it is asked for; an error for one that is damaged.
    pub fn newest_first(&self) -> Result<impl Iterator<Item = (Seq, Result<Snapshot, Error>)>, Error> {
        let names = self.names()?.into_iter().rev();
        Ok(names.map(|(seq, name)| {
            let bytes = self.folder.read(&name);
            (seq, bytes.and_then(|bytes| decode(&name, seq, &bytes)))
        }))
    }

    /// How many snapshots from a place on can be read, each read whole for that.
    pub fn whole_from(&self, from: Seq) -> Result<usize, Error> {
        Ok(self
            .newest_first()?
            .take_while(|(seq, _)| *seq >= from)
            .filter(|(_, snapshot)| snapshot.is_ok())
            .count())
    }

    /// Removes every file that holds the state of before a place, for good: those of people who were erased there. What
    /// was set aside goes as well.
    pub fn remove_before(&mut self, place: Seq) -> Result<(), Error> {
        let old: Vec<String> =
            self.names()?.into_iter().filter(|(seq, _)| *seq < place).map(|(_, name)| name).collect();
        let aside = self.folder.list()?.into_iter().filter(|name| name.ends_with(ASIDE) || name == TEMPORARY);
        for name in old.into_iter().chain(aside) {
            self.folder.remove(&name)?;
        }
        self.folder.sync()
    }

    /// Copies the snapshots as they lie here, whole or not; their places. One that is removed meanwhile is passed over.
    pub fn copy(&self, to: &mut Self) -> Result<Vec<Seq>, Error> {
        let mut copied = Vec::new();
        for (seq, name) in self.names()? {
            match self.folder.read(&name) {
                Ok(bytes) => {
                    to.folder.write(&name, &[&bytes])?;
                    copied.push(seq);
                }
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(copied)
    }

    /// Takes a snapshot that cannot be used out of the count: it must not stand for one that can. The file stays
    /// under another name, for whoever wants to look at it.
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

    fn names(&self) -> Result<Vec<(Seq, String)>, Error> {
        let mut names: Vec<(Seq, String)> = self
            .folder
            .list()?
            .into_iter()
            .filter_map(|name| {
                let digits = name.strip_prefix("snapshot-")?.strip_suffix(".trama")?;
                Some((Seq(digits.parse().ok()?), name))
            })
            .collect();
        names.sort();
        Ok(names)
    }
}

fn name(seq: Seq) -> String {
    format!("snapshot-{:020}.trama", seq.0)
}

fn fields(seq: Seq, at: At, length: u64) -> [u8; HEADER - 24] {
    let mut fields = [0; HEADER - 24];
    fields[..4].copy_from_slice(&FORMAT.to_le_bytes());
    fields[4..12].copy_from_slice(&seq.0.to_le_bytes());
    fields[12..20].copy_from_slice(&at.0.to_le_bytes());
    fields[20..].copy_from_slice(&length.to_le_bytes());
    fields
}

fn checksum(fields: &[u8], stored: &[u8]) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(fields);
    hasher.update(stored);
    hasher.digest128()
}

fn decode(name: &str, seq: Seq, bytes: &[u8]) -> Result<Snapshot, Error> {
    let damaged = |what| Error::DamagedSnapshot { name: name.to_string(), what };
    let (header, stored) = bytes.split_at_checked(HEADER).ok_or_else(|| damaged("it is cut short"))?;
    let (magic, rest) = header.split_at(MAGIC.len());
    let (fields, sum) = rest.split_at(HEADER - 24);
    if magic != MAGIC {
        return Err(damaged("it is no snapshot"));
    }
    if sum != checksum(fields, stored).to_le_bytes() {
        return Err(damaged("its checksum does not match"));
    }
    let number = |at: usize| u64::from_le_bytes(fields[at..at + 8].try_into().expect("eight bytes"));
    if fields[..4] != FORMAT.to_le_bytes() {
        return Err(damaged("it has a format of another version"));
    }
    if number(4) != seq.0 {
        return Err(damaged("it bears the name of another"));
    }
    let length = usize::try_from(number(20)).map_err(|_| damaged("it is larger than memory"))?;
    let state = zstd::bulk::decompress(stored, length).map_err(|_| damaged("it cannot be decompressed"))?;
    Ok(Snapshot { seq, at: At(number(12).cast_signed()), state })
}
