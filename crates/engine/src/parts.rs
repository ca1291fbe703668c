//! What is kept by a keyed hash, cut into parts by its first bits: each grows by itself, so that growth never moves more
//! than a small piece of the whole, and each is shared with copies of the state until it is written to. Owned by the state.

use crate::identifier::KeyedHash;
use crate::page::Page;
use crate::section::{Part, Pieces, Tell, wrong};
use crate::spine::PIECES_IN_PAGE;
use borsh::{BorshDeserialize, BorshSerialize};
use std::io::Result;
use std::sync::OnceLock;

/// `N` parts, a power of two, in the order of the hashes. To copy one costs little: what is in it is shared.
#[derive(Clone)]
pub(crate) struct Parts<T, const N: usize>(Vec<Page<[T; PIECES_IN_PAGE]>>);

impl<T: Default, const N: usize> Default for Parts<T, N> {
    /// All pages are one, until something is in them.
    fn default() -> Self {
        const { assert!(N.is_power_of_two() && N >= PIECES_IN_PAGE) };
        Self(vec![Page::new(std::array::from_fn(|_| T::default())); N / PIECES_IN_PAGE])
    }
}

impl<T, const N: usize> Parts<T, N> {
    pub(crate) fn of(&self, hash: KeyedHash) -> &T {
        let number = number::<N>(hash);
        &self.0[number / PIECES_IN_PAGE][number % PIECES_IN_PAGE]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|page| page.iter())
    }

    /// Brings near how often the page of a part is shared.
    pub(crate) fn prefetch_page(&self, hash: KeyedHash) {
        self.0[number::<N>(hash) / PIECES_IN_PAGE].prefetch();
    }
}

impl<T: Clone, const N: usize> Parts<T, N> {
    pub(crate) fn of_mut(&mut self, hash: KeyedHash) -> &mut T {
        let number = number::<N>(hash);
        &mut self.0[number / PIECES_IN_PAGE].content_mut()[number % PIECES_IN_PAGE]
    }

    /// Changes the parts that are to be changed, and touches no other.
    pub(crate) fn change(&mut self, is_wanted: impl Fn(&T) -> bool, mut change: impl FnMut(&mut T)) {
        for page in &mut self.0 {
            for place in 0..PIECES_IN_PAGE {
                if is_wanted(&page[place]) {
                    change(&mut page.content_mut()[place]);
                }
            }
        }
    }
}

/// A section is a page; those in which nothing is are left out.
impl<T, const N: usize> Parts<T, N>
where
    T: BorshSerialize + BorshDeserialize + Clone + Default + PartialEq + Send + Sync + 'static,
{
    pub(crate) fn cut(self, pieces: &mut Pieces, part: Part) {
        let blank = T::default();
        let used = self.0.into_iter().enumerate().filter(|(_, page)| page.iter().any(|one| *one != blank));
        used.for_each(|(number, page)| pieces.add(part, 0, number, Used(page)));
    }

    /// Reads one section.
    pub(crate) fn read(digest: u128, bytes: &[u8]) -> Result<Page<[T; PIECES_IN_PAGE]>> {
        let mut page: [T; PIECES_IN_PAGE] = std::array::from_fn(|_| T::default());
        for (place, part) in borsh::from_slice::<Vec<(u8, T)>>(bytes)? {
            let place = page.get_mut(usize::from(place));
            *place.ok_or_else(|| wrong("a part that there is not"))? = part;
        }
        let page = Page::new(page);
        page.note(digest);
        Ok(page)
    }

    /// Puts in what the section of a number holds.
    pub(crate) fn put(&mut self, number: u32, page: Page<[T; PIECES_IN_PAGE]>) -> Result<()> {
        let place = self.0.get_mut(number as usize);
        *place.ok_or_else(|| wrong("parts that there are not"))? = page;
        Ok(())
    }
}

struct Used<T>(Page<[T; PIECES_IN_PAGE]>);

impl<T: BorshSerialize + Default + PartialEq + Send + Sync> Tell for Used<T> {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        let blank = T::default();
        let used = self.0.iter().enumerate().filter(|(_, part)| **part != blank);
        used.map(|(place, part)| (place as u8, part)).collect::<Vec<_>>().serialize(into)
    }

    fn digest(&self) -> Option<&OnceLock<u128>> {
        Some(self.0.digest())
    }
}

fn number<const N: usize>(hash: KeyedHash) -> usize {
    (hash.0 >> (u128::BITS - N.trailing_zeros())) as usize
}
