//! What is due when: two calendars.
//!
//! What is due waits in hours, which lie in no order until they open, since most of it is far away, and sorting a whole
//! hour at once is cheaper than keeping all of time in order. Memberships change by the second, and there are millions
//! of such timers: one takes eight bytes. Runs and sends wait for an instant of their own.
//!
//! Entries are never taken back. Whoever set one remembers what it wants, and ignores any other.

use crate::at::At;
use crate::chunked::Chunked;
use crate::name::NameId;
use crate::section::{Part, Pieces, Tell, wrong};
use crate::unshared::to_write;
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Result;
use std::sync::Arc;

const HOUR: u32 = 3_600;
/// Entries of an hour that are copied together when one is added while a copy of the state holds them.
const ENTRIES_IN_CHUNK: usize = 128;
/// Entries that were set for the open hour and are kept apart from the others: they are copied with the state.
const ADDED_MAX: usize = 4_096;
/// Bits of an entry that tell what it wakes; those above them hold the second inside the hour.
const KEY_BITS: u32 = 52;
/// Bits of a name, or of a journey.
const NAME_BITS: u32 = 18;
/// The bit of an entry that is a date of a journey, and no name.
const DATE: u64 = 1 << (NAME_BITS + 32);

/// What a timer wakes. The order decides between timers of the same instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(crate) enum TimerKey {
    /// Time alone may change what the rules say of the profile's events of this name.
    Name { profile: ProfileId, name: NameId },
    /// Time alone may change what the rules say of the profile, whatever it did.
    Profile { profile: ProfileId },
    /// A run's wait is over, or its exit rule may have changed with time.
    Run { profile: ProfileId, run: u64 },
    /// A send is to be tried again.
    Retry { send: SendId },
    /// A date of the person's has come, by which a journey begins.
    Date { profile: ProfileId, journey: u32 },
    /// A journey begins for everybody.
    Schedule { journey: u32 },
    /// The next people on a list are called.
    Roll { number: u32 },
}

/// The second at which an instant has come: a timer never fires early.
pub(crate) fn second_of(due: At) -> u32 {
    let seconds = due.0.div_euclid(1_000) + i64::from(due.0.rem_euclid(1_000) > 0);
    seconds.clamp(0, i64::from(u32::MAX - 1)) as u32
}

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Timers {
    /// An entry is the second inside its hour, and what it wakes.
    pub(crate) seconds: Calendar<u64>,
    pub(crate) instants: Calendar<(At, TimerKey)>,
}

impl Timers {
    /// Sets a timer for a second: of a membership, or of a date.
    pub(crate) fn set_second(&mut self, due: u32, key: TimerKey) {
        self.seconds.set(due / HOUR, (u64::from(due % HOUR) << KEY_BITS) | pack(key));
    }

    /// Sets a timer for an instant: of a run or a send.
    pub(crate) fn set(&mut self, due: At, key: TimerKey) {
        self.instants.set(due.second() / HOUR, (due, key));
    }

    /// The instant of the earliest entry.
    pub(crate) fn next_due(&self) -> Option<At> {
        let instant = self.instants.first().map(|(_, (instant, _))| instant);
        self.next_second().into_iter().chain(instant).min()
    }

    fn next_second(&self) -> Option<At> {
        let (hour, entry) = self.seconds.first()?;
        Some(At::of_second(hour * HOUR + (entry >> KEY_BITS) as u32))
    }

    /// Takes the earliest entry that is due by now; memberships before runs.
    pub(crate) fn pop(&mut self, now: At) -> Option<(At, TimerKey)> {
        let due = self.next_due().filter(|due| *due <= now)?;
        if self.next_second() == Some(due) {
            return Some((due, unpack(self.seconds.pop())));
        }
        Some(self.instants.pop())
    }

    /// Takes all that is the same as what was just taken.
    pub(crate) fn skip_same(&mut self, taken: (At, TimerKey)) {
        while self.next_due() == Some(taken.0) {
            let next = match self.next_second() == Some(taken.0) {
                true => self.seconds.first().map(|(_, entry)| unpack(entry)),
                false => self.instants.first().map(|(_, (_, key))| key),
            };
            if next != Some(taken.1) {
                return;
            }
            self.pop(taken.0);
        }
    }

    /// The membership that comes so many after the earliest, as far as they are in order.
    pub(crate) fn upcoming(&self, skip: usize) -> Option<TimerKey> {
        self.seconds.upcoming(skip).map(unpack)
    }

    /// The run or send that comes so many after the earliest, as far as they are in order.
    pub(crate) fn upcoming_instant(&self, skip: usize) -> Option<TimerKey> {
        self.instants.upcoming(skip).map(|(_, key)| key)
    }

    pub(crate) fn len(&self) -> usize {
        (self.seconds.len + self.instants.len) as usize
    }
}

/// What is due in an hour that has not come yet.
type Hour<E> = Chunked<E, ENTRIES_IN_CHUNK>;

/// Entries by the hour that they are due in, and inside it by their own order.
#[derive(Clone, BorshSerialize, BorshDeserialize)]
pub(crate) struct Calendar<E: Copy + Ord> {
    /// The hour that is open, since 1970.
    open: u32,
    /// What was due in it when it opened, latest first.
    #[borsh(skip, bound(serialize = "", deserialize = ""))]
    sorted: Arc<Vec<E>>,
    /// How many of those are still to come.
    left: u64,
    /// What was set for it since.
    #[borsh(skip, bound(serialize = "", deserialize = ""))]
    added: BTreeSet<E>,
    #[borsh(skip, bound(serialize = "", deserialize = ""))]
    later: BTreeMap<u32, Arc<Hour<E>>>,
    len: u64,
}

impl<E: Copy + Ord> Default for Calendar<E> {
    fn default() -> Self {
        Self {
            open: 0,
            sorted: Arc::default(),
            left: 0,
            added: BTreeSet::new(),
            later: BTreeMap::new(),
            len: 0,
        }
    }
}

impl<E: Copy + Ord> Calendar<E> {
    fn set(&mut self, hour: u32, entry: E) {
        if self.left == 0 && self.added.is_empty() && self.later.is_empty() {
            self.open = hour;
        }
        if hour < self.open {
            self.close();
            self.open = hour;
        }
        if hour > self.open {
            to_write(self.later.entry(hour).or_default(), Arc::make_mut).push(entry);
            self.len += 1;
        } else {
            self.len += u64::from(self.added.insert(entry));
            if self.added.len() > ADDED_MAX.max(self.left as usize / 16) {
                self.sort_added();
            }
        }
    }

    /// Puts the open hour back among the later ones: something is due before it.
    fn close(&mut self) {
        let entries = Arc::make_mut(self.later.entry(self.open).or_default());
        self.sorted[..self.left as usize].iter().for_each(|entry| entries.push(*entry));
        std::mem::take(&mut self.added).into_iter().for_each(|entry| entries.push(entry));
        (self.sorted, self.left) = (Arc::default(), 0);
    }

    /// Puts what was set for the open hour among the rest, so that a copy of the state copies little.
    fn sort_added(&mut self) {
        let added = std::mem::take(&mut self.added).into_iter();
        let mut all: Vec<E> = self.sorted[..self.left as usize].iter().copied().chain(added).collect();
        all.sort_by_key(|entry| Reverse(*entry));
        (self.left, self.sorted) = (all.len() as u64, Arc::new(all));
    }

    /// The earliest of those in order.
    fn earliest(&self) -> Option<E> {
        Some(self.sorted[(self.left as usize).checked_sub(1)?])
    }

    /// The earliest entry, and its hour.
    fn first(&self) -> Option<(u32, E)> {
        let entry = match (self.earliest(), self.added.first().copied()) {
            (Some(one), Some(two)) => one.min(two),
            (one, two) => one.or(two)?,
        };
        Some((self.open, entry))
    }

    /// Takes the earliest entry.
    fn pop(&mut self) -> E {
        let (_, entry) = self.first().expect("invariant: there is one");
        if self.earliest() == Some(entry) {
            self.left -= 1;
        } else {
            self.added.pop_first();
        }
        self.len -= 1;
        if self.left == 0
            && self.added.is_empty()
            && let Some((hour, entries)) = self.later.pop_first()
        {
            let mut entries: Vec<E> = entries.iter().copied().collect();
            entries.sort_unstable_by_key(|entry| Reverse(*entry));
            self.open = hour;
            (self.left, self.sorted) = (entries.len() as u64, Arc::new(entries));
        }
        entry
    }

    /// The entry that comes so many after the earliest of those in order.
    fn upcoming(&self, skip: usize) -> Option<E> {
        let place = (self.left as usize).checked_sub(1 + skip)?;
        Some(self.sorted[place])
    }
}

/// Entries in order that are told together.
const ENTRIES_IN_SECTION: usize = 4_096;

/// The parts of a calendar: in order, added, later.
pub(crate) type CalendarParts = (Part, Part, Part);
pub(crate) const SECONDS: CalendarParts = (Part::SecondsSorted, Part::SecondsAdded, Part::SecondsLater);
pub(crate) const INSTANTS: CalendarParts = (Part::InstantsSorted, Part::InstantsAdded, Part::InstantsLater);

/// What is to come of the open hour in order, in sections of some thousands; what was added to it; and the other hours, each
/// a list.
impl<E> Calendar<E>
where
    E: Copy + Ord + BorshSerialize + BorshDeserialize + Send + Sync + 'static,
{
    pub(crate) fn cut(&mut self, pieces: &mut Pieces, (in_order, when_open, later): CalendarParts) {
        let (sorted, left) = (std::mem::take(&mut self.sorted), self.left as usize);
        for (number, begin) in (0..left).step_by(ENTRIES_IN_SECTION).enumerate() {
            let end = left.min(begin + ENTRIES_IN_SECTION);
            pieces.add(in_order, 0, number, Sorted { all: Arc::clone(&sorted), begin, end });
        }
        let added = std::mem::take(&mut self.added);
        if !added.is_empty() {
            pieces.add(when_open, 0, 0, Added(added));
        }
        for (hour, entries) in std::mem::take(&mut self.later) {
            Arc::unwrap_or_clone(entries).cut(pieces, later, hour);
        }
    }

    pub(crate) fn append_sorted(&mut self, number: u32, entries: &[E]) -> Result<()> {
        let sorted = Arc::make_mut(&mut self.sorted);
        if sorted.len() != number as usize * ENTRIES_IN_SECTION {
            return Err(wrong("timers that are not the next ones"));
        }
        sorted.extend_from_slice(entries);
        Ok(())
    }

    pub(crate) fn put_added(&mut self, entries: BTreeSet<E>) -> Result<()> {
        self.added = entries;
        Ok(())
    }

    pub(crate) fn append_later(&mut self, hour: u32, number: u32, entries: Hour<E>) -> Result<()> {
        Arc::make_mut(self.later.entry(hour).or_default()).append(number, entries)
    }

    /// Whether every entry is there.
    pub(crate) fn is_complete(&self) -> bool {
        let later: usize = self.later.values().map(|hour| hour.len()).sum();
        self.sorted.len() as u64 == self.left
            && (self.sorted.len() + self.added.len() + later) as u64 == self.len
    }
}

/// Of the open hour.
struct Sorted<E> {
    all: Arc<Vec<E>>,
    begin: usize,
    end: usize,
}

struct Added<E>(BTreeSet<E>);

impl<E: BorshSerialize + Send + Sync> Tell for Sorted<E> {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        self.all[self.begin..self.end].serialize(into)
    }
}

impl<E: BorshSerialize + Send> Tell for Added<E> {
    fn tell(&self, into: &mut Vec<u8>) -> Result<()> {
        self.0.serialize(into)
    }
}

/// Names are numbered from 1 here, so that 0 stands for the profile whatever it did.
fn pack(key: TimerKey) -> u64 {
    let (profile, small, kind) = match key {
        TimerKey::Name { profile, name } => (profile, name.0 + 1, 0),
        TimerKey::Profile { profile } => (profile, 0, 0),
        TimerKey::Date { profile, journey } => (profile, journey, DATE),
        TimerKey::Run { .. } | TimerKey::Retry { .. } | TimerKey::Schedule { .. } | TimerKey::Roll { .. } => {
            unreachable!("invariant: all others wait for instants")
        }
    };
    assert!(small < 1 << NAME_BITS, "invariant: names and journeys have a bound");
    kind | (u64::from(profile.0) << NAME_BITS) | u64::from(small)
}

fn unpack(entry: u64) -> TimerKey {
    let entry = entry & ((1 << KEY_BITS) - 1);
    let profile = ProfileId((entry >> NAME_BITS) as u32);
    match (entry & ((1 << NAME_BITS) - 1)) as u32 {
        journey if entry & DATE != 0 => TimerKey::Date { profile, journey },
        0 => TimerKey::Profile { profile },
        name => TimerKey::Name { profile, name: NameId(name - 1) },
    }
}

const _: () = assert!(NAME_BITS + 32 < KEY_BITS && HOUR < 1 << (64 - KEY_BITS));

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(number: u64) -> TimerKey {
        TimerKey::Retry { send: SendId(number) }
    }

    fn profile(number: u32) -> TimerKey {
        TimerKey::Profile { profile: ProfileId(number) }
    }

    #[test]
    fn entries_come_in_order_whatever_the_order_they_were_set_in() {
        let mut timers = Timers::default();
        let dues = [7_200, 10, 3_600, 3_599, 90_000, 5, 7_201];
        for (index, due) in dues.into_iter().enumerate() {
            timers.set_second(due, profile(index as u32));
            timers.set(At(i64::from(due) * 1_000 + 1), retry(index as u64));
        }
        timers.set(At(10_000), retry(99));
        assert_eq!(timers.len(), 2 * dues.len() + 1);
        let mut popped = Vec::new();
        while let Some((due, key)) = timers.pop(At(7_200_000)) {
            popped.push((due.0, key));
            if key == profile(1) {
                timers.set_second(11, profile(77));
            }
        }
        let expected = [
            (5_000, profile(5)),
            (5_001, retry(5)),
            (10_000, profile(1)),
            (10_000, retry(99)),
            (10_001, retry(1)),
            (11_000, profile(77)),
            (3_599_000, profile(3)),
            (3_599_001, retry(3)),
            (3_600_000, profile(2)),
            (3_600_001, retry(2)),
            (7_200_000, profile(0)),
        ];
        assert_eq!(popped, expected);
        assert_eq!(timers.next_due(), Some(At(7_200_001)));
    }

    #[test]
    fn many_that_are_set_for_the_open_hour_come_in_order_too() {
        let mut timers = Timers::default();
        let many = ADDED_MAX as u32 * 2;
        for number in 0..many {
            timers.set_second(number * 7 % 3_600, profile(number));
        }
        let popped: Vec<_> = std::iter::from_fn(|| timers.pop(At(3_600_000))).collect();
        assert_eq!(popped.len(), many as usize);
        assert!(popped.is_sorted(), "by second, and then by profile");
        assert_eq!((timers.len(), timers.next_due()), (0, None));
    }

    #[test]
    fn a_key_comes_back_as_it_went_in() {
        let profile = ProfileId(u32::MAX);
        for key in [
            TimerKey::Name { profile, name: NameId((1 << NAME_BITS) - 2) },
            TimerKey::Name { profile: ProfileId(0), name: NameId(0) },
            TimerKey::Profile { profile },
            TimerKey::Date { profile, journey: (1 << NAME_BITS) - 1 },
            TimerKey::Date { profile: ProfileId(0), journey: 0 },
        ] {
            assert_eq!(unpack((3_599 << KEY_BITS) | pack(key)), key);
        }
    }

    #[test]
    fn a_timer_is_never_early() {
        for (due, second) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (-5, 0)] {
            assert_eq!(second_of(At(due)), second);
        }
    }
}
