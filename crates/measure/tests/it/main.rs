//! Integration tests of the figures, in one binary.

mod clusters;
mod forecast;
mod kpi;
mod special;
mod value;
