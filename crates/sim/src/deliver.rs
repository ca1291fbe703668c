//! Our side of delivery: keeps what was prepared, attempts it, hands it over, reports the answer. All of it is memory
//! and goes with the process; what is owed comes back from the engine.

use std::collections::BTreeMap;

use engine::at::At;
use engine::effect::{Effect, Prepare};
use engine::engine::{Engine, Outstanding};
use engine::journey::AskedWebhook;
use engine::record::{
    Attempted, DeliveryOutcome, Record, Settled, WebhookAnswered, WebhookAttempt, WebhookOutcome,
};
use engine::value::OwnedMap;
use engine::{ProfileId, SendId};

use crate::canary::Canary;
use crate::options::Options;
use crate::provider::Provider;
use crate::random::Random;

#[derive(Default)]
pub(crate) struct Deliver {
    prepared: BTreeMap<SendId, Prepare>,
    /// Rendered, and waiting to be attempted.
    ready: Vec<SendId>,
    /// The attempt is durable.
    allowed: Vec<(SendId, u8)>,
    /// With the provider.
    calls: Vec<(SendId, u8, DeliveryOutcome)>,
    /// Runs that ask a webhook.
    asking: Vec<(ProfileId, u64)>,
    /// Codes of people's own that messages have told.
    pub(crate) codes: Vec<String>,
}

/// So many codes are remembered.
const CODES: usize = 30;

impl Deliver {
    /// After a start: what was in flight is unknown, the rest begins again.
    pub(crate) fn resume(outstanding: Outstanding, now: At, canary: Option<Canary>) -> (Self, Vec<Vec<u8>>) {
        let mut deliver = Self::default();
        if canary == Some(Canary::ForgottenOutbox) {
            return (deliver, Vec::new());
        }
        for prepare in outstanding.prepare {
            deliver.prepare(prepare);
        }
        if canary == Some(Canary::SecondTry) {
            deliver.allowed = outstanding.in_flight;
            return (deliver, Vec::new());
        }
        let unknown = outstanding.in_flight.into_iter();
        let settled = unknown.map(|call| settled(call, DeliveryOutcome::Unknown, now)).collect();
        (deliver, settled)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.allowed.is_empty() && self.calls.is_empty() && self.asking.is_empty()
    }

    /// Effects of a batch that is durable.
    pub(crate) fn receive(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Prepare(prepare) => {
                    self.note_code(&prepare);
                    self.prepare(*prepare);
                }
                Effect::HandOver { send, attempt } => self.allowed.push((send, attempt)),
                Effect::Call { profile, run } => self.asking.push((profile, run)),
                Effect::Release { send, .. } => drop(self.prepared.remove(&send)),
            }
        }
    }

    /// After a start: questions that had left are asked again.
    pub(crate) fn ask_again(&mut self, engine: &Engine) {
        self.asking = engine.owed_calls(ProfileId(0), usize::MAX >> 1).0;
    }

    /// Asks some of the questions, and gives what is answered.
    pub(crate) fn ask(
        &mut self,
        random: &mut Random,
        options: &Options,
        engine: &Engine,
        now: At,
    ) -> Vec<Vec<u8>> {
        let asking = some(random, options, &mut self.asking);
        let asked = asking.into_iter().filter_map(|(profile, run)| engine.asked_webhook(profile, run));
        asked.map(|asked| answered(random, &asked, now)).collect()
    }

    /// Remembers the code that a message tells, the first time that it goes out.
    fn note_code(&mut self, prepare: &Prepare) {
        let code = prepare.offer.as_ref().filter(|_| prepare.attempt == 1).map(|offer| &offer.code);
        let is_new = |code: &&String| self.codes.len() < CODES && !self.codes.contains(code);
        if let Some(code) = code.filter(|code| !code.is_empty()).filter(is_new) {
            self.codes.push(code.clone());
        }
    }

    fn prepare(&mut self, prepare: Prepare) {
        self.ready.push(prepare.send);
        self.prepared.insert(prepare.send, prepare);
    }

    /// Goes on with some of the work, and gives the records that follow from it.
    pub(crate) fn step(
        &mut self,
        random: &mut Random,
        options: &Options,
        provider: &mut Provider,
        now: At,
        canary: Option<Canary>,
    ) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        for (send, attempt, outcome) in some(random, options, &mut self.calls) {
            records.push(settled((send, attempt), outcome, now));
            if random.happens(options.contradicts) {
                records.push(settled((send, attempt), DeliveryOutcome::Permanent, now));
            }
        }
        for (send, attempt) in some(random, options, &mut self.allowed) {
            // Without a prepared message there is nothing to hand over: only the second try of a canary comes here.
            let address = self.prepared.get(&send).map_or("", |prepare| &prepare.address);
            let outcome = provider.take(options, (send, attempt), address, now);
            self.calls.push((send, attempt, outcome));
        }
        for send in some(random, options, &mut self.ready) {
            let Some(prepare) = self.prepared.get(&send) else { continue };
            if canary == Some(Canary::EagerDelivery) {
                self.allowed.push((send, prepare.attempt));
            }
            let attempted = Attempted { send, attempt: prepare.attempt, attempted_at: now };
            let mut record = Vec::new();
            Record::Attempted(attempted).encode(&mut record);
            records.push(record);
        }
        records
    }
}

/// Takes out the elements whose turn it is.
fn some<T>(random: &mut Random, options: &Options, all: &mut Vec<T>) -> Vec<T> {
    let (later, now) = std::mem::take(all).into_iter().partition(|_| random.happens(options.deliver_rests));
    *all = later;
    now
}

fn answered(random: &mut Random, asked: &AskedWebhook, ended_at: At) -> Vec<u8> {
    let outcomes = [WebhookOutcome::Accepted, WebhookOutcome::Failed, WebhookOutcome::Refused];
    let outcome = *random.pick(&outcomes);
    let answer = OwnedMap::from_json(&serde_json::json!({ "points": random.below(100) })).expect("an object");
    let (attempt, not_before) = (asked.attempt, At(0));
    let attempt =
        WebhookAttempt { attempt, outcome, status: 0, ended_at, took_ms: 0, not_before, reason: "" };
    let (profile, run, asked) = (asked.profile, asked.run, asked.asked);
    let mut record = Vec::new();
    let answered = WebhookAnswered { profile, run, asked, attempt, answer: answer.as_map() };
    Record::WebhookAnswered(answered).encode(&mut record);
    record
}

fn settled((send, attempt): (SendId, u8), outcome: DeliveryOutcome, settled_at: At) -> Vec<u8> {
    let mut record = Vec::new();
    let reply = outcome.name();
    Record::Settled(Settled { send, attempt, outcome, settled_at, reply }).encode(&mut record);
    record
}

/// A receipt again, without the provider's words: of a send whose recipient was erased only that much may be told.
pub(crate) fn without_words(record: &[u8]) -> Option<Vec<u8>> {
    let Ok(Record::Settled(settled)) = Record::decode(record) else { return None };
    let mut bytes = Vec::new();
    Record::Settled(Settled { reply: "", ..settled }).encode(&mut bytes);
    Some(bytes)
}
