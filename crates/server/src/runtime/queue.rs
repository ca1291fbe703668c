//! What waits for the engine thread: bounded by bytes and by count, and emptied as a whole.

use super::chore::Chore;
use crate::limits::{COMPANY, COMPANY_REST, WAITING_BYTES_MAX, WAITING_RECORDS_MAX};
use engine::at::At;
use eventlog::sequencer::Outcome;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Records that came together and are answered together.
pub(super) struct Submission {
    /// For each record a varint of its length and its bytes.
    pub(super) records: Vec<u8>,
    pub(super) count: u32,
    /// Told one outcome a record, once all of them are durable.
    pub(super) ack: oneshot::Sender<Vec<Outcome>>,
}

/// Who is submitting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// The world outside, which can be told to come back later.
    Outside,
    /// Ourselves: attempts, receipts, what operators change. Their number is bounded where they come from, and to
    /// refuse a receipt would turn overload into loss, so the bound does not count for them.
    Inside,
    /// What we submit while much goes out, attempts and receipts: it goes with whatever comes next by another entrance, or after
    /// a moment with others of its kind.
    Together,
}

/// Why a submission was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    Overloaded,
    Stopping,
}

/// Why the engine thread woke.
pub(super) enum Wake {
    Submissions(Vec<Submission>),
    Chores(Vec<Chore>),
    /// Something of the engine's is due.
    Due,
    /// Nothing waits, and nothing more will come.
    Stop,
}

#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    /// Bytes that wait, readable without the lock: the door asks before it reads a body.
    bytes: AtomicUsize,
    /// Somebody was refused since it was emptied last. Until it is emptied, nobody else's body is worth reading: what
    /// waits never quite reaches the bound, and small bodies would otherwise keep large ones out for ever.
    refused: AtomicBool,
}

#[derive(Default)]
struct Waiting {
    submissions: Vec<Submission>,
    records: usize,
    /// Since when what goes together waits with nothing else.
    resting: Option<Instant>,
    chores: Vec<Chore>,
    stopping: bool,
}

impl Waiting {
    /// Whether what waits is to be taken, where something of the engine's is due so soon.
    fn is_ready(&self, until_due: Option<Duration>) -> bool {
        !self.submissions.is_empty() && (until_due == Some(Duration::ZERO) || self.rest().is_none())
    }

    /// How long what waits still waits for company; `None` where what waits is to be taken.
    fn rest(&self) -> Option<Duration> {
        let since = self.resting.filter(|_| !self.stopping && self.submissions.len() < COMPANY)?;
        COMPANY_REST.checked_sub(since.elapsed()).filter(|rest| !rest.is_zero())
    }
}

impl Queue {
    /// Bytes of the records that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn is_overloaded(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    pub(super) fn push(&self, entrance: Entrance, submission: Submission) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        if waiting.stopping {
            return Err(NotTaken::Stopping);
        }
        let bytes = self.bytes() + submission.records.len();
        let records = waiting.records + submission.count as usize;
        // One submission larger than the bound is taken when nothing else waits: it could never be taken otherwise.
        let full = bytes > WAITING_BYTES_MAX || records > WAITING_RECORDS_MAX;
        if entrance == Entrance::Outside && full && !waiting.submissions.is_empty() {
            self.refused.store(true, Ordering::Relaxed);
            return Err(NotTaken::Overloaded);
        }
        waiting.records = records;
        self.bytes.store(bytes, Ordering::Relaxed);
        waiting.submissions.push(submission);
        let wakes = match (entrance, waiting.submissions.len()) {
            (Entrance::Together, 1) => {
                waiting.resting = Some(Instant::now());
                true
            }
            (Entrance::Together, count) => count >= COMPANY,
            (Entrance::Outside | Entrance::Inside, _) => {
                waiting.resting = None;
                true
            }
        };
        drop(waiting);
        if wakes {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Asks for something at the disk: after everything that is staged by then, and before what waits.
    pub(super) fn push_chore(&self, chore: Chore) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        if waiting.stopping {
            return Err(NotTaken::Stopping);
        }
        waiting.chores.push(chore);
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    /// Waits for submissions, for the stop, or until `due` gives nothing more to wait for.
    pub(super) fn take(&self, due: Option<At>) -> Wake {
        let mut waiting = self.lock();
        loop {
            if !waiting.chores.is_empty() {
                return Wake::Chores(std::mem::take(&mut waiting.chores));
            }
            if waiting.stopping && waiting.submissions.is_empty() {
                return Wake::Stop;
            }
            let until_due = due.map(crate::clock::until);
            if waiting.is_ready(until_due) {
                return Wake::Submissions(self.empty(&mut waiting));
            }
            let rest = until_due.into_iter().chain(waiting.rest()).min();
            waiting = match rest {
                Some(Duration::ZERO) => return Wake::Due,
                Some(rest) => {
                    let slept = self.wake.wait_timeout(waiting, rest.min(crate::limits::CLOCK_TRUST));
                    slept.expect(UNPOISONED).0
                }
                None => self.wake.wait(waiting).expect(UNPOISONED),
            };
        }
    }

    /// Everything that waits. What our own submissions bring beyond the bound is left for the next batch, since a
    /// batch has a bound of its own.
    fn empty(&self, waiting: &mut Waiting) -> Vec<Submission> {
        let mut bytes = 0;
        let taken = waiting.submissions.iter().take_while(|one| {
            let fits = bytes < WAITING_BYTES_MAX;
            bytes += one.records.len();
            fits
        });
        let taken = taken.count();
        let left = waiting.submissions.split_off(taken);
        let taken = std::mem::replace(&mut waiting.submissions, left);
        waiting.resting = None;
        self.refused.store(false, Ordering::Relaxed);
        waiting.records = waiting.submissions.iter().map(|one| one.count as usize).sum();
        self.bytes.store(waiting.submissions.iter().map(|one| one.records.len()).sum(), Ordering::Relaxed);
        taken
    }

    /// Nothing more is taken; what waits still is.
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect(UNPOISONED)
    }
}

const UNPOISONED: &str = "invariant: nobody panics with the queue in hand";

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(bytes: usize, count: u32) -> Submission {
        Submission { records: vec![0; bytes], count, ack: oneshot::channel().0 }
    }

    #[test]
    fn the_world_is_told_to_come_back_and_we_ourselves_never_are() {
        for (bytes, count) in [(WAITING_BYTES_MAX, 1), (1, WAITING_RECORDS_MAX as u32)] {
            let queue = Queue::default();
            assert_eq!(queue.push(Entrance::Outside, submission(bytes, count)), Ok(()));
            assert!(!queue.is_overloaded(), "nobody was refused yet");
            assert_eq!(queue.push(Entrance::Outside, submission(1, 1)), Err(NotTaken::Overloaded));
            assert!(queue.is_overloaded(), "the next one is told before its body is read");
            assert_eq!(queue.push(Entrance::Inside, submission(1, 1)), Ok(()));
            let mut taken = 0;
            while queue.bytes() > 0
                && let Wake::Submissions(some) = queue.take(None)
            {
                taken += some.len();
            }
            assert_eq!(taken, 2, "what was refused is not there");
            assert_eq!((queue.bytes(), queue.is_overloaded()), (0, false));
            assert_eq!(queue.push(Entrance::Outside, submission(1, 1)), Ok(()));
        }
    }

    #[test]
    fn what_is_taken_at_once_is_bounded_too() {
        let queue = Queue::default();
        for _ in 0..3 {
            queue.push(Entrance::Inside, submission(WAITING_BYTES_MAX / 2 + 1, 1)).unwrap();
        }
        assert!(matches!(queue.take(None), Wake::Submissions(taken) if taken.len() == 2));
        assert_eq!(queue.bytes(), WAITING_BYTES_MAX / 2 + 1);
        assert!(matches!(queue.take(None), Wake::Submissions(taken) if taken.len() == 1));
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn one_that_is_larger_than_the_bound_is_taken_alone() {
        let queue = Queue::default();
        assert_eq!(queue.push(Entrance::Outside, submission(WAITING_BYTES_MAX + 1, 1)), Ok(()));
        assert_eq!(queue.push(Entrance::Outside, submission(1, 1)), Err(NotTaken::Overloaded));
    }

    #[test]
    fn a_stop_takes_nothing_more_and_loses_nothing() {
        let queue = Queue::default();
        queue.push(Entrance::Outside, submission(1, 1)).unwrap();
        queue.stop();
        assert_eq!(queue.push(Entrance::Inside, submission(1, 1)), Err(NotTaken::Stopping));
        assert!(matches!(queue.take(None), Wake::Submissions(taken) if taken.len() == 1));
        assert!(matches!(queue.take(None), Wake::Stop));
    }

    #[test]
    fn what_goes_together_waits_for_company_and_for_nothing_longer_than_a_moment() {
        let together = |count| {
            let queue = Queue::default();
            (0..count).for_each(|_| queue.push(Entrance::Together, submission(1, 1)).unwrap());
            queue
        };
        let taken = |queue: &Queue| match queue.take(None) {
            Wake::Submissions(taken) => taken.len(),
            _ => 0,
        };
        /// A moment that does not end while this test runs.
        fn for_ever(queue: &Queue) {
            queue.lock().resting = Some(Instant::now() + Duration::from_secs(3_600));
        }

        let is_ready = |queue: &Queue, until_due| queue.lock().is_ready(until_due);

        let queue = together(1);
        assert_eq!(taken(&queue), 1, "after a moment");

        let queue = together(1);
        for_ever(&queue);
        assert!(!is_ready(&queue, None));
        assert!(is_ready(&queue, Some(Duration::ZERO)), "it goes with what is due");
        queue.push(Entrance::Inside, submission(1, 1)).unwrap();
        assert!(is_ready(&queue, None), "and with whatever is submitted next");
        assert_eq!(taken(&queue), 2);

        let queue = together(1);
        for_ever(&queue);
        (1..COMPANY).for_each(|_| queue.push(Entrance::Together, submission(1, 1)).unwrap());
        assert!(is_ready(&queue, None), "so many are enough");
        assert_eq!(taken(&queue), COMPANY);

        let queue = together(1);
        for_ever(&queue);
        queue.stop();
        assert_eq!(taken(&queue), 1, "a stop waits for nobody");
    }

    #[test]
    fn it_wakes_when_something_is_due() {
        let queue = Queue::default();
        let due = At(crate::clock::now().0 + 20);
        assert!(matches!(queue.take(Some(due)), Wake::Due));
        assert!(crate::clock::now() >= due);
    }
}
