//! What is kept by a keyed hash, cut into parts by its first bits: each grows by itself, so that growth never moves more
//! than a small piece of the whole, and each is shared with copies of the state until it is written to. Owned by the state.

use crate::identifier::KeyedHash;
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::{Error, ErrorKind, Read, Result, Write};

/// `N` parts, a power of two, in the order of the hashes. To copy one costs little: what is in it is shared.
#[derive(Clone)]
pub(crate) struct Parts<T, const N: usize>(Vec<T>);

impl<T: Clone + Default, const N: usize> Default for Parts<T, N> {
    fn default() -> Self {
        const { assert!(N.is_power_of_two() && N > 1) };
        Self(vec![T::default(); N])
    }
}

impl<T, const N: usize> Parts<T, N> {
    pub(crate) fn of(&self, hash: KeyedHash) -> &T {
        &self.0[number::<N>(hash)]
    }

    pub(crate) fn of_mut(&mut self, hash: KeyedHash) -> &mut T {
        &mut self.0[number::<N>(hash)]
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

/// Parts in which nothing is are not written.
impl<T: BorshSerialize + Default + PartialEq, const N: usize> BorshSerialize for Parts<T, N> {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        let blank = T::default();
        let used = || self.0.iter().enumerate().filter(|(_, part)| **part != blank);
        (used().count() as u32).serialize(writer)?;
        used().try_for_each(|(number, part)| (number as u32, part).serialize(writer))
    }
}

impl<T: BorshDeserialize + Clone + Default, const N: usize> BorshDeserialize for Parts<T, N> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let mut parts = Self::default();
        for _ in 0..u32::deserialize_reader(reader)? {
            let (number, part) = <(u32, T)>::deserialize_reader(reader)?;
            let place = parts.0.get_mut(number as usize);
            *place.ok_or_else(|| Error::new(ErrorKind::InvalidData, "a part that there is not"))? = part;
        }
        Ok(parts)
    }
}

fn number<const N: usize>(hash: KeyedHash) -> usize {
    (hash.0 >> (u128::BITS - N.trailing_zeros())) as usize
}
