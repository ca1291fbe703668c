//! Runs that begin by the calendar, by request, or go on since they are called. Part of a profile's turn.

use super::Turn;
use crate::at::{At, Span};
use crate::governor::ZONE;
use crate::journey::{Entry, Operation, RunState};
use crate::moves::{Leaving, Move, Mover};
use crate::outbox::Reason;
use crate::segment::day::date_of;
use crate::timer::{TimerKey, second_of};
use crate::value::OwnedMap;
use std::sync::Arc;

impl Turn<'_> {
    /// Begins a run with nothing that happened, or with what a request says.
    pub(crate) fn begin_run(&mut self, version: u32, event: Option<OwnedMap>) {
        self.enter(version, self.now().second(), event);
        self.follow_up();
    }

    /// Goes on in the run of a journey.
    pub(crate) fn go_on(&mut self, journey: u32) {
        if let Some(index) = self.run_of(journey) {
            self.advance(index);
            self.follow_up();
        }
    }

    /// Ends the run of a journey.
    pub(crate) fn end_run(&mut self, journey: u32, state: RunState) {
        if let Some(index) = self.run_of(journey) {
            self.finish(index, state);
        }
    }

    /// Puts the run of a journey on the step of a newer version that has the place of its own; whether there is one.
    pub(crate) fn move_run(&mut self, journey: u32, version: u32) -> bool {
        let Some(index) = self.run_of(journey) else { return false };
        let run = &self.profile().runs[index];
        let (old, arrived) = (run.passage.version, run.arrived.second);
        let plans = &self.engine.index.plans;
        let place = &plans[old as usize].places[usize::from(run.position)];
        let found = plans[version as usize].places.iter().position(|one| one == place);
        let Some(position) = found else { return false };
        self.end_wait_for_other(index, version, position);
        let run = &mut self.profile_mut().runs[index];
        (run.passage.version, run.position, run.due) = (version, position as u16, At::MAX);
        // What the new version asks may be something else.
        run.call = None;
        self.begin_wait_at(index, At::of_second(arrived));
        let versions = &mut self.engine.state.versions;
        versions[old as usize].active -= 1;
        versions[version as usize].active += 1;
        let newer = self.mover(self.profile().runs[index].passage);
        let older = Mover { version: old, ..newer };
        let step = self.engine.index.plans[version as usize].step_at(position as u16);
        let from = Arc::clone(&step);
        self.engine.note_move(older, |_| Some(Move::Out { from, by: Leaving::Newer }));
        self.engine.note_move(newer, |_| Some(Move::In { to: step, is_new: false }));
        true
    }

    /// Drops what a run waits to send where the step that it moves to sends something else.
    fn end_wait_for_other(&mut self, index: usize, version: u32, position: usize) {
        let Some(id) = self.profile().runs[index].waits_for else { return };
        let send = self.engine.state.send(id).expect("invariant: it is known");
        let operation = &self.engine.index.plans[version as usize].operations[position];
        if !matches!(operation, Operation::Send(asked) if asked.message == send.message) {
            self.profile_mut().runs[index].waits_for = None;
            self.engine.state.drop_send(id, Reason::JourneyEnded);
            self.engine.claim(id);
        }
    }

    fn run_of(&self, journey: u32) -> Option<usize> {
        let plans = &self.engine.index.plans;
        self.profile().runs.iter().position(|run| plans[run.passage.version as usize].journey == journey)
    }

    /// A date came that a timer was set for: begins a run if it is still the person's, and waits for the next one.
    pub(crate) fn meet_date(&mut self, version: u32, due: At) {
        if self.occurs(version, due) != due {
            return;
        }
        // Two profiles with one date may have become one.
        let now = self.now();
        let profile = self.profile();
        let passages = profile.past.iter().chain(profile.runs.iter().map(|run| &run.passage));
        let mut of_journey = passages.filter(|one| self.engine.is_same_journey(one.version, version));
        if !of_journey.any(|passage| passage.entered_at == now) {
            self.begin_run(version, None);
        }
        self.set_date(version, due.plus(Span::SECOND));
    }

    /// Sets the timers of the dates that were touched.
    pub(super) fn set_dates(&mut self) {
        let moved = self.touched.whole || self.touched.traits.iter().any(|name| name == ZONE);
        let touched = |name: &String| moved || self.touched.traits.contains(name);
        let dated = self.engine.index.dated.iter().filter(|(name, _)| touched(name));
        let versions: Vec<u32> = dated.flat_map(|(_, of)| of.iter().map(|(_, version)| *version)).collect();
        for version in versions {
            self.set_date(version, self.now());
        }
    }

    /// Sets the timer for the next time that a date comes, from an instant on.
    pub(crate) fn set_date(&mut self, version: u32, from: At) {
        let occurs = self.occurs(version, from);
        if occurs < At::MAX {
            let (profile, journey) = (self.id, self.engine.index.plans[version as usize].journey);
            let key = TimerKey::Date { profile, journey };
            self.engine.state.timers.set_second(second_of(occurs), key);
        }
    }

    fn occurs(&self, version: u32, from: At) -> At {
        let Entry::Date(entry) = &self.engine.index.plans[version as usize].entry else { return At::MAX };
        let mut date = None;
        self.profile().find_trait(&entry.path, &mut |value| date = date.or_else(|| date_of(value)));
        date.map_or(At::MAX, |date| entry.next(date, from, &self.zone()))
    }
}
