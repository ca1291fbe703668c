//! Bringing in from the log, while the server runs, what a rule or a question asks of events and the engine does not
//! keep.
//!
//! One backfill at a time, on a thread of its own that whoever asks first starts. It reads the log beside the writer and
//! holds the engine only for a step at a time, so that nobody waits for it but those who asked.

use super::{Shared, UNPOISONED, start};
use crate::limits::BACKFILL_WAIT;
use engine::Seq;
use engine::backfill::Property;
use engine::engine::{Engine, Unanswered};
use engine::programme::Mistake;
use eventlog::backfill::take_in;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// How long to wait before looking again whether the writer has come far enough: about as long as it is at the disk.
const WRITER_WAIT: Duration = Duration::from_millis(2);

/// The backfill that runs, if one does.
#[derive(Default)]
pub(super) struct Backfills {
    running: Mutex<Option<Arc<Running>>>,
}

struct Running {
    properties: Vec<Property>,
    /// Records read so far, of so many.
    read: AtomicU64,
    to: AtomicU64,
    /// Ends with what came of it.
    end: watch::Sender<Option<Result<(), String>>>,
}

/// How far a backfill has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub properties: Vec<Property>,
    /// Of the records to be read, those that were.
    pub percent: u8,
}

/// Why a question is not answered now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAnswered {
    Mistake(Mistake),
    /// What it asks for is on its way; it can be asked again in a while.
    Reading(Reading),
    /// The log cannot be read.
    Failed(String),
}

impl std::fmt::Display for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.properties.iter().map(Property::to_string).collect();
        write!(f, "{} is being read from the log: {} % is done", names.join(", "), self.percent)
    }
}

impl Running {
    fn reading(&self) -> Reading {
        let (read, to) = (self.read.load(Ordering::Relaxed), self.to.load(Ordering::Relaxed));
        let percent = (read * 100).checked_div(to).unwrap_or(0).min(100) as u8;
        Reading { properties: self.properties.clone(), percent }
    }
}

impl Shared {
    pub(super) fn reading(&self) -> Option<Reading> {
        self.backfills.running.lock().expect(UNPOISONED).as_ref().map(|running| running.reading())
    }

    /// Brings properties in, or joins whoever does. Returns when that is over, or when it takes longer than a client
    /// should be made to wait.
    pub(super) async fn bring_in(self: &Arc<Self>, properties: Vec<Property>) -> Result<(), NotAnswered> {
        let running = self.join(properties)?;
        let mut end = running.end.subscribe();
        match tokio::time::timeout(BACKFILL_WAIT, end.wait_for(Option::is_some)).await {
            Err(_) => Err(NotAnswered::Reading(running.reading())),
            Ok(Ok(end)) => end.clone().expect("invariant: just seen").map_err(NotAnswered::Failed),
            Ok(Err(_)) => unreachable!("invariant: we hold its sender"),
        }
    }

    fn join(self: &Arc<Self>, properties: Vec<Property>) -> Result<Arc<Running>, NotAnswered> {
        let mut slot = self.backfills.running.lock().expect(UNPOISONED);
        if let Some(running) = &*slot {
            return Ok(Arc::clone(running));
        }
        let (read, to, end) = (AtomicU64::new(0), AtomicU64::new(0), watch::Sender::new(None));
        let running = Arc::new(Running { properties, read, to, end });
        let (shared, own) = (Arc::clone(self), Arc::clone(&running));
        // Nobody joins it: a stop of the process ends it, and the next start knows nothing of it.
        start::thread("backfill", move || {
            let end = shared.bring_in_all(&own).map_err(|error| {
                tracing::error!(%error, "what a question asks of the past cannot be read from the log");
                format!("the log cannot be read: {error}")
            });
            *shared.backfills.running.lock().expect(UNPOISONED) = None;
            own.end.send_replace(Some(end));
        })
        .map_err(|error| NotAnswered::Failed(error.to_string()))?;
        *slot = Some(Arc::clone(&running));
        Ok(running)
    }

    fn bring_in_all(&self, running: &Running) -> Result<(), eventlog::Error> {
        let engine = || self.engine.read().expect(UNPOISONED);
        let mut backfill = {
            let mut engine = self.engine.write().expect(UNPOISONED);
            engine.begin_backfill(running.properties.clone())
        };
        let to = backfill.to();
        running.to.store(to.0, Ordering::Relaxed);
        if to > Seq(0) {
            // The writer is a batch or two behind.
            while *self.durable.borrow() < to {
                std::thread::sleep(WRITER_WAIT);
            }
            for batch in (self.read_log)(Seq(1))? {
                let batch = batch?;
                running.read.store(batch.last().0, Ordering::Relaxed);
                if !take_in(&mut backfill, &batch, |send, url| engine().properties_of(send, url))? {
                    break;
                }
            }
        }
        while self.engine.write().expect(UNPOISONED).step_backfill(&mut backfill) {}
        Ok(())
    }
}

impl super::Runtime {
    /// Asks the engine a question that may need what is not kept; that is brought in first.
    pub async fn ask<T: Send + 'static>(
        &self,
        ask: impl Fn(&Engine) -> Result<T, Unanswered> + Clone + Send + 'static,
    ) -> Result<T, NotAnswered> {
        loop {
            match self.read(ask.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(Unanswered::Mistake(mistake)) => return Err(NotAnswered::Mistake(mistake)),
                Err(Unanswered::Unkept(properties)) => self.bring_in(properties).await?,
            }
        }
    }

    /// Brings properties in from the log, or tells how far that has come when it takes long.
    pub async fn bring_in(&self, properties: Vec<Property>) -> Result<(), NotAnswered> {
        self.shared.bring_in(properties).await
    }

    /// The backfill that runs now.
    pub fn reading(&self) -> Option<Reading> {
        self.shared.reading()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Runtime;
    use engine::at::At;
    use engine::identifier::{HashKey, IdentifierKind};
    use engine::record::{Event, EventFlags, EventKind, Identifier, Installed, Record};
    use engine::value::{Map, OwnedMap};
    use eventlog::frame::push_record;
    use eventlog::log::Batch;
    use eventlog::sequencer::stage;
    use serde_json::json;
    use std::sync::mpsc;

    const KEY: HashKey = HashKey([3; 16]);

    fn framed(record: &Record<'_>) -> Vec<u8> {
        let (mut bytes, mut body) = (Vec::new(), Vec::new());
        record.encode(&mut bytes);
        push_record(&mut body, &bytes);
        body
    }

    /// An engine to which ten people are known who bought something, the first of them for nothing, and its log.
    fn shop() -> (Engine, Vec<Batch>) {
        let (mut engine, mut log) = (Engine::new(), Vec::new());
        let installed = Installed { installation: 1, hash_key: KEY, seed: 1, link_key: [0; 32] };
        log.extend(stage(&mut engine, At(0), &[&framed(&Record::Installed(installed))]).batches);
        for number in 0..10 {
            let now = At(1_767_600_000_000 + number);
            let user = format!("u{number}");
            let identifier = Identifier {
                kind: IdentifierKind::UserId,
                hash: KEY.identifier(IdentifierKind::UserId, &user),
                value: &user,
            };
            let properties = OwnedMap::from_json(&json!({ "total": number })).unwrap();
            let event = Event {
                kind: EventKind::Track,
                flags: EventFlags::default(),
                occurred_at: now,
                received_at: now,
                source: "test",
                name: "Bought",
                message_id: KEY.message_id("test", &user),
                identifiers: vec![identifier],
                message_id_text: &user,
                properties: properties.as_map(),
                traits: Map::default(),
                context: Map::default(),
            };
            log.extend(stage(&mut engine, now, &[&framed(&Record::Event(event))]).batches);
        }
        (engine, log)
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_of_the_past_is_told_how_far_it_is_and_answered_when_it_is_there() {
        let (engine, log) = shop();
        let (go_on, disk) = mpsc::channel::<()>();
        let disk = Mutex::new(Some(disk));
        let shared = Shared::of(
            engine,
            Box::new(move |_| {
                let disk = disk.lock().unwrap().take().expect("the log is read once");
                let slow = log.clone().into_iter().map(move |batch| {
                    if batch.first == Seq(7) {
                        disk.recv().unwrap();
                    }
                    Ok(batch)
                });
                Ok(Box::new(slow))
            }),
        );
        let runtime = Runtime { shared };
        let ask = || {
            let ask =
                |engine: &Engine| engine.preview(r#"did "Bought" (total > 0)"#).map(|found| found.count);
            runtime.ask(ask)
        };
        let Err(NotAnswered::Reading(reading)) = ask().await else { panic!("it cannot be known yet") };
        assert!(reading.percent < 100 && Some(reading.properties.clone()) == shown(&runtime), "{reading}");
        assert!(reading.to_string().starts_with("`total` of \"Bought\" is being read from the log: "));
        go_on.send(()).unwrap();
        // No time passes here but while we wait, so we may be told to wait some more.
        let answer = loop {
            match ask().await {
                Err(NotAnswered::Reading(_)) => {}
                answer => break answer,
            }
        };
        assert_eq!(answer, Ok(9));
        assert_eq!(ask().await, Ok(9), "and it stays");
        // The engine knows it a moment before the thread that read it has ended.
        while runtime.reading().is_some() {
            tokio::task::yield_now().await;
        }
    }

    fn shown(runtime: &Runtime) -> Option<Vec<Property>> {
        runtime.reading().map(|reading| reading.properties)
    }

    #[tokio::test]
    async fn a_log_that_cannot_be_read_is_said_so_and_tried_again() {
        let (engine, log) = shop();
        let tries = AtomicU64::new(0);
        let shared = Shared::of(
            engine,
            Box::new(move |from| match tries.fetch_add(1, Ordering::Relaxed) {
                0 => Err(eventlog::Error::Trimmed { from, first: Seq(5) }),
                _ => Ok(Box::new(log.clone().into_iter().map(Ok))),
            }),
        );
        let runtime = Runtime { shared };
        let ask = |engine: &Engine| engine.preview(r#"did "Bought" (total > 7)"#).map(|found| found.count);
        let Err(NotAnswered::Failed(why)) = runtime.ask(ask).await else { panic!("the log is broken") };
        assert!(why.starts_with("the log cannot be read: "), "{why}");
        assert_eq!(runtime.ask(ask).await, Ok(2));
    }
}
