//! A packed installation taken apart, with every byte compared to what the manifest says.

use super::bar;
use super::manifest::{Checksum, Manifest, NAME, Summing};
use crate::limits::BACKUP_MANIFEST_BYTES_MAX;
use anyhow::{Context, bail};
use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use tar::{Archive, Entry};
use zstd::Decoder;

/// Takes a file apart into a new directory. After an error what lies there is worth nothing.
pub(in super::super) fn unpack(file: &Path, into: &Path) -> anyhow::Result<Manifest> {
    let opened = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let unpacked = || -> anyhow::Result<Manifest> {
        let mut archive = Archive::new(Decoder::new(BufReader::new(opened))?);
        let mut entries = archive.entries()?;
        let manifest = manifest(entries.next().context("it is empty")??)?;
        let bar = bar("unpacking", manifest.bytes());
        let mut taken = BTreeSet::new();
        for entry in entries {
            let mut entry = entry?;
            let name = entry.path()?.to_str().context("a name that is no text")?.to_owned();
            take(&mut entry, &name, &manifest, into)?;
            bar.inc(entry.size());
            if !taken.insert(name.clone()) {
                bail!("it holds {name} twice");
            }
        }
        // The compressed stream has a checksum of its own at its end.
        std::io::copy(&mut archive.into_inner(), &mut std::io::sink())?;
        if let Some(missing) = manifest.files.keys().find(|name| !taken.contains(*name)) {
            bail!("{missing} is missing in it");
        }
        bar.finish_and_clear();
        Ok(manifest)
    };
    unpacked().map_err(|error| {
        let error = match error.downcast_ref::<std::io::Error>() {
            Some(_) => error.context("it is damaged, or cut short"),
            None => error,
        };
        error.context(format!("{} cannot be restored", file.display()))
    })
}

fn manifest(entry: Entry<'_, impl Read>) -> anyhow::Result<Manifest> {
    if entry.path()?.to_str() != Some(NAME) || entry.size() > BACKUP_MANIFEST_BYTES_MAX {
        bail!("it is no backup of Trama");
    }
    let mut json = Vec::new();
    entry.take(BACKUP_MANIFEST_BYTES_MAX).read_to_end(&mut json)?;
    Manifest::read(&json)
}

/// Writes one file, durable on return.
fn take(
    entry: &mut Entry<'_, impl Read>,
    name: &str,
    manifest: &Manifest,
    into: &Path,
) -> anyhow::Result<()> {
    let Some(expected) = manifest.files.get(name).filter(|_| entry.header().entry_type().is_file()) else {
        bail!("{name:?} in it is not what its manifest names");
    };
    let path = into.join(name);
    let folder = path.parent().expect("invariant: it lies in the directory");
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Unwritten)?;
    let mut sum = Checksum::default();
    let mut file = File::create(&path).map_err(Unwritten)?;
    // Closed to others before there is anything in it.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(Unwritten)?;
    let mut reader = Summing { of: entry, sum: &mut sum };
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = reader.read(&mut piece)?;
        if read == 0 {
            break;
        }
        file.write_all(&piece[..read]).map_err(Unwritten)?;
    }
    file.sync_all().map_err(Unwritten)?;
    let bytes = sum.bytes;
    if bytes != expected.bytes || sum.finish() != expected.sha256 {
        bail!("{name} in it is damaged: its checksum is not that of the manifest");
    }
    fs::set_permissions(&path, Permissions::from_mode(expected.mode()?)).map_err(Unwritten)?;
    Ok(())
}

/// The new directory cannot be written: no fault of the backup.
#[derive(Debug, thiserror::Error)]
#[error("the new directory cannot be written: {0}")]
struct Unwritten(std::io::Error);
