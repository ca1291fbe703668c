//! What can go wrong with a log. Raised here, handled once by whoever owns the process.

use std::path::PathBuf;

use engine::Seq;

/// Operating errors: the disk, another process, other people's files. Mistakes of our own are assertions.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A second process asked for the same data directory.
    #[error("{} is in use by another process, which holds {}", dir.display(), lock.display())]
    InUse { dir: PathBuf, lock: PathBuf },

    /// Written by a later version. Reading it with today's rules could lose what they do not know.
    #[error("{} has format {found}; this version reads up to format {supported}", path.display())]
    NewerFormat { path: PathBuf, found: u32, supported: u32 },

    /// A file that bears our name and is not ours.
    #[error("{} is not a Trama log", path.display())]
    Foreign { path: PathBuf },

    /// Bytes that are not what was written. `seq` is the first record that cannot be had.
    #[error("the log is damaged at seq {seq}: {what}")]
    Damaged { seq: Seq, what: String },

    /// The place asked for is gone on purpose: a snapshot stands for it.
    #[error("seq {from} has been trimmed, the log starts at seq {first}")]
    Trimmed { from: Seq, first: Seq },

    /// After a failed write nobody knows what is on the disk, so the log takes no more until it is opened anew.
    #[error("an earlier write to the log failed; open it again to see what it holds")]
    Broken,

    /// A snapshot that cannot be used.
    #[error("{name} is damaged: {what}")]
    DamagedSnapshot { name: String, what: &'static str },

    /// A snapshot that is whole, and that this version's engine does not read.
    #[error("the snapshot at seq {seq} cannot be used: {what}")]
    UnusableSnapshot { seq: Seq, what: String },

    /// Records are missing that the snapshot has seen: this is not its log.
    #[error("the snapshot is at seq {snapshot}, but the log ends at seq {end}: records are missing")]
    SnapshotAhead { snapshot: Seq, end: Seq },

    /// A record that is not to be had, since whom it was about was erased. Its effects are in the snapshots after it.
    #[error(
        "the log was redacted at seq {seq}, where somebody was erased: it is replayed from a snapshot of after that, and \
         none can be used"
    )]
    Redacted { seq: Seq },

    #[error("cannot {doing} {}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },

    #[error("cannot {doing} the log")]
    Sqlite { doing: &'static str, source: rusqlite::Error },

    /// Whoever asked for what was being read waits no longer.
    #[error("nobody waits any more for what was being read")]
    Unwanted,

    /// The memory disk lost its power, as a test asked it to.
    #[error("the power is gone")]
    PowerLost,
}

impl Error {
    /// Whether what is on the disk is not what was written, so that trying again would be of no use.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::DamagedSnapshot { .. } => true,
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// For `map_err` on SQLite's results.
    pub(crate) fn sqlite(doing: &'static str) -> impl Fn(rusqlite::Error) -> Self {
        move |source| Self::Sqlite { doing, source }
    }

    /// For `map_err` on the file system's results.
    pub(crate) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_path_buf(), source }
    }

    pub(crate) fn damaged(seq: Seq, what: impl Into<String>) -> Self {
        Self::Damaged { seq, what: what.into() }
    }
}
