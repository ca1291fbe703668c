//! The few things that snapshots ask of a directory, so that the simulator can fail each of them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// A flat directory of files that are written once and then only read.
pub trait Folder: Send + Sync {
    /// Names of all files.
    fn list(&self) -> Result<BTreeSet<String>, Error>;

    /// The whole file.
    fn read(&self, name: &str) -> Result<Vec<u8>, Error>;

    /// A part of a file: so many bytes, or fewer where it ends before that.
    fn read_at(&self, name: &str, offset: u64, length: usize) -> Result<Vec<u8>, Error>;

    /// Adds to the end of a file, made where there is none. Nothing of it is durable before [`Folder::seal`].
    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error>;

    /// Makes what was added to a file durable; its name need not be.
    fn seal(&mut self, name: &str) -> Result<(), Error>;

    /// Writes a whole file; its content is durable on return, its name need not be.
    fn write(&mut self, name: &str, parts: &[&[u8]]) -> Result<(), Error>;

    /// Gives a file another name, replacing what bore it; durable on return.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), Error>;

    /// Removes a file. A crash may bring it back.
    fn remove(&mut self, name: &str) -> Result<(), Error>;

    /// Makes names durable: what was removed stays so.
    fn sync(&mut self) -> Result<(), Error>;
}

/// A directory of the file system.
pub struct DiskFolder {
    dir: PathBuf,
}

impl DiskFolder {
    /// Makes the directory where it is missing, for its owner's eyes only: it holds personal data.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, Error> {
        let dir = dir.into();
        make_private(&dir)?;
        Ok(Self { dir })
    }
}

impl Folder for DiskFolder {
    fn list(&self) -> Result<BTreeSet<String>, Error> {
        let read = || {
            let mut names = BTreeSet::new();
            for entry in fs::read_dir(&self.dir)? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    names.extend(entry.file_name().into_string());
                }
            }
            Ok(names)
        };
        read().map_err(Error::io("list", &self.dir))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.dir.join(name);
        fs::read(&path).map_err(Error::io("read", &path))
    }

    fn read_at(&self, name: &str, offset: u64, length: usize) -> Result<Vec<u8>, Error> {
        let path = self.dir.join(name);
        let read = || {
            let mut file = File::open(&path)?;
            file.seek(SeekFrom::Start(offset))?;
            let mut bytes = Vec::new();
            file.take(length as u64).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        read().map_err(Error::io("read", &path))
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let path = self.dir.join(name);
        let append = || File::options().append(true).create(true).open(&path)?.write_all(bytes);
        append().map_err(Error::io("write", &path))
    }

    fn seal(&mut self, name: &str) -> Result<(), Error> {
        let path = self.dir.join(name);
        let seal = || File::options().append(true).open(&path)?.sync_all();
        seal().map_err(Error::io("sync", &path))
    }

    fn write(&mut self, name: &str, parts: &[&[u8]]) -> Result<(), Error> {
        let path = self.dir.join(name);
        let write = || {
            let mut file = File::create(&path)?;
            for part in parts {
                file.write_all(part)?;
            }
            file.sync_all()
        };
        write().map_err(Error::io("write", &path))
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), Error> {
        let path = self.dir.join(to);
        fs::rename(self.dir.join(from), &path).map_err(Error::io("rename a file to", &path))?;
        sync_dir(&self.dir)
    }

    fn remove(&mut self, name: &str) -> Result<(), Error> {
        let path = self.dir.join(name);
        fs::remove_file(&path).map_err(Error::io("remove", &path))
    }

    fn sync(&mut self) -> Result<(), Error> {
        sync_dir(&self.dir)
    }
}

/// Makes a directory that only its owner can enter, where there is none.
pub(crate) fn make_private(dir: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(Error::io("make", dir))
}

/// Makes the names in a directory durable: a file's own sync does not.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::io("sync", dir))
}
