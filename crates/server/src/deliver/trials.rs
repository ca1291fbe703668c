//! How many messages were sent on trial within the last hour. Part of the hub; the time is told. A start forgets them.

use crate::limits::TEST_SENDS_PER_HOUR;
use engine::at::{At, Span};
use std::collections::VecDeque;
use std::sync::Mutex;

#[derive(Debug, Default)]
pub struct Trials(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// Oldest first.
    within_hour: VecDeque<At>,
    number: u64,
}

impl Taken {
    /// How many there were within the hour up to now; those before are forgotten.
    fn within(&mut self, now: At) -> usize {
        while self.within_hour.front().is_some_and(|first| first.plus(Span::HOUR) <= now) {
            self.within_hour.pop_front();
        }
        self.within_hour.len()
    }
}

impl Trials {
    /// How many can be now, and where none can, when the next one.
    pub fn room(&self, now: At) -> (usize, Option<At>) {
        let mut taken = self.0.lock().expect("invariant: nobody panics while counting");
        let left = TEST_SENDS_PER_HOUR - taken.within(now);
        let next = taken.within_hour.front().filter(|_| left == 0).map(|first| first.plus(Span::HOUR));
        (left, next)
    }

    /// Takes one, and gives its number; when the next one can be, where there were too many.
    pub fn take(&self, now: At) -> Result<u64, At> {
        let mut taken = self.0.lock().expect("invariant: nobody panics while counting");
        let is_full = taken.within(now) >= TEST_SENDS_PER_HOUR;
        if let Some(first) = taken.within_hour.front().filter(|_| is_full) {
            return Err(first.plus(Span::HOUR));
        }
        taken.within_hour.push_back(now);
        taken.number += 1;
        Ok(taken.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_so_many_and_each_makes_room_an_hour_later() {
        let trials = Trials::default();
        assert_eq!(trials.room(At(0)), (TEST_SENDS_PER_HOUR, None));
        for minute in 0..TEST_SENDS_PER_HOUR as i64 {
            assert_eq!(trials.take(At(minute)), Ok(minute as u64 + 1));
        }
        assert_eq!(trials.room(At(Span::HOUR.0 - 1)), (0, Some(At(Span::HOUR.0))));
        assert_eq!(trials.take(At(Span::HOUR.0 - 1)), Err(At(Span::HOUR.0)));
        assert_eq!(trials.room(At(Span::HOUR.0)), (1, None), "the first was an hour ago");
        assert!(trials.take(At(Span::HOUR.0)).is_ok());
        assert_eq!(trials.take(At(Span::HOUR.0)), Err(At(Span::HOUR.0 + 1)));
    }
}
