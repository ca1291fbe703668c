//! A word to the processor about memory that is about to be read. It changes no result, and is nothing at all on a
//! machine that has no such instruction.

/// Bytes that come together.
const CACHE_LINE: usize = 64;

/// Starts to bring near how often something is shared, which is asked before it is written to.
#[inline]
#[expect(unsafe_code, reason = "the instruction is an intrinsic; it reads nothing that a program could see")]
pub(crate) fn prefetch_counts<T: ?Sized>(shared: &std::sync::Arc<T>) {
    #[cfg(target_arch = "x86_64")]
    {
        let before = align_of_val::<T>(shared).max(2 * size_of::<usize>());
        let counts = std::sync::Arc::as_ptr(shared).cast::<i8>().wrapping_sub(before);
        // SAFETY: a prefetch of any address is harmless.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(counts);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = shared;
}

/// Starts to bring an element near, the whole of it. An index outside of the slice does nothing.
#[inline]
#[expect(unsafe_code, reason = "the instruction is an intrinsic; it reads nothing that a program could see")]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(index) {
        let begin = std::ptr::from_ref(element).cast::<i8>();
        for offset in (0..size_of::<T>()).step_by(CACHE_LINE) {
            // SAFETY: a prefetch of any address is harmless, and this one lies in the slice.
            unsafe {
                use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
                _mm_prefetch::<_MM_HINT_T0>(begin.add(offset));
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
