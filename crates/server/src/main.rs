//! The binary `trama`.

fn main() {}
