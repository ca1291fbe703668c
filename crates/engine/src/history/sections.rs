//! Everybody's events told in sections: one for each name and block of profiles, and some for the values of each column.

use super::block::BLOCK;
use super::dictionary::Told;
use super::{Block, Dictionary, History, NameHistory};
use crate::page::Page;
use crate::section::{Part, Pieces, Tell, wrong};
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::{Read, Result, Write};
use std::sync::{Arc, OnceLock};

/// Bits of a section's number that tell its place in a column; the column is above them.
const PLACE_BITS: u32 = 20;

impl History {
    pub(crate) fn cut(&mut self, pieces: &mut Pieces) {
        for (name, history) in (0..).zip(&mut self.names) {
            let NameHistory { columns, blocks } = Arc::make_mut(history);
            for (column, kept) in columns.iter().enumerate() {
                for place in 0..kept.dictionary.sections() {
                    assert!(place >> PLACE_BITS == 0, "invariant: fewer than 2^32 distinct values");
                    let values = Values { of: Arc::clone(&kept.dictionary), place };
                    pieces.add(Part::Dictionary, name, column << PLACE_BITS | place, values);
                }
            }
            for (number, block) in blocks.iter_mut().enumerate().filter(|(_, block)| !block.is_empty()) {
                pieces.add(Part::Strands, name, number, std::mem::take(block));
            }
        }
    }

    pub(crate) fn put_block(&mut self, name: u32, number: u32, block: Block) -> Result<()> {
        let place = self.names.get_mut(name as usize);
        let place = place.and_then(|history| Arc::make_mut(history).blocks.get_mut(number as usize));
        *place.ok_or_else(|| wrong("events of a block that there is not"))? = block;
        Ok(())
    }

    pub(crate) fn append_values(&mut self, name: u32, number: u32, told: &Told) -> Result<()> {
        let history = self.names.get_mut(name as usize).map(Arc::make_mut);
        let column = history.and_then(|history| history.columns.get_mut((number >> PLACE_BITS) as usize));
        let is_next = column.is_some_and(|column| {
            let place = number & ((1 << PLACE_BITS) - 1);
            Arc::make_mut(&mut column.dictionary).append(place as usize, told)
        });
        if is_next { Ok(()) } else { Err(wrong("values that belong to no column")) }
    }

    /// All sections are there.
    pub(crate) fn complete_columns(&mut self) {
        for history in &mut self.names {
            let columns = &mut Arc::make_mut(history).columns;
            columns.iter_mut().for_each(|column| Arc::make_mut(&mut column.dictionary).complete());
        }
    }
}

struct Values {
    of: Arc<Dictionary>,
    place: usize,
}

impl Tell for Values {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        self.of.told(self.place).serialize(into)
    }
}

const SPARSE: u8 = 1;
const DENSE: u8 = 2;

impl Tell for Block {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Empty => unreachable!("invariant: an empty block is no section"),
            Self::Sparse(sparse) => (SPARSE, &**sparse).serialize(into),
            Self::Dense(dense) => (DENSE, &**dense).serialize(into),
        }
    }

    fn digest(&self) -> Option<&OnceLock<u128>> {
        match self {
            Self::Empty => None,
            Self::Sparse(sparse) => Some(sparse.digest()),
            Self::Dense(dense) => Some(dense.digest()),
        }
    }
}

impl Block {
    /// Reads one section.
    pub(crate) fn read(digest: u128, bytes: &[u8]) -> Result<Self> {
        let (kind, bytes) = bytes.split_first().ok_or_else(|| wrong("a block without bytes"))?;
        let block = match *kind {
            SPARSE => Self::Sparse(read(digest, bytes)?),
            DENSE => Self::Dense(read(digest, bytes)?),
            _ => return Err(wrong("a block of a kind that there is not")),
        };
        Ok(block)
    }
}

fn read<T: BorshDeserialize>(digest: u128, bytes: &[u8]) -> Result<Page<T>> {
    let page = Page::new(borsh::from_slice::<T>(bytes)?);
    page.note(digest);
    Ok(page)
}

/// Only how many there are is told with the name.
pub(super) fn tell_number<W: Write>(blocks: &[Block], writer: &mut W) -> Result<()> {
    (blocks.len() as u32).serialize(writer)
}

pub(super) fn read_blank<R: Read>(reader: &mut R) -> Result<Vec<Block>> {
    let count = u32::deserialize_reader(reader)?;
    if count as usize > (u32::MAX as usize).div_ceil(BLOCK) {
        return Err(wrong("more blocks than there can be profiles"));
    }
    Ok(vec![Block::Empty; count as usize])
}
