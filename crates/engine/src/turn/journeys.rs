//! Moving runs: who enters, who leaves, who goes on. Part of a profile's turn.

use super::Turn;
use crate::at::At;
use crate::best::How;
use crate::governor::is_drawn;
use crate::history::Since;
use crate::journey::{Entry, Operation, Passage, Plan, Run, RunState, Standing};
use crate::limits::{RUN_STEPS_MAX, RUNS_AT_ONCE_MAX, RUNS_REMEMBERED_MAX};
use crate::moves::{Leaving, Move, Mover};
use crate::outbox::Reason;
use crate::segment::eval::Verdict;
use crate::state::State;
use crate::timer::TimerKey;
use crate::value::{Map, OwnedMap};
use std::sync::Arc;

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
                if trials.iter().all(|(path, trial)| trial.passes(self.properties, path, self.now())) {
                    self.enter(version, second, None);
                }
            }
        }
        for place in 0..self.touched.slots.len() {
            let slot = self.touched.slots[place];
            let is_in = self.engine.state.truths.is_member(self.id, slot);
            for next in 0..self.engine.index.entries_by_slot(slot, is_in).len() {
                let version = self.engine.index.entries_by_slot(slot, is_in)[next];
                self.enter(version, self.now().second(), None);
            }
        }
    }

    /// Begins a run, where the journey allows it, with what was said by the event of this turn or by another.
    pub(super) fn enter(&mut self, version: u32, began: u32, event: Option<OwnedMap>) {
        if self.engine.follows.begun >= RUNS_AT_ONCE_MAX || self.engine.may_enter(self.id, version).is_err() {
            return;
        }
        self.engine.follows.begun += 1;
        let held_out = self.is_held_out(version);
        let now = self.now();
        let began = self.point(began);
        let event = event.unwrap_or_else(|| self.properties.into());
        let state = &mut self.engine.state;
        state.runs += 1;
        let journey = &mut state.versions[version as usize];
        journey.active += 1;
        journey.held_out += u64::from(held_out);
        let passage = Passage {
            id: state.runs,
            version,
            entered_at: now,
            began,
            state: RunState::Active,
            held_out,
            reached_goal: false,
        };
        let (arrived, position) = (Since::EVER, 0);
        let run = Run {
            passage,
            position,
            arrived,
            wait_ends: At::MAX,
            due: At::MAX,
            event,
            hour: How::Stated,
            waits_for: None,
            call: None,
        };
        let runs = &mut state.profiles[self.id.0 as usize].runs;
        // Hardly anybody is in several journeys at once.
        runs.reserve_exact(1);
        runs.push(run);
        self.forget_old_runs(version);
        let index = self.profile().runs.len() - 1;
        let mover = self.mover(passage);
        self.engine.note_move(mover, |plan| Some(Move::In { to: plan.step_at(0), is_new: true }));
        self.arrive(index, 0);
        self.advance(index);
    }

    /// The same answer for the same person and journey, always.
    fn is_held_out(&self, version: u32) -> bool {
        let permille = self.engine.index.plans[version as usize].holdout_permille;
        let name = &self.engine.state.versions[version as usize].name;
        is_drawn(&self.engine.state, self.id, name, permille)
    }

    fn forget_old_runs(&mut self, version: u32) {
        let past = &self.profile().past;
        if past.len() < RUNS_REMEMBERED_MAX {
            return;
        }
        let mut same =
            (0..past.len()).filter(|index| self.engine.is_same_journey(past[*index].version, version));
        if let Some(oldest) = same.next()
            && 1 + same.count() >= RUNS_REMEMBERED_MAX
        {
            self.profile_mut().past.remove(oldest);
        }
    }

    /// Looks again at every run that what was touched may concern.
    pub(super) fn follow_runs(&mut self) {
        if !self.touched.concerns(&self.engine.index.followed) {
            return;
        }
        for index in 0..self.profile().past.len() {
            if self.reaches_goal(self.profile().past[index]) {
                self.profile_mut().past[index].reached_goal = true;
            }
        }
        let mut index = 0;
        while let Some(run) = self.profile().runs.get(index) {
            let passage = run.passage;
            if self.reaches_goal(passage) {
                self.profile_mut().runs[index].passage.reached_goal = true;
            }
            if self.moves_wait(index) {
                self.begin_wait(index);
                self.advance(index);
            } else if self.concerns_run(index) {
                self.advance(index);
            }
            // A run that ended has left the list.
            index +=
                usize::from(self.profile().runs.get(index).is_some_and(|run| run.passage.id == passage.id));
        }
    }

    fn concerns_run(&self, index: usize) -> bool {
        let run = &self.profile().runs[index];
        let plan = &self.engine.index.plans[run.passage.version as usize];
        let exit = plan.exit.as_ref().is_some_and(|rule| self.touched.concerns(&rule.mentions));
        let until = match &plan.operations[usize::from(run.position)] {
            Operation::WaitUntil { until, .. } => self.touched.concerns(&until.mentions),
            _ => false,
        };
        exit || until
    }

    /// Whether what was touched brings a passage to its goal; it is counted here.
    fn reaches_goal(&mut self, passage: Passage) -> bool {
        let Some((rule, within)) = &self.engine.index.plans[passage.version as usize].goal else {
            return false;
        };
        let open = !passage.reached_goal && self.now() < passage.entered_at.plus(*within);
        let reached = open
            && self.touched.concerns(&rule.mentions)
            && self.evaluate(rule, passage.began, passage.began, Map::default()).holds;
        self.engine.state.versions[passage.version as usize].reached_goal += u64::from(reached);
        if reached {
            let going = self.profile().runs.iter().find(|run| run.passage.id == passage.id);
            let position = going.map(|run| run.position);
            let (mover, at) = (self.mover(passage), |plan: &Plan| position.map(|one| plan.step_at(one)));
            self.engine.note_move(mover, |plan| Some(Move::Goal { at: at(plan) }));
            self.engine.respond_in_run(self.id, passage.id);
        }
        reached
    }

    /// A run's timer came.
    pub(crate) fn wake_run(&mut self, run: u64, due: At) {
        let found = self.profile().runs.iter().position(|one| one.passage.id == run);
        if let Some(index) = found.filter(|index| self.profile().runs[*index].due == due) {
            self.advance(index);
            self.follow_up();
        }
    }

    /// Takes every step that can be taken now, then sets the timer for the next instant at which that may change.
    pub(super) fn advance(&mut self, index: usize) {
        let version = self.profile().runs[index].passage.version;
        if self.engine.index.plans[version as usize].standing == Standing::Paused {
            return;
        }
        // What the exit rule says holds at this instant, until a step changes the person.
        let mut known = None;
        for _ in 0..RUN_STEPS_MAX {
            let due = match known.filter(|_| !self.engine.follows.changed()) {
                Some(due) => due,
                None => match self.exit_verdict(index) {
                    Verdict { holds: true, .. } => return self.finish(index, RunState::Exited),
                    Verdict { until, .. } => until,
                },
            };
            known = Some(due);
            match self.step(index) {
                Next::Go(position) => {
                    let run = &self.profile().runs[index];
                    let (mover, from) = (self.mover(run.passage), run.position);
                    self.engine.note_move(mover, |plan| plan.step_on(from, position));
                    self.arrive(index, position);
                }
                Next::Stay(until) => return self.sleep(index, due.min(until)),
                Next::End => return self.finish(index, RunState::Completed),
            }
        }
        panic!("invariant: a journey has no loop");
    }

    /// Whether a run's exit rule holds, and until when it does not.
    fn exit_verdict(&self, index: usize) -> Verdict {
        let run = &self.profile().runs[index];
        let began = run.passage.began;
        match &self.engine.index.plans[run.passage.version as usize].exit {
            Some(rule) => self.evaluate(rule, began, began, run.event.as_map()),
            None => Verdict { holds: false, until: At::MAX },
        }
    }

    /// What the operation under the run asks for now.
    fn step(&mut self, index: usize) -> Next {
        let run = &self.profile().runs[index];
        let (now, position, wait_ends) = (self.now(), run.position, run.wait_ends);
        let began = run.passage.began;
        let plan: &Plan = &self.engine.index.plans[run.passage.version as usize];
        let on = Next::Go(position + 1);
        match &plan.operations[usize::from(position)] {
            Operation::Wait(_) | Operation::WaitDate(_) | Operation::WaitLocal { .. } => {
                if now >= wait_ends {
                    on
                } else {
                    Next::Stay(wait_ends)
                }
            }
            Operation::WaitUntil { until, .. } => {
                let verdict = self.evaluate(until, run.arrived, began, run.event.as_map());
                if verdict.holds || now >= wait_ends { on } else { Next::Stay(wait_ends.min(verdict.until)) }
            }
            Operation::If { rule, or } => {
                if self.evaluate(rule, Since::EVER, began, run.event.as_map()).holds {
                    on
                } else {
                    Next::Go(*or)
                }
            }
            Operation::Jump(to) => Next::Go(*to),
            Operation::Exit => Next::End,
            Operation::Send(asked) if asked.choices.hour_within.is_some() && now < wait_ends => {
                Next::Stay(wait_ends)
            }
            Operation::Send(asked) => {
                let asked = Arc::clone(asked);
                self.send_from_run(index, &asked).map_or(on, Next::Stay)
            }
            Operation::Offer(offer) => {
                let offer = Arc::clone(offer);
                self.give_in_run(index, &offer);
                on
            }
            Operation::Split { name, draw, ways } => Next::Go(self.way(run, name, *draw, ways)),
            Operation::Update(traits) => {
                let traits = Arc::clone(traits);
                self.update(index, &traits);
                on
            }
            Operation::Webhook { asked, or } => {
                let (asked, or) = (Arc::clone(asked), *or);
                self.ask(index, &asked, on, or)
            }
            Operation::Start(journey) => {
                let journey = Arc::clone(journey);
                self.start_after(index, journey);
                on
            }
        }
    }

    /// Puts the run on an operation, and starts its wait.
    fn arrive(&mut self, index: usize, position: u16) {
        let arrived = self.point(self.now().second());
        let run = &mut self.profile_mut().runs[index];
        run.position = position;
        run.arrived = arrived;
        self.begin_wait(index);
    }

    pub(super) fn mover(&self, passage: Passage) -> Mover {
        let Passage { id: run, version, held_out, .. } = passage;
        Mover { profile: self.id, run, version, held_out }
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
                timers.set(due, TimerKey::Run { profile, run: run.passage.id });
            }
        }
    }

    /// Ends a run, which leaves the list of those that go on.
    pub(crate) fn finish(&mut self, index: usize, state: RunState) {
        let State { profiles, versions, .. } = &mut self.engine.state;
        let profile = &mut profiles[self.id.0 as usize];
        let run = profile.runs.remove(index);
        let passage = Passage { state, ..run.passage };
        profile.past.push(passage);
        let journey = &mut versions[passage.version as usize];
        journey.active -= 1;
        journey.finished += 1;
        let (mover, by) = (self.mover(passage), Leaving::of(state));
        let left = |plan: &Plan| Move::Out { from: plan.step_at(run.position), by };
        self.engine.note_move(mover, |plan| Some(left(plan)));
        if let Some(send) = run.waits_for {
            self.engine.state.drop_send(send, Reason::JourneyEnded);
            self.engine.claim(send);
        }
    }
}

pub(super) enum Next {
    Go(u16),
    Stay(At),
    End,
}
