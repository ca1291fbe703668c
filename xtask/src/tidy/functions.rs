//! Length of functions: one that does not fit a screen hides what it does.
//!
//! A ratchet: the functions that were too long when the rule came are listed with their length, which may only fall.

use super::Finding;
use super::source::{File, Repository, code_only};

/// Lines of a body, braces included.
const FUNCTION_LINES_MAX: usize = 90;

/// Path, function, lines. Take an entry out when its function has become short enough.
const LONGER_FOR_NOW: &[(&str, &str, usize)] = &[("crates/server/tests/it/collect/sdks.rs", "sdks", 156)];

struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    check_with(repository, LONGER_FOR_NOW)
}

fn check_with(repository: &Repository, known: &[(&str, &str, usize)]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = repository.rust().flat_map(|file| too_long(file, known)).collect();
    findings.extend(known.iter().filter_map(|entry| stale(entry, repository)));
    findings
}

fn too_long(file: &File, known: &[(&str, &str, usize)]) -> Vec<Finding> {
    let code = code_only(&file.text);
    let allowed = |name: &str| {
        let entry = known.iter().find(|entry| entry.0 == file.path && entry.1 == name);
        entry.map_or(FUNCTION_LINES_MAX, |entry| entry.2)
    };
    let long = functions(&code).filter(|function| function.lines > allowed(function.name));
    long.map(|function| Finding {
        path: file.path.clone(),
        line: function.line,
        rule: "function length",
        message: format!(
            "`{}` has {} lines, at most {}: name the steps in it and let it read as their list",
            function.name,
            function.lines,
            allowed(function.name)
        ),
    })
    .collect()
}

/// An entry whose function is gone or has become short: the ratchet moves on.
fn stale(&(path, name, lines): &(&str, &str, usize), repository: &Repository) -> Option<Finding> {
    let code = repository.file(path).map(|file| code_only(&file.text)).unwrap_or_default();
    let longest =
        functions(&code).filter(|function| function.name == name).map(|function| function.lines).max();
    let message = match longest {
        Some(now) if now == lines => return None,
        Some(now) if now > FUNCTION_LINES_MAX => {
            format!("`{name}` has {now} lines now: set its entry to that")
        }
        _ => format!("`{name}` is no longer too long: take its entry out of LONGER_FOR_NOW"),
    };
    Some(Finding { path: path.to_owned(), line: 1, rule: "function length", message })
}

/// Every function with a body, found by its keyword and its matching braces.
fn functions(code: &str) -> impl Iterator<Item = Function<'_>> {
    let starts = code.match_indices("fn ").filter(|(at, _)| {
        let before = code[..*at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && before != '_')
    });
    starts.filter_map(|(at, _)| {
        let rest = &code[at + 3..];
        let name =
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())?;
        let body = body(rest)?;
        Some(Function { name, line: code[..at].matches('\n').count() + 1, lines: body.lines().count() })
    })
}

/// From the brace that opens the body to the one that closes it; nothing for a declaration that ends in a semicolon.
fn body(rest: &str) -> Option<&str> {
    let (mut round, mut depth, mut open) = (0, 0, 0);
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            // `[u8; 4]` in a signature is not its end.
            b'(' | b'[' if depth == 0 => round += 1,
            b')' | b']' if depth == 0 => round -= 1,
            b';' if depth == 0 && round == 0 => return None,
            b'{' if round == 0 => {
                if depth == 0 {
                    open = at;
                }
                depth += 1;
            }
            b'}' if round == 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some(&rest[open..=at]);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/x/src/lib.rs";

    fn sample(name: &str, statements: usize) -> String {
        format!("fn {name}<const N: usize>(a: [u8; 4]) {{\n{}}}\n", "    let _ = \"{\";\n".repeat(statements))
    }

    fn found(text: &str, known: &[(&str, &str, usize)]) -> Vec<String> {
        let findings = check_with(&Repository::of(&[(PATH, text)]), known);
        findings.into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn a_function_may_have_90_lines_and_no_more() {
        assert_eq!(found(&sample("short", 88), &[]), [""; 0]);
        let text = format!("struct A;\n\n{}", sample("long", 89));
        let found = found(&text, &[]);
        assert!(found.len() == 1 && found[0].starts_with("3: `long` has 91 lines, at most 90"), "{found:?}");
    }

    #[test]
    fn a_declaration_without_a_body_has_no_length() {
        let text = format!("trait A {{\n    fn a(&self, b: [u8; 2]);\n{}}}\n", "    fn b();\n".repeat(100));
        assert_eq!(found(&text, &[]), [""; 0]);
    }

    #[test]
    fn the_ratchet_holds_and_moves_on() {
        let text = sample("long", 99);
        assert_eq!(found(&text, &[(PATH, "long", 101)]), [""; 0]);
        for (known, begins) in
            [(100, "1: `long` has 101 lines, at most 100"), (120, "1: `long` has 101 lines now")]
        {
            assert!(
                found(&text, &[(PATH, "long", known)]).iter().any(|one| one.starts_with(begins)),
                "{known}"
            );
        }
        let gone = found("", &[(PATH, "long", 101)]);
        assert!(gone.len() == 1 && gone[0].contains("no longer too long"), "{gone:?}");
    }
}
