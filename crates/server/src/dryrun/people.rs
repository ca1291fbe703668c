//! People by name: what somebody got and would have got, and why.

use engine::ProfileId;
use engine::engine::Engine;
use engine::outbox::{Decision, Send};
use eventlog::dryrun::{Ran, Side};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub struct Named {
    /// As `email:ada@example.com`.
    pub person: String,
    pub was: Vec<Wish>,
    pub would: Vec<Wish>,
}

/// A message that was wished for, and what came of it.
#[derive(Debug, Serialize)]
pub struct Wish {
    pub message: String,
    /// Empty for one that asks to confirm a consent.
    pub journey: String,
    pub wished_at: String,
    /// When it was sent, if it was.
    pub sent_at: Option<String>,
    pub channel: Option<&'static str>,
    /// Why it was not sent, or not yet.
    pub reason: Option<&'static str>,
    /// Why it was wished for: when the person came into the journey, and what lets people in.
    pub since: String,
}

/// Those of whom the numbers of messages differ most.
pub(super) fn named(ran: &Ran, moved: &[(ProfileId, u64, u64)], sample: usize) -> Vec<Named> {
    let mut moved = moved.to_vec();
    moved.sort_by_key(|(id, was, would)| (std::cmp::Reverse(was.abs_diff(*would)), *id));
    let named = moved.into_iter().take(sample).map(|(id, _, _)| Named {
        person: name(&ran.would.engine, id),
        was: wishes(&ran.was, ran, id),
        would: wishes(&ran.would, ran, id),
    });
    named.collect()
}

pub(super) fn name(engine: &Engine, id: ProfileId) -> String {
    let identifiers = engine.profile(id).map_or(&[][..], |profile| profile.identifiers());
    let first = identifiers.first();
    first.map_or_else(|| format!("profile {}", id.0), |one| format!("{}:{}", one.kind.name(), one.value))
}

fn wishes(side: &Side, ran: &Ran, id: ProfileId) -> Vec<Wish> {
    let is_new = |send: &Send| send.id >= ran.first_send || ran.carried.contains(&send.id);
    side.engine.sends_of(id).filter(is_new).map(|send| wish(side, id, &send)).collect()
}

fn wish(side: &Side, id: ProfileId, send: &Send) -> Wish {
    let waited = side.waits.get(&send.id);
    let reason = send.decision.reason().or(waited.copied());
    Wish {
        message: send.message.to_string(),
        journey: send.journey.to_string(),
        wished_at: send.wished_at.to_string(),
        sent_at: (send.decision == Decision::Send).then(|| send.decided_at.to_string()),
        channel: send.channel.map(|channel| channel.name()),
        reason: reason.map(|reason| reason.sentence()),
        since: since(&side.engine, id, send),
    }
}

fn since(engine: &Engine, id: ProfileId, send: &Send) -> String {
    if send.journey.is_empty() {
        return "the person is asked to confirm a consent".to_owned();
    }
    let runs = engine.runs_of(id);
    let mut of_journey = runs.iter().rev().filter(|run| run.journey == &*send.journey);
    let entered = of_journey.find(|run| run.entered_at <= send.wished_at);
    let at = entered.map_or_else(String::new, |run| format!(" at {}", run.entered_at));
    let programme = engine.programme();
    let what = programme.journeys.get(&*send.journey).map(|journey| journey.enter.as_str());
    let what = what.or_else(|| programme.broadcasts.get(&*send.journey).map(|one| one.to.as_str()));
    format!("came in{at} by: {}", what.unwrap_or("a version that is no longer live"))
}
