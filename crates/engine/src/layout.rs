//! The layout in which the state is told, and the older ones, which are read as well.
//!
//! A log from which somebody was erased cannot be replayed from its beginning
//! (`docs/decisions/0007-erasure-by-redaction.md`), so the snapshots of the version before are all that is left of it. A
//! field that came with a layout says so where it is declared, and is empty where an older one is read:
//!
//! ```text
//! #[borsh(deserialize_with = "since::<8, _, _>")]
//! pub(crate) spend: Spend,
//! ```
//!
//! What reads a field has no way to ask what it is a part of, so a thread that reads a section notes its layout. Owned by
//! whoever reads a section; nothing else looks at it.

use borsh::BorshDeserialize;
use std::cell::Cell;
use std::io::{Read, Result};

/// The layout that is told.
pub(crate) const LAYOUT: u32 = 9;
/// The oldest that is read.
pub(crate) const LAYOUT_MIN: u32 = 7;

thread_local! {
    static READ: Cell<u32> = const { Cell::new(LAYOUT) };
}

/// Reads what was told in a layout.
pub(crate) fn reading<T>(layout: u32, read: impl FnOnce() -> T) -> T {
    let before = READ.replace(layout);
    let read = read();
    READ.set(before);
    read
}

/// Whether what is being read was told in this layout or a later one.
pub(crate) fn is_since(layout: u32) -> bool {
    READ.get() >= layout
}

/// Whether what is being read would be told with the same bytes.
pub(crate) fn is_of_today() -> bool {
    is_since(LAYOUT)
}

/// Reads a field that came with a layout.
pub(crate) fn since<const LAYOUT: u32, T, R>(reader: &mut R) -> Result<T>
where
    T: BorshDeserialize + Default,
    R: Read,
{
    if is_since(LAYOUT) { T::deserialize_reader(reader) } else { Ok(T::default()) }
}
