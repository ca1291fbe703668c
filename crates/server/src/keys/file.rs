//! A file of secrets on disk: replaced as a whole, and read only while nobody else can read it.

use anyhow::{Context, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What the file holds; `None` when there is no file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot open {}", path.display())),
    };
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!(
            "{path} can be read by others than its owner (mode {mode:03o}), so what is in it may be known.\n\
             Run `chmod 600 {path}`, and if anybody else had access, make new keys with `trama keys`, revoke the old ones, \
             and set new passwords with `trama operators`.",
            path = path.display()
        );
    }
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
    let held = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what Trama writes there", path.display()))?;
    Ok(Some(held))
}

/// Replaces the file: after a crash it holds either the old keys or the new ones.
pub(crate) fn write<T: Serialize>(path: &Path, held: &T) -> anyhow::Result<()> {
    replace(path, held, true)
}

/// The same for what may be lost with the power, and which nobody is to wait for.
pub(crate) fn write_unsynced<T: Serialize>(path: &Path, held: &T) -> anyhow::Result<()> {
    replace(path, held, false)
}

fn replace<T: Serialize>(path: &Path, held: &T, is_synced: bool) -> anyhow::Result<()> {
    let directory = path.parent().expect("invariant: the file of keys lies in the data directory");
    let replaced = || -> anyhow::Result<()> {
        // A new temporary file has mode 0600, so the keys are never readable by others, not even for a moment.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec_pretty(held)?)?;
        file.write_all(b"\n")?;
        if is_synced {
            file.as_file().sync_all()?;
        }
        file.persist(path)?;
        if is_synced {
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    };
    replaced().with_context(|| format!("cannot write {}", path.display()))
}
