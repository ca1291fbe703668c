//! Integration tests of the figures, in one binary.

mod kpi;
