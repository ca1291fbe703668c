//! Telling webhooks what they hear of: one task for each, which reads the log from its own place on.
//!
//! One message is under way at a time, so that they come in the order of the log; what was not taken is told again later, and
//! those behind it do not wait. A task is woken by what becomes durable, and by the instant of the next attempt.

use super::body;
use super::post::Posted;
use crate::clock;
use crate::hub::Hub;
use crate::limits::{WEBHOOK_FOLLOWED_RECORDS, WEBHOOK_FOUND_MAX, WEBHOOK_REST, WEBHOOK_WALK_RECORDS_MAX};
use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use engine::programme::{Programme, Webhook, timezone};
use engine::record::{Record, WebhookAttempt, WebhookDelivered, WebhookFollowed, WebhookOutcome};
use engine::webhook::{Delivery, Ear, Heard};
use eventlog::log::Batch;
use eventlog::sequencer::Outcome;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};

/// Keeps a task for each webhook of the programme that is live, until the stop. What is under way then is told again by the
/// next start.
pub async fn run(hub: Arc<Hub>, mut stop: oneshot::Receiver<()>) {
    let mut durable = hub.runtime.durable();
    let mut tellers: BTreeMap<String, (Webhook, AbortHandle)> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    let mut known: Option<Arc<Programme>> = None;
    loop {
        let programme = hub.runtime.programme();
        if known.as_ref().is_none_or(|known| !Arc::ptr_eq(known, &programme)) {
            tellers.retain(|name, (webhook, task)| {
                let stays = programme.webhooks.get(name) == Some(webhook);
                if !stays {
                    task.abort();
                }
                stays
            });
            for (name, webhook) in &programme.webhooks {
                if !tellers.contains_key(name) {
                    let teller = Teller::new(Arc::clone(&hub), name, webhook, &programme);
                    let task = tasks.spawn(teller.run());
                    tellers.insert(name.clone(), (webhook.clone(), task));
                }
            }
            known = Some(programme);
        }
        tokio::select! {
            _ = durable.changed() => {}
            Some(ended) = tasks.join_next() => {
                if let Err(error) = ended && error.is_panic() {
                    std::panic::resume_unwind(error.into_panic());
                }
            }
            _ = &mut stop => return,
        }
    }
}

struct Teller {
    hub: Arc<Hub>,
    name: String,
    webhook: Webhook,
    ear: Arc<Ear>,
    /// Found in the log and not told yet, in its order.
    found: VecDeque<Delivery>,
    /// Up to where the log was looked at for them.
    looked: Seq,
}

/// What is to be done now.
enum Next {
    Tell {
        delivery: Delivery,
        attempt: u8,
    },
    Look {
        from: Seq,
    },
    Wait {
        until: Option<At>,
    },
    /// The webhook is there no more.
    End,
}

impl Teller {
    fn new(hub: Arc<Hub>, name: &str, webhook: &Webhook, programme: &Programme) -> Self {
        let zone = timezone(&programme.timezone).unwrap_or(TimeZone::UTC);
        let ear = Arc::new(Ear::new(webhook, &zone));
        let (name, webhook) = (name.to_owned(), webhook.clone());
        Self { hub, name, webhook, ear, found: VecDeque::new(), looked: Seq(0) }
    }

    async fn run(mut self) {
        let mut durable = self.hub.runtime.durable();
        loop {
            // Marked as seen first, so that what comes meanwhile wakes us.
            durable.borrow_and_update();
            match self.next().await {
                Next::Tell { delivery, attempt } => self.tell(delivery, attempt).await,
                Next::Look { from } => self.look(from).await,
                Next::Wait { until } => {
                    let until = until.map(clock::until);
                    tokio::select! {
                        changed = durable.changed() => if changed.is_err() { return },
                        () = async { tokio::time::sleep(until.unwrap_or_default()).await }, if until.is_some() => {}
                    }
                }
                Next::End => return,
            }
        }
    }

    async fn next(&mut self) -> Next {
        let name = self.name.clone();
        let read = move |engine: &Engine| {
            engine.webhook(&name).map(|one| (one.told, one.next_due(), one.has_room(), one.off.is_some()))
        };
        let Some((told, due, has_room, is_off)) = self.hub.runtime.read(read).await else { return Next::End };
        if is_off {
            return Next::Wait { until: None };
        }
        if let Some((at, delivery, attempts)) = due
            && at <= clock::now()
        {
            return Next::Tell { delivery, attempt: attempts + 1 };
        }
        let until = due.map(|(at, ..)| at);
        if !has_room {
            return Next::Wait { until };
        }
        while let Some(delivery) = self.found.pop_front() {
            if delivery > told {
                return Next::Tell { delivery, attempt: 1 };
            }
        }
        self.looked = self.looked.max(Seq(told.seq.0.saturating_sub(1)));
        if self.looked < *self.hub.runtime.durable().borrow() {
            return Next::Look { from: self.looked };
        }
        Next::Wait { until }
    }

    /// Looks for more in the log; a long way without anything is put on record.
    async fn look(&mut self, from: Seq) {
        let (hub, ear) = (Arc::clone(&self.hub), Arc::clone(&self.ear));
        let walk = tokio::task::spawn_blocking(move || walk(&hub, &ear, from)).await;
        match walk.expect("invariant: a reader of the log does not panic") {
            Ok((found, looked)) => {
                self.found.extend(found);
                self.looked = looked;
                let name = self.name.clone();
                let told = move |engine: &Engine| engine.webhook(&name).map_or(Seq(0), |one| one.told.seq);
                let behind = looked.0.saturating_sub(self.hub.runtime.read(told).await.0);
                if self.found.is_empty() && behind >= WEBHOOK_FOLLOWED_RECORDS {
                    let (webhook, followed_at) = (self.name.as_str(), clock::now());
                    let followed = WebhookFollowed { webhook, to: looked, followed_at };
                    self.record(&Record::WebhookFollowed(followed)).await;
                }
            }
            Err(error) => {
                tracing::error!(webhook = %self.name, %error, "the log could not be read for a webhook");
                tokio::time::sleep(WEBHOOK_REST).await;
            }
        }
    }

    async fn tell(&mut self, delivery: Delivery, attempt: u8) {
        let body = match self.body(delivery).await {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(webhook = %self.name, %error, "the log could not be read for a webhook");
                return self.begin_anew().await;
            }
        };
        let posted = match body {
            Some(body) => {
                let id = self.id(delivery).await;
                self.hub.post.post(&self.name, &self.webhook.url, &id, body).await
            }
            None => Posted::failed(WebhookOutcome::Dropped, "there is nobody any more whom it is about"),
        };
        self.hub.metrics.webhook(&self.name, posted.outcome);
        let attempt = attempt_of(&posted, attempt);
        let delivered = WebhookDelivered { webhook: &self.name, delivery, attempt };
        if !self.record(&Record::WebhookDelivered(delivered)).await {
            self.begin_anew().await;
        }
    }

    /// What was found counts no more: the engine says from where on to look.
    async fn begin_anew(&mut self) {
        self.found.clear();
        self.looked = Seq(0);
        tokio::time::sleep(WEBHOOK_REST).await;
    }

    /// The same for all attempts, and another in every installation.
    async fn id(&self, delivery: Delivery) -> String {
        format!("msg_{:016x}_{}_{}", installation(&self.hub).await, delivery.seq, delivery.place)
    }

    /// What is to be told, read from the log once more and off the engine as it is now.
    async fn body(&self, delivery: Delivery) -> Result<Option<Vec<u8>>, eventlog::Error> {
        let (hub, ear) = (Arc::clone(&self.hub), Arc::clone(&self.ear));
        let webhook = self.webhook.clone();
        let read = move || {
            let batches = hub.log.holding([delivery.seq])?;
            let heard = batches.first().and_then(|batch| heard(batch, &ear, delivery));
            Ok(heard.and_then(|heard| {
                let body = hub.runtime.read_blocking(|engine| body::of_heard(engine, &webhook, &heard))?;
                Some(body.to_string().into_bytes())
            }))
        };
        tokio::task::spawn_blocking(read).await.expect("invariant: a reader of the log does not panic")
    }

    /// Puts something on record; whether the engine took it.
    async fn record(&self, record: &Record<'_>) -> bool {
        let recorded = self.hub.runtime.record(record).await;
        let is_taken = matches!(recorded, Ok(Outcome::Applied(_)));
        if !is_taken {
            tracing::debug!(webhook = %self.name, ?recorded, "what a webhook answered was not taken");
        }
        is_taken
    }
}

/// Sends a webhook a message that tells nothing; `None` where the programme has no such webhook. Not on record.
pub async fn test(hub: &Hub, name: &str) -> Option<Posted> {
    let url = hub.runtime.programme().webhooks.get(name)?.url.clone();
    let now = clock::now();
    let id = format!("test_{:016x}_{}", installation(hub).await, now.0);
    let body = body::of_test(now).to_string().into_bytes();
    Some(hub.post.post(name, &url, &id, body).await)
}

/// What a delivery tells of; `None` where its record tells nothing any more.
fn heard<'a>(batch: &'a Batch, ear: &Ear, delivery: Delivery) -> Option<Heard<'a>> {
    let place = usize::try_from(delivery.seq.0.checked_sub(batch.first.0)?).ok()?;
    let record = Record::decode(batch.records().nth(place)?.ok()?).ok()?;
    let mut heard = ear.hear(delivery.seq, &record).into_iter();
    heard.find(|(one, _)| *one == delivery).map(|(_, heard)| heard)
}

pub(super) async fn installation(hub: &Hub) -> u64 {
    hub.runtime.read(|engine| engine.installed().map_or(0, |one| one.installation)).await
}

pub(super) fn attempt_of(posted: &Posted, attempt: u8) -> WebhookAttempt<'_> {
    WebhookAttempt {
        attempt,
        outcome: posted.outcome,
        status: posted.status,
        ended_at: clock::now(),
        took_ms: posted.took_ms,
        not_before: posted.not_before,
        reason: &posted.reason,
    }
}

/// What a webhook hears of behind a place of the log, and how far that was looked for.
fn walk(hub: &Hub, ear: &Ear, from: Seq) -> Result<(Vec<Delivery>, Seq), eventlog::Error> {
    let (mut found, mut looked, mut looks) = (Vec::new(), from, 0);
    let first = hub.log.first()?.unwrap_or(Seq(1));
    for batch in hub.log.read(from.next().max(first))? {
        let batch = batch?;
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        for (seq, bytes) in records.filter(|(seq, _)| *seq > from) {
            if found.len() >= WEBHOOK_FOUND_MAX || looks >= WEBHOOK_WALK_RECORDS_MAX {
                return Ok((found, looked));
            }
            (looked, looks) = (seq, looks + 1);
            let Ok(record) = Record::decode(bytes) else { continue };
            found.extend(ear.hear(seq, &record).into_iter().map(|(delivery, _)| delivery));
        }
    }
    Ok((found, looked))
}
