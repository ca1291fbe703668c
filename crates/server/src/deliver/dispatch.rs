//! Carries sends from the engine's effects to a channel and their receipts back into the log.
//!
//! One task owns it all. It is woken by the backlog, by a send that is done, and by the stop. A bounded number of
//! sends is in hand at a time, each in a small task of its own that goes straight through: get ready, record the
//! attempt, wait for the engine's last word, hand over, record the receipt. The rest waits in the [`Backlog`], or in
//! the engine; it is what the ledger calls queued, and a stop forgets it because the next start finds it there again.

use super::backlog::{Attempt, Backlog, Choice, LastWord};
use super::channel::{Channel, Receipt};
use crate::clock;
use crate::limits::{COMPANY, SENDS_IN_HAND_MAX, STOP_PATIENCE, TURN_NEAR};
use crate::metrics::Metrics;
use crate::runtime::{Entrance, InFlight, Runtime};
use engine::at::At;
use engine::effect::Prepare;
use engine::engine::Refusal;
use engine::programme;
use engine::record::{Attempted, DeliveryOutcome, Record, Settled};
use eventlog::sequencer::Outcome;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// The channels that this server can send on.
pub type Channels = HashMap<programme::Channel, Arc<dyn Channel>>;

pub struct Dispatcher {
    carrier: Arc<Carrier>,
    backlog: Arc<Backlog>,
    in_hand: JoinSet<Attempt>,
    /// The attempts of `in_hand`: what is asked for twice is begun once.
    begun: HashSet<Attempt>,
    /// Who waits for the engine's last word.
    waiting: HashMap<Attempt, oneshot::Sender<LastWord>>,
    /// When the turn of the next send that waits here has come.
    next_turn: Option<At>,
    /// When to look again for what was given back to the engine until its turn.
    look_again: Option<At>,
    /// Attempts of `in_hand` that are let go. The engine may ask for one of them again before its task has ended.
    released: HashSet<Attempt>,
    /// What it asked for again: begun when that task has ended.
    again: HashMap<Attempt, Prepare>,
}

/// What each task needs.
struct Carrier {
    runtime: Runtime,
    channels: Channels,
    metrics: Arc<Metrics>,
}

impl Dispatcher {
    pub fn new(runtime: Runtime, channels: Channels, metrics: Arc<Metrics>, backlog: Arc<Backlog>) -> Self {
        let carrier = Arc::new(Carrier { runtime, channels, metrics });
        Self {
            carrier,
            backlog,
            in_hand: JoinSet::new(),
            begun: HashSet::new(),
            waiting: HashMap::new(),
            next_turn: None,
            look_again: None,
            released: HashSet::new(),
            again: HashMap::new(),
        }
    }

    /// Settles what an earlier process left in flight, then carries until the stop.
    pub async fn run(mut self, in_flight: InFlight, stop: oneshot::Receiver<()>) {
        for attempt in in_flight {
            let reply = "the process ended between the hand-over and the answer".to_owned();
            let receipt = Receipt { outcome: DeliveryOutcome::Unknown, reply };
            self.carrier.settle(attempt, &receipt).await;
        }
        tokio::pin!(stop);
        loop {
            self.pass_on();
            self.take_up();
            self.look();
            tokio::select! {
                () = self.backlog.changed() => {}
                Some(done) = self.in_hand.join_next() => self.put_down(done),
                () = sleep_until(self.next_turn.into_iter().chain(self.look_again).min()) => {}
                _ = &mut stop => break,
            }
        }
        self.finish().await;
    }

    /// Begins as much of the backlog as may be in hand and whose turn it is.
    fn take_up(&mut self) {
        let now = clock::now();
        if self.look_again.is_some_and(|at| at <= now) {
            self.look_again = None;
            self.backlog.look_again();
        }
        self.carrier.channels.values().for_each(|channel| channel.begin_round());
        let (mut next_turn, mut look_again) = (None::<At>, self.look_again);
        let room = SENDS_IN_HAND_MAX - self.in_hand.len();
        let taken = self.backlog.take(room, |prepare| {
            let attempt = (prepare.send, prepare.attempt);
            let channel =
                self.carrier.channels.get(&prepare.channel).filter(|_| !self.begun.contains(&attempt));
            match channel.map_or(Ok(()), |channel| channel.turn(prepare, now)) {
                Ok(()) => Choice::Take,
                Err(at) if at <= now.plus(TURN_NEAR) => {
                    next_turn = Some(next_turn.map_or(at, |next| next.min(at)));
                    Choice::Leave
                }
                Err(at) => {
                    look_again = Some(look_again.map_or(at, |next| next.min(at)));
                    Choice::GiveBack
                }
            }
        });
        (self.next_turn, self.look_again) = (next_turn, look_again);
        taken.into_iter().for_each(|prepare| self.begin(prepare));
    }

    fn begin(&mut self, prepare: Prepare) {
        let attempt = (prepare.send, prepare.attempt);
        if self.released.contains(&attempt) {
            self.again.insert(attempt, prepare);
            return;
        }
        if !self.begun.insert(attempt) {
            return;
        }
        let (last_word, spoken) = oneshot::channel();
        self.waiting.insert(attempt, last_word);
        let carrier = Arc::clone(&self.carrier);
        // A send that goes alone waits for nobody.
        let entrance = if self.in_hand.len() < COMPANY { Entrance::Inside } else { Entrance::Together };
        self.in_hand.spawn(async move {
            carrier.carry(&prepare, entrance, spoken).await;
            attempt
        });
    }

    /// Has the backlog filled up with what is owed, where it lacks some. In a task of its own: it waits for the engine.
    fn look(&self) {
        let Some(from) = self.backlog.look() else { return };
        let (backlog, runtime) = (Arc::clone(&self.backlog), self.carrier.runtime.clone());
        tokio::spawn(async move {
            let looks = backlog.looks();
            let (prepares, next) = runtime.read(move |engine| engine.to_prepare(from, looks)).await;
            backlog.found(prepares, next);
        });
    }

    /// Tells each task the engine's last word on its attempt.
    fn pass_on(&mut self) {
        for (attempt, last_word) in self.backlog.last_words() {
            if matches!(last_word, LastWord::Release) {
                self.released.insert(attempt);
            }
            let waiting = self.waiting.remove(&attempt);
            let told = waiting.is_some_and(|waiting| waiting.send(last_word).is_ok());
            assert!(
                told,
                "invariant: only attempts that we recorded and still hold are decided, not {attempt:?}"
            );
        }
    }

    fn put_down(&mut self, done: Result<Attempt, tokio::task::JoinError>) {
        match done {
            Ok(attempt) => {
                self.begun.remove(&attempt);
                self.waiting.remove(&attempt);
                self.released.remove(&attempt);
                if let Some(prepare) = self.again.remove(&attempt) {
                    self.begin(prepare);
                }
            }
            // Its send stays owed, and its attempt counts as begun, so that only another process tries it again.
            Err(error) => tracing::error!(%error, "a bug while carrying a send"),
        }
    }

    /// Lets what is in hand come to its end, for as long as a stop can wait.
    async fn finish(mut self) {
        let carried = async {
            while !self.in_hand.is_empty() {
                self.pass_on();
                tokio::select! {
                    () = self.backlog.changed() => {}
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
    async fn carry(&self, prepare: &Prepare, entrance: Entrance, last_word: oneshot::Receiver<LastWord>) {
        let attempt = (prepare.send, prepare.attempt);
        let ready = match self.channels.get(&prepare.channel) {
            Some(channel) => channel.prepare(prepare),
            None => Err(format!("this server has no settings for the channel {}", prepare.channel.name())),
        };
        let attempted =
            Attempted { send: prepare.send, attempt: prepare.attempt, attempted_at: clock::now() };
        match self.runtime.record_by(entrance, &Record::Attempted(attempted)).await {
            Ok(Outcome::Applied(_)) => {}
            // The send went another way meanwhile, or we stop: either way it is not ours any more.
            Ok(_) | Err(_) => return,
        }
        let Ok(LastWord::HandOver) = last_word.await else { return };
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
        let mut recorded =
            self.runtime.record_by(Entrance::Together, &Record::Settled(settled.clone())).await;
        if recorded == Ok(Outcome::Refused(Refusal::Erased)) {
            // The provider's words often repeat the address.
            recorded = self.runtime.record(&Record::Settled(Settled { reply: "", ..settled })).await;
        }
        match recorded {
            Ok(Outcome::Applied(_)) => {}
            other => {
                tracing::error!(%send, attempt, ?other, "a receipt was not taken; the send will show as unknown");
            }
        }
    }
}

/// Sleeps until then; for ever where there is nothing to wait for.
async fn sleep_until(at: Option<At>) {
    match at {
        Some(at) => tokio::time::sleep(clock::until(at)).await,
        None => std::future::pending().await,
    }
}
