//! A piece of the state that is shared with copies until it is written to, and told to a snapshot as one section.
//!
//! A page knows the digest of what it was told as, and forgets it when it is written to. Whoever writes down a copy notes
//! the digest in the page that the copy shares with the living state; so both know it for as long as neither has written
//! there, and a section that did not change need not be told again. It is a note about the content and no part of it:
//! nothing that the engine decides can see it. Owned by whatever keeps the content.

use crate::layout;
use crate::prefetch::prefetch_counts;
use crate::unshared::to_write;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

pub(crate) struct Page<T>(Arc<Noted<T>>);

struct Noted<T> {
    digest: OnceLock<u128>,
    content: T,
}

impl<T> Page<T> {
    pub(crate) fn new(content: T) -> Self {
        Self(Arc::new(Noted { digest: OnceLock::new(), content }))
    }

    /// Digest of the section that the content was told as.
    pub(crate) fn digest(&self) -> &OnceLock<u128> {
        &self.0.digest
    }

    /// Notes the digest of the section that the content was read from. One of an older layout will be told otherwise.
    pub(crate) fn note(&self, digest: u128) {
        if layout::is_of_today() {
            _ = self.digest().set(digest);
        }
    }

    /// Brings near how often it is shared.
    pub(crate) fn prefetch(&self) {
        prefetch_counts(&self.0);
    }
}

impl<T: Clone> Page<T> {
    /// The content, to be written to.
    pub(crate) fn content_mut(&mut self) -> &mut T {
        let noted = to_write(&mut self.0, Arc::make_mut);
        noted.digest.take();
        &mut noted.content
    }
}

impl<T> Clone for Page<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What was copied is about to be written to.
impl<T: Clone> Clone for Noted<T> {
    fn clone(&self) -> Self {
        Self { digest: OnceLock::new(), content: self.content.clone() }
    }
}

impl<T: Default> Default for Page<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for Page<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_shares_a_page_knows_its_digest_until_it_is_written_to() {
        let mut living = Page::new(vec![1, 2]);
        let copy = living.clone();
        copy.digest().set(7).unwrap();
        assert_eq!(living.digest().get(), Some(&7));
        living.content_mut().push(3);
        assert_eq!((living.digest().get(), copy.digest().get()), (None, Some(&7)));
        living.digest().set(8).unwrap();
        living.content_mut();
        assert_eq!(living.digest().get(), None, "also where nobody shares it");
        assert_eq!((&*living, &*copy), (&vec![1, 2, 3], &vec![1, 2]));
    }
}
