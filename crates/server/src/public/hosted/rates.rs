//! How many forms came of late, by network address and by what they name: who floods us, or somebody's mailbox through us,
//! is told to wait. In memory alone, and by hashes that mean nothing in the next run of the server.

use crate::limits::{FORM_RATE_SPAN, FORM_RATES_MAX};
use engine::at::At;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

#[derive(Default)]
pub(super) struct Rates {
    hasher: RandomState,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    began_at: Option<At>,
    by: HashMap<u64, u32>,
}

impl Rates {
    /// Counts one more for each of these, where all of them have room; false where one has not.
    pub(super) fn take(&self, names: &[(String, u32)], now: At) -> bool {
        let mut counts = self.counts.lock().expect("invariant: nobody panics with the counts in hand");
        if counts.began_at.is_none_or(|began| now.since(began) >= FORM_RATE_SPAN || now < began) {
            *counts = Counts { began_at: Some(now), by: HashMap::new() };
        }
        let keys: Vec<(u64, u32)> =
            names.iter().map(|(name, most)| (self.hasher.hash_one(name), *most)).collect();
        let has_room = |(key, most): &(u64, u32)| match counts.by.get(key) {
            Some(count) => count < most,
            None => counts.by.len() < FORM_RATES_MAX,
        };
        if !keys.iter().all(has_room) {
            return false;
        }
        for (key, _) in keys {
            *counts.by.entry(key).or_default() += 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_in_a_quarter_of_an_hour_and_no_more() {
        let rates = Rates::default();
        let one = |name: &str| [(name.to_owned(), 2)];
        assert!(rates.take(&one("a"), At(0)) && rates.take(&one("a"), At(1)));
        assert!(!rates.take(&one("a"), At(2)) && rates.take(&one("b"), At(2)));
        let both = [("b".to_owned(), 2), ("a".to_owned(), 2)];
        assert!(!rates.take(&both, At(3)), "one has no room");
        assert!(
            rates.take(&one("b"), At(4)) && !rates.take(&one("b"), At(5)),
            "what was refused counted for neither"
        );
        assert!(rates.take(&one("a"), At(FORM_RATE_SPAN.0)));
    }
}
