//! From the places of a programme back to the files it was read from.
//!
//! The engine speaks of `journeys.cart-reminder.steps[1].until` and of byte 23 of the expression there; a person edits
//! line 14 of `journeys/cart.yaml`. Whoever reads a file notes each place here, with the text found at it.

use super::finding::{Finding, Severity};
use super::yaml::Mark;
use engine::programme::{Mistake, Place};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of one programme, and where in them each place lies.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    places: BTreeMap<Place, Origin>,
}

/// Number of a file in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(usize);

#[derive(Clone, Debug)]
struct SourceFile {
    path: PathBuf,
    text: String,
}

/// Where a place was written, and what was read there if it was a text.
#[derive(Clone, Debug)]
struct Origin {
    file: FileId,
    mark: Mark,
    text: Option<String>,
}

impl SourceMap {
    pub(super) fn add(&mut self, path: &Path, text: &str) -> FileId {
        self.files.push(SourceFile { path: path.to_owned(), text: text.to_owned() });
        FileId(self.files.len() - 1)
    }

    /// Notes where a place was written. The first note stands, so that a name taken twice stays with its first owner.
    pub(super) fn note(&mut self, place: &Place, file: FileId, mark: Mark, text: Option<&str>) {
        let origin = || Origin { file, mark, text: text.map(str::to_owned) };
        self.places.entry(place.clone()).or_insert_with(origin);
    }

    pub(super) fn text_of(&self, file: FileId) -> &str {
        &self.files[file.0].text
    }

    /// The file in which a place was written, if it was.
    pub(super) fn path_of(&self, place: &Place) -> Option<&Path> {
        self.places.get(place).map(|origin| self.files[origin.file.0].path.as_path())
    }

    /// The files of definitions that were read, with their text.
    pub(super) fn definitions(&self) -> impl Iterator<Item = (&Path, &str)> {
        let written = self.files.iter().filter(|file| !file.text.is_empty());
        let read = written.map(|file| (file.path.as_path(), file.text.as_str()));
        read.filter(|(path, _)| path.extension().is_some_and(|kind| kind == "yaml"))
    }

    pub(super) fn knows(&self, place: &Place) -> bool {
        self.places.contains_key(place)
    }

    /// The engine's mistake as a finding in a file. A place that was never written, such as a missing field, is shown
    /// at the nearest place around it.
    pub fn locate(&self, mistake: &Mistake) -> Finding {
        let (file, mark) = self.find(&mistake.place, mistake.offset);
        let suggestion = mistake.suggestion.clone();
        let finding = self.finding(file, mark, Severity::Error, mistake.message.clone(), suggestion);
        Finding { place: mistake.place.0.clone(), ..finding }
    }

    /// The file and position of a place, `offset` bytes into the text that was read there.
    pub(super) fn find(&self, place: &Place, offset: Option<usize>) -> (FileId, Mark) {
        if let Some(origin) = self.places.get(place) {
            let inside = offset.zip(origin.text.as_deref());
            let mark = match inside {
                Some((offset, text)) => advance(&self.files[origin.file.0].text, origin.mark, text, offset),
                None => origin.mark,
            };
            return (origin.file, mark);
        }
        match place.0.rfind(['.', '[']) {
            Some(cut) => self.find(&Place(place.0[..cut].to_owned()), None),
            None => (FileId(0), Mark { line: 1, column: 1, index: 0 }),
        }
    }

    pub(super) fn finding(
        &self,
        file: FileId,
        mark: Mark,
        severity: Severity,
        message: String,
        suggestion: Option<String>,
    ) -> Finding {
        let source = self.files.get(file.0);
        let line = source.and_then(|source| source.text.lines().nth(mark.line.saturating_sub(1)));
        Finding {
            file: source.map(|source| source.path.clone()).unwrap_or_default(),
            line: mark.line,
            column: mark.column,
            severity,
            message,
            suggestion,
            place: String::new(),
            source_line: line.unwrap_or_default().to_owned(),
        }
    }
}

/// The mark in `source` of byte `offset` of `text`, which was read from it at `start`.
///
/// Quotes, escapes and indentation stand in the source and not in the text, so both are walked side by side: what
/// only the source has is skipped. After a break that YAML folded, white space stands for white space.
fn advance(source: &str, start: Mark, text: &str, offset: usize) -> Mark {
    let mut mark = start;
    let mut rest = source.chars().skip(start.index).peekable();
    let step = |mark: &mut Mark, read: char| {
        mark.index += 1;
        if read == '\n' {
            (mark.line, mark.column) = (mark.line + 1, 1);
        } else {
            mark.column += 1;
        }
    };
    for (at, wanted) in text.char_indices() {
        while let Some(&next) = rest.peek() {
            let same = next == wanted || (wanted.is_whitespace() && next.is_whitespace());
            if same {
                break;
            }
            step(&mut mark, next);
            rest.next();
        }
        if at >= offset {
            return mark;
        }
        if let Some(next) = rest.next() {
            step(&mut mark, next);
        }
    }
    mark
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    /// Where the word `HERE` of the only field's text stands in the source.
    fn here(source: &str) -> (usize, usize) {
        let node = yaml::parse(source).unwrap();
        let yaml::Content::Map(entries) = node.content else { panic!("not a map") };
        let value = &entries[0].1;
        let text = value.text().unwrap();
        let mut map = SourceMap::default();
        let file = map.add(Path::new("x.yaml"), source);
        map.note(&Place("x".into()), file, value.at, Some(text));
        let (_, mark) = map.find(&Place("x".into()), text.find("HERE"));
        (mark.line, mark.column)
    }

    #[test]
    fn an_offset_in_a_text_becomes_a_column_of_the_file() {
        assert_eq!(here("x: did HERE\n"), (1, 8));
        assert_eq!(here("x: 'did HERE'\n"), (1, 9));
        assert_eq!(here("x: 'l''età HERE'\n"), (1, 12));
        assert_eq!(here("x: \"did \\\"A\\\" HERE\"\n"), (1, 15));
        assert_eq!(here("x: |\n  did\n    HERE\n"), (3, 5));
        assert_eq!(here("x: >-\n  did\n  HERE\n"), (3, 3));
        assert_eq!(here("x: did\n  HERE\n"), (2, 3));
    }

    #[test]
    fn a_place_that_was_not_written_is_found_around_itself() {
        let mut map = SourceMap::default();
        let file = map.add(Path::new("journeys/cart.yaml"), "journey: cart\nsteps:\n  - send: cart\n");
        let mark = Mark { line: 3, column: 5, index: 25 };
        map.note(&Place("journeys.cart.steps[0]".into()), file, mark, None);
        let mistake = Mistake {
            place: Place("journeys.cart.steps[0].send".into()),
            offset: None,
            message: "unknown message \"cart\"".into(),
            suggestion: None,
        };
        let finding = map.locate(&mistake);
        assert_eq!((finding.line, finding.column), (3, 5));
        assert_eq!(finding.source_line, "  - send: cart");
    }
}
