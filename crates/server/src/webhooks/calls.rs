//! Questions of runs, from the engine's effects to the webhooks and their answers back into the log.
//!
//! The engine's effect says only that a run asks; what it asks is read off the engine when its turn has come. The queue is
//! bounded: what finds no room in it, and what an earlier process left, is looked for in the engine, since a question is
//! part of its run until it is answered or nobody waits any more.

use super::ask;
use crate::hub::Hub;
use crate::limits::{CALLS_IN_HAND_MAX, CALLS_LOOKS, CALLS_WAITING_MAX};
use engine::ProfileId;
use engine::engine::Engine;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

/// A run that asks, by its person and its number.
type Asking = (ProfileId, u64);

/// Runs that wait for being asked for.
pub struct Calls {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

struct Waiting {
    runs: VecDeque<Asking>,
    /// From which profile on there may be some that are not here.
    missed: Option<ProfileId>,
}

impl Default for Calls {
    /// Empty, and with everything still to be looked for.
    fn default() -> Self {
        let waiting = Waiting { runs: VecDeque::new(), missed: Some(ProfileId(0)) };
        Self { waiting: Mutex::new(waiting), wake: Notify::new() }
    }
}

impl Calls {
    /// A run asks. Never waits.
    pub fn put(&self, profile: ProfileId, run: u64) {
        let mut waiting = self.lock();
        if waiting.runs.len() < CALLS_WAITING_MAX {
            waiting.runs.push_back((profile, run));
        } else {
            waiting.missed = Some(ProfileId(0));
        }
        drop(waiting);
        self.wake.notify_one();
    }

    fn take(&self) -> Option<Asking> {
        self.lock().runs.pop_front()
    }

    /// From where on to look, once nothing waits here.
    fn missed(&self) -> Option<ProfileId> {
        let mut waiting = self.lock();
        if waiting.runs.is_empty() { waiting.missed.take() } else { None }
    }

    fn found(&self, runs: Vec<Asking>, next: Option<ProfileId>) {
        let mut waiting = self.lock();
        waiting.runs.extend(runs);
        // What came meanwhile and found no room lies anywhere.
        waiting.missed = waiting.missed.or(next);
        drop(waiting);
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("invariant: nobody panics with the queue in hand")
    }
}

/// Asks until the stop. What is under way then is asked again by the next start.
pub async fn run(hub: Arc<Hub>, calls: Arc<Calls>, mut stop: oneshot::Receiver<()>) {
    let mut in_hand: JoinSet<Asking> = JoinSet::new();
    let mut begun: BTreeSet<Asking> = BTreeSet::new();
    // Asked for again while the task of the question before was still ending.
    let mut again: BTreeSet<Asking> = BTreeSet::new();
    loop {
        while in_hand.len() < CALLS_IN_HAND_MAX
            && let Some(asking) = calls.take()
        {
            if begun.insert(asking) {
                let hub = Arc::clone(&hub);
                in_hand.spawn(async move {
                    ask::ask(&hub, asking).await;
                    asking
                });
            } else {
                again.insert(asking);
            }
        }
        if in_hand.len() < CALLS_IN_HAND_MAX
            && let Some(from) = calls.missed()
        {
            let read = move |engine: &Engine| engine.owed_calls(from, CALLS_LOOKS);
            let (runs, next) = hub.runtime.read(read).await;
            calls.found(runs, next);
        }
        tokio::select! {
            () = calls.wake.notified() => {}
            Some(ended) = in_hand.join_next() => match ended {
                Ok(asking) => {
                    begun.remove(&asking);
                    if again.remove(&asking) {
                        calls.put(asking.0, asking.1);
                    }
                }
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            },
            _ = &mut stop => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_looked_for_once_there_is_some() {
        let calls = Calls::default();
        assert_eq!((calls.missed(), calls.missed()), (Some(ProfileId(0)), None), "a start looks once");
        for run in 0..CALLS_WAITING_MAX as u64 + 1 {
            calls.put(ProfileId(7), run);
        }
        assert_eq!(calls.missed(), None, "what waits goes first");
        let taken = std::iter::from_fn(|| calls.take()).count();
        assert_eq!((taken, calls.missed()), (CALLS_WAITING_MAX, Some(ProfileId(0))));
        calls.found(vec![(ProfileId(7), 3)], Some(ProfileId(9)));
        assert_eq!((calls.take(), calls.missed()), (Some((ProfileId(7), 3)), Some(ProfileId(9))));
    }
}
