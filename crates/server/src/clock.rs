//! The one place that asks the system for the time; everything else is told.

use engine::at::At;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time of the system's clock. A clock set before 1970 reads as 1970.
pub fn now() -> At {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    At(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// How long it is from now until `at`; nothing when it has passed.
pub fn until(at: At) -> Duration {
    Duration::from_millis(u64::try_from(at.since(now()).0).unwrap_or(0))
}
