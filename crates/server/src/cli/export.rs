//! `trama export`: the folder of the programme that is live on a server.

use super::place::Running;
use crate::programme::{Written, texts};
use anyhow::{Context, bail};
use engine::programme::Programme;
use std::collections::BTreeMap;
use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

/// Write the programme that is live into a folder, as it was written
///
/// Files that say the same already are left alone, and so is everything that is no definition, such as tests. Files of
/// definitions that the programme has no more are removed: the folder is then the programme.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder to write to: a new one, or one of the same programme
    #[arg(value_name = "PROGRAMME_DIR")]
    folder: PathBuf,
    #[command(flatten)]
    running: Running,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = &args.folder;
    let mut answer = args.running.client()?.get("/api/v1/programme")?;
    let live: Programme = serde_json::from_value(answer["programme"].take())
        .context("the server's programme cannot be read")?;
    if live.name.is_empty() {
        bail!("no programme was applied yet");
    }
    let there = definitions(folder)?;
    refuse_another(folder, &there, &live.name)?;
    let texts = texts(&live);
    let mut out = stdout();
    for (path, text) in &texts {
        if there.get(path) != Some(text) {
            let file = folder.join(path);
            fs::create_dir_all(file.parent().expect("invariant: it is in the folder"))?;
            fs::write(&file, text).with_context(|| format!("{} cannot be written", file.display()))?;
            writeln!(out, "{} {path}", if there.contains_key(path) { '~' } else { '+' })?;
        }
    }
    for path in there.keys().filter(|path| !texts.contains_key(*path)) {
        let file = folder.join(path);
        fs::remove_file(&file).with_context(|| format!("{} cannot be removed", file.display()))?;
        writeln!(out, "- {path}")?;
    }
    writeln!(out, "{} is in {}, as of revision {}", live.name, folder.display(), answer["revision"])?;
    Ok(())
}

/// A folder of something else is not written over.
fn refuse_another(folder: &Path, there: &BTreeMap<String, String>, name: &str) -> anyhow::Result<()> {
    let is_empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        return Ok(());
    }
    let shown = folder.display();
    let Some(head) = there.get("programme.yaml") else {
        bail!("{shown} is not empty, and no folder of a programme; name a new one");
    };
    let found = Written::field(head, "programme").unwrap_or_default();
    if found != name {
        bail!("{shown} is the folder of the programme \"{found}\", and \"{name}\" is live; name another one");
    }
    Ok(())
}

/// The files of definitions and templates that lie in a folder now.
fn definitions(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut add = |dir: &str, kinds: &[&str]| -> anyhow::Result<()> {
        let Ok(entries) = fs::read_dir(folder.join(dir)) else { return Ok(()) };
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
            if path.is_file() && !name.starts_with('.') && kinds.contains(&kind) {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("{} cannot be read", path.display()))?;
                let shown = if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
                found.insert(shown, text);
            }
        }
        Ok(())
    };
    for dir in ["", "segments", "journeys", "broadcasts", "offers", "campaigns", "pages", "forms"] {
        add(dir, &["yaml"])?;
    }
    let messages = fs::read_dir(folder.join("messages")).into_iter().flatten();
    for message in messages {
        let name = message?.file_name();
        if let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) {
            add(&format!("messages/{name}"), &["yaml", "mjml", "html", "txt"])?;
        }
    }
    Ok(found)
}
