//! `trama status`: how far a running server has come.

use super::DataDir;
use super::place::{Place, engine};
use anyhow::bail;

/// Show progress and counts
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataDir,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    match Place::open(&args.data.data)? {
        Place::Live(client) => println!("{}", serde_json::to_string_pretty(&client.get("/api/v1/status")?)?),
        Place::Stopped(mut log) => {
            let engine = engine(&args.data.data, &mut log)?;
            bail!("no server runs on {}; its log ends at seq {}", args.data.data.display(), engine.seq());
        }
    }
    Ok(())
}
