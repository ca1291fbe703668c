//! Integration tests of the figures, in one binary.

mod attribution;
mod channel;
mod clusters;
mod forecast;
mod kpi;
mod kpis;
mod lake;
mod reconcile;
mod shop;
mod special;
mod target;
mod uplift;
mod value;
