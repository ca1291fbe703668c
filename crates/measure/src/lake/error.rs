//! What can be wrong with a lake, or with a question about it.

use thiserror::Error;

/// Why the lake could not be read or written. Nothing is lost by it: the lake can be made again from the log.
#[derive(Debug, Error)]
pub enum LakeError {
    #[error("the lake's files cannot be reached: {0}")]
    Store(#[from] object_store::Error),
    #[error("a file of the lake cannot be read or written: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    #[error("a file of the lake cannot be read: {0}")]
    Arrow(#[from] datafusion::arrow::error::ArrowError),
    #[error("there is the lake of another installation there: give this one a place of its own")]
    Foreign,
    #[error("{0}")]
    Other(String),
}

/// Why a question has no answer.
#[derive(Debug, Error)]
pub enum SqlError {
    /// What was asked is wrong, or more than is allowed.
    #[error("{0}")]
    Mistake(String),
    #[error("the question took more than {0} s: ask for fewer days, or read the files themselves")]
    TooLong(u64),
    #[error(
        "the question needs more memory than it may have: group by less, or read the files themselves ({0})"
    )]
    TooLarge(String),
    #[error("the lake holds nothing yet")]
    Empty,
    #[error("{0}")]
    Lake(#[from] LakeError),
}
