//! What the engine says of journeys and broadcasts against what can be counted from outside.

use std::collections::BTreeMap;

use engine::at::At;
use engine::effect::Effect;
use engine::engine::Engine;
use engine::journey::RunState;

use super::Auditor;
use crate::invariant::{Invariant, Violation};
use crate::programme::{STAGE, STAGED};

impl Auditor {
    /// What a record asked for, after it was taken in: nothing may be new of what is paused.
    pub(super) fn hold_paused(&self, at: At, effects: &[Effect]) -> Result<(), Violation> {
        for effect in effects {
            if let Effect::Prepare(prepare) = effect {
                let is_new = prepare.attempt == 1 && prepare.decided_at == at;
                let holds = !is_new || !self.model.paused.contains(&prepare.journey);
                let what = || format!("send {} of {}, which is paused", prepare.send, prepare.journey);
                Invariant::J2.check(holds, what)?;
            }
        }
        Ok(())
    }
}

/// The figures of journeys and broadcasts against the runs of all profiles; and a segment of a trait that journeys state
/// against the traits as they are, since no record tells of those.
pub(super) fn compare(engine: &Engine) -> Result<(), Violation> {
    let (mut active, mut staged): (BTreeMap<String, u64>, u64) = (BTreeMap::new(), 0);
    for (id, profile) in engine.profiles() {
        for run in engine.runs_of(id).iter().filter(|run| run.state == RunState::Active) {
            *active.entry(run.journey.to_owned()).or_default() += 1;
        }
        let is_staged = profile.traits().any(|(name, value)| name == STAGE && value.text() == Some("b"));
        let is_member = engine.memberships(id).contains(&STAGED);
        let is_known = engine.segment(STAGED).is_some();
        staged += u64::from(is_staged);
        Invariant::S1.check(is_member == (is_staged && is_known), || {
            format!("{id:?} is staged: {is_staged}, and in the segment: {is_member}")
        })?;
    }
    if let Some(segment) = engine.segment(STAGED) {
        Invariant::S1.check(segment.count == staged, || format!("{} staged, not {staged}", segment.count))?;
    }
    for journey in engine.journeys() {
        let found = active.get(journey.name).copied().unwrap_or_default();
        let at_steps: u64 = engine
            .versions_of(journey.name)
            .iter()
            .flat_map(|one| &one.positions)
            .map(|(_, people)| people)
            .sum();
        let figures = (journey.active, journey.entered - journey.finished, at_steps);
        Invariant::J1.check(figures == (found, found, found), || {
            format!("{}: {figures:?} active, and {found} runs are", journey.name)
        })?;
    }
    for view in engine.broadcasts() {
        let sum = view.waiting + view.cancelled + view.skipped + view.begun;
        let sends: u64 = engine.sends_of_broadcast(view.name).iter().sum();
        Invariant::J1.check((view.audience, view.begun) == (sum, sends), || {
            format!("{view:?} does not add up, with {sends} sends")
        })?;
    }
    Ok(())
}

/// Once all is quiet, no wait that is over is still waited for, unless the journey is paused.
pub(super) fn finish(engine: &Engine) -> Result<(), Violation> {
    let due = engine.next_due().filter(|due| *due <= engine.at());
    Invariant::J1.check(due.is_none(), || format!("something was due at {due:?}, and it is {}", engine.at()))
}
