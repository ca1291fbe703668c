//! `cargo xtask demo`: builds the release binary and runs the sample shop from it.

use crate::{build, process};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Passed on to `trama demo`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let binary = build::release()?;
    process::run(process::command(binary, &["demo"]).args(&args.rest))
}
