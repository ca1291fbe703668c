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
        let segments = some(definitions.segments.len(), "segment");
        let journeys = some(definitions.journeys.len(), "journey");
        let broadcasts = some(definitions.broadcasts.len(), "broadcast");
        let messages = some(definitions.messages.len(), "message");
        writeln!(
            out,
            "{}: no mistake in {segments}, {journeys}, {broadcasts} and {messages}",
            definitions.name
        )?;
    }
    Ok(())
}

/// `1 journey`, `2 journeys`.
fn some(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one() {
        let told = [0, 1, 2].map(|count| some(count, "broadcast"));
        assert_eq!(told, ["0 broadcasts", "1 broadcast", "2 broadcasts"]);
    }
}
