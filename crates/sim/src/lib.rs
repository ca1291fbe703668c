//! The simulator: the real engine, sequencer, log and recovery in a world made of one seed.
//!
//! Contract: a seed decides everything. Two runs of the same seed give the same digest, or there is a bug; a run that
//! breaks an invariant breaks it again whenever its seed is run.
//!
//! Read in this order: [`world`] is the loop; [`options`] are the dice it is made of; [`workload`] is the people and
//! programs outside, [`pages`] and [`lists`] what comes from the shop's pages, tills and lists; [`installation`] is the process
//! inside, [`provider`] the mail provider; [`auditor`] follows all of it with a model of its own and says when an invariant is
//! broken, each by its [`invariant`] id. [`naive`] is the segment language once more, for tests of whatever evaluates it.

mod auditor;
pub mod canary;

mod clusters;
mod deliver;
mod draft;
mod installation;
pub mod invariant;
mod lists;
pub mod naive;
pub mod options;
mod pages;
mod programme;
mod provider;
mod random;
pub mod trace;
mod workload;
pub mod world;
