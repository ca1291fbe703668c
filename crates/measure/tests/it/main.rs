//! Integration tests of the figures, in one binary.

mod attribution;
mod clusters;
mod kpi;
