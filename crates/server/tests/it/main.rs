//! The server's integration tests, in one binary.

mod house;
mod liquid;
mod programme;
mod runtime;
mod programme_cli;
mod scenarios;
mod smtp;
