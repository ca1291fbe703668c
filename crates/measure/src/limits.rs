//! The bounds of the lake, each with its reason. Those of statistics stand beside their formulas.

use std::time::Duration;

/// Bytes of rows that are held before they are written: what a refresh may take of memory beside the files that it merges.
pub const LAKE_BUFFER_BYTES: usize = 32 << 20;

/// A file that is smaller is merged with its neighbours of the same day.
pub const LAKE_SMALL_BYTES: u64 = 8 << 20;

/// What is merged into one file at most: it is made in memory.
pub const LAKE_FILE_BYTES: u64 = 64 << 20;

/// So many small files of a day may lie beside each other: merging at every refresh would write a day again and again.
pub const LAKE_SMALL_FILES: usize = 8;

/// Rows of a file that states how things stand: it is gathered in memory, and what changes in it is written again.
pub const LAKE_STATED_ROWS: usize = 500_000;

/// Profiles whose rows share a file, as a power of two: people change, and files stay where they are.
pub const LAKE_STATED_PROFILES: u32 = 16;

/// Length of a question in SQL: what is longer was made by a program that went wrong.
pub const SQL_BYTES_MAX: usize = 16 << 10;

/// Stack of a thread that plans questions: the SQL engine goes down a frame or more for each word of the longest one, and takes
/// no more of this than it needs.
pub const SQL_STACK_BYTES: usize = 256 << 20;

/// Rows of an answer, where nobody asks for fewer: what is more is for files, and those can be read as they are.
pub const SQL_ROWS_MAX: usize = 10_000;

/// Bytes of an answer's cells, since a row may hold anything.
pub const SQL_ANSWER_BYTES_MAX: usize = 32 << 20;

/// How long a question may take: whoever waits has long given up.
pub const SQL_TIME_MAX: Duration = Duration::from_secs(60);

/// Memory of a question for sorting and grouping.
pub const SQL_MEMORY_MAX: usize = 512 << 20;

/// Threads that a question is divided over: the other cores are for what comes in.
pub const SQL_PARTITIONS: usize = 2;
