//! The steps of a run that look at the person or change them: waits by their own clock, splits, updates, and runs of
//! other journeys. Part of a profile's turn.

use super::{Touched, Turn};
use crate::at::At;
use crate::governor::ZONE;
use crate::journey::{Operation, Run, SplitWay};
use crate::local::{next_of, zone_of};
use crate::profile::Language;
use crate::programme::{Appointment, DateOf, Draw, instant};
use crate::segment::day::date_of;
use crate::value::{OwnedMap, OwnedValue};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// What runs did in a turn, to be followed before it ends: other runs may move by it, or begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Follows {
    pub(super) touched: Touched,
    starts: Vec<(Arc<str>, OwnedMap)>,
    /// Runs that began in this turn.
    pub(crate) begun: usize,
}

impl Follows {
    fn is_empty(&self) -> bool {
        self.starts.is_empty() && !self.changed()
    }

    /// Whether runs changed what is known of the person.
    pub(super) fn changed(&self) -> bool {
        !self.touched.traits.is_empty() || self.touched.offers
    }
}

impl Turn<'_> {
    /// Moves what runs touched, and begins the runs that they asked for, until nothing follows any more.
    pub(super) fn follow_up(&mut self) {
        while !self.engine.follows.is_empty() {
            for (journey, event) in std::mem::take(&mut self.engine.follows.starts) {
                if let Some(version) = self.engine.index.live.get(&journey).copied() {
                    self.enter(version, self.now().second(), Some(event));
                }
            }
            let touched = std::mem::take(&mut self.engine.follows.touched);
            if !touched.traits.is_empty() || touched.offers {
                self.touched = touched;
                self.enter_journeys();
                self.follow_runs();
            }
        }
        self.engine.follows.begun = 0;
    }

    /// States traits, and brings segments up to them before the run's next step. Whoever is held out gets nothing.
    pub(super) fn update(&mut self, index: usize, traits: &[(Box<str>, OwnedValue)]) {
        if self.profile().runs[index].passage.held_out {
            return;
        }
        let before = std::mem::take(&mut self.touched);
        let now = self.now();
        for (name, value) in traits {
            let value = value.as_value();
            if self.profile_mut().state_trait(name, value, now) {
                self.note_address(name, value);
                self.touched.traits.push(name.to_string());
            }
            let language = value.text().filter(|_| matches!(&**name, "language" | "locale"));
            if let Some(language) = language.and_then(Language::of_tag) {
                self.profile_mut().note_language(language, true);
            }
        }
        self.refresh_memberships();
        let after = std::mem::replace(&mut self.touched, before);
        let follows = &mut self.engine.follows.touched;
        follows.traits.extend(after.traits);
        follows.slots.extend(after.slots);
    }

    /// Another journey begins once this one's turn is over.
    pub(super) fn start_after(&mut self, index: usize, journey: Arc<str>) {
        let run = &self.profile().runs[index];
        if !run.passage.held_out {
            let event = run.event.clone();
            self.engine.follows.starts.push((journey, event));
        }
    }

    /// Where a split leads: for the same person or run and the same name of the split always the same way.
    pub(super) fn way(&self, run: &Run, name: &str, draw: Draw, ways: &[SplitWay]) -> u16 {
        let whose = match draw {
            Draw::Person => u64::from(self.id.0),
            Draw::Run => run.passage.id,
        };
        let seed = self.engine.state.installed.as_ref().map_or(0, |installed| installed.seed);
        let key = [&whose.to_le_bytes()[..], b"split ", name.as_bytes()].concat();
        let drawn = xxhash_rust::xxh3::xxh3_64_with_seed(&key, seed) % 1_000;
        let way = ways.iter().find(|way| drawn < u64::from(way.below_permille));
        way.expect("invariant: the shares of a split come to all").to
    }

    /// Sets when the wait under a run is over.
    pub(super) fn begin_wait(&mut self, index: usize) {
        self.begin_wait_at(index, self.now());
    }

    /// The same where the wait began earlier.
    pub(crate) fn begin_wait_at(&mut self, index: usize, now: At) {
        let ends = self.best_hour(index, now).unwrap_or_else(|| self.wait_ends(index, now));
        self.profile_mut().runs[index].wait_ends = ends;
    }

    fn wait_ends(&self, index: usize, now: At) -> At {
        let run = &self.profile().runs[index];
        let plan = &self.engine.index.plans[run.passage.version as usize];
        match &plan.operations[usize::from(run.position)] {
            Operation::Wait(span) => now.plus(*span),
            Operation::WaitUntil { at_most, .. } => now.plus(*at_most),
            Operation::Webhook { asked, .. } => now.plus(asked.at_most),
            Operation::WaitDate(appointment) => self.appointed(run, appointment),
            Operation::WaitLocal { time, weekdays } => next_of(now, *time, *weekdays, &self.zone()),
            _ => At::MAX,
        }
    }

    /// When an appointment is. Whoever has no such date waits for nothing.
    fn appointed(&self, run: &Run, appointment: &Appointment) -> At {
        let mut date = None;
        match &appointment.of {
            DateOf::Date(fixed) => date = Some(*fixed),
            DateOf::Trait(path) => {
                self.profile().find_trait(path, &mut |value| date = date.or_else(|| date_of(value)));
            }
            DateOf::Event(path) => {
                run.event.as_map().find(path, &mut |value| date = date.or_else(|| date_of(value)));
            }
        }
        date.map_or(At::MIN, |date| instant(date, appointment.shift, &self.zone()))
    }

    /// Where the person's clock stands.
    pub(super) fn zone(&self) -> TimeZone {
        zone_of(self.profile().trait_value(ZONE), &self.engine.programme.timezone())
    }

    /// Whether what was touched may have moved the end of a run's wait.
    pub(super) fn moves_wait(&self, index: usize) -> bool {
        let run = &self.profile().runs[index];
        let plan = &self.engine.index.plans[run.passage.version as usize];
        let operation = &plan.operations[usize::from(run.position)];
        let stated = |name: &str| self.touched.whole || self.touched.traits.iter().any(|one| one == name);
        match operation {
            Operation::WaitDate(Appointment { of: DateOf::Trait(path), .. }) => {
                stated(ZONE) || stated(&path[0])
            }
            Operation::WaitDate(_) | Operation::WaitLocal { .. } => stated(ZONE),
            _ => false,
        }
    }
}
