//! Runs that begin by the calendar or by request.

use super::Engine;
use crate::ProfileId;
use crate::at::{At, Span};
use crate::effect::Effect;
use crate::index::Index;
use crate::journey::{Entry, RunRefusal, RunState, Standing};
use crate::programme::Reenter;
use crate::record::RunRequested;
use crate::roll::{Call, Roll};
use crate::segment::eval::{Moment, verdict};
use crate::timer::TimerKey;
use crate::turn::Turn;

impl Engine {
    /// Whether somebody may begin a run of a version: one at a time, and after the last one only as the journey allows.
    pub(crate) fn may_enter(&self, id: ProfileId, version: u32) -> Result<(), RunRefusal> {
        let plan = &self.index.plans[version as usize];
        match plan.standing {
            Standing::Open => {}
            Standing::Paused => return Err(RunRefusal::Paused),
            Standing::Draining => return Err(RunRefusal::Draining),
        }
        let profile = &self.state.profiles[id.0 as usize];
        if profile.runs.iter().any(|run| self.is_same_journey(run.passage.version, version)) {
            return Err(RunRefusal::Inside);
        }
        // The newest first: it is the one that is in the way, where one is.
        let mut earlier = profile.past.iter().rev().filter(|one| self.is_same_journey(one.version, version));
        let again = match plan.reenter {
            Reenter::Never => earlier.next().is_none(),
            Reenter::Always => true,
            Reenter::After(span) => earlier.all(|passage| passage.entered_at.plus(span) <= self.state.at),
        };
        if !again {
            return Err(RunRefusal::NotAgain);
        }
        let holds = |rule| verdict(rule, &Moment::of(&self.state, &self.programme, id)).holds;
        if plan.audience.as_ref().is_none_or(holds) { Ok(()) } else { Err(RunRefusal::NotForThem) }
    }

    pub(crate) fn is_same_journey(&self, one: u32, two: u32) -> bool {
        let plans = &self.index.plans;
        plans[one as usize].journey == plans[two as usize].journey
    }

    pub(super) fn check_requested(&self, requested: &RunRequested<'_>) -> Result<(), RunRefusal> {
        let version = self.live_version(requested.journey).ok_or(RunRefusal::NoSuchJourney)?;
        let id = self.named(&requested.identifier).ok_or(RunRefusal::Unknown)?;
        self.may_enter(id, version)
    }

    pub(super) fn apply_requested(&mut self, requested: &RunRequested<'_>, effects: &mut Vec<Effect>) {
        let version = self.live_version(requested.journey).expect("invariant: checked");
        let id = self.named(&requested.identifier).expect("invariant: checked");
        Turn::begin(self, id, effects).begin_run(version, Some(requested.data.into()));
    }

    /// The live version of a journey by its name.
    pub(super) fn live_version(&self, journey: &str) -> Option<u32> {
        self.programme.journeys.contains_key(journey).then(|| self.index.live.get(journey).copied()).flatten()
    }

    /// A person's date has come, as it was when the timer was set.
    pub(super) fn fire_date(
        &mut self,
        due: At,
        (profile, journey): (ProfileId, u32),
        effects: &mut Vec<Effect>,
    ) {
        // It may have been stated twice.
        self.state.timers.skip_same((due, TimerKey::Date { profile, journey }));
        let (Some(id), Some(version)) = (self.state.standing(profile), self.index.live_of(journey)) else {
            return;
        };
        Turn::begin(self, id, effects).meet_date(version, due);
    }

    /// A journey begins for everybody, or for those whom it is for.
    pub(super) fn fire_schedule(&mut self, due: At, journey: u32) {
        self.state.timers.skip_same((due, TimerKey::Schedule { journey }));
        let Some(version) = self.index.live_of(journey) else { return };
        let plan = &self.index.plans[version as usize];
        let Entry::Schedule(schedule) = &plan.entry else { return self.start_broadcast(journey, due) };
        let zone = self.programme.timezone();
        // It may be another schedule by now.
        if schedule.next(due, &zone) != due {
            return;
        }
        // What a stop of the server missed comes once, and not again for each day.
        let next = schedule.next(self.state.at.plus(Span(1)), &zone);
        let people = match plan.standing {
            Standing::Open => self.all_for_whom(plan.audience.as_ref()),
            Standing::Paused | Standing::Draining => Vec::new(),
        };
        self.set_schedule(journey, next);
        if !people.is_empty() {
            self.begin_roll(Roll::new(Call::Enter { journey }, people));
        }
    }

    fn set_schedule(&mut self, journey: u32, due: At) {
        if due < At::MAX {
            self.state.timers.set(due, TimerKey::Schedule { journey });
        }
    }

    /// Sets the timers of the calendar that the programme of before did not ask for.
    pub(super) fn begin_calendar(&mut self, before: &Index, moved: bool) {
        let live: Vec<u32> = self.index.live.values().copied().collect();
        for version in live {
            let plan = &self.index.plans[version as usize];
            let known = before.live_of(plan.journey).map(|version| &before.plans[version as usize].entry);
            match (&plan.entry, known) {
                (Entry::Schedule(new), Some(Entry::Schedule(old))) if new == old && !moved => {}
                (Entry::Date(new), Some(Entry::Date(old))) if new == old && !moved => {}
                (Entry::Schedule(schedule), _) => {
                    let (journey, zone) = (plan.journey, self.programme.timezone());
                    let due = schedule.next(self.state.at, &zone);
                    self.set_schedule(journey, due);
                }
                (Entry::Date(_), _) => {
                    let people: Vec<ProfileId> = self.profiles().map(|(id, _)| id).collect();
                    let now = self.state.at;
                    for id in people {
                        Turn::begin(self, id, &mut Vec::new()).set_date(version, now);
                    }
                }
                (Entry::Event { .. } | Entry::Segment { .. } | Entry::Never, _) => {}
            }
        }
    }

    /// Everybody who is on the way through a journey, in the order in which they go on.
    pub(super) fn inside(&self, journey: u32) -> Vec<ProfileId> {
        let mut inside = Vec::new();
        for (id, profile) in self.profiles() {
            let of_journey = |version: u32| self.index.plans[version as usize].journey == journey;
            let run = profile.runs.iter().find(|run| of_journey(run.passage.version));
            let run = run.filter(|run| run.passage.state == RunState::Active);
            inside.extend(run.map(|run| (run.due, run.passage.id, id)));
        }
        inside.sort_unstable();
        inside.into_iter().map(|(_, _, id)| id).collect()
    }
}
