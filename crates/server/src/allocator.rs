//! How memory is allocated, and how long what was given back is kept. The binary says the latter before anything else.

use crate::limits::MEMORY_KEPT;
use libmimalloc_sys::{mi_option_set_default, mi_option_t};
use std::ffi::c_long;

/// The engine and the door allocate much that is small and short-lived; this allocator takes a sixth less time for an
/// event than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The allocator's `mi_option_purge_delay`, in milliseconds, which its bindings have no name for.
const PURGE_DELAY: mi_option_t = 15;

/// Keeps memory that was given back for [`MEMORY_KEPT`], unless the environment's `MIMALLOC_PURGE_DELAY` says otherwise.
#[expect(unsafe_code, reason = "an option of the allocator can be set in no other way")]
pub fn keep_memory() {
    let millis = c_long::try_from(MEMORY_KEPT.as_millis()).expect("invariant: some seconds");
    // SAFETY: it writes a number into the allocator's table of options, which any thread may read at any time.
    unsafe { mi_option_set_default(PURGE_DELAY, millis) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use libmimalloc_sys::mi_option_get;

    #[test]
    #[expect(unsafe_code, reason = "it asks the allocator")]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: it reads a number.
        let delay = || unsafe { mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), 1_000, "no other option has this number");
        keep_memory();
        assert_eq!(delay(), 10_000);
    }
}
