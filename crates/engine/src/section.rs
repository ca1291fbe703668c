//! The state told in sections: self-contained pieces of bytes, each under a key that stays the same, of which a snapshot
//! writes down those that are not on the disk yet.
//!
//! The first section, the head, says which others there are and holds all that is small. Each other one holds a page of
//! something that grows with the people and what they do. Owned by the engine, which gives them to whoever writes a
//! snapshot and takes them from whoever reads one; no thread is started here, but several may read at once.

use crate::Seq;
use crate::at::At;
use crate::layout::{self, LAYOUT, LAYOUT_MIN};
use crate::state::State;
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::{Error, ErrorKind, Result};
use std::sync::OnceLock;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What a section is of. The numbers are part of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Head,
    Profiles,
    /// One name in one block of profiles.
    Strands,
    /// Values of one column.
    Dictionary,
    Truths,
    Directory,
    Shared,
    Addresses,
    MessageIds,
    Suppressions,
    Sends,
    SendAddresses,
    Merges,
    Gone,
    /// Entries of the open hour that are in order, those that were set for it since, and those of a later hour.
    SecondsSorted,
    SecondsAdded,
    SecondsLater,
    InstantsSorted,
    InstantsAdded,
    InstantsLater,
    /// Entries of opt-out registers.
    Registers,
    SpendLines,
    Flights,
    /// Places of what operators did.
    Acts,
}

impl Part {
    const ALL: [Self; 24] = [
        Self::Head,
        Self::Profiles,
        Self::Strands,
        Self::Dictionary,
        Self::Truths,
        Self::Directory,
        Self::Shared,
        Self::Addresses,
        Self::MessageIds,
        Self::Suppressions,
        Self::Sends,
        Self::SendAddresses,
        Self::Merges,
        Self::Gone,
        Self::SecondsSorted,
        Self::SecondsAdded,
        Self::SecondsLater,
        Self::InstantsSorted,
        Self::InstantsAdded,
        Self::InstantsLater,
        Self::Registers,
        Self::SpendLines,
        Self::Flights,
        Self::Acts,
    ];
}

/// Where a section belongs: its part, the group in that (a name, an hour), and its number in the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) part: Part,
    /// Below 2^24.
    pub(crate) group: u32,
    pub(crate) number: u32,
}

const GROUP_BITS: u32 = 24;

impl Key {
    fn packed(self) -> u64 {
        assert!(self.group >> GROUP_BITS == 0, "invariant: names and hours have a bound");
        let part = (self.part as u64) << GROUP_BITS | u64::from(self.group);
        part << u32::BITS | u64::from(self.number)
    }

    fn unpacked(key: u64) -> Option<Self> {
        let part = *Part::ALL.get((key >> (u32::BITS + GROUP_BITS)) as usize)?;
        Some(Self { part, group: (key >> u32::BITS) as u32 & ((1 << GROUP_BITS) - 1), number: key as u32 })
    }
}

/// What is told as one section.
pub(crate) trait Tell: Send {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()>;

    /// Where the digest is noted, for what can remember it.
    fn digest(&self) -> Option<&OnceLock<u128>> {
        None
    }
}

/// What is to be told, in order. Each piece is let go of once it was.
#[derive(Default)]
pub(crate) struct Pieces(Vec<(Key, Box<dyn Tell>)>);

impl Pieces {
    pub(crate) fn add(&mut self, part: Part, group: u32, number: usize, piece: impl Tell + 'static) {
        let number = u32::try_from(number).expect("invariant: fewer than 2^32 sections of a kind");
        self.0.push((Key { part, group, number }, Box::new(piece)));
    }

    #[cfg(test)]
    pub(crate) fn all(self) -> impl Iterator<Item = (Key, Box<dyn Tell>)> {
        self.0.into_iter()
    }

    /// How many sections there are, and a digest of their keys.
    fn census(&self) -> Census {
        Census::of(self.0.iter().map(|(key, _)| key.packed()))
    }
}

/// Which sections there are besides the head: what is missing or too many is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Census {
    count: u64,
    keys: u128,
}

impl Census {
    fn of(keys: impl Iterator<Item = u64>) -> Self {
        let (mut count, mut hasher) = (0, Xxh3::new());
        for key in keys {
            hasher.update(&key.to_le_bytes());
            count += 1;
        }
        Self { count, keys: hasher.digest128() }
    }
}

/// All that is small: layout, census, and what [`State`] tells of itself.
struct ToldHead(Vec<u8>);

impl Tell for ToldHead {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        into.extend_from_slice(&self.0);
        Ok(())
    }
}

/// One section as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub key: u64,
    /// xxh3-128 of the bytes.
    pub digest: u128,
    /// Absent where whoever asked has them already.
    pub bytes: Option<Vec<u8>>,
}

impl Section {
    pub fn new(key: u64, bytes: Vec<u8>) -> Self {
        Self { key, digest: xxh3_128(&bytes), bytes: Some(bytes) }
    }
}

/// A copy of the state on its way into a snapshot. What was told is let go of, so that whatever the living state writes
/// there need not be copied any more.
pub struct Sections {
    seq: Seq,
    at: At,
    whole_from: Seq,
    /// As long as nothing was told.
    state: Option<Box<State>>,
    pieces: std::vec::IntoIter<(Key, Box<dyn Tell>)>,
}

impl Sections {
    pub(crate) fn of(state: State) -> Self {
        let whole_from = state.erasures.last().map_or(Seq(0), |erasure| erasure.seq);
        let (seq, at, pieces) = (state.seq, state.at, Vec::new().into_iter());
        Self { seq, at, whole_from, state: Some(Box::new(state)), pieces }
    }

    /// Place of the last record in it.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// That record's instant.
    pub fn at(&self) -> At {
        self.at
    }

    /// Where somebody was erased of whom the disk still has something: bytes that were written of an earlier state must
    /// not be referred to.
    pub fn whole_from(&self) -> Seq {
        self.whole_from
    }

    /// The next section, without its bytes where `is_kept` says of key and digest that they are there already.
    pub fn next(&mut self, is_kept: impl Fn(u64, u128) -> bool) -> Option<Section> {
        if let Some(state) = self.state.take() {
            self.pieces = cut(*state).into_iter();
        }
        let (key, piece) = self.pieces.next()?;
        let key = key.packed();
        let noted = piece.digest().and_then(OnceLock::get).copied();
        if let Some(digest) = noted.filter(|digest| is_kept(key, *digest)) {
            debug_assert_eq!(
                xxh3_128(&told(&*piece)),
                digest,
                "invariant: what is written to forgets its digest"
            );
            return Some(Section { key, digest, bytes: None });
        }
        let section = Section::new(key, told(&*piece));
        if let Some(note) = piece.digest() {
            let digest = note.get_or_init(|| section.digest);
            assert_eq!(*digest, section.digest, "invariant: what is written to forgets its digest");
        }
        let is_kept = noted.is_none() && is_kept(key, section.digest);
        Some(if is_kept { Section { bytes: None, ..section } } else { section })
    }

    /// Every section whole.
    pub fn all(mut self) -> impl Iterator<Item = Section> {
        std::iter::from_fn(move || self.next(|_, _| false))
    }
}

fn told(piece: &dyn Tell) -> Vec<u8> {
    let mut bytes = Vec::new();
    piece.tell(&mut bytes).expect("invariant: memory takes every write");
    bytes
}

fn cut(mut state: State) -> Vec<(Key, Box<dyn Tell>)> {
    let mut pieces = Pieces::default();
    state.cut(&mut pieces);
    let head =
        borsh::to_vec(&(LAYOUT, pieces.census(), &state)).expect("invariant: memory takes every write");
    pieces.0.insert(0, (Key { part: Part::Head, group: 0, number: 0 }, Box::new(ToldHead(head))));
    pieces.0
}

/// The first section, read: it says how the others are to be read.
pub struct Head {
    layout: u32,
    census: Census,
    state: Box<State>,
}

/// Another section that was read, to be put where it belongs.
pub struct Read(u64, Put);

/// Puts what was read into the state.
pub(crate) type Put = Box<dyn FnOnce(&mut State) -> Result<()> + Send>;

impl Head {
    pub fn read(Section { key, bytes, .. }: &Section) -> std::result::Result<Self, RestoreError> {
        let mut bytes = bytes.as_deref().unwrap_or_default();
        if Key::unpacked(*key).is_none_or(|key| key.part != Part::Head) {
            return Err(wrong("it does not begin with its head").into());
        }
        let layout = u32::deserialize(&mut bytes)?;
        if !(LAYOUT_MIN..=LAYOUT).contains(&layout) {
            let read = format!("{LAYOUT_MIN} to {LAYOUT}");
            return Err(RestoreError(format!("its layout is {layout}, and this version reads {read}")));
        }
        let (census, state) = layout::reading(layout, || borsh::from_slice(bytes))?;
        Ok(Self { layout, census, state })
    }

    /// Reads another section of the same snapshot.
    pub fn section(
        &self,
        Section { key, digest, bytes }: &Section,
    ) -> std::result::Result<Read, RestoreError> {
        let place = Key::unpacked(*key).filter(|key| key.part != Part::Head);
        let place = place.ok_or_else(|| wrong("it has a section that there is not"))?;
        let bytes = bytes.as_deref().unwrap_or_default();
        let put = layout::reading(self.layout, || State::read(place, *digest, bytes))
            .map_err(|error| RestoreError(format!("{:?} {}: {error}", place.part, place.number)))?;
        Ok(Read(*key, put))
    }

    /// The state, of all the other sections in the order in which they were told.
    pub(crate) fn assemble(
        self,
        all: impl IntoIterator<Item = Read>,
    ) -> std::result::Result<State, RestoreError> {
        let Self { census, mut state, .. } = self;
        let mut keys = Vec::new();
        for Read(key, put) in all {
            put(&mut state)?;
            keys.push(key);
        }
        if Census::of(keys.into_iter()) != census {
            return Err(wrong("a section is missing, or one is too many").into());
        }
        state.complete()?;
        Ok(*state)
    }
}

/// The bytes are not a snapshot of this version.
#[derive(Debug)]
pub struct RestoreError(String);

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the snapshot cannot be read: {}", self.0)
    }
}

impl std::error::Error for RestoreError {}

impl From<Error> for RestoreError {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

/// What was read is not what was told.
pub(crate) fn wrong(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_as_it_went_in() {
        for (place, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, place);
            let key = Key { part, group: (1 << GROUP_BITS) - 1, number: u32::MAX - 1 };
            assert_eq!(Key::unpacked(key.packed()), Some(key));
        }
        assert_eq!(Key::unpacked(u64::MAX), None);
    }
}
