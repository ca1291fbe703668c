//! Integration tests of the engine, in one binary.

mod backfill;
mod best;
mod calls;
mod clusters;
mod contact;
mod determinism;
mod ear;
mod erasure;
mod explanation;
mod forms;
mod identity;
mod language;
mod membership;
mod merges;
mod mistakes;
mod offers;
mod onsite;
mod question;
mod records;
mod reference;
mod registers;
mod runs;
mod spend;
mod story;
mod tree;
mod webhooks;
