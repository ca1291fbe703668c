//! The simulator's own test: what it says of the real parts, and that it would say otherwise of broken ones.

mod canaries;
mod dryrun;
mod identity;
mod naive;
mod oracle;
mod seeds;
mod values;
mod walks;
