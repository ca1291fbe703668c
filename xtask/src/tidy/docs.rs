//! Documents that can be checked: the paths they name exist, their links lead somewhere.

use super::Finding;
use super::source::{File, Repository};

/// Folders at the root; a word in backticks that begins with one of them is a path of ours.
const OUR_FOLDERS: &[&str] =
    &["crates", "xtask", "console", "sdk", "examples", "docs", "tests", ".ci", ".cargo"];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let documents = repository.files.iter().filter(|file| file.extension() == "md");
    documents.flat_map(|file| check_document(file, repository)).collect()
}

fn check_document(file: &File, repository: &Repository) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in prose(&file.text) {
        let mut add = |rule, message| findings.push(Finding { path: file.path.clone(), line, rule, message });
        for path in code_spans(text).flat_map(str::split_whitespace).filter_map(as_path) {
            if !exists(path, repository) {
                add("named path", format!("there is no `{path}`: name what is there now"));
            }
        }
        for target in links(text) {
            if let Some(message) = broken(target, file, repository) {
                add("link", message);
            }
        }
    }
    findings
}

/// Numbered lines outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(line, text)| {
        let fence = text.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((line + 1, text))
    })
}

fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The path in a word such as `crates/engine/src/at.rs:12`, `docs/reference/*` or `at.rs`; nothing if it is no path.
fn as_path(word: &str) -> Option<&str> {
    let word = word.trim_matches(|c: char| "\"',;()".contains(c)).split(':').next()?.trim_start_matches("./");
    let first = word.split('/').next()?;
    let is_ours = word.contains('/') && OUR_FOLDERS.contains(&first);
    let is_rust_file = word.len() > 3 && word.ends_with(".rs") && !word.starts_with('/');
    (is_ours || is_rust_file).then_some(word)
}

/// `*` and `<name>` stand for one part of a path. A Rust file may be named by the end of its path.
fn exists(path: &str, repository: &Repository) -> bool {
    let wanted: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let is_full = wanted.len() > 1 && OUR_FOLDERS.contains(&wanted[0]);
    repository.files.iter().any(|file| {
        let parts: Vec<&str> = file.path.split('/').collect();
        let skipped = if is_full { Some(0) } else { parts.len().checked_sub(wanted.len()) };
        skipped.is_some_and(|skipped| {
            parts.len() >= skipped + wanted.len()
                && wanted.iter().zip(&parts[skipped..]).all(|(a, b)| part_matches(a, b))
        })
    })
}

fn part_matches(wanted: &str, part: &str) -> bool {
    if wanted.starts_with('<') && wanted.ends_with('>') {
        return true;
    }
    match wanted.split_once('*') {
        Some((before, after)) => {
            part.len() >= before.len() + after.len() && part.starts_with(before) && part.ends_with(after)
        }
        None => wanted == part,
    }
}

/// Targets of `[text](target)`, `src="target"` and `href="target"`.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let outside_code = line.split('`').step_by(2);
    outside_code.flat_map(|text| {
        let after = |mark: &'static str, end: char| {
            text.split(mark).skip(1).filter_map(move |rest| rest.split(end).next())
        };
        after("](", ')')
            .chain(after("src=\"", '"'))
            .chain(after("srcset=\"", '"'))
            .chain(after("href=\"", '"'))
    })
}

fn broken(target: &str, from: &File, repository: &Repository) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() { from.path.clone() } else { resolve(from.folder(), path) };
    if !repository.has(&path) {
        return Some(format!("the link leads to {path}, which is not there: mend the link"));
    }
    let there = repository.file(&path).map(|file| headings(&file.text)).unwrap_or_default();
    let missing = !heading.is_empty() && path.ends_with(".md") && !there.iter().any(|one| one == heading);
    missing.then(|| format!("{path} has no heading `#{heading}`: it has {}", there.join(", ")))
}

fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The anchors that a forge makes of a document's headings.
fn headings(text: &str) -> Vec<String> {
    let titles = prose(text)
        .filter_map(|(_, line)| line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim()));
    titles
        .map(|title| {
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGINE: (&str, &str) = ("crates/engine/src/governor.rs", "//! Governor.");
    const MAP: (&str, &str) = ("docs/MAP.md", "# The map\n\n## Who's who, and where\n");

    fn found(text: &str) -> Vec<String> {
        let repository = Repository::of(&[("docs/README.md", text), ENGINE, MAP]);
        check(&repository).into_iter().map(|finding| format!("{}: {}", finding.line, finding.rule)).collect()
    }

    #[test]
    fn a_path_that_exists_may_be_named_in_several_ways() {
        for named in [
            "crates/engine/src/governor.rs",
            "crates/engine/src/governor.rs:12",
            "crates/engine/",
            "crates/<name>/src/*.rs",
            "cat docs/MAP.md",
            "governor.rs",
            "src/governor.rs",
            "target/release/trama",
            "/v1/batch",
        ] {
            assert_eq!(found(&format!("see `{named}`")), [""; 0], "{named}");
        }
    }

    #[test]
    fn a_path_that_does_not_exist_is_found() {
        for named in [
            "crates/motor",
            "crates/engine/src/gone.rs",
            "gone.rs",
            "other/governor.rs",
            "docs/*.txt",
            "cat docs/NO.md",
        ] {
            assert_eq!(found(&format!("\nsee `{named}`")), ["2: named path"], "{named}");
        }
        assert_eq!(found("```\nsee `crates/motor`\n```\n"), [""; 0]);
    }

    #[test]
    fn links_lead_somewhere() {
        for target in
            ["MAP.md", "./MAP.md#whos-who-and-where", "../crates/engine", "#here", "https://example.com/x"]
        {
            assert_eq!(found(&format!("# Here\n[a]({target})")), [""; 0], "{target}");
        }
        for target in ["NO.md", "MAP.md#nowhere", "../engine", "#there"] {
            assert_eq!(found(&format!("# Here\n[a]({target})")), ["2: link"], "{target}");
        }
        assert_eq!(found("<img src=\"flow.svg\">"), ["1: link"]);
        assert_eq!(found("in code, `a[0](b)` is no link"), [""; 0]);
    }
}
