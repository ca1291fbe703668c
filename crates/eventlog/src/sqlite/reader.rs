//! Reading the log from any thread. Each batch is a read transaction of its own, since a long one would keep the
//! checkpoint from finishing and the write-ahead log from starting over.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use engine::Seq;
use engine::at::At;
use rusqlite::{Connection, OptionalExtension, Row, params};
use zstd::bulk::Decompressor;

use super::schema;
use crate::error::Error;
use crate::limits;
use crate::log::{Batch, checksum};

/// Opens read-only connections to a log that somebody else may be writing.
#[derive(Debug, Clone)]
pub struct SqliteReader {
    path: PathBuf,
    /// Whoever wants what is read, where it is for one alone.
    asker: Option<Weak<()>>,
}

impl SqliteReader {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_path_buf(), asker: None }
    }

    /// A reader of the log in a data directory, which another process may be writing.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(super::DATABASE);
        path.metadata().map_err(Error::io("open", &path))?;
        schema::check(&schema::open_again(&path, true)?, &path)?;
        Ok(Self { path, asker: None })
    }

    /// A reader for one who asks, who alone holds `asker`. Once they have dropped it, nothing more is read, and whoever reads
    /// is told [`Error::Unwanted`].
    pub fn asked_by(&self, asker: &Arc<()>) -> Self {
        Self { path: self.path.clone(), asker: Some(Arc::downgrade(asker)) }
    }

    /// Place and instant of the newest record. `None` for an empty log.
    pub fn last(&self) -> Result<Option<(Seq, At)>, Error> {
        Ok(self.newest()?.map(|batch| (batch.last(), batch.at)))
    }

    /// Place of the oldest record still held.
    pub fn first(&self) -> Result<Option<Seq>, Error> {
        first(&schema::open_again(&self.path, true)?)
    }

    /// The last place that was taken in before an instant, by halves: the log's time never runs backwards.
    pub fn before(&self, at: At) -> Result<Seq, Error> {
        let (Some(first), Some((last, _))) = (self.first()?, self.last()?) else { return Ok(Seq(0)) };
        let (mut low, mut high) = (first.0 - 1, last.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match self.read(Seq(middle))?.next().transpose()? {
                Some(batch) if batch.at < at => low = batch.last().0.min(high),
                Some(batch) => high = batch.first.0 - 1,
                None => high = middle - 1,
            }
        }
        Ok(Seq(low))
    }

    /// Streams the log from the batch that contains `from` on, as [`crate::log::Log::read`] does. What is appended
    /// meanwhile is read as well.
    pub fn read(&self, from: Seq) -> Result<Cursor, Error> {
        let connection = schema::open_again(&self.path, true)?;
        let wanted = Seq(from.0.max(1));
        let (start, first) = connection
            .query_row(schema::START, [wanted.0.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(Error::sqlite("read"))?;
        let seq = |number: Option<i64>| number.map(|number| Seq(number.cast_unsigned()));
        let next = match (seq(start), seq(first)) {
            (Some(start), _) => start,
            (None, None) => wanted,
            (None, Some(first)) => return Err(Error::Trimmed { from, first }),
        };
        let decompressor = Decompressor::new().map_err(Error::io("decompress", &self.path))?;
        let asker = self.asker.clone();
        Ok(Cursor { connection, decompressor, asker, wanted, next, done: false })
    }

    /// The batches that hold some places, each once and in order. The places come in order; those that the log does not
    /// hold have no batch.
    pub fn holding(&self, places: impl IntoIterator<Item = Seq>) -> Result<Vec<Batch>, Error> {
        let mut cursor = self.read(Seq(1)).or_else(|error| match error {
            Error::Trimmed { first, .. } => self.read(first),
            error => Err(error),
        })?;
        let mut batches: Vec<Batch> = Vec::new();
        for seq in places {
            if batches.last().is_some_and(|batch| seq <= batch.last()) {
                continue;
            }
            if let Some(batch) = cursor.jump(seq)?.filter(|batch| (batch.first..=batch.last()).contains(&seq))
            {
                batches.push(batch);
            }
        }
        Ok(batches)
    }

    /// The batches from the one that holds a place back to the oldest that the log has, newest first.
    pub fn read_back(&self, from: Seq) -> Result<Backwards, Error> {
        let last = self.last()?.map_or(Seq(0), |(last, _)| last);
        let end = self.first()?.unwrap_or(Seq(1));
        Ok(Backwards { cursor: self.read(end)?, place: from.min(last), end })
    }

    /// What the log takes on the disk.
    pub fn bytes(&self) -> Result<u64, Error> {
        let mut bytes = 0;
        for suffix in ["", "-wal"] {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            let path = PathBuf::from(name);
            if path.try_exists().map_err(Error::io("look at", &path))? {
                bytes += path.metadata().map_err(Error::io("look at", &path))?.len();
            }
        }
        Ok(bytes)
    }

    /// Copies the batches up to a place into a new database of another directory, as they are stored. Gives the place of
    /// the first record, and how many batches there were.
    pub(crate) fn copy(&self, dir: &Path, to: Seq) -> Result<(Option<Seq>, u64), Error> {
        let from = schema::open_again(&self.path, true)?;
        let path = dir.join(super::DATABASE);
        let into = schema::make(&path)?;
        let first = first(&from)?;
        let (mut next, mut batches) = (first.unwrap_or(Seq(1)), 0);
        let mut select = from.prepare(schema::NEXT).map_err(Error::sqlite("read"))?;
        let mut insert = into.prepare(schema::INSERT).map_err(Error::sqlite("copy"))?;
        let transaction = into.unchecked_transaction().map_err(Error::sqlite("copy"))?;
        while next <= to {
            let last = select
                .query_row([next.0.cast_signed()], |row| {
                    let (first, at, count) =
                        (Seq(row.get::<_, i64>(0)?.cast_unsigned()), row.get(1)?, row.get(2)?);
                    let (sum, stored): (i64, _) = (row.get(3)?, row.get_ref(4)?.as_blob()?);
                    if first != next
                        || count == 0
                        || sum.cast_unsigned() != checksum(first, At(at), count, stored)
                    {
                        return Ok(Err(Error::damaged(next, "the checksum of its batch does not match")));
                    }
                    insert.execute(params![first.0.cast_signed(), at, count, sum, stored])?;
                    Ok(Ok(first.0 + u64::from(count)))
                })
                .map_err(Error::sqlite("copy"))?;
            next = Seq(last?);
            batches += 1;
        }
        drop(insert);
        transaction.commit().map_err(Error::sqlite("copy"))?;
        into.close().map_err(|(_, source)| Error::Sqlite { doing: "copy", source })?;
        std::fs::File::open(&path).and_then(|file| file.sync_all()).map_err(Error::io("sync", &path))?;
        Ok((first, batches))
    }

    /// The newest batch.
    pub(super) fn newest(&self) -> Result<Option<Batch>, Error> {
        self.read(Seq(i64::MAX.cast_unsigned()))?.follow()
    }
}

fn first(connection: &Connection) -> Result<Option<Seq>, Error> {
    let first: Option<i64> = connection
        .query_row("SELECT min(first_seq) FROM batches", [], |row| row.get(0))
        .map_err(Error::sqlite("read"))?;
    Ok(first.map(|first| Seq(first.cast_unsigned())))
}

/// A place in the log.
pub struct Cursor {
    connection: Connection,
    decompressor: Decompressor<'static>,
    asker: Option<Weak<()>>,
    /// Batches that end before this are passed over.
    wanted: Seq,
    /// Where the next batch must begin.
    next: Seq,
    done: bool,
}

impl Cursor {
    /// The next batch in order, checked.
    fn follow(&mut self) -> Result<Option<Batch>, Error> {
        if self.asker.as_ref().is_some_and(|asker| asker.strong_count() == 0) {
            return Err(Error::Unwanted);
        }
        let expected = self.next;
        let decompressor = &mut self.decompressor;
        let batch = self
            .connection
            .prepare_cached(schema::NEXT)
            .and_then(|mut next| {
                next.query_row([expected.0.cast_signed()], |row| decode(row, expected, decompressor))
                    .optional()
            })
            .map_err(|source| match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DatabaseCorrupt) => Error::damaged(expected, source.to_string()),
                _ => Error::Sqlite { doing: "read", source },
            })?
            .transpose()?;
        if let Some(batch) = &batch {
            self.next = batch.last().next();
        }
        Ok(batch)
    }
}

impl Cursor {
    /// The batch that holds a place, or the newest before it.
    fn jump(&mut self, seq: Seq) -> Result<Option<Batch>, Error> {
        let first: Option<i64> = self
            .connection
            .prepare_cached(schema::FIRST_OF)
            .and_then(|mut first| first.query_row([seq.0.cast_signed()], |row| row.get(0)))
            .map_err(Error::sqlite("read"))?;
        let Some(first) = first else { return Ok(None) };
        self.next = Seq(first.cast_unsigned());
        self.follow()
    }
}

/// A place in the log from which it is read towards its beginning.
pub struct Backwards {
    cursor: Cursor,
    /// The next batch holds it.
    place: Seq,
    /// Nothing is before it.
    end: Seq,
}

impl Iterator for Backwards {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.place < self.end {
            return None;
        }
        let batch = self.cursor.jump(self.place).transpose()?;
        self.place = batch.as_ref().map_or(Seq(0), |batch| Seq(batch.first.0 - 1));
        Some(batch)
    }
}

impl Iterator for Cursor {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done {
            match self.follow() {
                Ok(Some(batch)) if batch.last() < self.wanted => {}
                Ok(Some(batch)) => return Some(Ok(batch)),
                Ok(None) => self.done = true,
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// One row, or what is wrong with it.
fn decode(
    row: &Row<'_>,
    expected: Seq,
    decompressor: &mut Decompressor<'_>,
) -> rusqlite::Result<Result<Batch, Error>> {
    let first = Seq(row.get::<_, i64>(0)?.cast_unsigned());
    let at = At(row.get(1)?);
    let count: u32 = row.get(2)?;
    let sum = row.get::<_, i64>(3)?.cast_unsigned();
    let stored = row.get_ref(4)?.as_blob()?;
    if first != expected {
        return Ok(Err(Error::damaged(expected, format!("the next batch begins at seq {first}"))));
    }
    if sum != checksum(first, at, count, stored) || count == 0 {
        return Ok(Err(Error::damaged(first, "the checksum of its batch does not match")));
    }
    let size = Decompressor::upper_bound(stored).unwrap_or(usize::MAX);
    if size > limits::BATCH_BYTES_MAX {
        return Ok(Err(Error::damaged(first, format!("a batch of {size} bytes"))));
    }
    Ok(decompressor
        .decompress(stored, size)
        .map(|body| Batch { first, at, count, body })
        .map_err(|error| Error::damaged(first, error.to_string())))
}
