//! Leftovers: what was meant for a moment and must not stay.

use super::Finding;
use super::source::{File, Repository, code_only};

/// This file has to name what it bans.
const ITSELF: &str = "xtask/src/tidy/leftovers.rs";

/// In Rust code, wherever it is not a comment or a string.
const IN_CODE: &[(&str, &str)] = &[
    ("todo!", "write it, or leave the feature out"),
    ("unimplemented!", "write it, or leave the feature out"),
    ("dbg!", "take it out, or trace what an operator needs to see"),
    ("#[ignore", "a test runs or goes: mend it, or delete it"),
];

/// In any text of ours, as a word.
const AS_WORD: &[(&str, &str)] = &[
    ("TODO", "do it, or write an issue"),
    ("FIXME", "mend it now"),
    ("XXX", "say what you mean in a sentence"),
    ("HACK", "say why it has to be so in a sentence"),
];

const SEARCHED: &[&str] = &[
    "rs", "ts", "js", "mjs", "css", "svelte", "html", "sh", "toml", "yaml", "yml", "sql", "md", "liquid",
    "mjml",
];

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let searched =
        |file: &&File| SEARCHED.contains(&file.extension()) && file.path != ITSELF && !file.is_generated();
    repository.files.iter().filter(searched).flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Finding> {
    let code = if file.extension() == "rs" { code_only(&file.text) } else { String::new() };
    let finding = |line: usize, what: &str, remedy: &str| Finding {
        path: file.path.clone(),
        line: line + 1,
        rule: "leftover",
        message: format!("`{what}`: {remedy}"),
    };
    let mut findings = Vec::new();
    for (line, text) in code.lines().enumerate() {
        let found = IN_CODE.iter().filter(|(what, _)| stands_in(text, what));
        findings.extend(found.map(|(what, remedy)| finding(line, what, remedy)));
    }
    for (line, text) in file.text.lines().enumerate() {
        let found = AS_WORD.iter().filter(|(word, _)| is_word_of(text, word));
        findings.extend(found.map(|(what, remedy)| finding(line, what, remedy)));
    }
    findings
}

/// Is it there, and not as the end of a longer name?
fn stands_in(text: &str, what: &str) -> bool {
    text.match_indices(what).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

fn is_word_of(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        check(&Repository::of(&[(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn each_leftover_is_found_where_it_stands() {
        for text in ["todo!()", "let a = dbg!(b);", "unimplemented!(\"x\")", "#[ignore = \"slow\"]"] {
            assert_eq!(found("a.rs", &format!("fn a() {{\n{text}\n}}")), [2], "{text}");
        }
        for text in ["// FIXME: later", "/* XXX */", "// TODO(me)"] {
            assert_eq!(found("a.rs", text), [1], "{text}");
            assert_eq!(found("a.ts", text), [1], "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_left_alone() {
        for text in ["\"todo!\"", "// todo!() is banned", "my_todo!()", "mktemp a.XXXXXX", "let todo = 1;"] {
            assert_eq!(found("a.rs", text), [0; 0], "{text}");
        }
        assert_eq!(found("a.csv", "TODO"), [0; 0]);
    }
}
