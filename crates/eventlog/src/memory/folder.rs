//! The folder on a memory disk. Each call is taken apart into the steps a file system makes of it, so that a crash
//! can come between them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{File, MemoryDisk};
use crate::error::Error;
use crate::folder::Folder;

/// A folder for tests and the simulator.
pub struct MemoryFolder {
    disk: MemoryDisk,
}

impl MemoryFolder {
    pub fn open(disk: &MemoryDisk) -> Self {
        Self { disk: disk.clone() }
    }
}

impl Folder for MemoryFolder {
    fn list(&self) -> Result<BTreeSet<String>, Error> {
        Ok(self.disk.disk().files.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let disk = self.disk.disk();
        disk.files.get(name).map(|file| file.bytes.clone()).ok_or_else(|| missing("read", name))
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> Result<Vec<u8>, Error> {
        let disk = self.disk.disk();
        let file = disk.files.get(name).ok_or_else(|| missing("read", name))?;
        let bytes = file.bytes.get(offset as usize..).unwrap_or_default();
        Ok(bytes[..bytes.len().min(length)].to_vec())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.disk.disk().write(|disk| {
            let file = disk.files.entry(name.to_string()).or_default();
            file.bytes.extend_from_slice(bytes);
            file.synced = false;
        })
    }

    fn seal(&mut self, name: &str) -> Result<(), Error> {
        self.disk.disk().sync(|disk| {
            if let Some(file) = disk.files.get_mut(name) {
                file.synced = true;
            }
        })
    }

    fn write(&mut self, name: &str, parts: &[&[u8]]) -> Result<(), Error> {
        let mut disk = self.disk.disk();
        let file = File { bytes: parts.concat(), synced: false };
        disk.write(|disk| {
            disk.files.insert(name.to_string(), file);
        })?;
        disk.sync(|disk| {
            if let Some(file) = disk.files.get_mut(name) {
                file.synced = true;
            }
        })
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
        let mut disk = self.disk.disk();
        if !disk.files.contains_key(from) {
            return Err(missing("rename", from));
        }
        disk.write(|disk| {
            if let Some(file) = disk.files.remove(from) {
                disk.files.insert(to.to_string(), file);
            }
        })?;
        disk.sync(|disk| disk.files_durable.clone_from(&disk.files))
    }

    fn remove(&mut self, name: &str) -> Result<(), Error> {
        self.disk.disk().write(|disk| {
            disk.files.remove(name);
        })
    }

    fn sync(&mut self) -> Result<(), Error> {
        self.disk.disk().sync(|disk| disk.files_durable.clone_from(&disk.files))
    }
}

fn missing(doing: &'static str, name: &str) -> Error {
    Error::Io { doing, path: PathBuf::from(name), source: std::io::ErrorKind::NotFound.into() }
}
