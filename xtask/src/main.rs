//! `cargo xtask`: everything a developer does here beyond plain cargo, one file a command.

mod bench;
mod build;
mod console;
mod demo;
mod process;
mod reference;
mod setup;
mod sim;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Trama's developer commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need: Debian packages and the npm packages of the test folders
    Setup,
    /// Run every check: setup, format, lints, tidy, Rust tests, simulator seeds, real SDKs, a real Postfix
    Test,
    /// Check the house rules: direction of crates, documents, file lengths, names
    Tidy,
    /// Build the release binary, target/release/trama
    Build,
    /// Build the release binary and run the sample shop
    Demo(demo::Args),
    /// Run simulator seeds with assertions on
    Sim(sim::Args),
    /// Run the benchmarks, all or the named ones
    Bench(bench::Args),
    /// Write the generated part of docs/reference anew
    Reference,
}

fn main() -> ExitCode {
    match run(&Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Setup => setup::run(),
        Command::Test => test::run(),
        Command::Tidy => tidy::run(),
        Command::Build => build::run(),
        Command::Demo(args) => demo::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Reference => reference::run(),
    }
}
