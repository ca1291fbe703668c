//! A programme as the texts of its folder: as they came, where it came as files, and printed where it did not.
//!
//! The comments of files are kept for as long as the files say what the programme says. What they say is read from them, so
//! a programme whose files are of another one is printed, and never the wrong text shown.

use super::entry::indented;
use super::files::Files;
use super::home::Home;
use super::write::{Kind, items, templates};
use super::{SourceMap, folder};
use engine::programme::Programme;
use std::collections::BTreeMap;
use std::path::Path;

/// Every file by its path, templates among them.
pub fn texts(programme: &Programme) -> BTreeMap<String, String> {
    if !programme.files.is_empty() {
        let mut texts = programme.files.clone();
        texts.extend(template_files(programme));
        if says(&texts, programme) {
            return texts;
        }
    }
    print(programme, |kind, name| Home::of(kind, name).path().to_owned())
}

fn template_files(programme: &Programme) -> impl Iterator<Item = (String, String)> {
    programme.messages.iter().flat_map(|(name, message)| {
        let files = templates(message).into_iter();
        files.map(move |(file, text)| (format!("messages/{name}/{file}"), text.to_owned()))
    })
}

fn says(texts: &BTreeMap<String, String>, programme: &Programme) -> bool {
    let (read, reading) = folder::read(Path::new(""), Files::Kept(texts.clone()));
    let is_whole = reading.is_flawless();
    is_whole
        && Programme { files: BTreeMap::new(), ..read }
            == Programme { files: BTreeMap::new(), ..programme.clone() }
}

/// Every definition in the file that is named for it.
pub(super) fn print(
    programme: &Programme,
    file_of: impl Fn(Kind, &str) -> String,
) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut begun: BTreeMap<String, &str> = BTreeMap::new();
    for ((kind, name), text) in items(programme) {
        let (path, home) = (file_of(kind, &name), Home::of(kind, &name));
        let file = texts.entry(path.clone()).or_default();
        match home.group() {
            Some(group) => {
                if begun.insert(path, group) != Some(group) {
                    let between = if file.is_empty() { "" } else { "\n" };
                    file.push_str(&format!("{between}{group}:\n"));
                }
                file.push_str(&indented(&text, 2));
            }
            None => file.push_str(&text),
        }
    }
    texts
}

/// The file in which a definition is written, or would be.
pub(super) fn file_of(sources: &SourceMap, kind: Kind, name: &str) -> String {
    let home = Home::of(kind, name);
    let written = sources.path_of(&super::home::place(kind, name)).and_then(Path::to_str);
    written.map_or_else(|| home.path().to_owned(), str::to_owned)
}
