//! The process inside: what a server is without its sockets. The same engine, sequencer, log, snapshots and recovery,
//! put together in the same order; the world decides when each part moves, and when all of it dies.

use std::collections::VecDeque;

use engine::Seq;
use engine::at::At;
use engine::effect::Effect;
use engine::engine::{Engine, Refusal};
use engine::record::{Installed, Record};
use eventlog::Error;
use eventlog::backfill::fill;
use eventlog::frame::push_record;
use eventlog::log::{Batch, Log};
use eventlog::memory::{MemoryDisk, MemoryFolder, MemoryLog};
use eventlog::recovery::{Recovered, recover};
use eventlog::redaction::redact;
use eventlog::sequencer::{Outcome, Staged, stage};
use eventlog::snapshots::Snapshots;

pub(crate) struct Installation {
    pub(crate) engine: Engine,
    pub(crate) log: MemoryLog,
    pub(crate) snapshots: Snapshots,
    waiting: Vec<Submission>,
    /// Applied in memory, not durable, in order.
    staged: VecDeque<Unwritten>,
    /// Up to here a programme may have asked of the past: a replay from before it asks again, and needs the whole log.
    asked: Seq,
}

/// Records that one sender wants to know durable together.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) from: Sender,
    pub(crate) records: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A request from outside, by its number.
    Client(u64),
    /// Our own delivery.
    Deliver,
}

/// A staged batch with those who wait for it.
pub(crate) struct Unwritten {
    pub(crate) staged: Staged,
    pub(crate) submissions: Vec<Submission>,
}

impl Unwritten {
    /// Each submission with its outcomes.
    pub(crate) fn answers(&self) -> impl Iterator<Item = (&Submission, &[Outcome])> {
        self.submissions.iter().zip(self.staged.outcomes.iter().map(Vec::as_slice))
    }
}

impl Installation {
    /// Starts the process on what the disk holds.
    pub(crate) fn start(
        disk: &MemoryDisk,
        installed: &Installed,
        now: At,
    ) -> Result<(Self, Recovered), Error> {
        let mut log = MemoryLog::open(disk)?;
        let mut snapshots = Snapshots::new(MemoryFolder::open(disk));
        let recovered = recover(&mut log, &mut snapshots, installed, now)?;
        let engine = recovered.engine.clone();
        let (waiting, staged, asked) = (Vec::new(), VecDeque::new(), engine.seq());
        Ok((Self { engine, log, snapshots, waiting, staged, asked }, recovered))
    }

    pub(crate) fn submit(&mut self, from: Sender, records: Vec<Vec<u8>>) {
        self.waiting.push(Submission { from, records });
    }

    /// Whether anything waits for its place or for the disk.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.staged.is_empty()
    }

    /// Whether the engine holds nothing that the log does not.
    pub(crate) fn is_durable(&self) -> bool {
        self.staged.is_empty()
    }

    pub(crate) fn has_client_requests(&self) -> bool {
        self.waiting.iter().any(|submission| submission.from != Sender::Deliver)
    }

    /// The engine's thread: takes everything that waits. Gives what was staged, for the impatient.
    pub(crate) fn stage(&mut self, now: At) -> &Unwritten {
        let submissions = std::mem::take(&mut self.waiting);
        let (submissions, waiting) = submissions.into_iter().partition(|one| self.is_ready(one));
        self.waiting = waiting;
        let submissions: Vec<Submission> = submissions;
        let bodies: Vec<Vec<u8>> = submissions.iter().map(framed).collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let staged = stage(&mut self.engine, now, &bodies);
        self.staged.push_back(Unwritten { staged, submissions });
        self.staged.back().expect("just pushed")
    }

    /// Brings in from the log what a programme asks of the past. Until all of that is on the disk it has to wait.
    fn is_ready(&mut self, submission: &Submission) -> bool {
        for bytes in &submission.records {
            let Ok(record @ Record::ProgrammeApplied(_)) = Record::decode(bytes) else { continue };
            if let Err(Refusal::Unkept(properties)) = self.engine.check(&record) {
                if !self.is_durable() {
                    return false;
                }
                fill(&mut self.engine, properties, |from| self.log.read(from))
                    .expect("the log of a simulation that asks for the past is whole");
                self.asked = self.engine.seq().next();
            }
        }
        true
    }

    /// The writer's thread: makes everything staged durable at once, and gives it back to be released.
    pub(crate) fn write(&mut self) -> Result<Vec<Unwritten>, Error> {
        let batches: Vec<Batch> = self.staged.iter().flat_map(|one| one.staged.batches.clone()).collect();
        self.log.append(&batches)?;
        Ok(self.staged.drain(..).collect())
    }

    /// Takes people who were erased out of everything on the disk.
    pub(crate) fn redact(&mut self, now: At) -> Result<Vec<Effect>, Error> {
        assert!(self.is_durable(), "what is erased is on the disk first");
        redact(&mut self.log, &mut self.snapshots, &mut self.engine, now)
    }

    /// Writes a snapshot of a state that is durable, and trims the log if that is wanted.
    pub(crate) fn snapshot(&mut self, trims: bool) -> Result<(), Error> {
        assert!(self.is_durable(), "a snapshot never runs ahead of the log");
        self.snapshots.write(self.engine.sections())?;
        match self.snapshots.trim_to()? {
            Some(seq) if trims && seq > self.asked => self.log.trim(seq),
            _ => Ok(()),
        }
    }
}

fn framed(submission: &Submission) -> Vec<u8> {
    let mut body = Vec::new();
    for record in &submission.records {
        push_record(&mut body, record);
    }
    body
}
