//! Every bound of this crate, each with its reason.

use engine::at::Span;
use std::time::Duration;

/// Largest body of one batch, uncompressed. A reader must hold it whole, and a damaged length must not make it ask
/// for the machine's memory. A group commit under overload stays below a tenth of this.
pub const BATCH_BYTES_MAX: usize = 64 << 20;

/// Pages of the database. 8 KiB holds a batch of some 100 records without overflow pages, and was the fastest
/// measured for rows between 4 KiB and 64 KiB.
pub const PAGE_BYTES: u32 = 8192;

/// How long the checkpoint thread rests after work. Shorter steals the disk from commits; longer lets the
/// write-ahead log grow and each checkpoint with it.
pub const CHECKPOINT_EVERY: Duration = Duration::from_millis(100);

/// Size of the write-ahead log at which the writer waits for a checkpoint that lets it start over. Under writing
/// that never rests nothing else can, and the file would fill the disk.
pub const WAL_BYTES_MAX: u64 = 256 << 20;

/// Longest that the writer waits for a reader to finish before it gives up starting over, and goes on.
pub const CHECKPOINT_PAUSE_MAX: Duration = Duration::from_millis(250);

/// Rows that one transaction trims: more would make the writer wait behind it.
pub const TRIM_ROWS: u32 = 256;

/// Snapshots kept. Two, so that one that turns out damaged has a predecessor.
pub const SNAPSHOTS_KEPT: usize = 2;

/// Files of sections that one snapshot refers to at most: the oldest is given up for the next one. So what nobody reads is
/// written anew now and then, and rot in it does not grow old; one snapshot in so many of a line costs a whole one for that.
pub const SECTION_FILES_MAX: usize = 16;

/// Bytes of sections that are handed to the disk together, and read together where they are copied.
pub const WRITE_BYTES: usize = 4 << 20;

/// Threads that read the sections of a snapshot: a recovery has the machine to itself, and more than two wait for the disk.
pub const READ_THREADS: usize = 2;

/// How often a copy looks for snapshots that came while it copied others.
pub const COPY_PASSES: usize = 8;

/// Compression of batches and snapshots: zstd level 1 stores a third less than the negative levels for a fifth
/// more time.
pub const ZSTD_LEVEL: i32 = 1;

const _: () = assert!(WAL_BYTES_MAX > BATCH_BYTES_MAX as u64, "one batch must fit the write-ahead log");
/// Bytes of bodies that are read for one transaction that rewrites some of them: more would make the writer wait behind it.
pub const REWRITE_BYTES: usize = 4 << 20;

const _: () = assert!(SNAPSHOTS_KEPT >= 2, "a damaged snapshot needs a predecessor");
const _: () = assert!(SECTION_FILES_MAX >= 2, "there is an older file and the new one");

/// Room that a batch's body begins with for what follows from what was submitted: so many bytes, and one part in so many of
/// what was. Where it is not enough, all of the body is copied.
pub const ROOM_BYTES: usize = 4_096;
pub const ROOM_SHARE: usize = 8;

/// Records that the engine looks ahead over: the waits of so many overlap, and what they touch, some thirty lines each, is
/// still in the second cache when they are applied. From 64 to 256 an event costs the same; with 512 a tenth more.
pub const FORESEEN_RECORDS: usize = 128;

/// Batches that who reads the log may be ahead of the engine that takes them: enough that neither waits for the other's slow
/// moments, and a bound on what they hold between them.
pub const BATCHES_AHEAD: usize = 64;

/// How far apart two programmes may have decided to send the same message to the same address for what a person did with the
/// one to be taken for what they would have done with the other: within a day it is the same letter in the same mailbox.
pub const LIKE_WITHIN: Span = Span::DAY;
