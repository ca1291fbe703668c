//! `trama check`: what is wrong with a programme, with file and line.

use crate::programme::{self, Finding};
use anyhow::bail;
use serde_json::json;
use std::io::{Write, stdout};
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
    let mut out = stdout();
    if args.json {
        writeln!(out, "{}", json!({ "errors": errors, "findings": checked.findings }))?;
    } else {
        show(&checked.findings)?;
    }
    fail_on(errors, &args.programme)?;
    if !args.json {
        let definitions = &checked.programme;
        let (segments, journeys) = (definitions.segments.len(), definitions.journeys.len());
        let (broadcasts, messages) = (definitions.broadcasts.len(), definitions.messages.len());
        writeln!(
            out,
            "{}: no mistake in {segments} segments, {journeys} journeys, {broadcasts} broadcasts and {messages} \
             messages",
            definitions.name
        )?;
    }
    Ok(())
}

/// Prints findings as compilers do.
pub(super) fn show(findings: &[Finding]) -> std::io::Result<()> {
    findings.iter().try_for_each(|finding| writeln!(stdout(), "{finding}"))
}

/// The sentence that a command ends with when a programme has mistakes.
pub(super) fn fail_on(errors: usize, folder: &Path) -> anyhow::Result<()> {
    match errors {
        0 => Ok(()),
        1 => bail!("1 mistake in {}", folder.display()),
        _ => bail!("{errors} mistakes in {}", folder.display()),
    }
}
