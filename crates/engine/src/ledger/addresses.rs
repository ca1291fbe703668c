//! Where sends went to. A text is there once for a person who gets several, and goes when nothing refers to it.

use super::NONE;
use crate::chunked::Chunked;
use crate::section::{Part, Pieces};
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::Result;
use std::sync::{Arc, LazyLock};

/// Addresses that are copied together.
const ADDRESSES_IN_CHUNK: usize = 32;

#[derive(Clone, Default)]
pub(super) struct Addresses {
    all: Chunked<Address, ADDRESSES_IN_CHUNK>,
}

#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) struct Address {
    text: Arc<str>,
    /// Sends that went there.
    sends: u32,
}

static EMPTY: LazyLock<Arc<str>> = LazyLock::new(|| "".into());

impl Addresses {
    pub(super) fn get(&self, number: u32) -> Arc<str> {
        let found = self.all.get(number as usize).map(|address| &address.text);
        Arc::clone(found.unwrap_or(&EMPTY))
    }

    /// The number of an address of which none is known.
    pub(super) fn push(&mut self, text: &Arc<str>) -> u32 {
        self.all.push(Address { text: Arc::clone(text), sends: 1 });
        u32::try_from(self.all.len() - 1).expect("invariant: sends fit in memory")
    }

    /// One send more goes there.
    pub(super) fn keep(&mut self, number: u32) -> u32 {
        self.all[number as usize].sends += 1;
        number
    }

    /// One send less; with the last one the text goes too.
    pub(super) fn release(&mut self, number: u32) {
        if number != NONE {
            let address = &mut self.all[number as usize];
            address.sends -= 1;
            if address.sends == 0 {
                address.text = Arc::clone(&EMPTY);
            }
        }
    }

    /// How many sends went to any of them.
    #[cfg(test)]
    pub(super) fn sends(&self) -> usize {
        self.all.iter().map(|address| address.sends as usize).sum()
    }

    pub(super) fn cut(self, pieces: &mut Pieces) {
        self.all.cut(pieces, Part::SendAddresses, 0);
    }

    pub(super) fn append(&mut self, number: u32, section: Section) -> Result<()> {
        self.all.append(number, section)
    }
}

/// A piece of them, as it was told.
pub(crate) type Section = Chunked<Address, ADDRESSES_IN_CHUNK>;
