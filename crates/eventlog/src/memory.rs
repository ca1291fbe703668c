//! A disk made of memory, for tests and the simulator. It keeps what was written and what is durable apart, so that a
//! crash can be played: at any storage call the power goes, and what was not synced is lost, kept, or torn.
//!
//! The disk outlives the process that a test "kills": it is a handle, and [`MemoryLog`] and [`MemoryFolder`] are
//! opened on it again, as the real ones are on a directory.

mod folder;
mod log;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use folder::MemoryFolder;
pub use log::MemoryLog;

use crate::error::Error;

/// Draws a number below its argument. Crashes ask it what survives.
pub type Chance<'a> = &'a mut dyn FnMut(u64) -> u64;

/// A disk that can be shared and can lose its power.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    /// The log, a row a batch.
    rows: Vec<Vec<u8>>,
    /// How many of the rows a crash cannot touch.
    rows_durable: usize,
    files: BTreeMap<String, File>,
    /// The names as they are on the platter; contents live in `File`.
    files_durable: BTreeMap<String, File>,
    /// Storage calls since the disk was made.
    calls: u64,
    /// Calls that still succeed before the power goes.
    countdown: Option<u64>,
    power_lost: bool,
    /// A disk that says "synced" and does nothing, as some do.
    lies_about_sync: bool,
}

#[derive(Clone, Default, PartialEq)]
struct File {
    bytes: Vec<u8>,
    synced: bool,
}

impl MemoryDisk {
    /// Storage calls so far: the places where [`Self::lose_power_after`] can strike.
    pub fn calls(&self) -> u64 {
        self.disk().calls
    }

    /// After so many more storage calls the next one fails, and everything after it until [`Self::crash`].
    pub fn lose_power_after(&self, calls: u64) {
        self.disk().countdown = Some(calls);
    }

    pub fn power_lost(&self) -> bool {
        self.disk().power_lost
    }

    /// From now on syncs do nothing. A log on such a disk must lose what it acknowledged, and a test that does not
    /// notice is worth nothing.
    pub fn lie_about_sync(&self) {
        self.disk().lies_about_sync = true;
    }

    /// Flips one bit of a file; does nothing where there is no such byte.
    pub fn damage(&self, name: &str, offset: usize) {
        let mut disk = self.disk();
        let disk = &mut *disk;
        for files in [&mut disk.files, &mut disk.files_durable] {
            if let Some(byte) = files.get_mut(name).and_then(|file| file.bytes.get_mut(offset)) {
                *byte ^= 1;
            }
        }
    }

    /// The machine goes down and comes back. Synced bytes are there; of the others `chance` decides.
    pub fn crash(&self, chance: Chance<'_>) {
        let mut disk = self.disk();
        let disk = &mut *disk;
        disk.crash_log(chance);
        disk.crash_files(chance);
        disk.countdown = None;
        disk.power_lost = false;
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        // A test that asserts while it holds the disk has failed already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Disk {
    /// Begins a storage call. `Ok(false)` is the call in which the power goes: it may have done its work or not, so
    /// writes do it (nothing is durable yet) and syncs do not.
    fn call(&mut self) -> Result<bool, Error> {
        if self.power_lost {
            return Err(Error::PowerLost);
        }
        self.calls += 1;
        self.power_lost = self.countdown == Some(0);
        self.countdown = self.countdown.map(|left| left.saturating_sub(1));
        Ok(!self.power_lost)
    }

    /// Does a write, and fails if the power went during it.
    fn write(&mut self, write: impl FnOnce(&mut Self)) -> Result<(), Error> {
        let survived = self.call()?;
        write(self);
        if survived { Ok(()) } else { Err(Error::PowerLost) }
    }

    /// Does a sync, unless the power goes or the disk is one that lies.
    fn sync(&mut self, sync: impl FnOnce(&mut Self)) -> Result<(), Error> {
        if !self.call()? {
            return Err(Error::PowerLost);
        }
        if !self.lies_about_sync {
            sync(self);
        }
        Ok(())
    }

    /// Of the rows that were not synced a prefix stays, and the one after it may stay torn.
    fn crash_log(&mut self, chance: Chance<'_>) {
        let unsynced = self.rows.len() - self.rows_durable;
        let kept = self.rows_durable + below(chance, unsynced + 1);
        if let Some(torn) = self.rows.get_mut(kept) {
            torn.truncate(below(chance, torn.len()));
        }
        self.rows.truncate(kept + 1);
        self.rows.retain(|row| !row.is_empty());
        self.rows_durable = self.rows.len();
    }

    /// Each name that was not synced is as before or as after; contents that were not synced end anywhere.
    fn crash_files(&mut self, chance: Chance<'_>) {
        let names: BTreeSet<String> = self.files.keys().chain(self.files_durable.keys()).cloned().collect();
        for name in names {
            let (before, after) = (self.files_durable.get(&name), self.files.get(&name));
            if before != after && chance(2) == 0 {
                match before.cloned() {
                    Some(file) => _ = self.files.insert(name, file),
                    None => _ = self.files.remove(&name),
                }
            }
        }
        for file in self.files.values_mut().filter(|file| !file.synced) {
            file.bytes.truncate(below(chance, file.bytes.len() + 1));
            file.synced = true;
        }
        self.files_durable.clone_from(&self.files);
    }
}

fn below(chance: Chance<'_>, bound: usize) -> usize {
    usize::try_from(chance(bound as u64)).expect("a number below a usize")
}
