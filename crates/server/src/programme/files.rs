//! Where the files of a programme are: in a folder on the disk, or in memory, as a programme that is live carries them.

use crate::limits::PROGRAMME_FILE_BYTES_MAX;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Default)]
pub(super) enum Files {
    #[default]
    Disk,
    /// Texts by their paths in the folder, divided by `/`.
    Kept(BTreeMap<String, String>),
}

impl Files {
    pub(super) fn has(&self, path: &Path) -> bool {
        match self {
            Self::Disk => path.exists(),
            Self::Kept(texts) => texts.keys().any(|kept| Path::new(kept) == path),
        }
    }

    pub(super) fn read(&self, path: &Path) -> Result<String> {
        let too_large = || Error::other(format!("larger than {PROGRAMME_FILE_BYTES_MAX} bytes"));
        match self {
            Self::Disk if std::fs::metadata(path)?.len() > PROGRAMME_FILE_BYTES_MAX => Err(too_large()),
            Self::Disk => std::fs::read_to_string(path),
            Self::Kept(texts) => {
                let found = texts.iter().find(|(kept, _)| Path::new(kept) == path).map(|(_, text)| text);
                let text = found.ok_or_else(|| Error::from(ErrorKind::NotFound))?;
                let fits = text.len() as u64 <= PROGRAMME_FILE_BYTES_MAX;
                if fits { Ok(text.clone()) } else { Err(too_large()) }
            }
        }
    }

    /// What a folder holds, in the order of names; nothing where there is no such folder. Hidden files are left out:
    /// editors leave such behind.
    pub(super) fn entries(&self, dir: &Path) -> Vec<PathBuf> {
        let names: BTreeSet<PathBuf> = match self {
            Self::Disk => {
                let here = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
                let Ok(listing) = std::fs::read_dir(here) else { return Vec::new() };
                listing.flatten().map(|entry| PathBuf::from(entry.file_name())).collect()
            }
            Self::Kept(texts) => {
                let inside = texts.keys().filter_map(|path| Path::new(path).strip_prefix(dir).ok());
                inside.filter_map(|rest| rest.iter().next()).map(PathBuf::from).collect()
            }
        };
        let visible = names.into_iter().filter(|name| !name.to_string_lossy().starts_with('.'));
        visible.map(|name| dir.join(name)).collect()
    }

    /// The folders in a folder.
    pub(super) fn folders(&self, dir: &Path) -> Vec<PathBuf> {
        let is_folder = |path: &PathBuf| match self {
            Self::Disk => path.is_dir(),
            Self::Kept(_) => !self.has(path),
        };
        self.entries(dir).into_iter().filter(is_folder).collect()
    }
}
