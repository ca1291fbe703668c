//! The embedded log: one SQLite database in a data directory, one row a batch.
//!
//! Its writer is whoever holds the [`SqliteLog`]; a thread of its own copies the write-ahead log home, because a
//! checkpoint in the writer made one commit in a thousand wait 40 ms. Readers open connections of their own and never
//! make the writer wait, except when the write-ahead log has grown past its bound.

mod checkpoint;
mod reader;
mod schema;

use std::path::{Path, PathBuf};

use engine::Seq;
use engine::at::At;
use rusqlite::{Connection, TransactionBehavior, params};
use zstd::bulk::Compressor;

use crate::error::Error;
use crate::folder::{make_private, sync_dir};
use crate::limits;
use crate::log::{Batch, Batches, Log, assert_continues, checksum};
use crate::ownership::{Ownership, is_owned};
use checkpoint::Checkpoint;
pub use reader::SqliteReader;

/// Name of the database in its data directory.
const DATABASE: &str = "log.db";

/// Whether a directory holds a log.
pub fn exists(dir: &Path) -> bool {
    dir.join(DATABASE).is_file()
}

/// Whether a process has the log of a directory open for writing.
pub fn is_in_use(dir: &Path) -> Result<bool, Error> {
    is_owned(dir)
}

/// What can be chosen when a log is opened.
#[derive(Debug, Clone, Copy)]
pub struct SqliteOptions {
    /// Size of the write-ahead log at which the writer waits for a checkpoint.
    pub wal_bytes_max: u64,
}

/// The log of one data directory. Dropping it closes the database and gives the directory free.
pub struct SqliteLog {
    path: PathBuf,
    writer: Connection,
    checkpoint: Checkpoint,
    compressor: Compressor<'static>,
    last: Option<(Seq, At)>,
    broken: bool,
    // Fields drop in order: the directory is given free when the connections are closed.
    _ownership: Ownership,
}

impl SqliteLog {
    /// Opens the log of a data directory, or makes one. Refuses a directory that another process owns, a newer
    /// format and a newest batch that is damaged.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_with(dir, SqliteOptions { wal_bytes_max: limits::WAL_BYTES_MAX })
    }

    pub fn open_with(dir: &Path, options: SqliteOptions) -> Result<Self, Error> {
        make_private(dir)?;
        let ownership = Ownership::take(dir)?;
        let path = dir.join(DATABASE);
        let mut writer = schema::open(&path)?;
        sync_dir(dir)?;
        let checkpoint = Checkpoint::start(&path, &mut writer, options.wal_bytes_max)?;
        let last = SqliteReader::new(&path).newest()?.map(|batch| (batch.last(), batch.at));
        let compressor = Compressor::new(limits::ZSTD_LEVEL).map_err(Error::io("compress for", &path))?;
        Ok(Self { path, writer, checkpoint, compressor, last, broken: false, _ownership: ownership })
    }

    /// A reader for another thread; it sees what is durable, and can be cloned.
    pub fn reader(&self) -> SqliteReader {
        SqliteReader::new(&self.path)
    }

    /// How often the write-ahead log was made to start over because it had reached its bound.
    pub fn restarts(&self) -> u64 {
        self.checkpoint.restarts()
    }

    /// Writes rows by one statement, all of them in one transaction.
    fn write(&mut self, batches: &[Batch], statement: &str) -> Result<(), Error> {
        self.checkpoint.make_room()?;
        let transaction = self
            .writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(Error::sqlite("begin to append to"))?;
        let mut insert = transaction.prepare_cached(statement).map_err(Error::sqlite("append to"))?;
        for batch in batches {
            let stored =
                self.compressor.compress(&batch.body).map_err(Error::io("compress for", &self.path))?;
            let checksum = checksum(batch.first, batch.at, batch.count, &stored);
            let rows = insert
                .execute(params![
                    batch.first.0.cast_signed(),
                    batch.at.0,
                    batch.count,
                    checksum.cast_signed(),
                    stored
                ])
                .map_err(Error::sqlite("append to"))?;
            assert_eq!(rows, 1, "invariant: only what the log holds is rewritten");
        }
        drop(insert);
        transaction.commit().map_err(Error::sqlite("commit to"))
    }

    fn delete_before(&mut self, keep: i64) -> Result<(), Error> {
        loop {
            let deleted = self
                .writer
                .prepare_cached(schema::DELETE)
                .and_then(|mut delete| delete.execute(params![keep, limits::TRIM_ROWS]))
                .map_err(Error::sqlite("trim"))?;
            self.checkpoint.written();
            self.checkpoint.make_room()?;
            if deleted == 0 {
                return Ok(());
            }
        }
    }
}

impl Log for SqliteLog {
    fn append(&mut self, batches: &[Batch]) -> Result<(), Error> {
        if self.broken {
            return Err(Error::Broken);
        }
        assert_continues(self.last, batches);
        let Some(newest) = batches.last() else { return Ok(()) };
        if let Err(error) = self.write(batches, schema::INSERT) {
            self.broken = true;
            return Err(error);
        }
        self.last = Some((newest.last(), newest.at));
        self.checkpoint.written();
        Ok(())
    }

    fn read(&self, from: Seq) -> Result<Batches<'_>, Error> {
        Ok(Box::new(self.reader().read(from)?))
    }

    fn first(&self) -> Result<Option<Seq>, Error> {
        self.reader().first()
    }

    fn last(&self) -> Option<(Seq, At)> {
        self.last
    }

    fn trim(&mut self, to: Seq) -> Result<(), Error> {
        // The batch that holds the record after `to` is the first to stay; when there is none, the newest one is.
        let keep: Option<i64> = self
            .writer
            .query_row(schema::FIRST_OF, [to.next().0.cast_signed()], |row| row.get(0))
            .map_err(Error::sqlite("trim"))?;
        keep.map_or(Ok(()), |keep| self.delete_before(keep))
    }

    fn rewrite(&mut self, batches: &[Batch]) -> Result<(), Error> {
        if self.broken {
            return Err(Error::Broken);
        }
        if let Err(error) = self.write(batches, schema::REWRITE) {
            self.broken = true;
            return Err(error);
        }
        self.checkpoint.written();
        Ok(())
    }

    fn scrub(&mut self) -> Result<bool, Error> {
        self.checkpoint.empty()
    }

    fn bytes(&self) -> Result<u64, Error> {
        self.reader().bytes()
    }
}
