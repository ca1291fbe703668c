//! What is due when. A calendar of hours: the open hour is kept in order, later hours are heaps of entries that are
//! sorted only once they open, since most timers are replaced before their hour comes.
//!
//! Entries are never taken back. Whoever set one remembers the instant it wants, and ignores any other.

use crate::at::{At, Span};
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a timer wakes. The order decides between timers of the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(crate) enum TimerKey {
    /// Time alone may change whether the profile is in the segment of this slot.
    Segment { profile: ProfileId, slot: u16 },
    /// A run's wait is over, or its exit rule may have changed with time.
    Run { profile: ProfileId, run: u64 },
    /// A send is to be tried again.
    Retry { send: SendId },
}

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Timers {
    /// Everything due before the end of the open hour. Empty only if `later` is.
    open: BTreeSet<(At, TimerKey)>,
    open_hour: i64,
    later: BTreeMap<i64, Vec<(At, TimerKey)>>,
}

impl Timers {
    pub(crate) fn set(&mut self, due: At, key: TimerKey) {
        let hour = due.0.div_euclid(Span::HOUR.0);
        if self.open.is_empty() && self.later.is_empty() {
            self.open_hour = hour;
        }
        if hour <= self.open_hour {
            self.open.insert((due, key));
        } else {
            self.later.entry(hour).or_default().push((due, key));
        }
    }

    /// The instant of the earliest entry.
    pub(crate) fn next_due(&self) -> Option<At> {
        self.open.first().map(|(due, _)| *due)
    }

    /// Takes the earliest entry that is due by `now`.
    pub(crate) fn pop(&mut self, now: At) -> Option<(At, TimerKey)> {
        if self.next_due()? > now {
            return None;
        }
        let entry = self.open.pop_first();
        if self.open.is_empty()
            && let Some((hour, entries)) = self.later.pop_first()
        {
            self.open_hour = hour;
            self.open = entries.into_iter().collect();
        }
        entry
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len() + self.later.values().map(Vec::len).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_order_whatever_the_order_they_were_set_in() {
        let mut timers = Timers::default();
        let dues = [7_200_000, 10, 3_600_000, 3_599_999, 90_000_000, 5, 7_200_001];
        for (index, due) in dues.into_iter().enumerate() {
            timers.set(At(due), TimerKey::Retry { send: SendId(index as u64) });
        }
        assert_eq!(timers.len(), dues.len());
        let mut popped = Vec::new();
        while let Some((due, _)) = timers.pop(At(7_200_000)) {
            popped.push(due.0);
            if due.0 == 10 {
                timers.set(At(11), TimerKey::Retry { send: SendId(99) });
            }
        }
        assert_eq!(popped, [5, 10, 11, 3_599_999, 3_600_000, 7_200_000]);
        assert_eq!(timers.next_due(), Some(At(7_200_001)));
    }
}
