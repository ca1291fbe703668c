//! How many requests came of late, by network address and by what they name: who floods us, or somebody's mailbox through us,
//! is told to wait. In memory alone, and by hashes that mean nothing in the next run of the server.

use crate::limits::RATES_KEPT_MAX;
use axum::http::{HeaderName, HeaderValue, header};
use engine::at::{At, Span};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

/// What happens to whoever is new while as many are counted as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// They wait for the next span.
    Refuses,
    /// They are let in, uncounted: what they ask for costs little.
    LetsIn,
}

pub(super) struct Rates {
    /// The time in which requests are counted together.
    span: Span,
    full: Full,
    hasher: RandomState,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    began_at: Option<At>,
    by: HashMap<u64, u32>,
}

impl Rates {
    pub(super) fn new(span: Span, full: Full) -> Self {
        Self { span, full, hasher: RandomState::new(), counts: Mutex::default() }
    }

    /// Counts one more for each of these, where all of them have room; where one has not, when they will have again.
    pub(super) fn take(&self, names: &[(String, u32)], now: At) -> Result<(), At> {
        let mut counts = self.counts.lock().expect("invariant: nobody panics with the counts in hand");
        let began_at = match counts.began_at.filter(|began| now.since(*began) < self.span && *began <= now) {
            Some(began_at) => began_at,
            None => {
                *counts = Counts { began_at: Some(now), by: HashMap::new() };
                now
            }
        };
        let keys: Vec<(u64, u32)> =
            names.iter().map(|(name, most)| (self.hasher.hash_one(name), *most)).collect();
        let is_full = counts.by.len() >= RATES_KEPT_MAX;
        let has_room = |(key, most): &(u64, u32)| match counts.by.get(key) {
            Some(count) => count < most,
            None => !is_full || self.full == Full::LetsIn,
        };
        if !keys.iter().all(has_room) {
            return Err(began_at.plus(self.span));
        }
        for (key, _) in keys {
            if !is_full || counts.by.contains_key(&key) {
                *counts.by.entry(key).or_default() += 1;
            }
        }
        Ok(())
    }
}

/// The header that says from when on a request counts again.
pub(super) fn retry_after(until: At, now: At) -> (HeaderName, HeaderValue) {
    let seconds = until.since(now).0.div_euclid(1_000) + 1;
    (header::RETRY_AFTER, HeaderValue::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span(900_000);

    #[test]
    fn so_many_in_a_span_and_no_more() {
        let rates = Rates::new(SPAN, Full::Refuses);
        let take = |names: &[&str], at| {
            let names: Vec<_> = names.iter().map(|name| ((*name).to_owned(), 2)).collect();
            rates.take(&names, At(at))
        };
        assert_eq!([take(&["a"], 0), take(&["a"], 1)], [Ok(()); 2]);
        let again = Err(At(SPAN.0));
        assert_eq!((take(&["a"], 2), take(&["b"], 2)), (again, Ok(())));
        assert_eq!(take(&["b", "a"], 3), again, "one has no room");
        assert_eq!(
            (take(&["b"], 4), take(&["b"], 5)),
            (Ok(()), again),
            "what was refused counted for neither"
        );
        assert_eq!(take(&["a"], SPAN.0), Ok(()));
        assert_eq!(take(&["a"], 0), Ok(()), "a clock that was set back begins anew");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        for (full, expected) in [(Full::Refuses, Err(At(SPAN.0))), (Full::LetsIn, Ok(()))] {
            let rates = Rates::new(SPAN, full);
            let one = |name: String| rates.take(&[(name, 1)], At(0));
            assert!((0..RATES_KEPT_MAX).all(|number| one(number.to_string()).is_ok()));
            assert_eq!((one("new".to_owned()), one("new".to_owned())), (expected, expected), "{full:?}");
            assert!(one("7".to_owned()).is_err(), "whoever is counted is counted on");
            assert_eq!(rates.counts.lock().unwrap().by.len(), RATES_KEPT_MAX);
        }
    }
}
