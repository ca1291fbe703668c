//! Webhooks: other programs that hear of what happens, and how far each of them was told.
//!
//! Who hears reads the log; the engine keeps no list of what is still to be told. It keeps a place in the log for each
//! webhook, what was tried before that place and is to be tried again, bounded, and the newest attempts for whoever looks.
//! All of it follows from records, so a restart goes on where the log ends.

mod ear;
mod retry;

pub use ear::{Ear, Heard, Whose};
pub use retry::retry_after;

use crate::Seq;
use crate::at::At;
use crate::engine::Engine;
use crate::limits::{
    DELIVERIES_LISTED_MAX, DELIVERIES_WAITING_MAX, DELIVERY_ATTEMPTS_MAX, WEBHOOK_FAILING_MAX,
};
use crate::record::{WebhookAttempt, WebhookDelivered, WebhookOutcome};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// One thing that a webhook hears of: which of those that a record tells. The order is that of the log.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Delivery {
    pub seq: Seq,
    /// Told by the record in this place; a record of changes tells many.
    pub place: u32,
}

impl Delivery {
    /// Behind everything that a record tells.
    pub fn end_of(seq: Seq) -> Self {
        Self { seq, place: u32::MAX }
    }
}

impl std::fmt::Display for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.seq, self.place)
    }
}

/// All of a programme, by name.
pub(crate) type Webhooks = BTreeMap<String, Arc<WebhookState>>;

/// How far one webhook was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WebhookState {
    /// What lies up to here was tried at least once, or is nothing that it hears.
    pub told: Delivery,
    /// What is to be tried again; at most `DELIVERIES_WAITING_MAX`.
    pub waiting: BTreeMap<Delivery, Waiting>,
    /// Since when every attempt has failed.
    pub failing_since: Option<At>,
    /// Since when nothing is told, and why.
    pub off: Option<(At, Off)>,
    /// The newest attempts, oldest first; at most `DELIVERIES_LISTED_MAX`.
    pub attempts: VecDeque<Attempt>,
    pub counts: WebhookCounts,
}

/// A delivery that is to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Waiting {
    /// How many failed.
    pub attempts: u8,
    pub next_at: At,
}

/// Why a webhook is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Off {
    /// An operator paused it.
    Paused,
    /// It answered that it is gone.
    Gone,
    /// For days, every attempt failed.
    Failing,
}

impl Off {
    pub fn name(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// Deliveries by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct WebhookCounts {
    /// Of whatever outcome.
    pub attempts: u64,
    pub accepted: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Deliveries that were given up.
    pub given_up: u64,
}

/// An attempt that was made.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Attempt {
    pub delivery: Delivery,
    pub attempt: u8,
    pub outcome: WebhookOutcome,
    pub status: u16,
    pub at: At,
    pub took_ms: u32,
    pub reason: String,
    /// When it is tried again, if it is.
    pub next_at: Option<At>,
}

/// Why a record about a webhook is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookRefusal {
    NoSuchWebhook,
    /// It is not the attempt, the delivery or the call whose turn it is.
    OutOfTurn,
    /// Nothing that lies so far ahead in the log was told yet.
    NotYet,
    /// As much as may wait for another attempt waits already.
    Full,
}

impl std::fmt::Display for WebhookRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoSuchWebhook => "the programme has no such webhook",
            Self::OutOfTurn => "that is past already",
            Self::NotYet => "the webhook has not been told so far yet: its turn comes by itself",
            Self::Full => "as many deliveries as may wait for another attempt wait already",
        })
    }
}

impl WebhookState {
    /// One that hears of what comes from here on.
    pub(crate) fn new(from: Seq) -> Self {
        Self { told: Delivery::end_of(from), ..Self::default() }
    }

    /// Whether something new may be told; otherwise what failed has its turn first.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < DELIVERIES_WAITING_MAX
    }

    /// What is to be tried again first, and when.
    pub fn next_due(&self) -> Option<(At, Delivery, u8)> {
        self.waiting.iter().map(|(delivery, one)| (one.next_at, *delivery, one.attempts)).min()
    }

    pub(crate) fn check(&self, delivery: Delivery, attempt: u8) -> Result<(), WebhookRefusal> {
        let is_turn = match self.waiting.get(&delivery) {
            Some(waiting) => attempt == waiting.attempts + 1,
            None => attempt == 1 && delivery > self.told && self.has_room(),
        };
        if is_turn { Ok(()) } else { Err(WebhookRefusal::OutOfTurn) }
    }

    /// Notes an attempt; `seed` draws the jitter.
    pub(crate) fn note(&mut self, delivered: &WebhookDelivered<'_>, at: At, seed: u64) {
        let WebhookDelivered { webhook, delivery, attempt } = *delivered;
        self.told = self.told.max(delivery);
        self.counts.attempts += 1;
        let next_at = match attempt.outcome {
            WebhookOutcome::Accepted => {
                self.counts.accepted += 1;
                self.failing_since = None;
                None
            }
            WebhookOutcome::Dropped => None,
            WebhookOutcome::Gone | WebhookOutcome::Failed | WebhookOutcome::Refused => {
                self.counts.failed += 1;
                let since = *self.failing_since.get_or_insert(at);
                if attempt.outcome == WebhookOutcome::Gone {
                    self.off = self.off.or(Some((at, Off::Gone)));
                } else if at.since(since) >= WEBHOOK_FAILING_MAX {
                    self.off = self.off.or(Some((at, Off::Failing)));
                }
                let next = next_attempt(webhook, delivery, &attempt, at, seed);
                self.counts.given_up += u64::from(next.is_none());
                next
            }
        };
        match next_at {
            Some(next_at) => {
                self.waiting.insert(delivery, Waiting { attempts: attempt.attempt, next_at });
            }
            None => _ = self.waiting.remove(&delivery),
        }
        if self.attempts.len() == DELIVERIES_LISTED_MAX {
            self.attempts.pop_front();
        }
        self.attempts.push_back(Attempt {
            delivery,
            attempt: attempt.attempt,
            outcome: attempt.outcome,
            status: attempt.status,
            at,
            took_ms: attempt.took_ms,
            reason: attempt.reason.to_owned(),
            next_at,
        });
    }

    /// Nothing is told until it is resumed.
    pub(crate) fn pause(&mut self, at: At) {
        self.off = Some((at, Off::Paused));
    }

    /// Everything that waits is tried from now on as if it had not been.
    pub(crate) fn resume(&mut self, at: At) {
        (self.off, self.failing_since) = (None, None);
        self.waiting.values_mut().for_each(|one| *one = Waiting { attempts: 0, next_at: at });
    }

    pub(crate) fn check_request(&self, delivery: Delivery) -> Result<(), WebhookRefusal> {
        if delivery > self.told {
            return Err(WebhookRefusal::NotYet);
        }
        let fits = self.has_room() || self.waiting.contains_key(&delivery);
        if fits { Ok(()) } else { Err(WebhookRefusal::Full) }
    }

    pub(crate) fn request(&mut self, delivery: Delivery, at: At) {
        self.waiting.insert(delivery, Waiting { attempts: 0, next_at: at });
    }
}

/// When a delivery that failed is tried again; `None` where it is given up.
fn next_attempt(
    webhook: &str,
    delivery: Delivery,
    attempt: &WebhookAttempt<'_>,
    at: At,
    seed: u64,
) -> Option<At> {
    let key = format!("webhook {webhook} {delivery}");
    let wait = (attempt.attempt < DELIVERY_ATTEMPTS_MAX).then(|| retry_after(attempt.attempt, &key, seed))?;
    Some(at.plus(wait).max(attempt.not_before))
}

impl Engine {
    /// How far each webhook of the programme was told, by name.
    pub fn webhooks(&self) -> impl Iterator<Item = (&str, &WebhookState)> {
        self.state.webhooks.iter().map(|(name, state)| (name.as_str(), &**state))
    }

    pub fn webhook(&self, name: &str) -> Option<&WebhookState> {
        self.state.webhooks.get(name).map(|state| &**state)
    }
}
