//! Runs that ask a webhook. Part of a profile's turn.

use super::Turn;
use super::journeys::Next;
use crate::at::At;
use crate::effect::Effect;
use crate::journey::{Call, CallState, Operation};
use crate::limits::DELIVERY_ATTEMPTS_MAX;
use crate::programme::WebhookStep;
use crate::record::{WebhookAnswered, WebhookOutcome};
use crate::webhook::retry_after;

impl Turn<'_> {
    /// What a run does where it asks: the question leaves once, again when an attempt failed, and the run goes on with an
    /// answer, or the other way without one. Of whoever is held out nobody is asked.
    pub(super) fn ask(&mut self, index: usize, asked: &WebhookStep, on: Next, or: u16) -> Next {
        let now = self.now();
        let (profile, seq) = (self.id, self.seq());
        let run = &mut self.profile_mut().runs[index];
        if run.passage.held_out {
            return on;
        }
        let ends = run.wait_ends;
        let id = run.passage.id;
        debug_assert!(asked.at_most.0 > 0, "invariant: checked");
        let call = run.call.get_or_insert_with(|| {
            Box::new(Call { asked: seq, asked_at: now, attempts: 0, due: now, state: CallState::Owed })
        });
        match call.state {
            CallState::Answered => {
                run.call = None;
                on
            }
            CallState::Refused => {
                run.call = None;
                Next::Go(or)
            }
            CallState::Owed if now >= ends => {
                run.call = None;
                Next::Go(or)
            }
            CallState::Owed if call.due <= now => {
                call.due = At::MAX;
                self.effects.push(Effect::Call { profile, run: id });
                Next::Stay(ends)
            }
            CallState::Owed => Next::Stay(ends.min(call.due)),
        }
    }

    /// A run's question was answered, or the attempt failed.
    pub(crate) fn take_webhook_answer(&mut self, answered: &WebhookAnswered<'_>) {
        let now = self.now();
        let seed = self.engine.state.installed.as_ref().map_or(0, |installed| installed.seed);
        let found = self.profile().runs.iter().position(|run| run.passage.id == answered.run);
        let index = found.expect("invariant: checked");
        let run = &self.profile().runs[index];
        let plan = &self.engine.index.plans[run.passage.version as usize];
        let Operation::Webhook { asked, .. } = &plan.operations[usize::from(run.position)] else {
            unreachable!("invariant: a run has a call only where it asks")
        };
        let name = asked.name.clone();
        let run = &mut self.profile_mut().runs[index];
        let attempt = &answered.attempt;
        let state = match attempt.outcome {
            WebhookOutcome::Accepted => CallState::Answered,
            WebhookOutcome::Failed if attempt.attempt < DELIVERY_ATTEMPTS_MAX => CallState::Owed,
            _ => CallState::Refused,
        };
        if state == CallState::Answered {
            run.take_answer(&name, answered.answer);
        }
        let key = format!("call {} {}", answered.run, answered.asked);
        let call = run.call.as_mut().expect("invariant: checked");
        (call.state, call.attempts) = (state, attempt.attempt);
        call.due = now.plus(retry_after(attempt.attempt, &key, seed)).max(attempt.not_before);
        self.advance(index);
        self.follow_up();
    }
}
