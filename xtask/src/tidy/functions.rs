//! Length of functions: one that does not fit a screen hides what it does.

use super::Finding;
use super::source::{File, Repository, code_only};

/// Lines of a body, braces included.
const FUNCTION_LINES_MAX: usize = 90;

struct Function<'a> {
    name: &'a str,
    line: usize,
    lines: usize,
}

pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    repository.rust().flat_map(too_long).collect()
}

fn too_long(file: &File) -> Vec<Finding> {
    let code = code_only(&file.text);
    let long = functions(&code).filter(|function| function.lines > FUNCTION_LINES_MAX);
    long.map(|function| Finding {
        path: file.path.clone(),
        line: function.line,
        rule: "function length",
        message: format!(
            "`{}` has {} lines, at most {FUNCTION_LINES_MAX}: name the steps in it and let it read as their list",
            function.name, function.lines
        ),
    })
    .collect()
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

    fn found(text: &str) -> Vec<String> {
        let findings = check(&Repository::of(&[(PATH, text)]));
        findings.into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn a_function_may_have_90_lines_and_no_more() {
        assert_eq!(found(&sample("short", 88)), [""; 0]);
        let text = format!("struct A;\n\n{}", sample("long", 89));
        let found = found(&text);
        assert!(found.len() == 1 && found[0].starts_with("3: `long` has 91 lines, at most 90"), "{found:?}");
    }

    #[test]
    fn a_declaration_without_a_body_has_no_length() {
        let text = format!("trait A {{\n    fn a(&self, b: [u8; 2]);\n{}}}\n", "    fn b();\n".repeat(100));
        assert_eq!(found(&text), [""; 0]);
    }
}
