//! `trama test`: plays the stories of a programme.

use super::check::{fail_on, show};
use crate::{programme, scenario};
use anyhow::{Context, bail};
use std::io::{Write, stdout};
use std::path::PathBuf;

/// Play the stories in a programme's tests folder
#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder of the programme
    #[arg(value_name = "PROGRAMME_DIR")]
    programme: PathBuf,
    /// Write the `state` blocks of the stories as they are now
    #[arg(long)]
    update: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let checked = programme::check(&args.programme);
    if checked.errors() > 0 {
        show(&checked.findings)?;
        fail_on(checked.errors(), &args.programme)?;
    }
    let update = args.update || std::env::var_os("UPDATE_EXPECT").is_some();
    let report = scenario::test(&args.programme, update).context("the stories cannot be read")?;
    stdout().write_all(report.text.as_bytes())?;
    match report.failed {
        0 => Ok(()),
        1 => bail!("1 story failed"),
        failed => bail!("{failed} stories failed"),
    }
}
