//! Figures from the log: what was done, what came of it, what it brought.
//!
//! Everything here is a fold over the same records that the engine applies, or a pure function over arrays. It knows
//! no HTTP and no clock, and of files those that it is given a place for: [`lake`] writes what the log says there and answers
//! questions in SQL. [`kpi`] holds the figures of every day, [`clusters`]
//! finds groups of people who are alike, [`channel`] says where a visit comes from, [`touchpoint`] makes paths of what
//! people met, [`refund`] takes off what was given back, [`attribution`] shares out conversions among channels,
//! [`acquisition`] says by what each person first came, [`spend`] what channels cost, [`uplift`] what a spot brought,
//! [`value`] what customers are worth, [`forecast`] what a series does next, [`hours`] what happens today, [`steps`] how people go through journeys; [`special`] holds the
//! functions that statistics rest on, and [`editorial`] says how the spaces fare that a company writes for.

pub mod acquisition;
pub mod attribution;
pub mod channel;
pub mod clusters;
pub mod editorial;
pub mod forecast;
pub mod hours;
pub mod kpi;
pub mod lake;
pub mod limits;
pub mod refund;
pub mod special;
pub mod spend;
pub mod steps;
pub mod touchpoint;
pub mod uplift;
pub mod value;
