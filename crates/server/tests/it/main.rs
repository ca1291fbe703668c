//! The server's integration tests, in one binary.

mod api;
mod backup;
mod changes;
mod clusters;
mod collect;
mod commands;
mod cutoffs;
mod deliver;
mod demo;
mod erasure;
mod house;
mod import;
mod journeys;
mod keys;
mod kill;
mod liquid;
mod messages;
mod previews;
mod programme;
mod programme_cli;
mod public;
mod returns;
mod runtime;
mod scenarios;
mod site;
mod smtp;
