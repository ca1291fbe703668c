//! `cargo xtask sim`: the simulator, optimised but with every assertion on.

use crate::process::{self, cargo};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many seeds to run, counting up from the first
    #[arg(long, default_value_t = 1)]
    pub(crate) seeds: u64,
    /// Break one part of the simulated world on purpose: the run must then fail
    #[arg(long)]
    pub(crate) canary: Option<String>,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let (seed, seeds) = (args.seed.to_string(), args.seeds.to_string());
    let mut command = cargo(&["run", "--quiet", "--profile", "sim", "--package", "sim", "--"]);
    command.args(["--seed", &seed, "--seeds", &seeds]);
    if let Some(canary) = &args.canary {
        command.args(["--canary", canary]);
    }
    process::run(&mut command)
}
