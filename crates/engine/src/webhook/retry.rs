//! When something that another program did not take is tried again.

use crate::at::Span;
use crate::limits::DELIVERY_WAITS;

/// The wait after so many failed attempts, 1 for the first: longer with each, and by up to a fifth longer than that, so that
/// a crowd of failures does not come back as a crowd. The same for the same key, always.
pub fn retry_after(failed: u8, key: &str, seed: u64) -> Span {
    let place = usize::from(failed.max(1) - 1).min(DELIVERY_WAITS.len() - 1);
    let wait = DELIVERY_WAITS[place];
    let drawn = xxhash_rust::xxh3::xxh3_64_with_seed(&[key.as_bytes(), &[failed]].concat(), seed) % 1_000;
    Span(wait.0 + wait.0 * drawn.cast_signed() / 5_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_grow_and_are_never_shorter_than_stated_nor_longer_by_more_than_a_fifth(
            key in "[a-z]{1,8}", seed: u64,
        ) {
            let mut before = Span(0);
            for (place, stated) in DELIVERY_WAITS.into_iter().enumerate() {
                let wait = retry_after(place as u8 + 1, &key, seed);
                prop_assert!(stated <= wait && wait.0 <= stated.0 + stated.0 / 5, "{stated:?} {wait:?}");
                prop_assert!(before < wait, "the next wait is longer");
                prop_assert_eq!(wait, retry_after(place as u8 + 1, &key, seed));
                before = wait;
            }
            prop_assert!(retry_after(u8::MAX, &key, seed) >= before.min(DELIVERY_WAITS[8]), "the last one stays");
        }
    }

    #[test]
    fn a_crowd_does_not_come_back_as_a_crowd() {
        let waits = (0..100).map(|number| retry_after(2, &format!("webhook erp {number}"), 7));
        let mut waits: Vec<Span> = waits.collect();
        waits.sort_unstable();
        waits.dedup();
        assert!(waits.len() > 80, "{} different waits of a hundred", waits.len());
    }
}
