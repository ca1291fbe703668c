//! Integration tests of the engine, in one binary.

mod determinism;
mod explanation;
mod forms;
mod language;
mod membership;
mod mistakes;
mod question;
mod records;
mod reference;
mod story;
mod tree;
