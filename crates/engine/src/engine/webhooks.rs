//! Webhooks: what was told to them, and what they answered to runs.

use super::Engine;
use crate::at::At;
use crate::effect::Effect;
use crate::journey::{AskedWebhook, CallState, Operation, Run};
use crate::record::{Command, Record, WebhookAnswered};
use crate::turn::Turn;
use crate::webhook::{WebhookRefusal, WebhookState};
use crate::{ProfileId, Seq};
use std::sync::Arc;

impl Engine {
    pub(super) fn check_webhook(&self, record: &Record<'_>) -> Result<(), WebhookRefusal> {
        let of = |name: &str| self.webhook(name).ok_or(WebhookRefusal::NoSuchWebhook);
        match record {
            Record::WebhookDelivered(delivered) => {
                of(delivered.webhook)?.check(delivered.delivery, delivered.attempt.attempt)
            }
            Record::WebhookFollowed(followed) => of(followed.webhook).map(|_| ()),
            Record::DeliveryRequested(requested) => of(requested.webhook)?.check_request(requested.delivery),
            Record::WebhookAnswered(answered) => {
                let asks = self.asks(answered.profile, answered.run).filter(|(_, run)| {
                    let call = run.call.as_ref().expect("invariant: it asks");
                    call.asked == answered.asked && call.attempts + 1 == answered.attempt.attempt
                });
                asks.map(|_| ()).ok_or(WebhookRefusal::OutOfTurn)
            }
            _ => unreachable!("invariant: only records about webhooks are asked for here"),
        }
    }

    pub(super) fn apply_webhook(&mut self, record: &Record<'_>) {
        let (at, seed) = (self.state.at, self.state.installed.as_ref().map_or(0, |one| one.seed));
        match record {
            Record::WebhookDelivered(delivered) => {
                self.webhook_mut(delivered.webhook).note(delivered, at, seed);
            }
            Record::WebhookFollowed(followed) => {
                let webhook = self.webhook_mut(followed.webhook);
                webhook.told = webhook.told.max(crate::webhook::Delivery::end_of(followed.to));
            }
            Record::DeliveryRequested(requested) => {
                self.webhook_mut(requested.webhook).request(requested.delivery, at);
            }
            _ => unreachable!("invariant: only records about webhooks are applied here"),
        }
    }

    pub(super) fn command_webhook(&mut self, name: &str, command: Command) {
        let at = self.state.at;
        let webhook = self.webhook_mut(name);
        match command {
            Command::Pause => webhook.pause(at),
            _ => webhook.resume(at),
        }
    }

    fn webhook_mut(&mut self, name: &str) -> &mut WebhookState {
        Arc::make_mut(self.state.webhooks.get_mut(name).expect("invariant: checked"))
    }

    /// A webhook that is new hears of what comes from here on; one that is no longer described is forgotten.
    pub(super) fn keep_webhooks(&mut self) {
        let seq = self.state.seq;
        let webhooks = &mut self.state.webhooks;
        webhooks.retain(|name, _| self.programme.webhooks.contains_key(name));
        for name in self.programme.webhooks.keys() {
            if !webhooks.contains_key(name) {
                webhooks.insert(name.clone(), Arc::new(WebhookState::new(seq)));
            }
        }
    }

    pub(super) fn apply_answered(&mut self, answered: &WebhookAnswered<'_>, effects: &mut Vec<Effect>) {
        let profile = self.state.standing(answered.profile).expect("invariant: checked");
        Turn::begin(self, profile, effects).take_webhook_answer(answered);
    }

    /// A run that waits for a webhook's answer, and whose it is now.
    fn asks(&self, profile: ProfileId, run: u64) -> Option<(ProfileId, &Run)> {
        if profile.0 as usize >= self.state.profiles.len() {
            return None;
        }
        let profile = self.state.standing(profile)?;
        let runs = &self.state.profiles[profile.0 as usize].runs;
        let run = runs.iter().find(|one| one.passage.id == run)?;
        run.call.as_ref().filter(|call| call.state == CallState::Owed).map(|_| (profile, run))
    }

    /// What a run asks a webhook now, and up to which record of the log that must be durable first; `None` where it asks
    /// nothing, or not yet.
    pub fn asked_webhook(&self, profile: ProfileId, run: u64) -> Option<AskedWebhook> {
        let (profile, run) = self.asks(profile, run)?;
        let call = run.call.as_ref().filter(|call| call.due == At::MAX)?;
        let plan = &self.index.plans[run.passage.version as usize];
        let Operation::Webhook { asked, .. } = &plan.operations[usize::from(run.position)] else {
            return None;
        };
        Some(AskedWebhook {
            profile,
            run: run.passage.id,
            asked: call.asked,
            asked_at: call.asked_at,
            attempt: call.attempts + 1,
            ends_at: run.wait_ends,
            webhook: asked.webhook.clone(),
            journey: plan.name.to_string(),
            body: asked.body.clone(),
            traits: self.state.profiles[profile.0 as usize].traits_map(),
            event: run.event.clone(),
        })
    }

    /// The journey of a run that waits for an answer.
    pub fn journey_that_asks(&self, profile: ProfileId, run: u64) -> Option<&str> {
        let (_, run) = self.asks(profile, run)?;
        Some(&self.index.plans[run.passage.version as usize].name)
    }

    /// The run through a journey in which a person waits for an answer, the record at which it asked, and the number of the
    /// attempt that comes next.
    pub fn open_call(&self, profile: ProfileId, journey: &str) -> Option<(u64, Seq, u8)> {
        let runs = &self.state.profiles[self.state.standing(profile)?.0 as usize].runs;
        let mut runs =
            runs.iter().filter(|run| *self.index.plans[run.passage.version as usize].name == *journey);
        runs.find_map(|run| {
            let call = run.call.as_ref().filter(|call| call.state == CallState::Owed)?;
            Some((run.passage.id, call.asked, call.attempts + 1))
        })
    }

    /// Runs whose question has left the engine and was not answered, from a profile on. Looks at so many profiles at most,
    /// and gives the next one, where there is one.
    pub fn owed_calls(&self, from: ProfileId, looks: usize) -> (Vec<(ProfileId, u64)>, Option<ProfileId>) {
        let end = (from.0 as usize + looks).min(self.state.profiles.len());
        let mut owed = Vec::new();
        for number in from.0 as usize..end {
            let profile = &self.state.profiles[number];
            let is_out = |run: &&Run| {
                run.call.as_ref().is_some_and(|call| call.state == CallState::Owed && call.due == At::MAX)
            };
            let runs = profile.runs.iter().filter(is_out);
            owed.extend(runs.map(|run| (ProfileId(number as u32), run.passage.id)));
        }
        (owed, (end < self.state.profiles.len()).then_some(ProfileId(end as u32)))
    }
}
