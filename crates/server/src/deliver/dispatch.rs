//! Carries sends from the engine's effects to a channel and their receipts back into the log.
//!
//! One task owns it all. It is woken by an effect, by a send that is done, and by the stop. A bounded number of
//! sends is in hand at a time, each in a small task of its own that goes straight through: get ready, record the
//! attempt, wait for the engine's last word, hand over, record the receipt. The rest waits here in the order in which
//! the engine asked for it; it is what the ledger calls queued, and a stop forgets it because the next start finds it
//! there again.

use super::channel::{Channel, Receipt};
use crate::clock;
use crate::limits::{SENDS_IN_HAND_MAX, STOP_PATIENCE};
use crate::metrics::Metrics;
use crate::runtime::{Owed, Runtime};
use engine::SendId;
use engine::effect::{Effect, Prepare};
use engine::programme;
use engine::record::{Attempted, DeliveryOutcome, Record, Settled};
use eventlog::sequencer::Outcome;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// The channels that this server can send on.
pub type Channels = HashMap<programme::Channel, Arc<dyn Channel>>;

/// One attempt of one send.
type Attempt = (SendId, u8);

/// The engine's last word before a hand-over.
enum Verdict {
    HandOver,
    Release,
}

pub struct Dispatcher {
    carrier: Arc<Carrier>,
    /// Asked for and not begun.
    backlog: VecDeque<Prepare>,
    in_hand: JoinSet<Attempt>,
    /// Who waits for the engine's last word.
    verdicts: HashMap<Attempt, oneshot::Sender<Verdict>>,
}

/// What each task needs.
struct Carrier {
    runtime: Runtime,
    channels: Channels,
    metrics: Arc<Metrics>,
}

impl Dispatcher {
    pub fn new(runtime: Runtime, channels: Channels, metrics: Arc<Metrics>) -> Self {
        let carrier = Arc::new(Carrier { runtime, channels, metrics });
        Self { carrier, backlog: VecDeque::new(), in_hand: JoinSet::new(), verdicts: HashMap::new() }
    }

    /// Settles what an earlier process left, then carries until the stop or until effects end.
    pub async fn run(
        mut self,
        owed: Owed,
        mut effects: UnboundedReceiver<Effect>,
        stop: oneshot::Receiver<()>,
    ) {
        for (send, attempt) in owed.in_flight {
            let reply = "the process ended between the hand-over and the answer".to_owned();
            let receipt = Receipt { outcome: DeliveryOutcome::Unknown, reply };
            self.carrier.settle((send, attempt), &receipt).await;
        }
        self.backlog.extend(owed.prepare);
        tokio::pin!(stop);
        loop {
            self.take_up();
            tokio::select! {
                effect = effects.recv() => match effect {
                    Some(effect) => self.follow(effect),
                    None => break,
                },
                Some(done) = self.in_hand.join_next() => self.put_down(done),
                _ = &mut stop => break,
            }
        }
        self.finish(effects).await;
    }

    /// Begins as much of the backlog as may be in hand.
    fn take_up(&mut self) {
        while self.in_hand.len() < SENDS_IN_HAND_MAX
            && let Some(prepare) = self.backlog.pop_front()
        {
            let attempt = (prepare.send, prepare.attempt);
            let (verdict, last_word) = oneshot::channel();
            self.verdicts.insert(attempt, verdict);
            let carrier = Arc::clone(&self.carrier);
            self.in_hand.spawn(async move {
                carrier.carry(&prepare, last_word).await;
                attempt
            });
        }
    }

    fn follow(&mut self, effect: Effect) {
        match effect {
            Effect::Prepare(prepare) => self.backlog.push_back(*prepare),
            Effect::HandOver { send, attempt } => self.tell((send, attempt), Verdict::HandOver),
            Effect::Release { send, attempt } => self.tell((send, attempt), Verdict::Release),
        }
    }

    fn tell(&mut self, attempt: Attempt, verdict: Verdict) {
        let waiting = self.verdicts.remove(&attempt);
        let told = waiting.is_some_and(|waiting| waiting.send(verdict).is_ok());
        assert!(
            told,
            "invariant: only attempts that we recorded and still hold are decided, not {attempt:?}"
        );
    }

    fn put_down(&mut self, done: Result<Attempt, tokio::task::JoinError>) {
        match done {
            Ok(attempt) => drop(self.verdicts.remove(&attempt)),
            // Its send stays owed and is shown as unknown after the next start; the others go on.
            Err(error) => tracing::error!(%error, "a bug while carrying a send"),
        }
    }

    /// Lets what is in hand come to its end, for as long as a stop can wait.
    async fn finish(mut self, mut effects: UnboundedReceiver<Effect>) {
        self.backlog.clear();
        let carried = async {
            while !self.in_hand.is_empty() {
                tokio::select! {
                    Some(effect) = effects.recv() => match effect {
                        Effect::Prepare(_) => {}
                        other => self.follow(other),
                    },
                    Some(done) = self.in_hand.join_next() => self.put_down(done),
                }
            }
        };
        if tokio::time::timeout(STOP_PATIENCE, carried).await.is_err() {
            let left = self.in_hand.len();
            tracing::warn!(
                left,
                "stopped before every hand-over was answered; these sends will show as unknown"
            );
        }
    }
}

impl Carrier {
    /// One attempt from its beginning to its end.
    async fn carry(&self, prepare: &Prepare, last_word: oneshot::Receiver<Verdict>) {
        let attempt = (prepare.send, prepare.attempt);
        let ready = match self.channels.get(&prepare.channel) {
            Some(channel) => channel.prepare(prepare),
            None => Err(format!("this server has no settings for the channel {}", prepare.channel.name())),
        };
        let attempted =
            Attempted { send: prepare.send, attempt: prepare.attempt, attempted_at: clock::now() };
        match self.runtime.record(&Record::Attempted(attempted)).await {
            Ok(Outcome::Applied(_)) => {}
            // The send went another way meanwhile, or we stop: either way it is not ours any more.
            Ok(_) | Err(_) => return,
        }
        let Ok(Verdict::HandOver) = last_word.await else { return };
        let receipt = match ready {
            Ok(hand_over) => hand_over.await,
            Err(reply) => Receipt { outcome: DeliveryOutcome::Permanent, reply },
        };
        self.settle(attempt, &receipt).await;
    }

    async fn settle(&self, (send, attempt): Attempt, receipt: &Receipt) {
        self.metrics.settled(receipt.outcome);
        let (outcome, reply) = (receipt.outcome, receipt.reply.as_str());
        let settled = Settled { send, attempt, outcome, settled_at: clock::now(), reply };
        match self.runtime.record(&Record::Settled(settled)).await {
            Ok(Outcome::Applied(_)) => {}
            other => {
                tracing::error!(%send, attempt, ?other, "a receipt was not taken; the send will show as unknown");
            }
        }
    }
}
