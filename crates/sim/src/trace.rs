//! What happened last, for whoever looks at a broken invariant; and a digest of all that happened, to compare two runs.

use std::collections::VecDeque;

use engine::at::At;
use xxhash_rust::xxh3::Xxh3;

/// Lines kept.
const LINES: usize = 50;

pub struct Trace {
    lines: VecDeque<String>,
    digest: Xxh3,
}

impl Default for Trace {
    fn default() -> Self {
        Self { lines: VecDeque::new(), digest: Xxh3::new() }
    }
}

impl Trace {
    pub(crate) fn note(&mut self, at: At, line: &str) {
        let line = format!("{at}  {line}");
        self.digest.update(line.as_bytes());
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest.digest()
    }
}
