//! `trama check`: what is wrong with a programme, with file and line.

use crate::programme;
use anyhow::bail;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Check a programme, and name file and line of each mistake
#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder of the programme
    #[arg(value_name = "PROGRAMME_DIR")]
    programme: PathBuf,
    /// Print {"errors": …, "findings": […]}
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let checked = programme::check(&args.programme);
    let errors = checked.errors();
    if args.json {
        println!("{}", json!({ "errors": errors, "findings": checked.findings }));
    } else {
        checked.findings.iter().for_each(|finding| println!("{finding}"));
    }
    fail_on(errors, &args.programme)?;
    if !args.json {
        let definitions = &checked.programme;
        let (segments, journeys) = (definitions.segments.len(), definitions.journeys.len());
        let messages = definitions.messages.len();
        println!(
            "{}: no mistake in {segments} segments, {journeys} journeys and {messages} messages",
            definitions.name
        );
    }
    Ok(())
}

/// The sentence that a command ends with when a programme has mistakes.
pub(super) fn fail_on(errors: usize, folder: &Path) -> anyhow::Result<()> {
    match errors {
        0 => Ok(()),
        1 => bail!("1 mistake in {}", folder.display()),
        _ => bail!("{errors} mistakes in {}", folder.display()),
    }
}
