//! The second of everybody's newest event, by name and block, side by side: a question about what was of late reads these
//! and nothing else.
//!
//! The same seconds are in the cells, where they lie apart. Kept by the history for blocks of which most cells are in use,
//! and changed with each of their strands; never written down, and not in a copy, which asks the cells.

use super::block::{BLOCK, Block, WORDS};
use super::{History, NameId};
use crate::prefetch::prefetch;

/// Words of bits ahead whose seconds are brought near.
const WORDS_AHEAD: usize = 4;
/// Seconds in a line of the cache.
const LINE_SECONDS: usize = 16;

/// By the number of the name, then of the block; by profile, 0 for one who has no event.
#[derive(Default)]
pub(super) struct Newest(Vec<Vec<Option<Box<[u32; BLOCK]>>>>);

/// A copy that the living one need not share when it writes.
impl Clone for Newest {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Newest {
    fn of(&self, name: NameId, block: usize) -> Option<&[u32; BLOCK]> {
        self.0.get(name.0 as usize)?.get(block)?.as_deref()
    }

    /// Takes over what a strand's newest event is now.
    pub(super) fn note(&mut self, name: NameId, number: usize, block: &Block, local: u16) {
        let name = name.0 as usize;
        match self.0.get_mut(name).and_then(|blocks| blocks.get_mut(number)) {
            Some(Some(newest)) => newest[usize::from(local)] = block.last(local),
            Some(kept) => *kept = block.newest(),
            None => {
                let Some(newest) = block.newest() else { return };
                self.0.resize_with(self.0.len().max(name + 1), Vec::new);
                let blocks = &mut self.0[name];
                blocks.resize_with(blocks.len().max(number + 1), || None);
                blocks[number] = Some(newest);
            }
        }
    }

    /// Who has an event after a second, one bit each; `None` where it is not kept.
    pub(super) fn later(&self, name: NameId, block: usize, second: u32) -> Option<[u64; WORDS]> {
        let (newest, next) = (self.of(name, block)?, self.of(name, block + 1));
        let mut found = [0; WORDS];
        for (word, found) in found.iter_mut().enumerate() {
            // Blocks lie apart, and are too short for the processor to foresee where it reads on.
            let ahead = (word + WORDS_AHEAD) * 64;
            let lines = (ahead..ahead + 64).step_by(LINE_SECONDS);
            match next {
                Some(next) if ahead >= BLOCK => lines.for_each(|place| prefetch(next, place - BLOCK)),
                _ => lines.for_each(|place| prefetch(newest, place)),
            }
            let (halves, _) = newest.as_chunks::<32>();
            let [low, high] = [0, 1].map(|half| u64::from(newer(&halves[word * 2 + half], second)));
            *found = high << 32 | low;
        }
        Some(found)
    }

    /// Brings a profile's second near, before it is written.
    pub(super) fn prefetch(&self, name: NameId, block: usize, local: u16) {
        if let Some(newest) = self.of(name, block) {
            prefetch(newest, usize::from(local));
        }
    }
}

impl History {
    /// Makes everything of it, once all blocks were read.
    pub(crate) fn complete_newest(&mut self) {
        let blocks = |history: &super::NameHistory| history.blocks.iter().map(Block::newest).collect();
        self.newest = Newest(self.names.iter().map(|history| blocks(history)).collect());
    }
}

/// Which seconds are after another, one bit each. Compared side by side as bytes first: eight of them become eight bits by a multiplication that moves the lowest bit of
/// each byte to its place in the topmost one.
fn newer(seconds: &[u32; 32], second: u32) -> u32 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let mut flags = [0_u8; 32];
    for (flag, one) in flags.iter_mut().zip(seconds) {
        *flag = u8::from(*one > second);
    }
    let eights = flags.as_chunks::<8>().0.iter().rev();
    eights.fold(0, |bits, eight| (bits << 8) | (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seq;

    #[test]
    fn each_second_is_compared_by_itself() {
        let draw = |place: usize| xxhash_rust::xxh3::xxh3_64(&place.to_le_bytes()) as u32 % 5;
        let seconds: [u32; 32] = std::array::from_fn(draw);
        for second in 0..6 {
            for (place, one) in seconds.iter().enumerate() {
                let bit = newer(&seconds, second) >> place & 1;
                assert_eq!(bit == 1, *one > second, "{one} after {second} at {place}");
            }
        }
        assert_eq!(newer(&[u32::MAX; 32], u32::MAX - 1), u32::MAX);
    }

    #[test]
    fn what_is_kept_is_what_the_cells_say() {
        let (mut newest, mut block, name) = (Newest::default(), Block::default(), NameId(2));
        for number in 0..3_000_u64 {
            let local = (number * 37 % BLOCK as u64) as u16;
            block.insert(local, 100 + (number * 7_919 % 1_000) as u32, Seq(number + 1), &[]);
            newest.note(name, 4, &block, local);
            let kept = newest.later(name, 4, 600);
            assert!(kept.is_none_or(|kept| kept == block.later(600)), "after {number}");
            assert_eq!(kept.is_some(), block.newest().is_some());
        }
        block.take(37);
        newest.note(name, 4, &block, 37);
        assert_eq!((newest.later(name, 4, 0), block.last(37)), (Some(block.later(0)), 0));
        assert_eq!((newest.clone().later(name, 4, 0), newest.later(name, 5, 0)), (None, None));
    }
}
