//! The engine and the log of a stopped server, in this process.

use super::{Answer, Preparer, Ready, first_write_key, refused};
use crate::access::Rights;
use crate::collect::door::Door;
use crate::deliver::backlog::Backlog;
use crate::keys::{Keys, Scope};
use crate::limits::IMPORT_BATCHES_AHEAD;
use crate::metrics::Metrics;
use crate::runtime::{self, Entrance, Runtime, Threads};
use anyhow::Context;
use eventlog::sequencer::Outcome;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::oneshot;

pub(in super::super) struct DirectoryDestination {
    runtime: Runtime,
    threads: Threads,
    source: String,
    /// Batches handed over and not durable yet, oldest first.
    ahead: VecDeque<(oneshot::Receiver<Vec<Outcome>>, Ready)>,
}

impl DirectoryDestination {
    pub(super) fn open(data: &Path) -> anyhow::Result<Self> {
        let keys = Keys::open(data)?;
        let key = match std::env::var("TRAMA_WRITE_KEY") {
            Ok(key) => key,
            Err(_) => first_write_key(&keys)?,
        };
        let holder = keys.holder(&key).filter(|holder| holder.rights == Rights::Key(Scope::Write));
        let source = holder.context("TRAMA_WRITE_KEY is no write key of this installation")?.name;
        // What the events ask of the world stays owed, and the server does it when it starts.
        let backlog = Arc::new(Backlog::new(0));
        let (runtime, threads, _) = runtime::start(data, Arc::new(Metrics::default()), backlog)?;
        Ok(Self { runtime, threads, source, ahead: VecDeque::new() })
    }

    pub(super) fn preparer(&self) -> Preparer {
        let installed =
            self.runtime.read_blocking(|engine| engine.installed().map(|installed| installed.hash_key));
        let door = Door::new(installed.expect("invariant: the first record installs"));
        Preparer { door: Some(door), source: self.source.clone() }
    }

    pub(super) fn send(&mut self, mut ready: Ready) -> anyhow::Result<()> {
        let records = std::mem::take(&mut ready.records);
        let count = u32::try_from(ready.rows.len()).expect("invariant: a batch has few rows");
        let answer = self.runtime.submit(Entrance::Inside, records, count);
        let answer = answer.ok().context("the runtime is stopping")?;
        self.ahead.push_back((answer, ready));
        Ok(())
    }

    pub(super) fn answers(&mut self, all: bool) -> anyhow::Result<Vec<Answer>> {
        let left = if all { 0 } else { IMPORT_BATCHES_AHEAD };
        let mut answers = Vec::new();
        while self.ahead.len() > left
            && let Some((answer, ready)) = self.ahead.pop_front()
        {
            let outcomes = answer.blocking_recv().context("the runtime is stopping")?;
            answers.push(self::answer(ready, outcomes));
        }
        Ok(answers)
    }

    pub(super) fn close(self) {
        self.threads.stop();
    }
}

/// What the outcomes of its records mean for the rows of a batch.
fn answer(ready: Ready, outcomes: Vec<Outcome>) -> Answer {
    let Ready { batch, rows, refused: by_door, .. } = ready;
    let mut answer = Answer { refused: by_door, ..Answer::default() };
    let by_door = answer.refused.len() as u64;
    for (outcome, row) in outcomes.into_iter().zip(rows) {
        match outcome {
            Outcome::Applied(_) => answer.accepted += 1,
            Outcome::Duplicate => answer.repeated += 1,
            Outcome::Refused(refusal) => {
                let row = &batch.rows[row];
                answer.refused.push(refused(&batch, row, "refused", "", refusal.to_string()));
            }
            Outcome::Malformed(malformed) => panic!("invariant: our own record can be read: {malformed}"),
        }
    }
    // Of a row that the door refused, the record of that is in the log.
    answer.accepted -= by_door;
    Answer { batch, ..answer }
}
