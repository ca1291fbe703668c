//! The binary `trama`: everything that touches the world.

pub mod access;
pub mod api;
pub mod cli;
pub mod clock;
pub mod collect;
pub mod config;
pub mod deliver;
pub mod demo;
pub mod http;
pub mod hub;
pub mod keys;
pub mod limits;
pub mod liquid;
pub mod mailbox;
pub mod metrics;
pub mod page;
pub mod presence;
pub mod problem;
pub mod programme;
pub mod public;
pub mod runtime;
pub mod scenario;
pub mod server;
pub mod wire;
