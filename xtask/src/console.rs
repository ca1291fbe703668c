//! The console, which is built before the binary that holds it.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;
use std::{fs, io};

use crate::{process, setup};

/// What the console is made of, from the root.
const SOURCES: &[&str] = &[
    "console/src",
    "console/index.html",
    "console/package-lock.json",
    "console/svelte.config.js",
    "console/vite.config.ts",
    "docs/reference/openapi.json",
];

/// Builds the console where a source of it is newer than what was built.
pub(crate) fn build() -> anyhow::Result<()> {
    let root = process::root();
    let built = fs::metadata(root.join("console/dist/index.html")).and_then(|file| file.modified()).ok();
    let mut newest = SystemTime::UNIX_EPOCH;
    for source in SOURCES {
        newest = newest.max(changed(&root.join(source))?);
    }
    if built.is_some_and(|built| built > newest) {
        return Ok(());
    }
    setup::check_node()?;
    setup::install_npm(&root.join("console"))?;
    process::run(&mut npm(&["run", "--silent", "build"]))
}

/// npm in the folder of the console.
pub(crate) fn npm(args: &[&str]) -> Command {
    let mut command = process::command("npm", args);
    command.current_dir(process::root().join("console"));
    command
}

/// When a file, or anything in a folder, was changed last. What the build itself writes there does not count.
fn changed(path: &Path) -> io::Result<SystemTime> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        let is_generated = path.file_name().is_some_and(|name| name.to_string_lossy().contains(".gen."));
        return if is_generated { Ok(SystemTime::UNIX_EPOCH) } else { metadata.modified() };
    }
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in fs::read_dir(path)? {
        newest = newest.max(changed(&entry?.path())?);
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_the_console_is_made_of_is_there() {
        for source in SOURCES {
            assert!(process::root().join(source).exists(), "{source}");
        }
    }

    #[test]
    fn a_folder_is_as_new_as_the_newest_file_in_it() {
        let folder = std::env::temp_dir().join(format!("trama-console-{}", std::process::id()));
        fs::create_dir_all(folder.join("deep")).unwrap();
        for file in ["old.ts", "deep/new.ts", "api.gen.ts"] {
            fs::write(folder.join(file), "").unwrap();
        }
        let at = |seconds| SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        for (file, seconds) in [("old.ts", 10), ("deep/new.ts", 20), ("api.gen.ts", 30)] {
            fs::File::options()
                .write(true)
                .open(folder.join(file))
                .unwrap()
                .set_modified(at(seconds))
                .unwrap();
        }
        let newest = changed(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(newest, at(20));
    }
}
