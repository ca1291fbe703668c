//! Strict reading of one tree: every field is known, of the right type, there when it must be, or a finding says
//! so. Reading goes on after a mistake, so that one run of `trama check` tells all of them.

use super::files::Files;
use super::finding::{Finding, Severity};
use super::source::{FileId, SourceMap};
use super::yaml::{Content, Key, Mark, Node};
use engine::at::Span;
use engine::programme::{Localized, Mistake, Place, nearest};
use std::collections::BTreeMap;

/// What has been read of a programme so far.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) files: Files,
    pub(super) sources: SourceMap,
    pub(super) languages: Vec<String>,
    findings: Vec<Finding>,
    /// Places with a mistake in their form: what the engine would say of them as well only repeats it.
    spoilt: Vec<Place>,
    /// A file or a whole group could not be read, so names defined in it are missing elsewhere.
    pub(super) incomplete: bool,
}

/// The fields of one group, all of them known.
pub(super) struct Fields<'n> {
    pub(super) file: FileId,
    pub(super) at: Mark,
    pub(super) place: Place,
    entries: BTreeMap<&'n str, (&'n Key, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// The value of a field; a field left empty is as one left out.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.get(name).map(|(_, node)| *node).filter(|node| !node.is_nothing())
    }

    pub(super) fn key(&self, name: &str) -> Option<Mark> {
        self.entries.get(name).map(|(key, _)| key.at)
    }

    /// Every entry with its name and the place of the name, in the order of names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'n str, Mark, &'n Node)> {
        self.entries.iter().map(|(name, (key, node))| (*name, key.at, *node))
    }
}

impl Reading {
    pub(super) fn of(files: Files) -> Self {
        Self { files, ..Self::default() }
    }

    /// Adds a mistake in the form of what was written at `place`.
    pub(super) fn mistake(
        &mut self,
        file: FileId,
        at: Mark,
        place: &Place,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        self.spoilt.push(place.clone());
        let finding = self.sources.finding(file, at, Severity::Error, message.into(), suggestion);
        self.findings.push(Finding { place: place.0.clone(), ..finding });
    }

    /// Whatever is wrong in meaning at this place is explained by a mistake in form elsewhere.
    pub(super) fn spoil(&mut self, place: Place) {
        self.spoilt.push(place);
    }

    pub(super) fn warn(
        &mut self,
        file: FileId,
        at: Mark,
        message: impl Into<String>,
        suggestion: Option<String>,
    ) {
        let finding = self.sources.finding(file, at, Severity::Warning, message.into(), suggestion);
        self.findings.push(finding);
    }

    /// Adds what is wrong with the meaning of the programme, where its form does not already explain it.
    pub(super) fn meaning(&mut self, mistakes: &[Mistake]) {
        for mistake in mistakes {
            let explained = self.spoilt.iter().any(|place| is_within(&mistake.place, place));
            if !explained {
                self.findings.push(self.sources.locate(mistake));
            }
        }
    }

    /// Adds what may be meant otherwise than it is written.
    pub(super) fn doubts(&mut self, doubts: &[Mistake]) {
        for doubt in doubts {
            let (file, at) = self.sources.find(&doubt.place, doubt.offset);
            self.warn(file, at, doubt.message.clone(), doubt.suggestion.clone());
            self.findings.last_mut().expect("invariant: just added").place = doubt.place.0.clone();
        }
    }

    /// Whether nothing is wrong with the form of what was read.
    pub(super) fn is_flawless(&self) -> bool {
        !self.incomplete && self.findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// All findings in the order of files and lines.
    pub(super) fn into_findings(mut self) -> (SourceMap, Vec<Finding>) {
        self.findings.sort();
        self.findings.dedup();
        (self.sources, self.findings)
    }

    /// The fields of a group. Unknown and repeated ones are mistakes; `None` when it is no group at all.
    pub(super) fn fields<'n>(
        &mut self,
        file: FileId,
        node: &'n Node,
        place: &Place,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let fields = self.entries(file, node, place)?;
        let unknown: Vec<&Key> = fields
            .entries
            .values()
            .map(|(key, _)| *key)
            .filter(|key| !known.contains(&key.name.as_str()))
            .collect();
        for key in unknown {
            let nearest = nearest(&key.name, known.iter().copied());
            let suggestion = match nearest {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let place = place.field(&key.name);
            self.mistake(file, key.at, &place, format!("unknown field \"{}\"", key.name), Some(suggestion));
        }
        Some(fields)
    }

    /// The entries of a group whose field names are free: segments by name, texts by language.
    pub(super) fn entries<'n>(&mut self, file: FileId, node: &'n Node, place: &Place) -> Option<Fields<'n>> {
        let Content::Map(written) = &node.content else {
            self.incomplete = true;
            let message = format!("expected a group of fields, and this is {}", node.kind());
            self.mistake(file, node.at, place, message, None);
            return None;
        };
        let mut entries: BTreeMap<&str, (&Key, &Node)> = BTreeMap::new();
        for (key, value) in written {
            if let Some((first, _)) = entries.get(key.name.as_str()) {
                let message =
                    format!("\"{}\" is written twice; the first is on line {}", key.name, first.at.line);
                self.mistake(file, key.at, &place.field(&key.name), message, None);
            } else {
                entries.insert(key.name.as_str(), (key, value));
            }
        }
        self.sources.note(place, file, node.at, None);
        Some(Fields { file, at: node.at, place: place.clone(), entries })
    }

    /// A field that has to be there.
    pub(super) fn required<'n>(
        &mut self,
        fields: &Fields<'n>,
        name: &str,
        example: &str,
    ) -> Option<&'n Node> {
        let node = fields.get(name);
        if node.is_none() {
            let at = fields.key(name).unwrap_or(fields.at);
            let suggestion = Some(format!("for example `{name}: {example}`"));
            self.mistake(
                fields.file,
                at,
                &fields.place.field(name),
                format!("\"{name}\" is missing"),
                suggestion,
            );
        }
        node
    }

    /// A text; its place is noted with it, so that an offset in it can be found again.
    pub(super) fn text(&mut self, file: FileId, node: &Node, place: &Place) -> Option<String> {
        match node.text() {
            Some(text) => {
                self.sources.note(place, file, node.at, Some(text));
                Some(text.to_owned())
            }
            None => {
                self.mistake(
                    file,
                    node.at,
                    place,
                    format!("expected a text, and this is {}", node.kind()),
                    None,
                );
                None
            }
        }
    }

    pub(super) fn required_text(&mut self, fields: &Fields<'_>, name: &str, example: &str) -> Option<String> {
        let node = self.required(fields, name, example)?;
        self.text(fields.file, node, &fields.place.field(name))
    }

    pub(super) fn optional_text(&mut self, fields: &Fields<'_>, name: &str) -> Option<String> {
        self.text(fields.file, fields.get(name)?, &fields.place.field(name))
    }

    pub(super) fn truth(&mut self, fields: &Fields<'_>, name: &str) -> Option<bool> {
        let place = fields.place.field(name);
        let text = self.optional_text(fields, name)?;
        let truth = match text.as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        if truth.is_none() {
            let (file, at) = self.sources.find(&place, None);
            self.mistake(file, at, &place, format!("expected true or false, and this is \"{text}\""), None);
        }
        truth
    }

    pub(super) fn span(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Span> {
        let text = self.text(file, node, place)?;
        let span = Span::parse(&text);
        if span.is_none() {
            let message = format!("\"{text}\" is not a length of time");
            self.mistake(file, node.at, place, message, Some("for example `3 days` or `90 minutes`".into()));
        }
        span
    }

    /// The elements of a list. A single value stands for a list of one where `or_one` says so.
    pub(super) fn list<'n>(
        &mut self,
        file: FileId,
        node: &'n Node,
        place: &Place,
        or_one: bool,
    ) -> &'n [Node] {
        self.sources.note(place, file, node.at, None);
        match &node.content {
            Content::List(elements) => elements,
            Content::Text(_) if or_one => std::slice::from_ref(node),
            _ => {
                self.mistake(
                    file,
                    node.at,
                    place,
                    format!("expected a list, and this is {}", node.kind()),
                    None,
                );
                &[]
            }
        }
    }

    /// A text that is the same in every language, or one text per language.
    pub(super) fn localized(&mut self, file: FileId, node: &Node, place: &Place) -> Localized {
        if let Content::Text(text) = &node.content {
            for language in &self.languages {
                self.sources.note(&place.field(language), file, node.at, Some(text));
            }
            self.sources.note(place, file, node.at, Some(text));
            return self.languages.iter().map(|language| (language.clone(), text.clone())).collect();
        }
        let languages = self.languages.clone();
        let known: Vec<&str> = languages.iter().map(String::as_str).collect();
        let Some(fields) = self.fields(file, node, place, &known) else { return Localized::new() };
        let texts = languages.iter().filter_map(|language| {
            let text = self.optional_text(&fields, language)?;
            Some((language.clone(), text))
        });
        texts.collect()
    }

    /// Whether a name can be used in expressions, addresses and file names alike; a mistake if not.
    pub(super) fn is_name(&mut self, file: FileId, at: Mark, place: &Place, name: &str) -> bool {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if !name.is_empty() && name.chars().all(fits) {
            return true;
        }
        let mended: String = name.to_lowercase().chars().map(|c| if fits(c) { c } else { '-' }).collect();
        let suggestion = (!mended.is_empty()).then(|| format!("for example `{mended}`"));
        let message = format!("\"{name}\" is no name: use lower-case letters, digits, - and _");
        self.mistake(file, at, place, message, suggestion);
        false
    }
}

/// Whether a place is another or lies inside it.
fn is_within(place: &Place, outer: &Place) -> bool {
    place.0.strip_prefix(&outer.0).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
