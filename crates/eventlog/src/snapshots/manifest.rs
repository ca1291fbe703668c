//! The manifest of a snapshot: which sections it is made of, and in which file of sections each of them lies.

use engine::Seq;
use engine::at::At;
use xxhash_rust::xxh3::Xxh3;

use crate::error::Error;

const MAGIC: [u8; 8] = *b"TRAMASNP";
const FORMAT: u32 = 2;
/// Format, seq, at, count of files, count of sections.
const FIELDS: usize = 4 + 8 + 8 + 4 + 4;
const CHECKSUM: usize = 16;
/// Place, length.
const FILE: usize = 8 + 8;
/// Key, digest, length, file, offset, stored.
const SECTION: usize = 8 + 16 + 4 + 4 + 8 + 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) seq: Seq,
    pub(super) at: At,
    /// Those that are referred to, oldest first.
    pub(super) files: Vec<File>,
    /// In the order in which the engine told them.
    pub(super) sections: Vec<Entry>,
}

/// A file of sections, named for the place of the snapshot that it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct File {
    pub(super) place: Seq,
    /// All of it, whether it is referred to or not.
    pub(super) length: u64,
}

/// Where a section lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: u64,
    /// xxh3-128 of what it holds.
    pub(super) digest: u128,
    /// Bytes that it holds.
    pub(super) length: u32,
    /// Which of the files.
    pub(super) file: u32,
    pub(super) offset: u64,
    /// Bytes that it takes there.
    pub(super) stored: u32,
}

impl Manifest {
    /// Bytes of a file that are referred to.
    pub(super) fn live(&self, file: u32) -> u64 {
        self.sections.iter().filter(|entry| entry.file == file).map(|entry| u64::from(entry.stored)).sum()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let count = |length: usize| u32::try_from(length).expect("invariant: fewer than 2^32 sections");
        let mut fields = Vec::with_capacity(FIELDS);
        fields.extend(FORMAT.to_le_bytes());
        fields.extend(self.seq.0.to_le_bytes());
        fields.extend(self.at.0.to_le_bytes());
        fields.extend(count(self.files.len()).to_le_bytes());
        fields.extend(count(self.sections.len()).to_le_bytes());
        let mut lists = Vec::with_capacity(self.files.len() * FILE + self.sections.len() * SECTION);
        for file in &self.files {
            lists.extend(file.place.0.to_le_bytes());
            lists.extend(file.length.to_le_bytes());
        }
        for entry in &self.sections {
            lists.extend(entry.key.to_le_bytes());
            lists.extend(entry.digest.to_le_bytes());
            lists.extend(entry.length.to_le_bytes());
            lists.extend(entry.file.to_le_bytes());
            lists.extend(entry.offset.to_le_bytes());
            lists.extend(entry.stored.to_le_bytes());
        }
        [&MAGIC[..], &fields, &checksum(&fields, &lists).to_le_bytes(), &lists].concat()
    }
}

/// What a file that bears a snapshot's name holds.
pub(super) enum Found {
    Manifest(Manifest),
    /// Format 1: the state in one piece.
    Whole {
        at: At,
        state: Vec<u8>,
    },
}

pub(super) fn decode(name: &str, seq: Seq, bytes: &[u8]) -> Result<Found, Error> {
    let damaged = |what| Error::DamagedSnapshot { name: name.to_string(), what };
    let rest = bytes.strip_prefix(&MAGIC).ok_or_else(|| damaged("it is no snapshot"))?;
    let format = rest.first_chunk().map(|format| u32::from_le_bytes(*format));
    match format {
        Some(1) => whole(seq, rest).map_err(damaged),
        Some(FORMAT) => manifest(seq, rest).map(Found::Manifest).map_err(damaged),
        Some(_) => Err(damaged("it has a format of another version")),
        None => Err(damaged("it is cut short")),
    }
}

fn manifest(seq: Seq, bytes: &[u8]) -> Result<Manifest, &'static str> {
    let (fields, rest) = bytes.split_at_checked(FIELDS).ok_or("it is cut short")?;
    let (sum, lists) = rest.split_at_checked(CHECKSUM).ok_or("it is cut short")?;
    if sum != checksum(fields, lists).to_le_bytes() {
        return Err("its checksum does not match");
    }
    let (u32_at, u64_at) = (u32_of, u64_of);
    let (files, sections) = (u32_at(fields, 20) as usize, u32_at(fields, 24) as usize);
    if u64_at(fields, 4) != seq.0 {
        return Err("it bears the name of another");
    }
    if lists.len() != files * FILE + sections * SECTION {
        return Err("its lists have another length");
    }
    let (file_list, section_list) = lists.split_at(files * FILE);
    let file = |bytes: &[u8]| File { place: Seq(u64_at(bytes, 0)), length: u64_at(bytes, 8) };
    let entry = |bytes: &[u8]| Entry {
        key: u64_at(bytes, 0),
        digest: u128::from(u64_at(bytes, 16)) << 64 | u128::from(u64_at(bytes, 8)),
        length: u32_at(bytes, 24),
        file: u32_at(bytes, 28),
        offset: u64_at(bytes, 32),
        stored: u32_at(bytes, 40),
    };
    let manifest = Manifest {
        seq,
        at: At(u64_at(fields, 12).cast_signed()),
        files: file_list.chunks_exact(FILE).map(file).collect(),
        sections: section_list.chunks_exact(SECTION).map(entry).collect(),
    };
    let is_listed = |entry: &Entry| (entry.file as usize) < files;
    if manifest.sections.iter().all(is_listed) { Ok(manifest) } else { Err("a section lies in no file") }
}

/// Format 1: format, seq, at, length of the state, checksum over these and the rest, and the state as one zstd frame.
fn whole(seq: Seq, bytes: &[u8]) -> Result<Found, &'static str> {
    const FIELDS: usize = 4 + 8 + 8 + 8;
    let (fields, rest) = bytes.split_at_checked(FIELDS).ok_or("it is cut short")?;
    let (sum, stored) = rest.split_at_checked(CHECKSUM).ok_or("it is cut short")?;
    if sum != checksum(fields, stored).to_le_bytes() {
        return Err("its checksum does not match");
    }
    if u64_of(fields, 4) != seq.0 {
        return Err("it bears the name of another");
    }
    let length = usize::try_from(u64_of(fields, 20)).map_err(|_| "it is larger than memory")?;
    let state = zstd::bulk::decompress(stored, length).map_err(|_| "it cannot be decompressed")?;
    Ok(Found::Whole { at: At(u64_of(fields, 12).cast_signed()), state })
}

fn checksum(fields: &[u8], rest: &[u8]) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(fields);
    hasher.update(rest);
    hasher.digest128()
}

fn u32_of(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn u64_of(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
