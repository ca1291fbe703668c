//! What holds for whom: for each profile a row of bits, one for each condition and one for each segment.
//!
//! Owned by the state. A turn sets the bits of the conditions that what happened could change, and then those of the
//! segments made of them; a scan fills a whole new row when the programme changes.

use crate::ProfileId;
use crate::page::Page;
use crate::prefetch::{prefetch, prefetch_counts};
use crate::section::{Part, Pieces, Tell, wrong};
use crate::spine::{PIECES_IN_PAGE, Spine};
use crate::unshared::to_write;
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::Result;
use std::sync::{Arc, OnceLock};

/// Rows that are copied together when one is written to while a snapshot holds them.
const ROWS_IN_CHUNK: usize = 64;

/// The rows of all profiles, by number.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Truths {
    /// Words in a row that hold conditions; those of the segments follow.
    condition_words: u32,
    row_words: u32,
    /// Rows of [`ROWS_IN_CHUNK`] profiles together.
    #[borsh(skip)]
    chunks: Spine<Arc<[u64]>>,
    profiles: u64,
}

impl Truths {
    pub(crate) fn new(conditions: usize, segments: usize, profiles: usize) -> Self {
        let condition_words = conditions.div_ceil(64);
        let row_words = condition_words + segments.div_ceil(64);
        let (chunk, mut chunks) = (blank(row_words), Spine::default());
        (0..profiles.div_ceil(ROWS_IN_CHUNK)).for_each(|_| chunks.push(Arc::clone(&chunk)));
        Self {
            condition_words: condition_words as u32,
            row_words: row_words as u32,
            chunks,
            profiles: profiles as u64,
        }
    }

    /// An empty row for a profile that has just come to be.
    pub(crate) fn push(&mut self) {
        if (self.profiles as usize).is_multiple_of(ROWS_IN_CHUNK) {
            self.chunks.push(blank(self.row_words as usize));
        }
        self.profiles += 1;
    }

    /// Whether rows have a place for a segment.
    pub(crate) fn has_segment(&self, slot: u16) -> bool {
        self.segment_bit(slot) < self.row_words as usize * 64
    }

    pub(crate) fn condition(&self, profile: ProfileId, condition: u32) -> bool {
        self.bit(profile, condition as usize)
    }

    pub(crate) fn is_member(&self, profile: ProfileId, slot: u16) -> bool {
        self.bit(profile, self.segment_bit(slot))
    }

    /// Sets a condition's bit; whether that changed it.
    pub(crate) fn set_condition(&mut self, profile: ProfileId, condition: u32, holds: bool) -> bool {
        self.set(profile, condition as usize, holds)
    }

    /// Takes a profile into a segment or out of it; whether that changed anything.
    pub(crate) fn set_member(&mut self, profile: ProfileId, slot: u16, member: bool) -> bool {
        self.set(profile, self.segment_bit(slot), member)
    }

    pub(crate) fn clear(&mut self, profile: ProfileId) {
        let (chunk, begin) = self.place(profile);
        to_write(&mut self.chunks[chunk], Arc::make_mut)[begin..begin + self.row_words as usize].fill(0);
    }

    pub(crate) fn prefetch(&self, profile: ProfileId) {
        let (chunk, begin) = self.place(profile);
        self.chunks.prefetch_page(chunk);
        prefetch_counts(&self.chunks[chunk]);
        prefetch(&self.chunks[chunk], begin);
    }

    /// A row's chunk, and its first word there.
    fn place(&self, profile: ProfileId) -> (usize, usize) {
        let number = profile.0 as usize;
        (number / ROWS_IN_CHUNK, number % ROWS_IN_CHUNK * self.row_words as usize)
    }

    fn segment_bit(&self, slot: u16) -> usize {
        self.condition_words as usize * 64 + usize::from(slot)
    }

    fn bit(&self, profile: ProfileId, bit: usize) -> bool {
        let (chunk, begin) = self.place(profile);
        self.chunks[chunk][begin + bit / 64] >> (bit % 64) & 1 == 1
    }

    fn set(&mut self, profile: ProfileId, bit: usize, holds: bool) -> bool {
        if self.bit(profile, bit) == holds {
            return false;
        }
        let (chunk, begin) = self.place(profile);
        to_write(&mut self.chunks[chunk], Arc::make_mut)[begin + bit / 64] ^= 1 << (bit % 64);
        true
    }
}

/// A section is a page of chunks, and the last one what does not fill a page.
impl Truths {
    pub(crate) fn cut(&mut self, pieces: &mut Pieces) {
        let Spine { pages, rest } = std::mem::take(&mut self.chunks);
        let full = pages.len();
        for (number, page) in pages.into_iter().enumerate() {
            pieces.add(Part::Truths, 0, number, Full(page));
        }
        if !rest.is_empty() {
            pieces.add(Part::Truths, 0, full, Tail(rest));
        }
    }

    /// Reads one section: its chunks, each of so many words.
    pub(crate) fn read(digest: u128, bytes: &[u8]) -> Result<Spine<Arc<[u64]>>> {
        let reader = &mut &*bytes;
        let (count, words) = <(u32, u32)>::deserialize_reader(reader)?;
        let is_whole =
            count as usize <= PIECES_IN_PAGE && reader.len() == count as usize * words as usize * 8;
        if !is_whole {
            return Err(wrong("truths of which some are missing"));
        }
        let mut chunks = Spine::default();
        for _ in 0..count {
            let mut chunk: Arc<[u64]> = std::iter::repeat_n(0, words as usize).collect();
            let all = Arc::get_mut(&mut chunk).expect("invariant: it is nobody else's yet");
            std::io::Read::read_exact(reader, bytemuck::cast_slice_mut(all))?;
            chunks.push(chunk);
        }
        chunks.pages.iter().for_each(|page| page.note(digest));
        Ok(chunks)
    }

    /// Adds what the section of a number holds.
    pub(crate) fn append(&mut self, number: u32, section: Spine<Arc<[u64]>>) -> Result<()> {
        let words = self.row_words as usize * ROWS_IN_CHUNK;
        let is_next = self.chunks.len() == number as usize * PIECES_IN_PAGE;
        if !is_next || section.iter().any(|chunk| chunk.len() != words) {
            return Err(wrong("truths that belong to other rows"));
        }
        self.chunks.pages.extend(section.pages);
        self.chunks.rest = section.rest;
        Ok(())
    }

    /// Whether there is a row for each of so many profiles.
    pub(crate) fn is_complete(&self, profiles: usize) -> bool {
        self.profiles == profiles as u64 && self.chunks.len() == profiles.div_ceil(ROWS_IN_CHUNK)
    }
}

struct Full(Page<[Arc<[u64]>; PIECES_IN_PAGE]>);

struct Tail(Vec<Arc<[u64]>>);

impl Tell for Full {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        tell(&*self.0, into)
    }

    fn digest(&self) -> Option<&OnceLock<u128>> {
        Some(self.0.digest())
    }
}

impl Tell for Tail {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        tell(&self.0, into)
    }
}

fn tell(chunks: &[Arc<[u64]>], into: &mut Vec<u8>) -> Result<()> {
    (chunks.len() as u32, chunks[0].len() as u32).serialize(into)?;
    chunks.iter().for_each(|chunk| into.extend_from_slice(bytemuck::cast_slice(chunk)));
    Ok(())
}

fn blank(row_words: usize) -> Arc<[u64]> {
    std::iter::repeat_n(0, row_words * ROWS_IN_CHUNK).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_is_set_where_it_was_meant() {
        let mut truths = Truths::new(65, 130, 2);
        let (ada, bob) = (ProfileId(0), ProfileId(1));
        assert!(truths.set_condition(ada, 64, true) && !truths.set_condition(ada, 64, true));
        assert!(truths.set_member(bob, 129, true));
        assert!(truths.condition(ada, 64) && !truths.condition(bob, 64));
        assert!(truths.is_member(bob, 129) && !truths.is_member(ada, 129) && !truths.is_member(bob, 64));
        truths.push();
        assert!(truths.set_member(ProfileId(2), 0, true) && !truths.condition(ProfileId(2), 64));
        truths.clear(bob);
        assert!(!truths.is_member(bob, 129));
    }
}
