//! The door in: the Segment HTTP tracking API, from bytes on a socket to records in the log.
//!
//! Nothing here is kept between two requests. A request wakes it, and it answers when the log has the records.

pub mod intake;
