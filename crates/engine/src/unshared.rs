//! Writing to what may be shared with a copy of the state, at the price of a look where nothing shares it.
//!
//! `Arc::make_mut` takes the count away by a locked instruction, for which the processor waits until all it wrote before has
//! arrived. An event writes to some forty shared pieces, nearly always while no copy holds them.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

/// The content of what is shared, to be written to. Where others hold it, `copy` makes it this one's own, as
/// `Arc::make_mut` does. There must be no weak handles: the engine makes none.
#[inline]
#[expect(unsafe_code, reason = "the standard library has no way to write without a locked instruction")]
pub(crate) fn to_write<T: ?Sized>(shared: &mut Arc<T>, copy: fn(&mut Arc<T>) -> &mut T) -> &mut T {
    if Arc::strong_count(shared) > 1 {
        return copy(shared);
    }
    // What others did with it before they let go of it has happened by now.
    fence(Ordering::Acquire);
    // SAFETY: this is the only handle, and it is borrowed for as long as the content is. No other can come to be meanwhile,
    // since there is no weak one to make it of.
    unsafe { &mut *Arc::as_ptr(shared).cast_mut() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_hold_is_copied_and_what_nobody_holds_is_not() {
        let mut list: Arc<[u32]> = vec![1, 2, 3].into();
        let before = Arc::as_ptr(&list);
        to_write(&mut list, Arc::make_mut)[0] = 7;
        assert_eq!((&*list, Arc::as_ptr(&list)), (&[7, 2, 3][..], before));
        let copy = Arc::clone(&list);
        to_write(&mut list, Arc::make_mut)[1] = 8;
        assert_eq!((&*list, &*copy), (&[7, 8, 3][..], &[7, 2, 3][..]));
        assert_eq!(Arc::as_ptr(&copy), before);
    }
}
