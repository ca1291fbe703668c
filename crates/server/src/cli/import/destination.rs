//! Where imported lines go: into the log of a stopped server, or to the tracking API of a running one.

use super::super::place::Place;
use super::lines::{Batch, Line};
use crate::clock;
use crate::collect::door::{Arrival, Door, unreadable};
use crate::collect::endpoint::Endpoint;
use crate::collect::envelope::{Envelope, EnvelopeError};
use crate::collect::visitor::Peer;
use crate::deliver::backlog::Backlog;
use crate::keys::{Keys, Scope};
use crate::limits::IMPORT_BATCHES_AHEAD;
use crate::metrics::Metrics;
use crate::runtime::{self, Entrance, Runtime, Threads};
use anyhow::{Context, bail};
use eventlog::sequencer::Outcome;
use serde::Deserialize;
use std::collections::VecDeque;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

pub(super) enum Destination {
    Log(Box<LogDestination>),
    Server(ServerDestination),
}

/// The engine and the log in this process.
pub(super) struct LogDestination {
    runtime: Runtime,
    threads: Threads,
    door: Door,
    source: String,
    serial: u64,
    /// Batches handed over and not durable yet, oldest first.
    ahead: VecDeque<Ahead>,
}

struct Ahead {
    answer: oneshot::Receiver<Vec<Outcome>>,
    /// Line of each record.
    numbers: Vec<u64>,
    refused: Vec<Refused>,
    end: u64,
}

pub(super) struct ServerDestination {
    http: reqwest::blocking::Client,
    url: String,
    write_key: String,
    done: VecDeque<Answer>,
}

/// What came of a batch.
#[derive(Default)]
pub(super) struct Answer {
    /// Where it ends in its file; all before it is durable.
    pub(super) end: u64,
    pub(super) refused: Vec<Refused>,
    accepted: u64,
    repeated: u64,
}

/// A line that was not taken.
pub(super) struct Refused {
    number: u64,
    code: String,
    message: String,
}

/// What came of all lines so far.
#[derive(Default)]
pub(super) struct Tally {
    accepted: u64,
    repeated: u64,
    refused: u64,
}

impl Destination {
    /// The directory of an installation, or the server that runs on it.
    pub(super) fn directory(data: &Path) -> anyhow::Result<Self> {
        match Place::open(data)? {
            Place::Live(client) => {
                let write_key = match std::env::var("TRAMA_WRITE_KEY") {
                    Ok(key) => key,
                    Err(_) => first_write_key(&Keys::open(data)?)?,
                };
                ServerDestination::new(client.server(), write_key).map(Self::Server)
            }
            Place::Stopped(log) => {
                // Given free for the runtime, which takes the directory for itself.
                drop(log);
                LogDestination::open(data).map(|log| Self::Log(Box::new(log)))
            }
        }
    }

    pub(super) fn server(url: &str) -> anyhow::Result<Self> {
        let write_key =
            std::env::var("TRAMA_WRITE_KEY").context("give the server's write key in TRAMA_WRITE_KEY")?;
        ServerDestination::new(url, write_key).map(Self::Server)
    }

    /// Hands over a batch. It may not be durable yet on return.
    pub(super) fn send(&mut self, batch: &Batch) -> anyhow::Result<()> {
        match self {
            Self::Log(log) => log.send(batch),
            Self::Server(server) => server.send(batch),
        }
    }

    /// Answers in the order of the batches; with `all`, waits for every one.
    pub(super) fn answers(&mut self, all: bool) -> anyhow::Result<Vec<Answer>> {
        match self {
            Self::Log(log) => log.answers(if all { 0 } else { IMPORT_BATCHES_AHEAD }),
            Self::Server(server) => Ok(server.done.drain(..).collect()),
        }
    }

    pub(super) fn close(self) {
        if let Self::Log(log) = self {
            log.threads.stop();
        }
    }
}

impl LogDestination {
    fn open(data: &Path) -> anyhow::Result<Self> {
        let keys = Keys::open(data)?;
        let key = match std::env::var("TRAMA_WRITE_KEY") {
            Ok(key) => key,
            Err(_) => first_write_key(&keys)?,
        };
        let holder = keys.holder(&key).filter(|holder| holder.scope == Scope::Write);
        let source = holder.context("TRAMA_WRITE_KEY is no write key of this installation")?.name;
        // What the events ask of the world stays owed, and the server does it when it starts.
        let backlog = Arc::new(Backlog::new(0));
        let (runtime, threads, _) = runtime::start(data, Arc::new(Metrics::default()), backlog)?;
        let installed =
            runtime.read_blocking(|engine| engine.installed().map(|installed| installed.hash_key));
        let door = Door::new(installed.expect("invariant: the first record installs"));
        let serial = clock::now().0.unsigned_abs();
        Ok(Self { runtime, threads, door, source, serial, ahead: VecDeque::new() })
    }

    fn send(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let mut records = Vec::new();
        let (mut numbers, mut refused) = (Vec::new(), Vec::new());
        let lines: Vec<&Line> = batch.lines.iter().collect();
        for part in parts(&lines) {
            match Envelope::read(&part.body, Endpoint::Import) {
                Ok(envelope) => {
                    self.serial += 1;
                    let peer = Peer { ip: None, user_agent: "", prefetch: false };
                    let (received_at, serial) = (clock::now(), self.serial);
                    let arrival = Arrival { source: &self.source, received_at, serial, peer };
                    let reading = self.door.read(&envelope, &arrival);
                    records.extend_from_slice(&reading.records);
                    numbers.extend(part.lines.iter().map(|line| line.number));
                    refused.extend(reading.rejections.into_iter().map(|rejection| Refused {
                        number: part.lines[rejection.index].number,
                        code: rejection.code.to_owned(),
                        message: rejection.message,
                    }));
                }
                Err(error) => {
                    let line = part.lines[0];
                    records.extend(unreadable(&line.json, &error, &self.source, clock::now()));
                    numbers.push(line.number);
                    refused.push(Refused::unreadable(line, &error));
                }
            }
        }
        let count = u32::try_from(numbers.len()).expect("invariant: a batch has few lines");
        let answer = self.runtime.submit(Entrance::Inside, records, count);
        let answer = answer.ok().context("the runtime is stopping")?;
        self.ahead.push_back(Ahead { answer, numbers, refused, end: batch.end });
        Ok(())
    }

    fn answers(&mut self, left: usize) -> anyhow::Result<Vec<Answer>> {
        let mut answers = Vec::new();
        while self.ahead.len() > left
            && let Some(ahead) = self.ahead.pop_front()
        {
            let outcomes = ahead.answer.blocking_recv().context("the runtime is stopping")?;
            let mut answer = Answer { end: ahead.end, refused: ahead.refused, ..Answer::default() };
            let door_refused = answer.refused.len() as u64;
            for (outcome, number) in outcomes.into_iter().zip(ahead.numbers) {
                match outcome {
                    Outcome::Applied(_) => answer.accepted += 1,
                    Outcome::Duplicate => answer.repeated += 1,
                    Outcome::Refused(refusal) => answer.refused.push(Refused::by_engine(number, &refusal)),
                    Outcome::Malformed(malformed) => {
                        panic!("invariant: our own record can be read: {malformed}")
                    }
                }
            }
            // Of a line that the door refused, the record of that is in the log.
            answer.accepted -= door_refused;
            answers.push(answer);
        }
        Ok(answers)
    }
}

impl ServerDestination {
    fn new(url: &str, write_key: String) -> anyhow::Result<Self> {
        let http =
            reqwest::blocking::Client::builder().timeout(None).build().context("cannot set up HTTP")?;
        let url = format!("{}/v1/import", url.trim_end_matches('/'));
        Ok(Self { http, url, write_key, done: VecDeque::new() })
    }

    fn send(&mut self, batch: &Batch) -> anyhow::Result<()> {
        let mut answer = Answer { end: batch.end, ..Answer::default() };
        let lines: Vec<&Line> = batch.lines.iter().collect();
        for part in parts(&lines) {
            self.post(&part, &mut answer)?;
        }
        self.done.push_back(answer);
        Ok(())
    }

    fn post(&self, part: &Part<'_>, answer: &mut Answer) -> anyhow::Result<()> {
        /// What the tracking API says.
        #[derive(Deserialize)]
        struct Taken {
            accepted: u64,
            rejected: Vec<Rejected>,
        }
        #[derive(Deserialize)]
        struct Rejected {
            index: usize,
            code: String,
            message: String,
        }
        loop {
            let request = self.http.post(&self.url).basic_auth(&self.write_key, Some(""));
            let request = request.header("content-type", "application/json").body(part.body.clone());
            let response = request.send().with_context(|| format!("{} cannot be reached", self.url))?;
            match response.status().as_u16() {
                200 => {
                    let taken: Taken = serde_json::from_str(&response.text()?)?;
                    answer.accepted += taken.accepted;
                    answer.refused.extend(taken.rejected.into_iter().map(|rejected| Refused {
                        number: part.lines[rejected.index].number,
                        code: rejected.code,
                        message: rejected.message,
                    }));
                    return Ok(());
                }
                429 | 503 => {
                    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                    let seconds = seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(1);
                    std::thread::sleep(Duration::from_secs(seconds));
                }
                400 if part.unreadable.is_some() => {
                    let error = part.unreadable.as_ref().expect("just looked at");
                    answer.refused.push(Refused::unreadable(part.lines[0], error));
                    return Ok(());
                }
                status => bail!("the server answered {status}: {}", response.text().unwrap_or_default()),
            }
        }
    }
}

/// Lines that make one body.
struct Part<'a> {
    lines: Vec<&'a Line>,
    body: Vec<u8>,
    /// Why its one line cannot be read.
    unreadable: Option<EnvelopeError>,
}

/// All lines as one body where each can be read; otherwise those that can, and each of the others alone.
fn parts<'a>(lines: &[&'a Line]) -> Vec<Part<'a>> {
    let whole = Part { body: body(lines), lines: lines.to_vec(), unreadable: None };
    if Envelope::read(&whole.body, Endpoint::Import).is_ok() {
        return vec![whole];
    }
    let mut parts = Vec::new();
    let mut readable = Vec::new();
    for line in lines {
        match Envelope::read(&line.json, Endpoint::Single(engine::record::EventKind::Track)) {
            Ok(_) => readable.push(*line),
            Err(error) => {
                parts.push(Part { lines: vec![*line], body: line.json.clone(), unreadable: Some(error) });
            }
        }
    }
    if !readable.is_empty() {
        parts.insert(0, Part { body: body(&readable), lines: readable, unreadable: None });
    }
    parts
}

fn body(lines: &[&Line]) -> Vec<u8> {
    let mut body = b"{\"batch\":[".to_vec();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&line.json);
    }
    body.extend_from_slice(b"]}");
    body
}

fn first_write_key(keys: &Keys) -> anyhow::Result<String> {
    keys.first().write_key.context("the first write key was revoked; give another one in TRAMA_WRITE_KEY")
}

impl Refused {
    fn unreadable(line: &Line, error: &EnvelopeError) -> Self {
        Self { number: line.number, code: error.code().to_owned(), message: error.to_string() }
    }

    fn by_engine(number: u64, refusal: &engine::engine::Refusal) -> Self {
        Self { number, code: "refused".to_owned(), message: refusal.to_string() }
    }
}

/// The line's number, the code and the reason, as they follow the name of the file.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.number, self.code, self.message)
    }
}

impl Answer {
    pub(super) fn tally(&self) -> Tally {
        Tally { accepted: self.accepted, repeated: self.repeated, refused: self.refused.len() as u64 }
    }
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.repeated += other.repeated;
        self.refused += other.refused;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events taken, {} known already, {} refused", self.accepted, self.repeated, self.refused)
    }
}
