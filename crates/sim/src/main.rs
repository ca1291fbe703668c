//! `sim`: runs seeds, and says what broke. `cargo xtask sim` builds and starts it.

use std::process::ExitCode;

use clap::Parser;
use sim::canary::Canary;
use sim::world::World;

/// Runs the real engine and sequencer in simulated worlds, one a seed, and audits them.
#[derive(Parser)]
#[command(name = "sim")]
struct Args {
    /// The first seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds to run, counting up from the first
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Break one part of the world on purpose: the run must then fail
    #[arg(long, value_enum)]
    canary: Option<Canary>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    for seed in args.seed..args.seed.saturating_add(args.seeds) {
        let mut world = World::new(seed, args.canary);
        match world.run() {
            Ok(summary) => println!(
                "seed {seed}: {} records, {} crashes, {} hand-overs, digest {:032x}",
                summary.records, summary.crashes, summary.handed_over, summary.digest
            ),
            Err(violation) => {
                for line in world.trace.lines() {
                    println!("{line}");
                }
                println!("\n{violation}\n\n{:?}\n\nseed {seed} is broken; to see it again:", world.options);
                let canary = args.canary.map(|canary| format!(" --canary {}", name(canary)));
                println!("    cargo xtask sim --seed {seed}{}", canary.unwrap_or_default());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn name(canary: Canary) -> String {
    let value = clap::ValueEnum::to_possible_value(&canary).expect("no canary is hidden");
    value.get_name().to_owned()
}
