//! The steps of a journey that send something, each with what became of its newest sends.

use super::journeys::DecisionsView;
use crate::limits::STEP_SENDS_MAX;
use engine::engine::Engine;
use engine::outbox::Decision;
use engine::programme::{Journey, Step};
use serde::Serialize;
use std::collections::HashMap;

/// A step that sends, of the version that is live.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StepSends {
    /// Its name, or its number, as in the positions.
    step: String,
    message: String,
    sends: DecisionsView,
}

/// What each sending step of a journey wanted to send, among the newest sends of all journeys; and since when that is.
pub(super) fn of(engine: &Engine, name: &str) -> (Vec<StepSends>, Option<String>) {
    let programme = engine.programme();
    let Some(journey) = programme.journeys.get(name) else { return (Vec::new(), None) };
    let sending = sending(journey);
    let mut counts: HashMap<(u16, &str), DecisionsView> = HashMap::new();
    let mut since = None;
    for (number, fate) in engine.fates().enumerate() {
        if number == STEP_SENDS_MAX {
            since = Some(fate.wished_at.to_string());
            break;
        }
        if fate.journey == name {
            counts.entry((fate.step, fate.message)).or_default().add(fate.decision);
        }
    }
    let steps = sending.iter().enumerate().map(|(number, (step, message))| {
        let sends = counts.remove(&(number as u16, message.as_str())).unwrap_or_default();
        StepSends { step: step.clone(), message: message.clone(), sends }
    });
    (steps.collect(), since)
}

/// The place and the message of each step that sends, in the order in which the ledger counts them.
fn sending(journey: &Journey) -> Vec<(String, String)> {
    let mut messages = Vec::new();
    add(&journey.steps, &mut messages);
    let placed = journey.places().into_iter().zip(messages);
    placed.filter_map(|(place, message)| Some((place, message?))).collect()
}

/// For every step, in the order of their places, the message that it sends.
fn add(steps: &[Step], messages: &mut Vec<Option<String>>) {
    for step in steps {
        let (step, _) = step.named();
        messages.push(match step {
            Step::Send { message, .. } => Some(message.clone()),
            _ => None,
        });
        match step {
            Step::Branch(arms) => arms.iter().for_each(|arm| add(&arm.then, messages)),
            Step::Split { ways, .. } => ways.iter().for_each(|way| add(&way.then, messages)),
            Step::Webhook(asked) => add(&asked.otherwise, messages),
            _ => {}
        }
    }
}

impl DecisionsView {
    fn add(&mut self, decision: Decision) {
        self.wished += 1;
        match decision {
            Decision::Send => self.send += 1,
            Decision::Defer { .. } => self.defer += 1,
            Decision::Drop { reason } => {
                self.drop += 1;
                *self.reasons.entry(reason.name()).or_default() += 1;
            }
        }
    }
}
