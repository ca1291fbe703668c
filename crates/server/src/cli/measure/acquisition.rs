//! `trama measure acquisition`: by what people first came.

use super::OfInstallation;
use crate::ltv::first::acquired;
use anyhow::bail;
use reqwest::Method;
use serde_json::json;
use std::io::{Write, stdout};

/// Tell by which channel and campaign people first came, kept through their sign-up
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    of: OfInstallation,
    /// Of a running server: state acquisition.channel and acquisition.campaign as traits of everybody who has none of that
    #[arg(long)]
    write_traits: bool,
    /// Print {"channels": [{"channel": …, "campaign": …, "people": …}, …]}
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    if args.write_traits {
        let Some(client) = args.of.client()? else {
            bail!("--write-traits asks a running server: start it with `trama serve`");
        };
        let told = client.call(&Method::POST, "/api/v1/measure/acquisition/traits", &json!(null))?;
        return Ok(writeln!(stdout(), "stated of {} people", told["people"])?);
    }
    let told = args.of.ask("/api/v1/measure/acquisition", &[], |engine, read| {
        Ok(serde_json::to_value(acquired(engine, read)?)?)
    })?;
    if args.json {
        return Ok(writeln!(stdout(), "{told}")?);
    }
    for one in told["channels"].as_array().into_iter().flatten() {
        let text = |field: &str| one[field].as_str().unwrap_or_default();
        writeln!(
            stdout(),
            "{:>10}  {:<24} {}",
            one["people"].to_string(),
            text("channel"),
            text("campaign")
        )?;
    }
    Ok(())
}
