//! Trama's own behaviour, told in the language in which its users test their journeys: every folder under
//! `tests/scenarios/` is a programme with stories, and the examples are as good as tested.

use server::programme::check;
use server::scenario::test;
use std::path::{Path, PathBuf};

fn folders(parent: &str) -> Vec<PathBuf> {
    let parent = Path::new(env!("CARGO_MANIFEST_DIR")).join(parent);
    let listing = std::fs::read_dir(&parent).unwrap_or_else(|error| panic!("{}: {error}", parent.display()));
    let mut folders: Vec<PathBuf> =
        listing.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no programme in {}", parent.display());
    folders
}

/// Plays every story of a programme that has no mistake; gives their number.
fn play(folder: &Path) -> usize {
    let findings: Vec<String> = check(folder).findings.iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let report = test(folder, update).unwrap();
    assert_eq!(report.failed, 0, "\n{}", report.text);
    report.passed
}

#[test]
fn the_engine_behaves_as_its_stories_tell() {
    let played: usize = folders("tests/scenarios").iter().map(|folder| play(folder)).sum();
    assert!(played >= 1, "only {played} stories were found");
}
