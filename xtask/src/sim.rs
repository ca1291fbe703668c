//! `cargo xtask sim`: the simulator, optimised but with every assertion on.

use std::process::Command;

use crate::process::{self, cargo};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds to run, counting up from the first
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Break one part of the simulated world on purpose: the run must then fail
    #[arg(long)]
    canary: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut command = command(args.seed, args.seeds);
    if let Some(canary) = &args.canary {
        command.args(["--canary", canary]);
    }
    process::run(&mut command)
}

/// Seeds counting up from the first.
pub(crate) fn command(first: u64, count: u64) -> Command {
    let mut command = cargo(&["run", "--quiet", "--profile", "sim", "--package", "sim", "--"]);
    command.args(["--seed", &first.to_string(), "--seeds", &count.to_string()]);
    command
}
