//! Copies the write-ahead log into the database, beside the writer instead of in its way.
//!
//! A thread with its own connection does a passive checkpoint every [`limits::CHECKPOINT_EVERY`] while there is
//! writing, and sleeps while there is none. A passive checkpoint lets the write-ahead log start over only if the
//! writer happens to rest; so past its bound the writer itself does one that waits (`RESTART`), and since the thread
//! has copied nearly everything by then, the wait is short.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::schema;
use crate::error::Error;
use crate::limits;

pub(super) struct Checkpoint {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Pages in the write-ahead log, told by SQLite at each commit.
    pages: Arc<AtomicU64>,
    pages_max: u64,
    /// Where the next attempt to start over is due: beyond `pages_max` while a reader stands in the way.
    restart_at: u64,
    restarts: u64,
}

struct Shared {
    wake: Mutex<Wake>,
    changed: Condvar,
    /// Held during a checkpoint: SQLite refuses a second one at the same time instead of waiting for the first.
    connection: Mutex<Connection>,
}

/// What wakes the thread.
#[derive(Default)]
struct Wake {
    written: bool,
    stop: bool,
    /// What the last checkpoint died of; the writer's next append reports it.
    failure: Option<Error>,
}

impl Checkpoint {
    pub(super) fn start(path: &Path, writer: &mut Connection, wal_bytes_max: u64) -> Result<Self, Error> {
        let pages = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&pages);
        writer
            .wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
                seen.store(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
                Ok(())
            }))
            .map_err(Error::sqlite("watch"))?;
        let shared = Arc::new(Shared {
            wake: Mutex::new(Wake { written: true, ..Wake::default() }),
            changed: Condvar::new(),
            connection: Mutex::new(schema::open_again(path, false)?),
        });
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.run()
            })
            .map_err(Error::io("start the checkpoint thread for", path))?;
        let pages_max = wal_bytes_max / u64::from(limits::PAGE_BYTES);
        Ok(Self { shared, thread: Some(thread), pages, pages_max, restart_at: pages_max, restarts: 0 })
    }

    /// Tells the thread that there is something to copy.
    pub(super) fn written(&self) {
        let mut wake = lock(&self.shared.wake);
        if !wake.written {
            wake.written = true;
            self.shared.changed.notify_one();
        }
    }

    /// Called by the writer before it writes, outside of a transaction: reports a failed checkpoint, and makes the
    /// write-ahead log start over when it has reached its bound.
    pub(super) fn make_room(&mut self) -> Result<(), Error> {
        if let Some(failure) = lock(&self.shared.wake).failure.take() {
            return Err(failure);
        }
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.restart_at {
            return Ok(());
        }
        if checkpoint(&lock(&self.shared.connection), "RESTART")? {
            self.pages.store(0, Ordering::Relaxed);
            self.restart_at = self.pages_max;
            self.restarts += 1;
        } else {
            // A reader holds on to old pages. Waiting for it at every commit would stop the house for one reader.
            self.restart_at = pages + self.pages_max / 4;
        }
        Ok(())
    }

    /// Copies all of the write-ahead log home and empties it. Called by the writer, outside of a transaction. False when a
    /// reader is in the way.
    pub(super) fn empty(&mut self) -> Result<bool, Error> {
        let is_empty = checkpoint(&lock(&self.shared.connection), "TRUNCATE")?;
        if is_empty {
            self.pages.store(0, Ordering::Relaxed);
            self.restart_at = self.pages_max;
        }
        Ok(is_empty)
    }

    pub(super) fn restarts(&self) -> u64 {
        self.restarts
    }
}

impl Drop for Checkpoint {
    fn drop(&mut self) {
        lock(&self.shared.wake).stop = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed, and what it had to copy is still in the write-ahead log.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        while self.wait() {
            if let Err(error) = checkpoint(&lock(&self.connection), "PASSIVE") {
                lock(&self.wake).failure = Some(error);
            }
        }
    }

    /// Sleeps until there is something to copy, then lets more of it gather. False when it is time to stop.
    fn wait(&self) -> bool {
        let wake = self
            .changed
            .wait_while(lock(&self.wake), |wake| !wake.written && !wake.stop)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut wake, _) = self
            .changed
            .wait_timeout_while(wake, limits::CHECKPOINT_EVERY, |wake| !wake.stop)
            .unwrap_or_else(PoisonError::into_inner);
        wake.written = false;
        !wake.stop
    }
}

/// Runs one checkpoint. False when somebody was in its way, which is no error: the next one goes on from there.
fn checkpoint(connection: &Connection, mode: &str) -> Result<bool, Error> {
    connection
        .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| row.get::<_, i64>(0))
        .map(|busy| busy == 0)
        .map_err(Error::sqlite("checkpoint"))
}

/// A poisoned lock means that a thread died between two statements that cannot leave these values half-made.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
