//! `trama identifiers`: those that too many registered people came with, so that they name nobody.

use super::keys::escaped;
use super::place::Running;
use clap::Subcommand;
use std::io::{Write, stdout};

/// List identifiers that name nobody since too many people came with them, or lift one
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List them, newest first
    Blocked {
        #[command(flatten)]
        running: Running,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say that one names a person after all; who comes with it is counted anew
    Lift {
        #[command(flatten)]
        running: Running,
        /// type:value, such as anonymous_id:kiosk-1
        address: String,
    },
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match &args.command {
        Command::Blocked { running, json } => {
            let list = running.client()?.get("/api/v1/identifiers/blocked?limit=1000")?;
            if *json {
                writeln!(stdout(), "{list}")?;
                return Ok(());
            }
            for one in list["identifiers"].as_array().into_iter().flatten() {
                let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                let (kind, value, at) = (text("type"), text("value"), text("at"));
                writeln!(stdout(), "{kind}:{value}  {} users  {at}", one["users"])?;
            }
        }
        Command::Lift { running, address } => {
            running.client()?.delete(&format!("/api/v1/identifiers/blocked/{}", escaped(address)))?;
            println!("{address} names somebody again");
        }
    }
    Ok(())
}
