//! A circuit breaker: a relay that takes nothing is left alone for a while, so that sends wait instead of using up their
//! attempts. Pure: the time is told.

use crate::limits::{RELAY_FAILURES_MAX, RELAY_PAUSE_FIRST, RELAY_PAUSE_MAX};
use engine::at::{At, Span};

#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Failures in a row.
    failures: u32,
    /// While it is open: until when.
    open_until: Option<At>,
}

impl Breaker {
    /// Whether anything may go; if not, from when on.
    pub(super) fn check(&self, now: At) -> Result<(), At> {
        self.open_until.filter(|until| *until > now).map_or(Ok(()), Err)
    }

    /// Something goes. After a pause it is the one that tries: the others wait for what comes of it, or for another pause.
    pub(super) fn go(&mut self, now: At) {
        if self.open_until.is_some() {
            self.open_until = Some(now.plus(self.pause()));
        }
    }

    /// The relay answered as one does that works, whatever it said about the letter.
    pub(super) fn worked(&mut self) {
        *self = Self::default();
    }

    /// The relay could not be reached, or took nothing from anybody.
    pub(super) fn failed(&mut self, now: At) {
        self.failures += 1;
        if self.failures >= RELAY_FAILURES_MAX {
            self.open_until = Some(now.plus(self.pause()));
        }
    }

    fn pause(&self) -> Span {
        let doublings = self.failures.saturating_sub(RELAY_FAILURES_MAX).min(16);
        Span(RELAY_PAUSE_FIRST.0 << doublings).min(RELAY_PAUSE_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_lets_one_try_and_closes_when_that_works() {
        let mut breaker = Breaker::default();
        for _ in 1..RELAY_FAILURES_MAX {
            breaker.failed(At(0));
        }
        breaker.worked();
        for _ in 1..RELAY_FAILURES_MAX {
            breaker.failed(At(0));
            assert_eq!(breaker.check(At(0)), Ok(()), "not in a row");
        }
        breaker.failed(At(0));
        let first = RELAY_PAUSE_FIRST.0;
        assert_eq!(breaker.check(At(first - 1)), Err(At(first)));
        assert_eq!(breaker.check(At(first)), Ok(()), "one may try");
        breaker.go(At(first));
        assert_eq!(breaker.check(At(first)), Err(At(2 * first)), "and only one");
        breaker.failed(At(first + 10));
        assert_eq!(breaker.check(At(first + 10)), Err(At(3 * first + 10)), "twice as long");
        for _ in 0..40 {
            breaker.failed(At(0));
        }
        assert_eq!(breaker.check(At(0)), Err(At(RELAY_PAUSE_MAX.0)));
        breaker.worked();
        assert_eq!(breaker.check(At(0)), Ok(()));
    }
}
