//! `trama measure`: figures.

use super::figures;

/// Measure what brought people, and what it was worth
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    #[command(flatten)]
    Figures(figures::Command),
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Figures(command) => figures::run(command),
    }
}
