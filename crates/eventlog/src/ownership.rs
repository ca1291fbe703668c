//! One process owns a data directory. Two writers would give two records one place.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::Error;

/// Name of the file whose lock is the ownership. It stays when the owner goes: only the lock counts.
const LOCK_FILE: &str = "trama.lock";

/// Held as long as the directory is ours; the operating system takes it back when the process dies, however it dies.
#[derive(Debug)]
pub(crate) struct Ownership {
    _lock: File,
}

impl Ownership {
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(LOCK_FILE);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { dir: dir.to_path_buf(), lock: path }),
            Err(TryLockError::Error(source)) => Err(Error::Io { doing: "lock", path, source }),
        }
    }
}

/// Whether a process owns a directory, without taking anything of it.
pub(crate) fn is_owned(dir: &Path) -> Result<bool, Error> {
    let path = dir.join(LOCK_FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(Error::Io { doing: "open", path, source }),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(source)) => Err(Error::Io { doing: "look at the lock of", path, source }),
    }
}
