//! A list of people who are called one after the other, a slice at a time: calling everybody at once would hold up all that
//! comes in meanwhile.
//!
//! Who is on it is settled when it is made. Owned by the state; its timer wakes it, and the engine says what a call is.

use crate::ProfileId;
use crate::at::{At, Span};
use crate::limits::{ROLL_SLICE_GAP, ROLL_SLICE_PEOPLE};
use crate::programme::Pace;
use borsh::{BorshDeserialize, BorshSerialize};
use std::sync::Arc;

#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Roll {
    pub(crate) call: Call,
    people: Arc<Vec<ProfileId>>,
    /// In the order of time: until which place people are called, and not before when.
    waves: Vec<(u64, At)>,
    pace: Option<Pace>,
    /// The place of the next to be called.
    next: u64,
    /// The timer that it waits for; `None` while it is held.
    due: Option<At>,
}

/// What people are called for. The journey is a number of all its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum Call {
    /// To begin a run.
    Enter { journey: u32 },
    /// To go on in the run that they are in.
    Wake { journey: u32 },
}

impl Call {
    pub(crate) fn journey(self) -> u32 {
        match self {
            Self::Enter { journey } | Self::Wake { journey } => journey,
        }
    }
}

impl Roll {
    /// A list whose people are called as soon as it is their turn.
    pub(crate) fn new(call: Call, people: Vec<ProfileId>) -> Self {
        let waves = vec![(people.len() as u64, At::MIN)];
        Self { call, people: Arc::new(people), waves, pace: None, next: 0, due: None }
    }

    /// A list of people each of whom has a time before which nobody calls them, by a pace.
    pub(crate) fn timed(call: Call, mut timed: Vec<(At, ProfileId)>, pace: Option<Pace>) -> Self {
        timed.sort_unstable();
        let mut waves: Vec<(u64, At)> = Vec::new();
        for (place, (at, _)) in timed.iter().enumerate() {
            match waves.last_mut() {
                Some((until, last)) if last == at => *until = place as u64 + 1,
                _ => waves.push((place as u64 + 1, *at)),
            }
        }
        let people = timed.into_iter().map(|(_, id)| id).collect();
        Self { call, people: Arc::new(people), waves, pace, next: 0, due: None }
    }

    pub(crate) fn len(&self) -> u64 {
        self.people.len() as u64
    }

    /// How many have been called.
    pub(crate) fn called(&self) -> u64 {
        self.next
    }

    pub(crate) fn people_called(&self) -> &[ProfileId] {
        &self.people[..self.next as usize]
    }

    pub(crate) fn is_over(&self) -> bool {
        self.next == self.len()
    }

    pub(crate) fn is_due(&self, due: At) -> bool {
        self.due == Some(due)
    }

    /// When the next of them may be called.
    pub(crate) fn wave(&self) -> At {
        self.waves.iter().find(|(until, _)| self.next < *until).map_or(At::MAX, |(_, at)| *at)
    }

    /// Waits for an instant, or is held.
    pub(crate) fn wait(&mut self, due: Option<At>) {
        self.due = due;
    }

    /// Takes those whose turn it is.
    pub(crate) fn take(&mut self, now: At) -> Vec<ProfileId> {
        let most = self.pace.map_or(ROLL_SLICE_PEOPLE, |pace| pace.slice(ROLL_SLICE_PEOPLE));
        let open = self.waves.iter().take_while(|(_, at)| *at <= now).last().map_or(0, |(until, _)| *until);
        let until = open.min(self.next + most);
        let taken = self.people[self.next as usize..until as usize].to_vec();
        self.next = until;
        taken
    }

    /// When it goes on after so many were called.
    pub(crate) fn next_due(&self, now: At, called: usize) -> At {
        let gap = self.pace.map_or(ROLL_SLICE_GAP, |pace| pace.time(called as u64).max(Span(1)));
        now.plus(gap).max(self.wave())
    }
}
