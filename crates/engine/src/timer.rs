//! What is due when: a calendar of hours. An hour's entries lie in no order until the hour opens, since most of what
//! waits is far away, and sorting a whole hour at once is cheaper than keeping all of time in order.
//!
//! Entries are never taken back. Whoever set one remembers the second it wants, and ignores any other.

use crate::at::At;
use crate::name::NameId;
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const HOUR: u32 = 3_600;
/// Bits of an entry that tell what it wakes; the 12 above them hold the second inside the hour.
const KEY_BITS: u32 = 52;
/// Bits of a name or of the end of a run's number.
const SMALL_BITS: u32 = 18;

/// What a timer wakes. The order decides between timers of the same second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerKey {
    /// Time alone may change what the rules say of the profile's events of this name.
    Name { profile: ProfileId, name: NameId },
    /// Time alone may change what the rules say of the profile, whatever it did.
    Profile { profile: ProfileId },
    /// A run's wait is over, or its exit rule may have changed with time. Of the run's number the last bits, which is
    /// enough: a profile's other runs do not wait for the same second, and waking one that has nothing to do does nothing.
    Run { profile: ProfileId, run: u32 },
    /// A send is to be tried again.
    Retry { send: SendId },
}

impl TimerKey {
    pub(crate) fn run(profile: ProfileId, run: u64) -> Self {
        Self::Run { profile, run: (run & ((1 << SMALL_BITS) - 1)) as u32 }
    }

    /// Whether the key may be that of a run.
    pub(crate) fn is_of(self, id: u64) -> bool {
        matches!(self, Self::Run { run, .. } if u64::from(run) == id & ((1 << SMALL_BITS) - 1))
    }

    fn pack(self) -> u64 {
        let (kind, content) = match self {
            Self::Name { profile, name } => (0, Self::pair(profile, name.0)),
            Self::Profile { profile } => (1, Self::pair(profile, 0)),
            Self::Run { profile, run } => (2, Self::pair(profile, run)),
            Self::Retry { send } => (3, send.0),
        };
        assert!(content < 1 << (KEY_BITS - 2), "invariant: names and sends have bounds");
        (kind << (KEY_BITS - 2)) | content
    }

    fn pair(profile: ProfileId, small: u32) -> u64 {
        assert!(small < 1 << SMALL_BITS, "invariant: names have a bound");
        (u64::from(profile.0) << SMALL_BITS) | u64::from(small)
    }

    fn unpack(entry: u64) -> Self {
        let content = entry & ((1 << (KEY_BITS - 2)) - 1);
        let (profile, small) =
            (ProfileId((content >> SMALL_BITS) as u32), (content & ((1 << SMALL_BITS) - 1)) as u32);
        match (entry >> (KEY_BITS - 2)) & 3 {
            0 => Self::Name { profile, name: NameId(small) },
            1 => Self::Profile { profile },
            2 => Self::Run { profile, run: small },
            _ => Self::Retry { send: SendId(content) },
        }
    }
}

/// The second at which an instant has come: a timer never fires early.
pub(crate) fn second_of(due: At) -> u32 {
    let seconds = due.0.div_euclid(1_000) + i64::from(due.0.rem_euclid(1_000) > 0);
    seconds.clamp(0, i64::from(u32::MAX - 1)) as u32
}

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Timers {
    /// The hour that is open, since 1970.
    open_hour: u32,
    /// What was due in it when it opened, latest first.
    sorted: Arc<Vec<u64>>,
    /// What was set since then for the open hour or before it.
    added: BTreeSet<u64>,
    later: BTreeMap<u32, Arc<Vec<u64>>>,
    len: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, due: u32, key: TimerKey) {
        let hour = due / HOUR;
        if self.sorted.is_empty() && self.added.is_empty() && self.later.is_empty() {
            self.open_hour = hour;
        }
        if hour < self.open_hour {
            self.close_hour();
            self.open_hour = hour;
        }
        let entry = (u64::from(due % HOUR) << KEY_BITS) | key.pack();
        if hour > self.open_hour {
            Arc::make_mut(self.later.entry(hour).or_default()).push(entry);
            self.len += 1;
        } else {
            self.len += u64::from(self.added.insert(entry));
        }
    }

    /// Puts the open hour back among the later ones: something is due before it.
    fn close_hour(&mut self) {
        let entries = Arc::make_mut(self.later.entry(self.open_hour).or_default());
        entries.append(Arc::make_mut(&mut self.sorted));
        entries.extend(std::mem::take(&mut self.added));
    }

    /// The second of the earliest entry.
    pub(crate) fn next_due(&self) -> Option<u32> {
        self.first().map(|entry| self.second(entry))
    }

    /// Takes the earliest entry that is due by a second.
    pub(crate) fn pop(&mut self, now: u32) -> Option<(u32, TimerKey)> {
        let entry = self.first()?;
        let due = self.second(entry);
        if due > now {
            return None;
        }
        if self.sorted.last() == Some(&entry) {
            Arc::make_mut(&mut self.sorted).pop();
        } else {
            self.added.pop_first();
        }
        self.len -= 1;
        if self.sorted.is_empty() && self.added.is_empty() {
            self.open_next();
        }
        Some((due, TimerKey::unpack(entry)))
    }

    /// The entries that come after the earliest, nearest first, as far as they are in order.
    pub(crate) fn upcoming(&self, skip: usize) -> Option<TimerKey> {
        let place = self.sorted.len().checked_sub(1 + skip)?;
        Some(TimerKey::unpack(self.sorted[place]))
    }

    fn first(&self) -> Option<u64> {
        match (self.sorted.last().copied(), self.added.first().copied()) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        }
    }

    fn second(&self, entry: u64) -> u32 {
        self.open_hour * HOUR + (entry >> KEY_BITS) as u32
    }

    fn open_next(&mut self) {
        if let Some((hour, mut entries)) = self.later.pop_first() {
            Arc::make_mut(&mut entries).sort_unstable_by_key(|entry| Reverse(*entry));
            self.open_hour = hour;
            self.sorted = entries;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_in_order_whatever_the_order_they_were_set_in() {
        let mut timers = Timers::default();
        let dues = [7_200, 10, 3_600, 3_599, 90_000, 5, 7_201];
        for (index, due) in dues.into_iter().enumerate() {
            timers.set(due, TimerKey::Retry { send: SendId(index as u64) });
        }
        assert_eq!(timers.len(), dues.len());
        let mut popped = Vec::new();
        while let Some((due, _)) = timers.pop(7_200) {
            popped.push(due);
            if due == 10 {
                timers.set(11, TimerKey::Retry { send: SendId(99) });
            }
        }
        assert_eq!(popped, [5, 10, 11, 3_599, 3_600, 7_200]);
        assert_eq!(timers.next_due(), Some(7_201));
    }

    #[test]
    fn a_key_comes_back_as_it_went_in() {
        let profile = ProfileId(u32::MAX);
        for key in [
            TimerKey::Name { profile, name: NameId((1 << SMALL_BITS) - 1) },
            TimerKey::Profile { profile },
            TimerKey::run(profile, u64::MAX),
            TimerKey::Retry { send: SendId((1 << 50) - 1) },
        ] {
            assert_eq!(TimerKey::unpack(key.pack()), key);
        }
    }

    #[test]
    fn a_timer_is_never_early() {
        for (due, second) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (-5, 0)] {
            assert_eq!(second_of(At(due)), second);
        }
    }
}
