//! One file of many: a tar archive, compressed with zstd, which any machine can open.

use super::folder_of;
use super::manifest::{Manifest, NAME, Packed};
use crate::limits::BACKUP_ZSTD_LEVEL;
use anyhow::{Context, bail};
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use tar::{Builder, Header};
use tempfile::NamedTempFile;
use zstd::Encoder;

/// Packs the files of a copy. The file has its name when it is whole and on the disk; its size.
pub(super) fn pack(copy: &Path, manifest: &Manifest, to: &Path, bar: &ProgressBar) -> anyhow::Result<u64> {
    let beside = folder_of(to)?;
    let packed = || -> anyhow::Result<NamedTempFile> {
        // A new temporary file has mode 0600, so that its keys are never readable by others.
        let file = NamedTempFile::new_in(&beside)?;
        let mut encoder = Encoder::new(file, BACKUP_ZSTD_LEVEL)?;
        encoder.include_checksum(true)?;
        let mut archive = Builder::new(encoder);
        let json = serde_json::to_vec_pretty(manifest)?;
        append(&mut archive, NAME, json.len() as u64, 0o600, json.as_slice())?;
        for (name, Packed { bytes, .. }) in &manifest.files {
            let mode = manifest.files[name].mode()?;
            let mut file = File::open(copy.join(name))?;
            if file.metadata()?.len() != *bytes {
                bail!("{name} changed while it was packed");
            }
            append(&mut archive, name, *bytes, mode, bar.wrap_read(&mut file))?;
        }
        let mut file = archive.into_inner()?.finish()?;
        file.flush()?;
        file.as_file().sync_all()?;
        Ok(file)
    };
    let file = packed().with_context(|| format!("{} cannot be written", to.display()))?;
    let bytes = file.as_file().metadata()?.len();
    file.persist_noclobber(to).with_context(|| format!("{} cannot be written", to.display()))?;
    File::open(beside)?.sync_all()?;
    Ok(bytes)
}

fn append(
    archive: &mut Builder<Encoder<'_, NamedTempFile>>,
    name: &str,
    bytes: u64,
    mode: u32,
    content: impl Read,
) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(mode);
    header.set_entry_type(tar::EntryType::Regular);
    archive.append_data(&mut header, name, content)
}
