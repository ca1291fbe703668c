//! Where the events go: into the log of a stopped server, to the tracking API of a running one, or nowhere, which tells
//! what would be refused.

mod directory;
mod server;

use super::batch::{Batch, Refused, Row, alone};
use crate::cli::place::Place;
use crate::clock;
use crate::collect::door::{Arrival, Door, unreadable};
use crate::collect::endpoint::Endpoint;
use crate::collect::envelope::{Envelope, EnvelopeError};
use crate::collect::visitor::Peer;
use crate::keys::Keys;
use anyhow::Context;
use directory::DirectoryDestination;
use engine::identifier::HashKey;
use engine::record::EventKind;
use server::ServerDestination;
use std::path::Path;

pub(super) enum Destination {
    Directory(Box<DirectoryDestination>),
    Server(ServerDestination),
    Nowhere,
}

/// Makes of batches what their destination takes. Threads share it.
pub(super) struct Preparer {
    /// `None` where the server has a door of its own.
    door: Option<Door>,
    source: String,
}

/// A batch that can be handed over.
pub(super) struct Ready {
    pub(super) batch: Batch,
    /// Framed records, and the row of each by its place in the batch.
    records: Vec<u8>,
    rows: Vec<usize>,
    /// Rows that the door refused; a record of each is among the others.
    refused: Vec<Refused>,
}

/// What came of a batch.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) batch: Batch,
    /// Rows that were refused after they had become events.
    pub(super) refused: Vec<Refused>,
    pub(super) accepted: u64,
    pub(super) repeated: u64,
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
                DirectoryDestination::open(data).map(|log| Self::Directory(Box::new(log)))
            }
        }
    }

    pub(super) fn server(url: &str) -> anyhow::Result<Self> {
        let write_key =
            std::env::var("TRAMA_WRITE_KEY").context("give the server's write key in TRAMA_WRITE_KEY")?;
        ServerDestination::new(url, write_key).map(Self::Server)
    }

    pub(super) fn preparer(&self) -> Preparer {
        match self {
            Self::Directory(directory) => directory.preparer(),
            Self::Server(server) => Preparer { door: None, source: server.source().to_owned() },
            Self::Nowhere => Preparer { door: Some(Door::new(HashKey::default())), source: String::new() },
        }
    }

    /// Hands over a batch. It may not be durable yet on return.
    pub(super) fn send(&mut self, ready: Ready) -> anyhow::Result<()> {
        match self {
            Self::Directory(directory) => directory.send(ready),
            Self::Server(server) => server.send(ready),
            Self::Nowhere => Ok(()),
        }
    }

    /// Answers in the order of the batches; with `all`, waits for every one.
    pub(super) fn answers(&mut self, all: bool) -> anyhow::Result<Vec<Answer>> {
        match self {
            Self::Directory(directory) => directory.answers(all),
            Self::Server(server) => Ok(server.answers()),
            Self::Nowhere => Ok(Vec::new()),
        }
    }

    pub(super) fn close(self) {
        if let Self::Directory(directory) = self {
            directory.close();
        }
    }
}

impl Preparer {
    /// What tells the events of one sender from those of another.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn prepare(&self, batch: Batch) -> Ready {
        let mut ready = Ready { batch, records: Vec::new(), rows: Vec::new(), refused: Vec::new() };
        if let Some(door) = &self.door
            && !ready.batch.rows.is_empty()
            && !self.whole(door, &mut ready)
        {
            for row in 0..ready.batch.rows.len() {
                self.single(door, row, &mut ready);
            }
        }
        ready
    }

    /// Reads all rows as one body; false where one of them cannot be read.
    fn whole(&self, door: &Door, ready: &mut Ready) -> bool {
        let Ok(envelope) = Envelope::read(&ready.batch.body, Endpoint::Import) else { return false };
        let reading = door.read(&envelope, &self.arrival(0));
        // A line that holds more than one event, or less, would shift all others.
        if reading.count as usize != ready.batch.rows.len() {
            return false;
        }
        let refused = reading.rejections.into_iter().map(|rejection| {
            let row = &ready.batch.rows[rejection.index];
            refused(&ready.batch, row, rejection.code, rejection.field, rejection.message)
        });
        ready.refused = refused.collect();
        ready.rows = (0..ready.batch.rows.len()).collect();
        ready.records = reading.records;
        true
    }

    /// Reads one row by itself.
    fn single(&self, door: &Door, index: usize, ready: &mut Ready) {
        let row = &ready.batch.rows[index];
        let body = alone(ready.batch.event(row));
        ready.rows.push(index);
        let own = ready.batch.own(row);
        let alone = Envelope::read(&own, Endpoint::Single(EventKind::Track));
        match alone.and_then(|_| Envelope::read(&body, Endpoint::Import)) {
            Ok(envelope) => {
                let reading = door.read(&envelope, &self.arrival(row.number));
                ready.records.extend_from_slice(&reading.records);
                let refused = reading.rejections.into_iter().map(|rejection| {
                    refused(&ready.batch, row, rejection.code, rejection.field, rejection.message)
                });
                ready.refused.extend(refused);
            }
            Err(error) => {
                ready.records.extend(unreadable(&own, &error, &self.source, clock::now()));
                let refused = refused_line(&ready.batch, row, &error);
                ready.refused.push(refused);
            }
        }
    }

    /// Every event has a message id by now, so the serial decides nothing.
    fn arrival(&self, serial: u64) -> Arrival<'_> {
        let peer = Peer { ip: None, user_agent: "", prefetch: false, privacy_signal: false };
        Arrival { source: &self.source, received_at: clock::now(), serial, peer }
    }
}

impl Ready {
    /// What comes of it where it goes nowhere.
    pub(super) fn into_answer(self) -> Answer {
        let accepted = (self.batch.rows.len() - self.refused.len()) as u64;
        Answer { batch: self.batch, refused: self.refused, accepted, repeated: 0 }
    }
}

/// A row that the door will not have, with the value of the field at fault.
fn refused(batch: &Batch, row: &Row, code: &str, field: &str, message: String) -> Refused {
    let own = batch.own(row);
    let path: Vec<&str> = field.split('.').filter(|name| !name.is_empty()).collect();
    let value = sonic_rs::get_from_slice(&own, &path).ok().filter(|_| !path.is_empty());
    let value = match &value {
        Some(value) => value.as_raw_cow().trim_matches('"').to_owned(),
        None => String::from_utf8_lossy(&own).into_owned(),
    };
    Refused { number: row.number, field: field.to_owned(), code: code.to_owned(), message, value }
}

/// A line that cannot be read at all.
fn refused_line(batch: &Batch, row: &Row, error: &EnvelopeError) -> Refused {
    refused(batch, row, error.code(), "", error.to_string())
}

fn first_write_key(keys: &Keys) -> anyhow::Result<String> {
    keys.first().write_key.context("the first write key was revoked; give another one in TRAMA_WRITE_KEY")
}
