//! The list of merges: which profiles were found to be one person, and what it takes to part them again.
//!
//! What the profile that was taken in had is kept under its own number: its traits, consents and days stay with it as
//! they were. What moved to the profile that stands (identifiers, runs, sends, events) is told apart there by where it
//! came from, or by what is noted here. Owned by the state; `identity` adds to it and undoes.

use crate::at::At;
use crate::chunked::Chunked;
use crate::codec::{Reader, put_varint};
use crate::history::History;
use crate::layout::is_since;
use crate::name::NameId;
use crate::programme::Channel;
use crate::{MergeId, ProfileId, SendId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;
use std::io::{Read, Result};

/// Merges that are copied together when one is undone while a snapshot holds them.
const MERGES_IN_CHUNK: usize = 16;

/// Words of bits that are copied together when one is written to while a snapshot holds them.
const WORDS_IN_CHUNK: usize = 256;

/// Two profiles found to be one person.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Merge {
    /// The profile that was taken in.
    pub from: ProfileId,
    /// The one that stands.
    pub into: ProfileId,
    pub at: At,
    /// The record that told.
    pub seq: Seq,
    pub cause: Cause,
    pub undone: Option<Undone>,
    /// For each channel: whether the one that was taken in had an address that the other had not, and the reverse.
    #[borsh(deserialize_with = "read_foreign")]
    pub(crate) foreign: Foreign,
    /// The number of the first send that was decided since.
    pub(crate) next_send: SendId,
    /// Runs that came with it.
    pub(crate) runs: Vec<u64>,
    pub(crate) events: Places,
}

/// By channel: what is said of two profiles' addresses there.
pub(crate) type Foreign = [(bool, bool); Channel::ALL.len()];

/// Before layout 8 there was a channel less.
fn read_foreign<R: Read>(reader: &mut R) -> Result<Foreign> {
    let mut foreign = Foreign::default();
    let channels = foreign.len() - usize::from(!is_since(8));
    for pair in &mut foreign[..channels] {
        *pair = BorshDeserialize::deserialize_reader(reader)?;
    }
    Ok(foreign)
}

/// Why two profiles are taken for one person.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Cause {
    /// A record named both.
    Named,
    /// An operator said so.
    Operator(String),
}

/// The end of a merge.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Undone {
    pub at: At,
    pub seq: Seq,
    pub operator: String,
}

/// Every merge, by its number.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Merges {
    #[borsh(skip)]
    pub(crate) all: Chunked<Merge, MERGES_IN_CHUNK>,
    /// Profiles that were parted, each pair in both orders: they do not merge by themselves again.
    apart: BTreeSet<(ProfileId, ProfileId)>,
    /// Those that were undone, in the order in which they were.
    undone: Vec<MergeId>,
    /// A bit for each profile, as far as there was ever one to be set: whether it stands for nobody, since another has
    /// taken it in or it was erased.
    #[borsh(skip)]
    pub(crate) gone: Chunked<u64, WORDS_IN_CHUNK>,
}

impl Merges {
    pub(crate) fn push(&mut self, merge: Merge) {
        self.set_gone(merge.from);
        self.all.push(merge);
    }

    fn set_gone(&mut self, profile: ProfileId) {
        let (word, bit) = place(profile);
        while self.gone.len() <= word {
            self.gone.push(0);
        }
        self.gone[word] |= bit;
    }

    /// Forgets what came with these merges and who was parted from these profiles: they are erased, and the first of
    /// them stood for all.
    pub(crate) fn forget(&mut self, parts: &[ProfileId], merges: &[MergeId]) {
        self.set_gone(parts[0]);
        for merge in merges {
            let merge = &mut self.all[merge.0 as usize];
            (merge.runs, merge.events) = (Vec::new(), Places::default());
        }
        self.apart.retain(|(one, two)| !parts.contains(one) && !parts.contains(two));
    }

    /// Sixty-four profiles, a bit each: whether it stands for nobody.
    pub(crate) fn gone(&self, word: usize) -> u64 {
        self.gone.get(word).copied().unwrap_or(0)
    }

    /// The number of the next merge.
    pub(crate) fn next(&self) -> MergeId {
        MergeId(u32::try_from(self.all.len()).expect("invariant: fewer than 2^32 merges"))
    }

    pub(crate) fn find(&self, id: MergeId) -> Option<&Merge> {
        self.all.get(id.0 as usize)
    }

    pub(crate) fn get(&self, id: MergeId) -> &Merge {
        &self.all[id.0 as usize]
    }

    /// Every merge that was ever made, oldest first.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (MergeId, &Merge)> + ExactSizeIterator {
        self.all.iter().enumerate().map(|(number, merge)| (MergeId(number as u32), merge))
    }

    pub(crate) fn undone(&self) -> &[MergeId] {
        &self.undone
    }

    /// The merge by which a profile is not there any more.
    pub(crate) fn of(&self, from: ProfileId) -> Option<MergeId> {
        let mut newest = self.numbered().rev();
        newest.find(|(_, merge)| merge.from == from && merge.undone.is_none()).map(|(id, _)| id)
    }

    /// Notes the end of a merge and gives what came with it.
    pub(crate) fn undo(&mut self, id: MergeId, undone: Undone) -> (Vec<u64>, Places) {
        let merge = &mut self.all[id.0 as usize];
        merge.undone = Some(undone);
        let (word, bit) = place(merge.from);
        self.gone[word] &= !bit;
        self.undone.push(id);
        self.apart.extend([(merge.from, merge.into), (merge.into, merge.from)]);
        (std::mem::take(&mut merge.runs), std::mem::take(&mut merge.events))
    }

    /// Whether an operator parted some of these from some of those.
    pub(crate) fn are_apart(&self, some: &[ProfileId], others: &[ProfileId]) -> bool {
        self.pairs(some, others).next().is_some()
    }

    pub(crate) fn has_apart(&self) -> bool {
        !self.apart.is_empty()
    }

    /// An operator says that they belong together after all.
    pub(crate) fn forget_apart(&mut self, some: &[ProfileId], others: &[ProfileId]) {
        let lifted: Vec<_> = self.pairs(some, others).collect();
        for (one, two) in lifted {
            self.apart.remove(&(one, two));
            self.apart.remove(&(two, one));
        }
    }

    fn pairs<'a>(
        &'a self,
        some: &'a [ProfileId],
        others: &'a [ProfileId],
    ) -> impl Iterator<Item = (ProfileId, ProfileId)> + 'a {
        let of = |one: ProfileId| self.apart.range((one, ProfileId(0))..=(one, ProfileId(u32::MAX)));
        some.iter().flat_map(move |one| of(*one)).copied().filter(|(_, two)| others.contains(two))
    }
}

/// A profile's word of bits, and its bit there.
fn place(profile: ProfileId) -> (usize, u64) {
    (profile.0 as usize / 64, 1 << (profile.0 % 64))
}

/// Which events moved, by name and place in the log: for each name its number, how many, and the steps from one place
/// to the next, all varints.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Places(Box<[u8]>);

impl Places {
    /// Of every event that a profile has.
    pub(crate) fn of(history: &History, profile: ProfileId) -> Self {
        let mut bytes = Vec::new();
        for (name, events) in history.of_profile(profile) {
            let mut places: Vec<u64> = (0..events.len()).map(|index| events.seq(index).0).collect();
            places.sort_unstable();
            put_varint(&mut bytes, u64::from(name.0));
            put_varint(&mut bytes, places.len() as u64);
            let mut last = 0;
            for place in places {
                put_varint(&mut bytes, place - last);
                last = place;
            }
        }
        Self(bytes.into())
    }

    /// Each name, with the places in order.
    pub(crate) fn read(&self) -> Vec<(NameId, Vec<Seq>)> {
        let mut reader = Reader::new(&self.0);
        let mut names = Vec::new();
        while !reader.is_empty() {
            let mut next = || reader.varint().expect("invariant: places were written by us");
            let (name, count) = (NameId(next() as u32), next());
            let mut place = 0;
            let step = |_| {
                place += next();
                Seq(place)
            };
            names.push((name, (0..count).map(step).collect()));
        }
        names
    }

    pub(crate) fn count(&self) -> u64 {
        self.read().iter().map(|(_, places)| places.len() as u64).sum()
    }
}
