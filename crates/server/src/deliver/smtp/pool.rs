//! Letters in, answers out: a bounded queue and the connections that it feeds.
//!
//! Whoever sends owns a `Pool`. Each of its lanes is a task that keeps at most one connection; it is woken by a
//! letter in the queue, by the relay, by a timeout, or by the pool's stop.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::answer::Answer;
use super::lane::Lane;
use super::letter::Letter;
use super::url::Route;
use crate::limits;

/// How much a pool does at once.
#[derive(Clone, Copy, Debug)]
pub struct PoolSize {
    /// Connections at most.
    pub connections: usize,
    /// Letters that may wait for a connection.
    pub queue: usize,
    /// Letters on a connection before it is renewed.
    pub per_connection: u32,
    /// How long a connection with nothing to do is kept.
    pub idle: Duration,
}

impl PoolSize {
    /// The bounds of `limits`.
    pub const USUAL: Self = Self {
        connections: limits::SMTP_CONNECTIONS,
        queue: limits::SMTP_QUEUE_LETTERS,
        per_connection: limits::SMTP_MESSAGES_PER_CONNECTION,
        idle: limits::SMTP_IDLE,
    };
}

/// A queue and its connections to one relay.
pub struct Pool {
    queue: async_channel::Sender<Job>,
    stop: watch::Sender<bool>,
    lanes: Mutex<Vec<JoinHandle<()>>>,
}

/// The answer to come: await it. It is `Unknown` if the runtime ends before the pool is stopped.
pub struct Receipt(oneshot::Receiver<Answer>);

/// A letter on its way to its one answer.
pub(super) struct Job {
    pub letter: Letter,
    answer: oneshot::Sender<Answer>,
}

impl Pool {
    /// Starts the lanes on the current tokio runtime. They connect when there is something to send.
    pub fn start(route: Route, size: PoolSize) -> Self {
        assert!(
            size.connections > 0 && size.queue > 0 && size.per_connection > 0,
            "a pool of nothing: {size:?}"
        );
        let (queue, jobs) = async_channel::bounded(size.queue);
        let weak = queue.downgrade();
        let (stop, stopping) = watch::channel(false);
        let (route, health) = (Arc::new(route), Arc::new(Health::default()));
        let lanes = (0..size.connections).map(|_| {
            let (route, health, stopping) = (route.clone(), health.clone(), stopping.clone());
            let (jobs, queue) = (jobs.clone(), weak.clone());
            let lane = Lane { route, size, jobs, queue, stopping, health, carried: VecDeque::new() };
            tokio::spawn(lane.run())
        });
        Self { queue, stop, lanes: Mutex::new(lanes.collect()) }
    }

    /// Puts a letter into the queue, waiting while it is full.
    pub async fn submit(&self, letter: Letter) -> Receipt {
        let (answer, receipt) = oneshot::channel();
        if let Err(refused) = self.queue.send(Job { letter, answer }).await {
            refused.0.settle(Answer::stopping());
        }
        Receipt(receipt)
    }

    /// Puts a letter into the queue and waits for its answer.
    pub async fn send(&self, letter: Letter) -> Answer {
        self.submit(letter).await.await
    }

    /// Letters under way are finished, those still in the queue are answered `Unreachable`, connections are
    /// closed. A relay that keeps silent can hold this up for minutes; whoever cannot wait gives up waiting.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        self.queue.close();
        let lanes = std::mem::take(&mut *self.lanes.lock().expect("no holder panics"));
        for lane in lanes {
            if let Err(why) = lane.await {
                tracing::error!(%why, "an SMTP lane ended early");
            }
        }
    }
}

impl Future for Receipt {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let lost = || Answer::Unknown { why: "the program ended before the relay's answer".to_owned() };
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or_else(|_| lost()))
    }
}

impl Job {
    /// Gives the letter its answer; by value, so that there can be only one.
    pub(super) fn settle(self, answer: Answer) {
        // Nobody waiting for the answer is not the relay's concern.
        drop(self.answer.send(answer));
    }
}

/// What the lanes of a pool know together about their relay.
#[derive(Default)]
pub(super) struct Health(Mutex<Known>);

#[derive(Default)]
struct Known {
    connected: usize,
    /// Connections that came to nothing since the last that worked.
    failures: u32,
    /// No connect is tried before this.
    paused_until: Option<Instant>,
    why: String,
}

/// What a lane without a connection does next.
pub(super) enum Advice {
    Connect,
    /// The relay is to be left alone until then. If other lanes have a connection, letters are left to them;
    /// if not, letters are answered at once with this reason, for in the queue a crash would put them in doubt.
    Pause {
        until: Instant,
        others_connected: bool,
        why: String,
    },
}

impl Health {
    pub(super) fn advice(&self) -> Advice {
        let known = self.0.lock().expect("no holder panics");
        match known.paused_until.filter(|&until| until > Instant::now()) {
            None => Advice::Connect,
            Some(until) => {
                Advice::Pause { until, others_connected: known.connected > 0, why: known.why.clone() }
            }
        }
    }

    pub(super) fn connected(&self) {
        self.0.lock().expect("no holder panics").connected += 1;
    }

    /// A letter was answered over a new connection: the relay is well.
    pub(super) fn worked(&self) {
        let mut known = self.0.lock().expect("no holder panics");
        *known = Known { connected: known.connected, ..Known::default() };
    }

    pub(super) fn disconnected(&self) {
        self.0.lock().expect("no holder panics").connected -= 1;
    }

    /// Begins a pause; says whether other lanes are connected.
    pub(super) fn failed(&self, why: &str) -> bool {
        let mut known = self.0.lock().expect("no holder panics");
        let pause = limits::SMTP_PAUSE_FIRST.saturating_mul(1 << known.failures.min(16));
        known.failures += 1;
        known.paused_until = Some(Instant::now() + pause.min(limits::SMTP_PAUSE_MAX));
        known.why = why.to_owned();
        known.connected > 0
    }
}
