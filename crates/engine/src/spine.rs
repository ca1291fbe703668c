//! A list of shared pieces, cut into pages: what a copy of the state copies is a pointer for each page.
//!
//! A state of a million people has a hundred thousand pieces. To count up each of them took longer than a batch may wait
//! for a copy; of the pages there are thousands. The first write after a copy counts up the pieces of one page for that, and
//! copies one of them. Owned by the lists and tables of the state.

use crate::page::Page;
use std::ops::{Index, IndexMut};

/// Pieces of a page. With more, the first write after a copy would wait for memory longer than for its own piece.
pub(crate) const PIECES_IN_PAGE: usize = 32;

/// Pages that are full; the pieces that do not fill one are apart.
#[derive(Clone)]
pub(crate) struct Spine<P> {
    pub(crate) pages: Vec<Page<[P; PIECES_IN_PAGE]>>,
    pub(crate) rest: Vec<P>,
}

impl<P> Default for Spine<P> {
    fn default() -> Self {
        Self { pages: Vec::new(), rest: Vec::new() }
    }
}

impl<P> Spine<P> {
    pub(crate) fn len(&self) -> usize {
        self.pages.len() * PIECES_IN_PAGE + self.rest.len()
    }

    pub(crate) fn push(&mut self, piece: P) {
        if self.rest.capacity() == 0 {
            self.rest.reserve_exact(PIECES_IN_PAGE);
        }
        self.rest.push(piece);
        if self.rest.len() == PIECES_IN_PAGE {
            let page = <[P; PIECES_IN_PAGE]>::try_from(std::mem::take(&mut self.rest));
            self.pages.push(Page::new(page.ok().expect("invariant: a page has its length")));
        }
    }

    pub(crate) fn get(&self, index: usize) -> Option<&P> {
        match self.pages.get(index / PIECES_IN_PAGE) {
            Some(page) => Some(&page[index % PIECES_IN_PAGE]),
            None => self.rest.get(index - self.pages.len() * PIECES_IN_PAGE),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &P> {
        self.pages.iter().flat_map(|page| page.iter()).chain(&self.rest)
    }

    /// Brings near how often the page of a piece is shared.
    pub(crate) fn prefetch_page(&self, index: usize) {
        if let Some(page) = self.pages.get(index / PIECES_IN_PAGE) {
            page.prefetch();
        }
    }
}

impl<P: Clone> Spine<P> {
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut P> {
        let full = self.pages.len() * PIECES_IN_PAGE;
        match self.pages.get_mut(index / PIECES_IN_PAGE) {
            Some(page) => Some(&mut page.content_mut()[index % PIECES_IN_PAGE]),
            None => self.rest.get_mut(index - full),
        }
    }
}

impl<P> Index<usize> for Spine<P> {
    type Output = P;

    fn index(&self, index: usize) -> &P {
        self.get(index).expect("invariant: only what is there is asked for")
    }
}

impl<P: Clone> IndexMut<usize> for Spine<P> {
    fn index_mut(&mut self, index: usize) -> &mut P {
        self.get_mut(index).expect("invariant: only what is there is written to")
    }
}
