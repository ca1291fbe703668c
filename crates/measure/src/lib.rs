//! Figures from the log: what was done, what came of it, what it brought.
//!
//! Everything here is a fold over the same records that the engine applies, or a pure function over arrays. It knows
//! no HTTP, no clock and no file of its own. [`kpi`] holds the figures of every day, [`clusters`]
//! finds groups of people who are alike, [`spend`] tells what channels cost, [`uplift`] what a spot brought.

pub mod clusters;
pub mod kpi;
pub mod spend;
pub mod uplift;
