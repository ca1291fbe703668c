//! Moving runs: who enters, who leaves, who goes on. Part of a profile's turn.

use super::Turn;
use crate::at::At;
use crate::engine::Engine;
use crate::history::Since;
use crate::journey::{Entry, Operation, Plan, Run, RunState};
use crate::limits::{RUN_STEPS_MAX, RUNS_REMEMBERED_MAX};
use crate::name::NameId;
use crate::programme::Reenter;
use crate::state::State;
use crate::timer::TimerKey;
use crate::value::{Map, OwnedMap};

impl Turn<'_> {
    /// Starts a run for each entry rule that this turn's events and membership changes meet.
    pub(super) fn enter_journeys(&mut self) {
        for place in 0..self.touched.events.len() {
            let (name, second) = self.touched.events[place];
            for next in 0..self.engine.index.entries_by_event(name).len() {
                let version = self.engine.index.entries_by_event(name)[next];
                let Entry::Event { trials, .. } = &self.engine.index.plans[version as usize].entry else {
                    continue;
                };
                let properties = self.happened(name, second);
                if trials.iter().all(|(path, trial)| trial.passes(properties, path, self.now())) {
                    let properties = properties.into();
                    self.enter(version, second, properties);
                }
            }
        }
        for place in 0..self.touched.slots.len() {
            let slot = self.touched.slots[place];
            if self.engine.state.truths.is_member(self.id, slot)
                && let Some(version) = self.engine.index.entry_by_slot(slot)
            {
                let last = self.touched.events.last().copied();
                let properties = last.map(|(name, second)| self.happened(name, second).into());
                self.enter(version, self.now().second(), properties.unwrap_or_default());
            }
        }
    }

    /// Properties of an event of this turn: the newest of its second.
    fn happened(&self, name: NameId, second: u32) -> Map<'_> {
        let events = self.engine.state.history.of(name, self.id);
        let place = events.after(second).checked_sub(1);
        events.fact(place.expect("invariant: what occurred this turn is in the history")).properties
    }

    fn enter(&mut self, version: u32, began: u32, event: OwnedMap) {
        if !self.may_enter(version) {
            return;
        }
        let held_out = self.is_held_out(version);
        let now = self.now();
        let began = self.point(began);
        let state = &mut self.engine.state;
        state.runs += 1;
        let journey = &mut state.versions[version as usize];
        journey.active += 1;
        journey.held_out += u64::from(held_out);
        let (id, profile) = (state.runs, &mut state.profiles[self.id.0 as usize]);
        profile.runs.push(Run {
            id,
            version,
            entered_at: now,
            began,
            position: 0,
            arrived: Since::EVER,
            wait_ends: At::MAX,
            due: At::MAX,
            state: RunState::Active,
            held_out,
            reached_goal: false,
            event,
        });
        self.forget_old_runs(version);
        let index = self.profile().runs.len() - 1;
        self.arrive(index, 0);
        self.advance(index);
    }

    /// One run at a time, and after the last one only as the journey allows.
    fn may_enter(&self, version: u32) -> bool {
        let mut earlier = self.profile().runs.iter().filter(|run| self.same_journey(run.version, version));
        match self.engine.index.plans[version as usize].reenter {
            Reenter::Never => earlier.next().is_none(),
            Reenter::Always => earlier.all(|run| run.state != RunState::Active),
            Reenter::After(span) => {
                earlier.all(|run| run.state != RunState::Active && run.entered_at.plus(span) <= self.now())
            }
        }
    }

    fn same_journey(&self, one: u32, two: u32) -> bool {
        let plans = &self.engine.index.plans;
        plans[one as usize].journey == plans[two as usize].journey
    }

    /// The same answer for the same person and journey, always.
    fn is_held_out(&self, version: u32) -> bool {
        let permille = self.engine.index.plans[version as usize].holdout_permille;
        if permille == 0 {
            return false;
        }
        let installed = self.engine.state.installed.as_ref();
        let seed = installed.map_or(0, |installed| installed.seed);
        let name = self.engine.state.versions[version as usize].name.as_bytes();
        let draw = [&self.id.0.to_le_bytes()[..], name].concat();
        xxhash_rust::xxh3::xxh3_64_with_seed(&draw, seed) % 1_000 < u64::from(permille)
    }

    fn forget_old_runs(&mut self, version: u32) {
        let runs = &self.profile().runs;
        let same = || (0..runs.len()).filter(|index| self.same_journey(runs[*index].version, version));
        if same().count() > RUNS_REMEMBERED_MAX
            && let Some(oldest) = same().find(|index| runs[*index].state != RunState::Active)
        {
            self.profile_mut().runs.remove(oldest);
        }
    }

    /// Looks again at every run that what was touched may concern.
    pub(super) fn follow_runs(&mut self) {
        for index in 0..self.profile().runs.len() {
            self.note_goal(index);
            if self.profile().runs[index].state == RunState::Active && self.concerns_run(index) {
                self.advance(index);
            }
        }
    }

    fn concerns_run(&self, index: usize) -> bool {
        let run = &self.profile().runs[index];
        let plan = &self.engine.index.plans[run.version as usize];
        let exit = plan.exit.as_ref().is_some_and(|rule| self.touched.concerns(&rule.mentions));
        let until = match &plan.operations[usize::from(run.position)] {
            Operation::WaitUntil { until, .. } => self.touched.concerns(&until.mentions),
            _ => false,
        };
        exit || until
    }

    fn note_goal(&mut self, index: usize) {
        let run = &self.profile().runs[index];
        let Some((rule, within)) = &self.engine.index.plans[run.version as usize].goal else { return };
        let open = !run.reached_goal && self.now() < run.entered_at.plus(*within);
        if open && self.touched.concerns(&rule.mentions) && self.evaluate(rule, run.began, run.began).holds {
            let version = run.version as usize;
            self.engine.state.versions[version].reached_goal += 1;
            self.profile_mut().runs[index].reached_goal = true;
        }
    }

    /// A run's timer came.
    pub(crate) fn wake_run(&mut self, run: u64, due: At) {
        let found = self.profile().runs.iter().position(|one| one.id == run);
        if let Some(index) = found
            && self.profile().runs[index].due == due
            && self.profile().runs[index].state == RunState::Active
        {
            self.advance(index);
        }
    }

    /// Takes every step that can be taken now, then sets the timer for the next instant at which that may change.
    fn advance(&mut self, index: usize) {
        for _ in 0..RUN_STEPS_MAX {
            let run = &self.profile().runs[index];
            let version = run.version as usize;
            let mut due = At::MAX;
            if let Some(rule) = &self.engine.index.plans[version].exit {
                let verdict = self.evaluate(rule, run.began, run.began);
                if verdict.holds {
                    return self.finish(index, RunState::Exited);
                }
                due = verdict.until;
            }
            match self.step(index) {
                Next::Go(position) => self.arrive(index, position),
                Next::Stay(until) => return self.sleep(index, due.min(until)),
                Next::End => return self.finish(index, RunState::Completed),
            }
        }
        panic!("invariant: a journey has no loop");
    }

    /// What the operation under the run asks for now.
    fn step(&mut self, index: usize) -> Next {
        let run = &self.profile().runs[index];
        let (now, position, wait_ends) = (self.now(), run.position, run.wait_ends);
        let plan: &Plan = &self.engine.index.plans[run.version as usize];
        let on = Next::Go(position + 1);
        match &plan.operations[usize::from(position)] {
            Operation::Wait(_) => {
                if now >= wait_ends {
                    on
                } else {
                    Next::Stay(wait_ends)
                }
            }
            Operation::WaitUntil { until, .. } => {
                let verdict = self.evaluate(until, run.arrived, run.began);
                if verdict.holds || now >= wait_ends { on } else { Next::Stay(wait_ends.min(verdict.until)) }
            }
            Operation::If { rule, or } => {
                if self.evaluate(rule, Since::EVER, run.began).holds {
                    on
                } else {
                    Next::Go(*or)
                }
            }
            Operation::Jump(to) => Next::Go(*to),
            Operation::Exit => Next::End,
            Operation::Send { message, channels, step } => {
                let (message, channels, step) = (message.clone(), channels.clone(), *step);
                let purpose = plan.purpose.clone();
                self.send_from_run(index, &message, &purpose, &channels, step);
                on
            }
        }
    }

    /// Puts the run on an operation, and starts its wait.
    fn arrive(&mut self, index: usize, position: u16) {
        let now = self.now();
        let arrived = self.point(now.second());
        let Engine { state, index: programme, .. } = &mut *self.engine;
        let run = &mut state.profiles[self.id.0 as usize].runs[index];
        run.position = position;
        run.arrived = arrived;
        let plan = &programme.plans[run.version as usize];
        run.wait_ends = match &plan.operations[usize::from(position)] {
            Operation::Wait(span) => now.plus(*span),
            Operation::WaitUntil { at_most, .. } => now.plus(*at_most),
            _ => At::MAX,
        };
    }

    /// From here on in the log, and from a second on in time.
    fn point(&self, second: u32) -> Since {
        Since { second, seq: self.seq() }
    }

    fn sleep(&mut self, index: usize, due: At) {
        let profile = self.id;
        let State { profiles, timers, .. } = &mut self.engine.state;
        let run = &mut profiles[profile.0 as usize].runs[index];
        if run.due != due {
            run.due = due;
            if due < At::MAX {
                timers.set(due, TimerKey::Run { profile, run: run.id });
            }
        }
    }

    pub(crate) fn finish(&mut self, index: usize, state: RunState) {
        let State { profiles, versions, .. } = &mut self.engine.state;
        let run = &mut profiles[self.id.0 as usize].runs[index];
        run.state = state;
        run.due = At::MAX;
        let journey = &mut versions[run.version as usize];
        journey.active -= 1;
        journey.finished += 1;
    }
}

enum Next {
    Go(u16),
    Stay(At),
    End,
}
