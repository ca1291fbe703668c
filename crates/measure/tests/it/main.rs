//! Integration tests of the figures, in one binary.

mod clusters;
mod kpi;
mod special;
mod value;
