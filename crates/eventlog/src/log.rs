//! The promise of a log: one ordered, durable sequence of batches. [`crate::sqlite`] and [`crate::memory`] keep it,
//! and one conformance suite holds both to it.

use engine::Seq;
use engine::at::At;
use engine::record::{self, Record};
use xxhash_rust::xxh3::Xxh3;

use crate::Error;
use crate::frame::Records;
use crate::limits;

/// Records that became durable together. They share one instant, and their places follow each other without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Place of the first record.
    pub first: Seq,
    /// When the batch was taken in, by the clock of this process; never earlier than the batch before.
    pub at: At,
    /// How many records `body` holds; never zero.
    pub count: u32,
    /// The records, framed as [`crate::frame`] says.
    pub body: Vec<u8>,
}

impl Batch {
    /// Place of the last record.
    pub fn last(&self) -> Seq {
        Seq(self.first.0 + u64::from(self.count) - 1)
    }

    /// Whether it has the place, the instant and the count of another.
    pub(crate) fn stands_for(&self, other: &Self) -> bool {
        (self.first, self.at, self.count) == (other.first, other.at, other.count)
    }

    pub fn records(&self) -> Records<'_> {
        Records::new(&self.body)
    }

    /// What is wrong with the body, if anything: a frame or a record that cannot be read, or more or fewer records
    /// than `count`. A record whose personal part is sealed is as it should be.
    pub fn fault(&self) -> Option<Error> {
        let mut seq = self.first;
        for record in self.records() {
            let fault = match record.map(Record::decode) {
                Ok(Ok(_) | Err(record::Malformed::Sealed)) => None,
                Ok(Err(malformed)) => Some(malformed.to_string()),
                Err(malformed) => Some(malformed.to_string()),
            };
            if let Some(what) = fault {
                return Some(Error::damaged(seq, what));
            }
            seq = seq.next();
        }
        let counted = seq.0 - self.first.0;
        (counted != u64::from(self.count)).then(|| {
            Error::damaged(self.first, format!("the batch says {} records and holds {counted}", self.count))
        })
    }
}

/// Batches in order. After an error there is nothing more.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<Batch, Error>> + Send + 'a>;

/// One ordered, durable sequence of batches with one writer.
///
/// Panics where the caller broke the contract (a gap, an overlap, time that runs backwards): to write such a batch
/// would break every reader for ever.
pub trait Log: Send {
    /// Appends batches, all of them or none, and returns only when they are durable. After an error the log refuses
    /// to go on; what it holds can be seen by opening it again.
    fn append(&mut self, batches: &[Batch]) -> Result<(), Error>;

    /// Streams the log from the batch that contains `from` on. Empty when `from` is not written yet; an error when
    /// it has been trimmed.
    fn read(&self, from: Seq) -> Result<Batches<'_>, Error>;

    /// Place of the oldest record still held. `None` for an empty log.
    fn first(&self) -> Result<Option<Seq>, Error>;

    /// Place and instant of the newest record. `None` for an empty log.
    fn last(&self) -> Option<(Seq, At)>;

    /// Drops the batches that lie entirely at or before `to`. The newest batch always stays, since it is what tells
    /// the next one its place.
    fn trim(&mut self, to: Seq) -> Result<(), Error>;

    /// Puts other bodies in the place of batches that it holds: their places, instants and counts are those that are there.
    /// All of them or none, and durable on return.
    fn rewrite(&mut self, batches: &[Batch]) -> Result<(), Error>;

    /// Sees to it that nothing of what was rewritten is left on the disk. False when a reader is in the way, which is no
    /// error: it can be tried again.
    fn scrub(&mut self) -> Result<bool, Error>;

    /// What the log takes on the disk.
    fn bytes(&self) -> Result<u64, Error>;
}

/// Asserts that `batches` continue a log that ends at `last`.
pub(crate) fn assert_continues(last: Option<(Seq, At)>, batches: &[Batch]) {
    let (mut seq, mut at) = last.unwrap_or((Seq(0), At::MIN));
    for batch in batches {
        assert_eq!(batch.first, seq.next(), "a batch must begin where the log ends");
        assert!(batch.at >= at, "time in the log runs forward: {} after {at}", batch.at);
        assert!(batch.count > 0 && batch.body.len() >= batch.count as usize, "a batch has records");
        assert!(batch.body.len() <= limits::BATCH_BYTES_MAX, "a batch of {} bytes", batch.body.len());
        (seq, at) = (batch.last(), batch.at);
    }
}

/// Checksum of a stored batch: over its place, instant, count and the body as stored, so that neither can be
/// exchanged without the other.
pub(crate) fn checksum(first: Seq, at: At, count: u32, stored: &[u8]) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&first.0.to_le_bytes());
    hasher.update(&at.0.to_le_bytes());
    hasher.update(&count.to_le_bytes());
    hasher.update(stored);
    hasher.digest()
}
