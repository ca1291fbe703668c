//! The deterministic core of Trama: records in, effects out.
//!
//! Contract: the same records, applied in the same order, give the same state and the same effects, byte for byte.
//! So nothing here reads a clock, draws a random number, starts a thread or touches a file: time arrives with each
//! record, chance is a hash of the installation's seed. The crate's `clippy.toml` holds it to that.
//!
//! Read in this order: [`record`] and [`effect`] are the two doors; [`engine`] is the loop between them; then
//! [`identity`], [`profile`], [`consent`], [`segment`], [`journey`], [`governor`] and [`outbox`], one file a noun.

pub mod effect;
pub mod engine;
pub mod record;

mod acts;
pub mod backfill;
pub mod basis;
pub mod best;
pub mod broadcast;
pub mod change;
mod chunked;
mod claim;
pub mod consent;
pub mod day;
mod directory;
pub mod erasure;
pub mod governor;
pub mod happening;
mod held;
mod history;
pub mod identifier;
mod identity;
mod index;
pub mod journey;
mod layout;
mod ledger;
pub mod limits;
pub mod local;
mod merge;
pub mod moves;
pub mod offer;
pub mod outbox;
mod owed;
mod own;
mod page;
mod parts;
mod policy;
pub mod preference;
pub mod profile;
pub mod programme;
mod quiet;
pub mod register;
pub mod report;
pub mod section;
mod seen;
pub mod segment;
mod shared;
pub mod spend;
mod spine;
mod state;
mod truths;
mod turn;
mod unshared;
pub mod webhook;
pub mod wordings;

pub mod at;
pub mod codec;
mod name;
mod prefetch;
mod roll;
mod table;
mod timer;
pub mod value;

pub use merge::{Cause, Merge, Undone};
pub use shared::BlockedIdentifier;
pub use state::{Counts, Reject};

use borsh::{BorshDeserialize, BorshSerialize};

/// Place of a record in the log, dense from 1: the only order that Trama trusts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct Seq(pub u64);

impl Seq {
    /// The place after this one.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Dense number of a profile inside one installation, in order of creation.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct ProfileId(pub u32);

/// Dense number of a send inside one installation: the stable name of one decided message.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct SendId(pub u64);

impl std::fmt::Display for SendId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Dense number of a merge inside one installation: its place in the list of merges.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub struct MergeId(pub u32);

impl std::fmt::Display for MergeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
