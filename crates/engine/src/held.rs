//! What is shared with copies of the state until it is written to, and takes no memory while nothing is in it.
//!
//! A profile holds in this way what few records touch, so that a copy of it copies a pointer for each. Owned by whoever
//! holds it.

use crate::prefetch::{prefetch, prefetch_counts};
use crate::unshared::to_write;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;
use std::io::{Read, Result, Write};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Reads and writes as the list or map itself does.
#[derive(Clone, Debug)]
pub(crate) struct Held<T>(Option<Arc<T>>);

/// What can be held.
pub(crate) trait Hold: Clone + Default + 'static {
    const EMPTY: &'static Self;

    fn has_nothing(&self) -> bool;
}

impl<T: Clone + 'static> Hold for Vec<T> {
    const EMPTY: &'static Self = &Self::new();

    fn has_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<K: Clone + Ord + 'static, V: Clone + 'static> Hold for BTreeMap<K, V> {
    const EMPTY: &'static Self = &Self::new();

    fn has_nothing(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Hold> From<T> for Held<T> {
    fn from(all: T) -> Self {
        Self((!all.has_nothing()).then(|| Arc::new(all)))
    }
}

impl<T> Held<T> {
    /// Brings near where its elements are, and how often it is shared.
    pub(crate) fn prefetch(&self) {
        if let Some(all) = &self.0 {
            prefetch_counts(all);
            prefetch(std::slice::from_ref(&**all), 0);
        }
    }
}

impl<T: Hold> Held<T> {
    /// All of it, to be kept elsewhere.
    pub(crate) fn take(&mut self) -> T {
        self.0.take().map(Arc::unwrap_or_clone).unwrap_or_default()
    }
}

impl<T: Hold> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::EMPTY)
    }
}

impl<T: Hold> DerefMut for Held<T> {
    fn deref_mut(&mut self) -> &mut T {
        to_write(self.0.get_or_insert_default(), Arc::make_mut)
    }
}

impl<T: Hold + PartialEq> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Hold + Eq> Eq for Held<T> {}

impl<T: Hold + BorshSerialize> BorshSerialize for Held<T> {
    fn serialize<W: Write>(&self, writer: &mut W) -> Result<()> {
        (**self).serialize(writer)
    }
}

impl<T: Hold + BorshDeserialize> BorshDeserialize for Held<T> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> Result<Self> {
        Ok(T::deserialize_reader(reader)?.into())
    }
}
