//! The command line. This file is its table; each command has a file of its own below.

mod apply;
mod audit;
mod backup;
mod best;
mod broadcasts;
mod calls;
mod check;
mod client;
mod clusters;
mod consents;
mod correct;
mod demo;
mod editorial;
mod erase;
mod explain;
mod export;
mod expression;
mod identifiers;
mod import;
mod journeys;
mod keys;
mod lake;
mod links;
mod log;
mod measure;
mod merges;
mod named;
mod offers;
mod operators;
mod place;
mod plan;
mod preview;
mod query;
mod report;
mod restore;
mod segments;
mod send_test;
mod serve;
mod simulate;
mod spend;
mod status;
mod suppressions;
mod test;
mod webhooks;

use clap::{CommandFactory, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Self-hosted marketing software: every touch in one log, every message by consent.
#[derive(Parser)]
#[command(name = "trama", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Check(check::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Export(export::Args),
    Test(test::Args),
    Simulate(simulate::Args),
    Preview(preview::Args),
    SendTest(send_test::Args),
    Keys(keys::Args),
    Operators(operators::Args),
    Audit(audit::Args),
    Status(status::Args),
    Import(import::Args),
    Query(query::Args),
    Explain(explain::Args),
    Segments(segments::Args),
    Merges(merges::Args),
    Consents(consents::Args),
    Correct(correct::Args),
    Suppressions(suppressions::Args),
    Erase(erase::Args),
    Identifiers(identifiers::Args),
    Clusters(clusters::Args),
    Journeys(journeys::Args),
    Broadcasts(broadcasts::Args),
    Best(best::Args),
    Webhooks(webhooks::Args),
    Offers(offers::Args),
    Editorial(editorial::Args),
    Spend(spend::Args),
    Calls(calls::Args),
    Measure(Box<measure::Args>),
    Sql(lake::Sql),
    Lake(lake::Args),
    Report(report::Args),
    Links(links::Args),
    Log(log::Args),
    Backup(backup::Args),
    Restore(restore::Args),
}

/// The directory that holds an installation.
#[derive(clap::Args)]
struct DataDir {
    /// Directory of the installation: its log, keys and settings
    #[arg(long, env = "TRAMA_DATA", hide_env_values = true, value_name = "DIR")]
    data: PathBuf,
}

/// Runs the command that was asked for. A mistake ends with 1 and a sentence on standard error.
pub fn run() -> ExitCode {
    crate::allocator::keep_memory();
    let done = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Check(args) => check::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Apply(args) => apply::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Preview(args) => preview::run(&args),
        Command::SendTest(args) => send_test::run(&args),
        Command::Keys(args) => keys::run(args),
        Command::Operators(args) => operators::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Import(args) => return ended(import::run(&args)),
        Command::Query(args) => query::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Segments(args) => segments::run(&args),
        Command::Merges(args) => merges::run(&args),
        Command::Consents(args) => consents::run(&args),
        Command::Correct(args) => correct::run(&args),
        Command::Suppressions(args) => suppressions::run(&args),
        Command::Erase(args) => erase::run(&args),
        Command::Identifiers(args) => identifiers::run(&args),
        Command::Clusters(args) => clusters::run(&args),
        Command::Journeys(args) => journeys::run(&args),
        Command::Broadcasts(args) => broadcasts::run(&args),
        Command::Best(args) => best::run(&args),
        Command::Webhooks(args) => webhooks::run(&args),
        Command::Offers(args) => offers::run(&args),
        Command::Editorial(args) => editorial::run(&args),
        Command::Calls(args) => calls::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Sql(args) => lake::sql(&args),
        Command::Lake(args) => return ended(lake::run(&args)),
        Command::Report(args) => report::run(&args),
        Command::Links(args) => links::run(&args),
        Command::Spend(args) => return ended(spend::run(&args)),
        Command::Log(args) => log::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
    };
    ended(done.map(|()| ExitCode::SUCCESS))
}

fn ended(done: anyhow::Result<ExitCode>) -> ExitCode {
    match done {
        Ok(code) => code,
        // The reader of our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("trama: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Every command with its flags, as `docs/reference/cli.md` keeps it.
pub fn reference() -> String {
    let mut text =
        String::from("# Command line\n\nGenerated from the program; `trama help` says the same.\n");
    let mut cli = Cli::command();
    cli.build();
    describe(&mut text, &mut cli);
    text
}

fn describe(text: &mut String, command: &mut clap::Command) {
    if command.get_subcommands().next().is_none() || command.get_name() != "trama" {
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
        let help = command.render_long_help().to_string();
        let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end()));
    }
    for command in command.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        describe(text, command);
    }
}
