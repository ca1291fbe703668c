//! The server's integration tests, in one binary.

mod programme;
