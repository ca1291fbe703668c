//! A list cut into chunks that are shared until they are written to.
//!
//! A copy of the list copies few of its elements, so the whole state can be set aside at once while records go on being
//! applied: the first write to a chunk that a copy still holds copies that chunk, and no more. Owned by the state, wherever
//! it keeps something by number.

use crate::page::Page;
use crate::prefetch::{prefetch, prefetch_counts};
use crate::section::{Part, Pieces, Tell, wrong};
use crate::spine::{PIECES_IN_PAGE, Spine};
use crate::unshared::to_write;
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::Result;
use std::ops::{Index, IndexMut};
use std::sync::{Arc, OnceLock};

/// `N` elements to a chunk; those that do not fill one are apart.
#[derive(Clone)]
pub(crate) struct Chunked<T, const N: usize> {
    chunks: Spine<Arc<[T; N]>>,
    rest: Vec<T>,
}

impl<T, const N: usize> Default for Chunked<T, N> {
    fn default() -> Self {
        Self { chunks: Spine::default(), rest: Vec::new() }
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
            self.chunks.prefetch_page(index / N);
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
            Some(chunk) => &mut to_write(chunk, Arc::make_mut)[index % N],
            None => &mut self.rest[index - full],
        }
    }
}

/// A section is a page, and the last one what does not fill a page.
impl<T, const N: usize> Chunked<T, N>
where
    T: BorshSerialize + BorshDeserialize + Send + Sync + 'static,
{
    pub(crate) fn cut(self, pieces: &mut Pieces, part: Part, group: u32) {
        let Self { chunks: Spine { pages, rest: chunks }, rest } = self;
        let full = pages.len();
        for (number, page) in pages.into_iter().enumerate() {
            pieces.add(part, group, number, Full(page));
        }
        if !chunks.is_empty() || !rest.is_empty() {
            pieces.add(part, group, full, Tail { chunks, rest });
        }
    }

    /// Reads one section.
    pub(crate) fn read(digest: u128, bytes: &[u8]) -> Result<Self> {
        let reader = &mut &*bytes;
        let count = u32::deserialize_reader(reader)?;
        let mut list = Self::default();
        for _ in 0..count {
            list.push(T::deserialize_reader(reader)?);
        }
        if !reader.is_empty() || list.len() > PIECES_IN_PAGE * N {
            return Err(wrong("a section of a list that is too long"));
        }
        list.chunks.pages.iter().for_each(|page| page.note(digest));
        Ok(list)
    }

    /// Adds what the section of a number holds.
    pub(crate) fn append(&mut self, number: u32, section: Self) -> Result<()> {
        let is_next = self.len() == number as usize * PIECES_IN_PAGE * N;
        if !is_next {
            return Err(wrong("a section of a list that is not the next one"));
        }
        self.chunks.pages.extend(section.chunks.pages);
        (self.chunks.rest, self.rest) = (section.chunks.rest, section.rest);
        Ok(())
    }
}

struct Full<T, const N: usize>(Page<[Arc<[T; N]>; PIECES_IN_PAGE]>);

struct Tail<T, const N: usize> {
    chunks: Vec<Arc<[T; N]>>,
    rest: Vec<T>,
}

impl<T: BorshSerialize + Send + Sync, const N: usize> Tell for Full<T, N> {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        ((PIECES_IN_PAGE * N) as u32).serialize(into)?;
        self.0.iter().flat_map(|chunk| chunk.iter()).try_for_each(|element| element.serialize(into))
    }

    fn digest(&self) -> Option<&OnceLock<u128>> {
        Some(self.0.digest())
    }
}

impl<T: BorshSerialize + Send + Sync, const N: usize> Tell for Tail<T, N> {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        ((self.chunks.len() * N + self.rest.len()) as u32).serialize(into)?;
        let chunks = self.chunks.iter().flat_map(|chunk| chunk.iter());
        chunks.chain(&self.rest).try_for_each(|element| element.serialize(into))
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
    #[test]
    fn a_list_comes_back_from_its_sections_whatever_its_length() {
        for length in [0, 1, 4, 5, 127, 128, 129, 133, 256, 300_u32] {
            let mut list: Chunked<u32, 4> = Chunked::default();
            (0..length).for_each(|number| list.push(number * 7));
            let mut pieces = Pieces::default();
            list.clone().cut(&mut pieces, Part::Sends, 9);
            let mut again: Chunked<u32, 4> = Chunked::default();
            for (key, piece) in pieces.all() {
                assert_eq!((key.part, key.group), (Part::Sends, 9));
                let mut bytes = Vec::new();
                piece.tell(&mut bytes).unwrap();
                assert!(Chunked::<u32, 4>::read(0, &bytes[..bytes.len() - 1]).is_err());
                let read = || Chunked::read(0, &bytes).unwrap();
                assert!(again.append(key.number + 1, read()).is_err());
                again.append(key.number, read()).unwrap();
            }
            assert!(again.iter().eq(list.iter()) && again.len() == list.len(), "{length}");
            again.push(1);
            list.push(1);
            assert!(again.iter().eq(list.iter()));
        }
    }
}
