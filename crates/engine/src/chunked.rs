//! A list cut into chunks that are shared until they are written to.
//!
//! A copy of the list copies few of its elements, so the whole state can be set aside at once while records go on being
//! applied: the first write to a chunk that a copy still holds copies that chunk, and no more. Owned by the state, wherever
//! it keeps something by number.

use crate::prefetch::{prefetch, prefetch_counts};
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::{Read, Result, Write};
use std::ops::{Index, IndexMut};
use std::sync::Arc;

/// `N` elements to a chunk; those that do not fill one are apart.
#[derive(Clone)]
pub(crate) struct Chunked<T, const N: usize> {
    chunks: Vec<Arc<[T; N]>>,
    rest: Vec<T>,
}

impl<T, const N: usize> Default for Chunked<T, N> {
    fn default() -> Self {
        Self { chunks: Vec::new(), rest: Vec::new() }
    }
}

impl<T, const N: usize> Chunked<T, N> {
    pub(crate) fn len(&self) -> usize {
        self.chunks.len() * N + self.rest.len()
    }

    pub(crate) fn push(&mut self, element: T) {
        self.rest.push(element);
        if self.rest.len() == N {
            let chunk: Arc<[T]> = std::mem::take(&mut self.rest).into();
            self.chunks.push(chunk.try_into().ok().expect("invariant: a chunk has its length"));
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        match self.chunks.get(index / N) {
            Some(chunk) => Some(&chunk[index % N]),
            None => self.rest.get(index - self.chunks.len() * N),
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        (0..self.len()).map(|index| &self[index])
    }

    /// Brings an element near, before it is read.
    pub(crate) fn prefetch(&self, index: usize) {
        if let Some(chunk) = self.chunks.get(index / N) {
            prefetch_counts(chunk);
            prefetch(chunk.as_slice(), index % N);
        }
    }
}

impl<T, const N: usize> Index<usize> for Chunked<T, N> {
    type Output = T;

    fn index(&self, index: usize) -> &T {
        match self.chunks.get(index / N) {
            Some(chunk) => &chunk[index % N],
            None => &self.rest[index - self.chunks.len() * N],
        }
    }
}

impl<T: Clone, const N: usize> IndexMut<usize> for Chunked<T, N> {
    fn index_mut(&mut self, index: usize) -> &mut T {
        let full = self.chunks.len() * N;
        match self.chunks.get_mut(index / N) {
            Some(chunk) => &mut Arc::make_mut(chunk)[index % N],
            None => &mut self.rest[index - full],
        }
    }
}

impl<T: BorshSerialize, const N: usize> BorshSerialize for Chunked<T, N> {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        (self.len() as u64).serialize(writer)?;
        self.iter().try_for_each(|element| element.serialize(writer))
    }
}

impl<T: BorshDeserialize, const N: usize> BorshDeserialize for Chunked<T, N> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        let mut list = Self::default();
        for _ in 0..u64::deserialize_reader(reader)? {
            list.push(T::deserialize_reader(reader)?);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stays_as_it_was_and_shares_what_is_not_written_to() {
        let mut list: Chunked<u32, 4> = Chunked::default();
        for number in 0..10 {
            list.push(number);
        }
        let copy = list.clone();
        list[1] = 100;
        list.push(10);
        assert_eq!(copy.iter().copied().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        assert_eq!(list.iter().copied().collect::<Vec<_>>(), [0, 100, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert!(
            Arc::ptr_eq(&list.chunks[1], &copy.chunks[1]) && !Arc::ptr_eq(&list.chunks[0], &copy.chunks[0])
        );
        assert_eq!((list.len(), list.get(10), list.get(11)), (11, Some(&10), None));
    }
}
