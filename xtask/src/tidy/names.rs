//! Names: none that says nothing, none that the glossary replaces by a better one.

use super::Finding;
use super::source::{File, Repository, code_only};

/// Words that say "things that had no place", wherever they stand in the name of a file, module or type.
const EMPTY_WORDS: &[&str] =
    &["util", "utils", "common", "manager", "helper", "helpers", "processor", "misc", "info", "service"];

/// Words that are empty at the end of a type's name (`EventData`) but fine before another (`DataDir`).
const EMPTY_ENDINGS: &[&str] = &["data", "core"];

const NAMED: &[&str] = &["rs", "ts", "js", "mjs", "css", "svelte", "html", "sql"];

const GLOSSARY: &str = "docs/GLOSSARY.md";

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let avoided = repository.file(GLOSSARY).map(|file| avoided(&file.text)).unwrap_or_default();
    let mut findings: Vec<Finding> = repository.files.iter().filter_map(file_name).collect();
    findings.extend(repository.rust().flat_map(|file| declared_names(file, &avoided)));
    findings
}

fn file_name(file: &File) -> Option<Finding> {
    if !NAMED.contains(&file.extension()) {
        return None;
    }
    let parts = file.path.split('/').map(|part| part.split('.').next().unwrap_or_default());
    let words: Vec<String> = parts.flat_map(words).collect();
    let word = words.iter().find(|word| EMPTY_WORDS.contains(&word.as_str()))?;
    Some(finding(file, 1, format!("`{word}` in a path says nothing: name the file after the one noun in it")))
}

fn declared_names(file: &File, avoided: &[(String, String)]) -> Vec<Finding> {
    let code = code_only(&file.text);
    let lines = code.lines().enumerate().filter_map(|(line, text)| Some((line + 1, declared(text)?)));
    lines
        .filter_map(|(line, (kind, name))| Some(finding(file, line, complaint(kind, name, avoided)?)))
        .collect()
}

fn complaint(kind: &str, name: &str, avoided: &[(String, String)]) -> Option<String> {
    let words = words(name);
    let empty = words.iter().find(|word| EMPTY_WORDS.contains(&word.as_str()));
    if let Some(word) = empty.or_else(|| words.last().filter(|word| EMPTY_ENDINGS.contains(&word.as_str()))) {
        return Some(format!("`{word}` in `{kind} {name}` says nothing: name it after what it is"));
    }
    let (avoid, term) =
        avoided.iter().find(|(avoid, _)| words.join(" ") == *avoid).filter(|_| kind != "mod")?;
    Some(format!("`{kind} {name}`: the glossary says \"{term}\", not \"{avoid}\""))
}

/// The keyword and the name, if the line declares a type or a module.
fn declared(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    // `pub(in crate::a)` is two words.
    let mut keyword = words.next()?;
    if keyword.ends_with(')') {
        keyword = words.next()?;
    }
    let kind = ["struct", "enum", "trait", "type", "mod"].into_iter().find(|kind| *kind == keyword)?;
    let name = words.next()?.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    Some((kind, name)).filter(|(_, name)| !name.is_empty())
}

/// `EventLog`, `event_log` and `event-log` are all "event", "log"; `HTTPLog` is "http", "log".
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let chars: Vec<char> = name.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let is_lower = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_lowercase());
        let begins = c.is_uppercase() && (is_lower(at.checked_sub(1)) || is_lower(Some(at + 1)));
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            words.last_mut().expect("never empty").extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words of the glossary's last column, each with the term it stands beside. A word that is itself a term, or
/// that has a note in brackets, is not banned.
fn avoided(glossary: &str) -> Vec<(String, String)> {
    let rows: Vec<Vec<&str>> = glossary
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("| ---") && !line.starts_with("|---"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let terms: Vec<&str> = rows.iter().filter_map(|row| row.first().copied()).collect();
    let pairs = rows.iter().filter(|row| row.len() == 3 && row[2] != "avoid").flat_map(|row| {
        let words = row[2].split(',').map(str::trim).filter(|word| !word.is_empty() && !word.contains('('));
        words.map(|word| (word.to_lowercase(), row[0].to_owned()))
    });
    pairs.filter(|(word, _)| !terms.contains(&word.as_str())).collect()
}

fn finding(file: &File, line: usize, message: String) -> Finding {
    Finding { path: file.path.clone(), line, rule: "names", message }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: &str = "| term | meaning | avoid |\n| --- | --- | --- |\n\
        | profile | one person | user, contact, event, lead (of a form) |\n\
        | event | what happened | hit, data point |\n";

    fn found(path: &str, text: &str) -> Vec<String> {
        let findings = check(&Repository::of(&[(path, text), (GLOSSARY, TERMS)]));
        findings.into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn a_path_that_says_nothing_is_found() {
        for path in [
            "crates/x/src/util.rs",
            "crates/x/src/common/a.rs",
            "console/src/date-helpers.ts",
            "a/log_manager.rs",
        ] {
            assert_eq!(found(path, "").len(), 1, "{path}");
        }
        for path in ["crates/x/src/utility_bill.rs", "docs/misc.md", "crates/x/src/data_dir.rs"] {
            assert_eq!(found(path, ""), [""; 0], "{path}");
        }
    }

    #[test]
    fn a_type_or_module_that_says_nothing_is_found() {
        for line in [
            "struct LogManager {",
            "pub(crate) enum EventData {",
            "pub(in crate::x) struct HTTPService;",
            "    mod common {",
            "pub trait Processor<T> {",
            "type UserInfo = u8;",
        ] {
            assert_eq!(found("a.rs", line).len(), 1, "{line}");
        }
        for line in [
            "struct DataDir {",
            "struct Commonwealth;",
            "// struct Helper",
            "let s = \"enum Util\";",
            "fn helper() {}",
        ] {
            assert_eq!(found("a.rs", line), [""; 0], "{line}");
        }
    }

    #[test]
    fn a_word_that_the_glossary_replaces_is_found() {
        let complaints = found("a.rs", "\npub struct User {\nstruct DataPoint;\n");
        assert_eq!(
            complaints,
            [
                "2: `struct User`: the glossary says \"profile\", not \"user\"",
                "3: `struct DataPoint`: the glossary says \"event\", not \"data point\""
            ]
        );
        for line in ["struct UserId;", "struct Event;", "struct Lead;", "mod user;"] {
            assert_eq!(found("a.rs", line), [""; 0], "{line}");
        }
    }
}
