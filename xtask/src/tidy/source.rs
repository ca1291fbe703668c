//! The repository as text: every file of ours, and for Rust files also the code without comments and literals.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// Folders that hold nothing we wrote.
const NOT_OURS: &[&str] = &["target", "node_modules", "dist", ".git", ".trama"];

pub(crate) struct Repository {
    /// In order of path.
    pub(crate) files: Vec<File>,
}

pub(crate) struct File {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    /// Empty for a file that is not UTF-8, such as a picture.
    pub(crate) text: String,
}

impl Repository {
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        walk(root, root, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.extension() == "rs" && !file.is_generated())
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Is there such a file, or a folder with a file in it?
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.file(path).is_some() || self.files.iter().any(|file| file.path.starts_with(&folder))
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File { path: (*path).to_owned(), text: (*text).to_owned() };
        Self { files: files.iter().map(file).collect() }
    }
}

impl File {
    pub(crate) fn extension(&self) -> &str {
        self.name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The file's name up to its first dot.
    pub(crate) fn stem(&self) -> &str {
        self.name().split('.').find(|part| !part.is_empty()).unwrap_or("")
    }

    /// The folder it is in, without a slash at the end; empty at the root.
    pub(crate) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    pub(crate) fn is_generated(&self) -> bool {
        self.name().contains(".gen.")
            || self.text.lines().next().is_some_and(|line| line.contains("@generated"))
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, files)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let relative = path.strip_prefix(root).expect("the walk began at the root");
            files.push(File {
                path: relative.to_string_lossy().replace('\\', "/"),
                text: String::from_utf8(bytes).unwrap_or_default(),
            });
        }
    }
    Ok(())
}

/// Rust code with comments and the insides of strings and characters blanked, line for line and byte for byte, so that
/// a scan for words and braces sees code only.
pub(crate) fn code_only(text: &str) -> String {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let end =
            at + literal_or_comment(&text.as_bytes()[at..], at.checked_sub(1).map(|before| code[before]));
        if end == at {
            at += 1;
            continue;
        }
        code[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8(code).expect("whole literals and comments were replaced by ASCII")
}

/// Length of the comment or literal that begins here, 0 if none does.
fn literal_or_comment(rest: &[u8], before: Option<u8>) -> usize {
    let in_word = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match rest {
        [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => string(rest),
        [b'r', b'"' | b'#', ..] if !in_word => raw_string(rest),
        [b'b' | b'c', b'r', b'"' | b'#', ..] if !in_word => 1 + raw_string(&rest[1..]),
        [b'\'', ..] => character(rest),
        _ => 0,
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"…"`, `r#"…"#` and so on; 0 for a raw identifier such as `r#type`.
fn raw_string(rest: &[u8]) -> usize {
    let hashes = rest[1..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = [&b"\""[..], &b"#".repeat(hashes)].concat();
    let body = 2 + hashes;
    let found = rest[body..].windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |position| body + position + end.len())
}

/// `'a'` or `'\n'`; 0 for a lifetime.
fn character(rest: &[u8]) -> usize {
    let body = std::str::from_utf8(&rest[1..rest.len().min(12)]).unwrap_or_else(|error| {
        std::str::from_utf8(&rest[1..1 + error.valid_up_to()]).expect("valid up to there")
    });
    if let Some(escaped) = body.strip_prefix('\\') {
        let skipped = escaped.chars().next().map_or(0, char::len_utf8);
        return escaped[skipped..].find('\'').map_or(0, |position| 2 + skipped + position + 1);
    }
    let Some(only) = body.chars().next() else { return 0 };
    if body[only.len_utf8()..].starts_with('\'') { 2 + only.len_utf8() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_code_is_kept() {
        for (text, kept) in [
            ("a // b {\nc", "a c"),
            ("a /* { /* x */ } */ b", "a b"),
            (r#"f("{ \" }") ;"#, "f( ) ;"),
            (r##"r#"{ " }"# ;"##, ";"),
            ("br\"{\" ;", ";"),
            ("r#type = 1", "r#type = 1"),
            ("'{' '\\'' '\\u{7b}' &'a str", "&'a str"),
            ("'è' x", "x"),
            ("for\"{\"", "for"),
        ] {
            let code = code_only(text);
            assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), kept, "{text}");
            assert_eq!((code.len(), code.lines().count()), (text.len(), text.lines().count()), "{text}");
        }
    }

    #[test]
    fn a_name_is_taken_apart() {
        let file = File { path: "a/b/email.it.mjml".to_owned(), text: String::new() };
        assert_eq!(
            (file.folder(), file.name(), file.stem(), file.extension()),
            ("a/b", "email.it.mjml", "email", "mjml")
        );
        let hidden = File { path: ".gitignore".to_owned(), text: String::new() };
        assert_eq!((hidden.folder(), hidden.stem()), ("", "gitignore"));
    }

    #[test]
    fn a_folder_is_there_when_a_file_is_in_it() {
        let repository = Repository::of(&[("docs/decisions/0001-log.md", "")]);
        assert!(repository.has("docs/decisions") && repository.has("docs/"));
        assert!(!repository.has("docs/dec"));
    }
}
