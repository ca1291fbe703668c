//! A look ahead over the records of a batch: what they will touch is brought near before it is needed.
//!
//! An event touches a dozen places that lie far apart in memory, and waiting for each would take longer than all the rest.
//! Looking up many records at once lets the waits overlap. It changes nothing: records are applied one by one, in the
//! order of the log.

use super::Engine;
use crate::ProfileId;
use crate::journey::Passage;
use crate::name::NameId;
use crate::prefetch::prefetch;
use crate::profile::Profile;
use crate::record::Record;
use crate::timer::TimerKey;

/// Timers ahead for which it is brought near who is woken, where the strand is, then the strand, and then the end of its events.
const PROFILES_AHEAD: usize = 24;
const PLACES_AHEAD: usize = 18;
const STRANDS_AHEAD: usize = 12;
const TAILS_AHEAD: usize = 6;
/// Passages of a person that are brought near, the newest first.
const NEWEST: usize = 4;

impl Engine {
    /// Brings near what these records will touch. They are to be applied next.
    pub fn foresee<'a>(&mut self, records: impl Iterator<Item = &'a Record<'a>> + Clone) {
        let events = records.filter_map(|record| match record {
            Record::Event(event) => Some(event),
            _ => None,
        });
        for event in events.clone() {
            self.state.message_ids.prefetch(event.message_id);
            for identifier in &event.identifiers {
                self.state.directory.prefetch(identifier.hash);
            }
        }
        let mut touched = std::mem::take(&mut self.foreseen);
        touched.clear();
        for event in events {
            let Some(known) = event.identifiers.first().and_then(|one| self.state.directory.get(one.hash))
            else {
                continue;
            };
            self.state.profiles.prefetch(known.0 as usize);
            self.state.truths.prefetch(known);
            if let Some(name) = self.state.names.find(event.name) {
                self.state.history.prefetch_place(name, known);
                touched.push((name, known));
            }
        }
        for (name, known) in &touched {
            self.state.history.prefetch_strand(*name, *known);
            let Profile { runs, past, .. } = &self.state.profiles[known.0 as usize];
            prefetch(runs, 0);
            past.prefetch();
        }
        for (name, known) in &touched {
            self.state.history.prefetch_tail(*name, *known);
            prefetch_newest(&self.state.profiles[known.0 as usize].past);
        }
        self.foreseen = touched;
    }

    /// The same for the timers that come after the next one.
    pub(super) fn foresee_timers(&self) {
        if let Some(TimerKey::Name { profile, name }) = self.state.timers.upcoming(PLACES_AHEAD) {
            self.state.history.prefetch_place(name, profile);
        }
        if let Some(TimerKey::Name { profile, name }) = self.state.timers.upcoming(STRANDS_AHEAD) {
            self.state.history.prefetch_strand(name, profile);
            self.state.truths.prefetch(profile);
        }
        if let Some(TimerKey::Name { profile, name }) = self.state.timers.upcoming(TAILS_AHEAD) {
            self.state.history.prefetch_tail(name, profile);
        }
    }

    /// The same for the runs that are woken after the next one: the profile, its runs, passages and identifiers, and then,
    /// step by step, the events that the exit rule asks for.
    pub(super) fn foresee_runs(&self) {
        let upcoming = |ahead| match self.state.timers.upcoming_instant(ahead) {
            Some(TimerKey::Run { profile, .. }) => Some(profile),
            _ => None,
        };
        if let Some(profile) = upcoming(PROFILES_AHEAD) {
            self.state.profiles.prefetch(profile.0 as usize);
        }
        if let Some(profile) = upcoming(PLACES_AHEAD) {
            let Profile { runs, past, identifiers, .. } = &self.state.profiles[profile.0 as usize];
            prefetch(runs, 0);
            past.prefetch();
            identifiers.prefetch();
        }
        if let Some(profile) = upcoming(STRANDS_AHEAD) {
            let Profile { past, identifiers, .. } = &self.state.profiles[profile.0 as usize];
            prefetch_newest(past);
            prefetch(identifiers, identifiers.len().wrapping_sub(1));
        }
        let strand = |ahead| upcoming(ahead).and_then(|profile| Some((self.exit_event(profile)?, profile)));
        if let Some((name, profile)) = strand(STRANDS_AHEAD) {
            self.state.history.prefetch_place(name, profile);
        }
        if let Some((name, profile)) = strand(TAILS_AHEAD) {
            self.state.history.prefetch_strand(name, profile);
        }
        if let Some((name, profile)) = strand(TAILS_AHEAD / 2) {
            self.state.history.prefetch_tail(name, profile);
        }
    }

    /// An event that can end the first run of a profile.
    fn exit_event(&self, profile: ProfileId) -> Option<NameId> {
        let run = self.state.profiles[profile.0 as usize].runs.first()?;
        let exit = self.index.plans[run.passage.version as usize].exit.as_ref()?;
        exit.mentions.events.first().copied()
    }
}

/// Brings the passages near that are asked first whether somebody may begin again.
fn prefetch_newest(past: &[Passage]) {
    (0..NEWEST).for_each(|back| prefetch(past, past.len().wrapping_sub(1 + back)));
}

/// What the last look ahead found; kept for its room.
pub(super) type Foreseen = Vec<(NameId, ProfileId)>;
