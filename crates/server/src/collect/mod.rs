//! The door in: the Segment HTTP tracking API, from bytes on a socket to records in the log.
//!
//! `Envelope::read` takes a body apart, `Door::read` applies the API's rules to each event and makes records; both are
//! pure. [`routes`] puts HTTP around them and hands the records to an [`intake::Intake`]. Nothing is kept between two
//! requests: a request wakes this code, and it answers when the log has the records.

pub(crate) mod access;
mod body;
pub mod bot;
pub mod door;
pub mod endpoint;
pub mod envelope;
pub mod intake;
mod item;
mod moment;
mod person;
pub mod rejection;
mod reply;
pub mod routes;
pub mod secret;
mod settings;
mod shape;
mod transcode;
pub mod visitor;
