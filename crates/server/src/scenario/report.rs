//! A folder's stories, played and told on one screen.

use super::run::{Played, Programmes, run};
use super::story::Story;
use super::{Failure, parse};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

/// How the stories of a folder went.
#[derive(Debug, Default)]
pub struct Report {
    pub passed: usize,
    pub failed: usize,
    /// For people: one line a story, and below a failed one what happened instead.
    pub text: String,
}

/// Plays every story of a programme: `tests/*.txt` in its folder. With `update`, the `state` blocks that differ are
/// rewritten as they are now, and count as passed.
pub fn test(folder: &Path, update: bool) -> io::Result<Report> {
    let mut report = Report::default();
    let mut programmes = Programmes::default();
    for path in stories(&folder.join("tests"))? {
        let text = std::fs::read_to_string(&path)?;
        let shown = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let story = match parse(&path, folder, &text) {
            Ok(story) => story,
            Err(findings) => {
                report.failed += 1;
                let _ = writeln!(report.text, "FAIL  {shown}");
                for finding in findings {
                    let _ = writeln!(report.text, "{}", indent(&finding.to_string()));
                }
                continue;
            }
        };
        let mut played = run(&story, &mut programmes);
        if update && rewrite(&story, &played)? {
            played = run(
                &parse(&path, folder, &std::fs::read_to_string(&path)?).unwrap_or(story.clone()),
                &mut programmes,
            );
        }
        report.add(&shown, &story, &played);
    }
    let _ = writeln!(report.text, "{} passed, {} failed", report.passed, report.failed);
    Ok(report)
}

impl Report {
    fn add(&mut self, shown: &str, story: &Story, played: &Played) {
        if played.failures.is_empty() {
            self.passed += 1;
            let _ = writeln!(self.text, "ok    {shown}  {}", story.title);
            return;
        }
        self.failed += 1;
        let _ = writeln!(self.text, "FAIL  {shown}  {}", story.title);
        for Failure { line, text, why, instead } in &played.failures {
            let place = format!("{}:{line}", story.path.display());
            let _ = writeln!(self.text, "      {place}: {text}\n{}", indent(why));
            if !instead.is_empty() {
                let _ = writeln!(self.text, "        what happened:");
                instead.iter().for_each(|line| _ = writeln!(self.text, "          {line}"));
            }
        }
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("        {line}")).collect::<Vec<_>>().join("\n")
}

/// The story files of a folder, by name; none where there is no folder.
fn stories(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths = listing.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    let mut paths: Vec<_> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "txt")).collect();
    paths.sort();
    Ok(paths)
}

/// Puts the snapshots of a play into its file; whether any differed.
fn rewrite(story: &Story, played: &Played) -> io::Result<bool> {
    let mut lines: Vec<String> = story.source.lines().map(str::to_owned).collect();
    // From the end, so that the places of earlier blocks stay right.
    let mut snapshots: Vec<_> = played.snapshots.iter().collect();
    snapshots.sort_by_key(|(block, _)| std::cmp::Reverse(block.start));
    for (block, text) in snapshots {
        let fresh = text.lines().map(|line| format!("    {line}"));
        lines.splice(block.clone(), fresh);
    }
    let text = lines.join("\n") + "\n";
    let changed = text != story.source;
    if changed {
        std::fs::write(&story.path, text)?;
    }
    Ok(changed)
}
