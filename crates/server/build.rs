//! Lists the files of the console that was built, so that the binary holds them. Without any the binary is whole, and says
//! in their place how they are made.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let dist = root.join("../../console/dist");
    // A folder that is watched has to be there, or cargo would come back each time.
    fs::create_dir_all(&dist)?;
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    walk(&dist, "", &mut files)?;
    files.sort();
    // What is compiled in is a copy: the console may be built anew while the compiler reads.
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut rows = String::new();
    for (place, (name, path)) in files.iter().enumerate() {
        fs::copy(path, out.join(format!("console-{place}")))?;
        rows +=
            &format!("    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/console-{place}\"))),\n");
    }
    fs::write(out.join("console.rs"), format!("&[\n{rows}]\n"))
}

/// Every file below a folder: its name from the top on, and where it is.
fn walk(folder: &Path, above: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{above}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, entry.path().canonicalize()?));
        }
    }
    Ok(())
}
