//! What waits for the engine thread: bounded by bytes and by count, and emptied as a whole.

use crate::limits::{WAITING_BYTES_MAX, WAITING_RECORDS_MAX};
use engine::at::At;
use eventlog::sequencer::Outcome;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;
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
}

#[derive(Default)]
struct Waiting {
    submissions: Vec<Submission>,
    records: usize,
    stopping: bool,
}

impl Queue {
    /// Bytes of the records that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn is_overloaded(&self) -> bool {
        self.bytes() >= WAITING_BYTES_MAX
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
            return Err(NotTaken::Overloaded);
        }
        waiting.records = records;
        self.bytes.store(bytes, Ordering::Relaxed);
        waiting.submissions.push(submission);
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    /// Waits for submissions, for the stop, or until `due` gives nothing more to wait for.
    pub(super) fn take(&self, due: Option<At>) -> Wake {
        let mut waiting = self.lock();
        loop {
            if !waiting.submissions.is_empty() {
                waiting.records = 0;
                self.bytes.store(0, Ordering::Relaxed);
                return Wake::Submissions(std::mem::take(&mut waiting.submissions));
            }
            if waiting.stopping {
                return Wake::Stop;
            }
            let rest = due.map(crate::clock::until);
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
