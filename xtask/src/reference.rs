//! `cargo xtask reference`: writes the generated part of `docs/reference` anew. The tests that compare it do the work.

use crate::process::{self, cargo};

/// What the names of those tests have in common.
const TESTS: &str = "in_the_docs";

pub(crate) fn run() -> anyhow::Result<()> {
    let mut command = cargo(&["test", "--quiet", "--package", "server", "--test", "it", "--", TESTS]);
    process::run(command.env("UPDATE_EXPECT", "1"))?;
    process::run(&mut process::command("git", &["status", "--short", "docs/reference"]))
}
