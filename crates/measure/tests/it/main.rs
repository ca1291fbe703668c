//! Integration tests of the figures, in one binary.

mod clusters;
mod kpi;
mod kpis;
mod uplift;
