//! The server's integration tests, in one binary.

mod liquid;
mod programme;
mod scenarios;
mod smtp;
