//! `cargo xtask build`: the release binary, with the console in it.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::console;
use crate::process::{self, cargo};

pub(crate) fn run() -> anyhow::Result<()> {
    let binary = release()?;
    println!("{}", binary.display());
    Ok(())
}

/// Builds `trama` for release and says where it is.
pub(crate) fn release() -> anyhow::Result<PathBuf> {
    console::build()?;
    process::run(&mut cargo(&["build", "--release", "--package", "server", "--bin", "trama"]))?;
    Ok(target_directory()?.join("release/trama"))
}

/// Cargo's target folder, which `CARGO_TARGET_DIR` or a cargo setting may have moved.
pub(crate) fn target_directory() -> anyhow::Result<PathBuf> {
    let text = process::output(&mut cargo(&["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    let folder = metadata["target_directory"].as_str().context("cargo metadata has no target_directory")?;
    Ok(PathBuf::from(folder))
}
