//! `trama measure`: figures, one file a kind.

mod attribution;
mod path;
mod spend;

/// Measure what brought people, and what it was worth
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Attribution(attribution::Args),
    Path(path::Args),
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Attribution(args) => attribution::run(args),
        Command::Path(args) => path::run(args),
    }
}
