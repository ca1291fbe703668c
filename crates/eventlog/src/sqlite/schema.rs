//! The database file: how a connection is set up, the one table, and the format's number.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::Error;
use crate::limits;

/// "Tram": marks the file as ours, also for the `file` command.
const APPLICATION_ID: u32 = 0x5472_616d;

/// Format of the rows. Raised whenever an older version could misread what a newer one wrote.
const FORMAT: u32 = 1;

const CREATE: &str = "CREATE TABLE batches (
    first_seq INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    count     INTEGER NOT NULL,
    checksum  INTEGER NOT NULL,
    body      BLOB NOT NULL
) STRICT";

pub(super) const INSERT: &str =
    "INSERT INTO batches (first_seq, at, count, checksum, body) VALUES (?1, ?2, ?3, ?4, ?5)";

pub(super) const REWRITE: &str =
    "UPDATE batches SET checksum = ?4, body = ?5 WHERE first_seq = ?1 AND at = ?2 AND count = ?3";

pub(super) const DELETE: &str = "DELETE FROM batches WHERE first_seq IN
    (SELECT first_seq FROM batches WHERE first_seq < ?1 ORDER BY first_seq LIMIT ?2)";

/// The batch that holds a seq, or the newest before it.
pub(super) const FIRST_OF: &str = "SELECT max(first_seq) FROM batches WHERE first_seq <= ?1";

/// The same, and the oldest batch of all: in one statement, since between two a writer may append the first batch.
pub(super) const START: &str = "SELECT (SELECT max(first_seq) FROM batches WHERE first_seq <= ?1),
    (SELECT min(first_seq) FROM batches)";

/// The next batch in order.
pub(super) const NEXT: &str = "SELECT first_seq, at, count, checksum, body FROM batches
    WHERE first_seq >= ?1 ORDER BY first_seq LIMIT 1";

/// Opens the database for writing, and makes it when it is new.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path).map_err(Error::sqlite("open"))?;
    let doing = Error::sqlite("set up");
    // Only a database without pages takes a page size; on ours it changes nothing.
    connection.pragma_update(None, "page_size", limits::PAGE_BYTES).map_err(&doing)?;
    let tables: u32 = check(&connection, path)?;
    prepare(&connection).map_err(&doing)?;
    if tables == 0 {
        create(&connection).map_err(&doing)?;
    }
    Ok(connection)
}

/// Makes a database that is filled once, by one connection. It is durable when the caller has synced the file.
pub(super) fn make(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path).map_err(Error::sqlite("make"))?;
    let set_up = || {
        connection.pragma_update(None, "page_size", limits::PAGE_BYTES)?;
        connection.pragma_update(None, "journal_mode", "off")?;
        connection.pragma_update(None, "synchronous", "off")?;
        create(&connection)
    };
    set_up().map_err(Error::sqlite("set up"))?;
    Ok(connection)
}

fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "BEGIN; {CREATE}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; COMMIT"
    ))
}

/// Refuses what is not ours or newer than us; how many tables there are.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<u32, Error> {
    let (application, format) = marks(connection).map_err(|source| not_a_database(path, source))?;
    let tables: u32 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(Error::sqlite("set up"))?;
    match (application, format, tables) {
        (0, 0, 0) | (APPLICATION_ID, 1..=FORMAT, _) => Ok(tables),
        (APPLICATION_ID, found, _) => {
            Err(Error::NewerFormat { path: path.to_path_buf(), found, supported: FORMAT })
        }
        _ => Err(Error::Foreign { path: path.to_path_buf() }),
    }
}

/// A further connection to a database that [`open`] has made.
pub(super) fn open_again(path: &Path, read_only: bool) -> Result<Connection, Error> {
    let access = if read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(Error::sqlite("open"))?;
    if read_only {
        connection.busy_timeout(limits::CHECKPOINT_PAUSE_MAX).map_err(Error::sqlite("set up"))?;
    } else {
        prepare(&connection).map_err(Error::sqlite("set up"))?;
    }
    Ok(connection)
}

/// What makes a commit durable (a sync of the write-ahead log each time) and keeps checkpoints out of it.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is rewritten or trimmed is overwritten on the disk: it may be about somebody who was erased.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    connection.busy_timeout(limits::CHECKPOINT_PAUSE_MAX)
}

fn marks(connection: &Connection) -> rusqlite::Result<(u32, u32)> {
    let read = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((read("application_id")?, read("user_version")?))
}

fn not_a_database(path: &Path, source: rusqlite::Error) -> Error {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::Foreign { path: path.to_path_buf() },
        _ => Error::Sqlite { doing: "open", source },
    }
}
