//! What a backup holds, as its first entry says it.

use anyhow::{Context, bail};
use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Its name in the archive.
pub(in super::super) const NAME: &str = "manifest.json";
/// Raised whenever an older version could not restore what a newer one packed.
const FORMAT: u32 = 1;
/// Where snapshots lie.
const SNAPSHOTS: &str = "state";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Manifest {
    pub(in super::super) format: u32,
    /// The version of Trama that packed it.
    pub(in super::super) version: String,
    pub(in super::super) made_at: String,
    pub(in super::super) log: LogRange,
    /// Where the engine was brought back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) state: Option<State>,
    /// By name, with slashes.
    pub(in super::super) files: BTreeMap<String, Packed>,
}

/// The records in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct LogRange {
    pub(in super::super) first_seq: u64,
    pub(in super::super) last_seq: u64,
    pub(in super::super) at: String,
}

/// The engine's state at the end of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct State {
    pub(in super::super) hash: String,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Packed {
    pub(in super::super) bytes: u64,
    pub(in super::super) sha256: String,
    /// Who may read it, as `chmod` writes it.
    pub(in super::super) mode: String,
}

impl State {
    pub(in super::super) fn of(engine: &Engine) -> Self {
        Self { hash: format!("{:032x}", engine.hash()) }
    }
}

impl Manifest {
    /// Describes the files of a copy.
    pub(super) fn new(
        copy: &Path,
        made_at: At,
        first: Seq,
        (last, at): (Seq, At),
        state: Option<State>,
    ) -> anyhow::Result<Self> {
        let mut files = BTreeMap::new();
        for folder in ["", SNAPSHOTS] {
            for entry in fs::read_dir(copy.join(folder))? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    let name = entry.file_name().into_string().ok().context("a name that is no text")?;
                    let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                    files.insert(name, Packed::of(&entry.path())?);
                }
            }
        }
        Ok(Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: made_at.to_string(),
            log: LogRange { first_seq: first.0, last_seq: last.0, at: at.to_string() },
            state,
            files,
        })
    }

    /// Reads one, and refuses what is not for this version and files that do not belong into an installation.
    pub(super) fn read(json: &[u8]) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } = serde_json::from_slice(json).context("its manifest cannot be read")?;
        if format > FORMAT {
            bail!("it has format {format}; this version reads up to format {FORMAT}");
        }
        let manifest: Self = serde_json::from_slice(json).context("its manifest cannot be read")?;
        for name in manifest.files.keys() {
            if !belongs(name) {
                bail!("its file {name:?} does not belong into an installation");
            }
        }
        Ok(manifest)
    }

    /// Bytes of all files.
    pub(in super::super) fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }
}

impl Packed {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let mut file = File::open(path)?;
        let mut sum = Checksum::default();
        std::io::copy(&mut Summing { of: &mut file, sum: &mut sum }, &mut std::io::sink())?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        Ok(Self { bytes: sum.bytes, sha256: sum.finish(), mode: format!("{mode:03o}") })
    }

    pub(super) fn mode(&self) -> anyhow::Result<u32> {
        u32::from_str_radix(&self.mode, 8)
            .ok()
            .filter(|mode| *mode <= 0o777)
            .context("its manifest has a bad mode")
    }
}

/// Log, snapshots and the files beside them: whatever else is in an archive was not put there by us.
fn belongs(name: &str) -> bool {
    let is_snapshot = |name: &str| {
        (name.starts_with("snapshot-") || name.starts_with("sections-"))
            && name.ends_with(".trama")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
    };
    let beside = super::FILES.iter().any(|(known, _)| *known == name);
    name == "log.db" || beside || name.strip_prefix("state/").is_some_and(is_snapshot)
}

/// What has been read of a file, and its checksum.
#[derive(Default)]
pub(super) struct Checksum {
    pub(super) bytes: u64,
    hash: Sha256,
}

impl Checksum {
    pub(super) fn finish(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Takes the checksum of what is read through it.
pub(super) struct Summing<'s, R> {
    pub(super) of: R,
    pub(super) sum: &'s mut Checksum,
}

impl<R: Read> Read for Summing<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.of.read(into)?;
        self.sum.bytes += read as u64;
        self.sum.hash.update(&into[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_an_installation_belong_into_one() {
        for (name, expected) in [
            ("log.db", true),
            ("keys.json", true),
            ("state/snapshot-00000000000000000011.trama", true),
            ("state/sections-00000000000000000011.trama", true),
            ("log.db-wal", false),
            ("../log.db", false),
            ("/etc/passwd", false),
            ("state/../keys.json", false),
            ("state/snapshot-/../x.trama", false),
            ("state/snapshot.tmp", false),
            ("address", false),
        ] {
            assert_eq!(belongs(name), expected, "{name}");
        }
    }

    #[test]
    fn a_manifest_of_another_format_is_refused() {
        for (json, expected) in [
            ("{\"format\":2,\"other\":1}", "it has format 2; this version reads up to format 1"),
            ("{\"format\":1}", "its manifest cannot be read"),
            ("no", "its manifest cannot be read"),
            (
                "{\"format\":1,\"version\":\"1\",\"made_at\":\"\",\"log\":{\"first_seq\":1,\"last_seq\":1,\"at\":\"\"},\
                 \"files\":{\"../x\":{\"bytes\":1,\"sha256\":\"\",\"mode\":\"600\"}}}",
                "its file \"../x\" does not belong into an installation",
            ),
        ] {
            assert_eq!(Manifest::read(json.as_bytes()).unwrap_err().to_string(), expected, "{json}");
        }
    }
}
