//! `cargo xtask tidy`: the house rules that a compiler does not know. Each finding names a place, a rule and the remedy.
//!
//! A rule is a function from the repository's text to findings, so that its tests can feed it a bad sample.

mod crates;
mod docs;
mod functions;
mod leftovers;
mod names;
mod shape;
mod source;

use std::fmt;

use anyhow::bail;

use crate::process;
use source::Repository;

/// One breach of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) rule: &'static str,
    /// What is wrong and what to do about it.
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line, self.rule, self.message)
    }
}

pub(crate) fn run() -> anyhow::Result<()> {
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy: {} findings", findings.len());
    }
    println!("tidy: nothing to mend");
    Ok(())
}

fn findings() -> anyhow::Result<Vec<Finding>> {
    let repository = Repository::read(&process::root())?;
    let mut findings = crates::check(&crates::metadata()?);
    findings.extend(docs::check(&repository));
    findings.extend(shape::check(&repository));
    findings.extend(functions::check(&repository));
    findings.extend(names::check(&repository));
    findings.extend(leftovers::check(&repository));
    findings.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let findings = super::findings().unwrap();
        let report = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(findings.is_empty(), "\n{report}\n");
    }
}
