//! Which file of a folder is what.

use super::files::Files;
use super::reading::Reading;
use super::source::FileId;
use super::yaml::{self, Mark, Node};
use crate::limits::PROGRAMME_TEXT_BYTES_MAX;
use engine::programme::{EmailTemplate, Message, Place, Programme, nearest};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const START: Mark = Mark { line: 1, column: 1, index: 0 };

/// Reads every file that belongs to the programme in `dir`.
pub(super) fn read(dir: &Path, files: Files) -> (Programme, Reading) {
    let mut reading = Reading::of(files);
    let Some((file, node)) = reading.open(&dir.join("programme.yaml")) else {
        reading.incomplete = true;
        return (Programme::default(), reading);
    };
    let mut programme = reading.programme(file, &node);
    let segments = [dir.join("segments.yaml")].into_iter().filter(|path| reading.files.has(path));
    let segments: Vec<PathBuf> = segments.collect();
    for path in segments.into_iter().chain(reading.definitions(&dir.join("segments"))) {
        if let Some((file, node)) = reading.open(&path) {
            reading.segments(file, &node, &mut programme);
        }
    }
    if let Some((file, node)) = reading.single(dir, "clusters.yaml") {
        programme.clusters = reading.clusters(file, &node, &programme.purchase);
    }
    if let Some((file, node)) = reading.single(dir, "webhooks.yaml") {
        programme.webhooks = reading.webhooks(file, &node);
    }
    if let Some((file, node)) = reading.single(dir, "editorial.yaml") {
        programme.editorial = reading.editorial(file, &node);
    }
    if let Some((file, node)) = reading.single(dir, "channels.yaml") {
        programme.channels = reading.channel_rules(file, &node);
    }
    if let Some((file, node)) = reading.single(dir, "links.yaml") {
        programme.links = reading.links(file, &node);
    }
    programme.journeys = reading.each(&dir.join("journeys"), Reading::journey);
    programme.offers = reading.each(&dir.join("offers"), Reading::offer);
    programme.pages = reading.each(&dir.join("pages"), Reading::page);
    programme.forms = reading.each(&dir.join("forms"), Reading::form);
    programme.broadcasts = reading.each(&dir.join("broadcasts"), Reading::broadcast);
    let own = programme.currency.as_deref();
    let campaign = |reading: &mut Reading, file, node: &Node| reading.campaign(file, node, own);
    programme.campaigns = reading.each(&dir.join("campaigns"), campaign);
    for folder in reading.files.folders(&dir.join("messages")) {
        if let Some((name, message)) = reading.message_folder(&folder) {
            programme.messages.insert(name, message);
        }
    }
    reading.strays(dir);
    programme.files = carried(dir, &reading);
    (programme, reading)
}

/// The text that goes along with the definitions, where there is not too much of it.
fn carried(dir: &Path, reading: &Reading) -> BTreeMap<String, String> {
    let named = reading.sources.definitions().filter_map(|(path, text)| {
        let path = path.strip_prefix(dir).ok()?.iter().map(|part| part.to_str());
        Some((path.collect::<Option<Vec<&str>>>()?.join("/"), text.to_owned()))
    });
    let files: BTreeMap<String, String> = named.collect();
    let bytes: usize = files.values().map(String::len).sum();
    if bytes > PROGRAMME_TEXT_BYTES_MAX { BTreeMap::new() } else { files }
}

impl Reading {
    /// A file that need not be there.
    fn single(&mut self, dir: &Path, name: &str) -> Option<(FileId, Node)> {
        let path = dir.join(name);
        if self.files.has(&path) { self.open(&path) } else { None }
    }

    /// What the files of a folder define, by name.
    fn each<T>(
        &mut self,
        dir: &Path,
        read: impl Fn(&mut Self, FileId, &Node) -> Option<(String, T)>,
    ) -> BTreeMap<String, T> {
        let mut named = BTreeMap::new();
        for path in self.definitions(dir) {
            if let Some((file, node)) = self.open(&path)
                && let Some((name, one)) = read(self, file, &node)
            {
                named.insert(name, one);
            }
        }
        named
    }

    /// A file's number and tree, or a finding and nothing.
    fn open(&mut self, path: &Path) -> Option<(FileId, Node)> {
        let file = self.file(path)?;
        let text = self.sources.text_of(file).to_owned();
        match yaml::parse(&text) {
            Ok(node) => Some((file, node)),
            Err(unreadable) => {
                self.incomplete = true;
                self.mistake(file, unreadable.at, &Place::default(), unreadable.message, None);
                None
            }
        }
    }

    fn file(&mut self, path: &Path) -> Option<FileId> {
        match self.files.read(path) {
            Ok(text) => Some(self.sources.add(path, text.strip_prefix('\u{feff}').unwrap_or(&text))),
            Err(error) => {
                self.incomplete = true;
                let file = self.sources.add(path, "");
                let message = match error.kind() {
                    ErrorKind::NotFound => "there is no such file".to_owned(),
                    ErrorKind::InvalidData => "this is not UTF-8".to_owned(),
                    _ => format!("cannot be read: {error}"),
                };
                self.mistake(file, START, &Place::default(), message, None);
                None
            }
        }
    }

    /// The `.yaml` files of a folder; others that look as if they were meant to be read get a warning.
    fn definitions(&mut self, dir: &Path) -> Vec<PathBuf> {
        let (definitions, others): (Vec<_>, Vec<_>) = self
            .files
            .entries(dir)
            .into_iter()
            .partition(|path| path.extension().is_some_and(|ext| ext == "yaml"));
        for path in others.iter().filter(|path| path.extension().is_some_and(|ext| ext == "yml")) {
            let file = self.sources.add(path, "");
            self.warn(file, START, "this file is not read", Some("rename it to .yaml".into()));
        }
        definitions
    }

    fn message_folder(&mut self, folder: &Path) -> Option<(String, Message)> {
        let (file, node) = self.open(&folder.join("message.yaml"))?;
        let (name, mut message, _) = self.message(file, &node)?;
        let place = Place("messages".into()).field(&name);
        if message.email.is_some() {
            for path in self.files.entries(folder) {
                self.template(&path, &mut message, &place);
            }
        }
        Some((name, message))
    }

    /// `email.it.mjml` and its like, and `email.it.short.mjml` of a variant. A file that only looks like one is a mistake: it
    /// would silently not be sent.
    fn template(&mut self, path: &Path, message: &mut Message, message_place: &Place) {
        let place = &message_place.field("email").field("templates");
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some((stem, kind)) = name.rsplit_once('.') else { return };
        if !matches!(kind, "mjml" | "html" | "txt") {
            return;
        }
        let Some(wording) = stem.strip_prefix("email.") else {
            let file = self.sources.add(path, "");
            let suggestion = Some(format!("call it email.<language>.{kind}"));
            return self.mistake(
                file,
                START,
                place,
                "this template belongs to no channel and language",
                suggestion,
            );
        };
        let (language, variant) = wording.split_once('.').unwrap_or((wording, ""));
        if !self.languages.iter().any(|known| known == language) {
            let file = self.sources.add(path, "");
            let near = nearest(language, self.languages.iter().map(String::as_str));
            let suggestion = match near {
                Some(near) => format!("did you mean email.{near}.{kind}?"),
                None => format!("the languages of the programme: {}", self.languages.join(", ")),
            };
            let message = format!("the programme does not speak \"{language}\"");
            return self.mistake(file, START, place, message, Some(suggestion));
        }
        if !variant.is_empty() && !message.variants.contains_key(variant) {
            let file = self.sources.add(path, "");
            let suggestion = match nearest(variant, message.variants.keys().map(String::as_str)) {
                Some(near) => format!("did you mean email.{language}.{near}.{kind}?"),
                None => format!("add `variants: {{ {variant}: }}` to message.yaml"),
            };
            let message = format!("the message has no variant \"{variant}\"");
            return self.mistake(file, START, message_place, message, Some(suggestion));
        }
        let (templates, place) = match message.variants.get_mut(variant) {
            Some(own) => {
                (&mut own.templates, &message_place.field("variants").field(variant).field("templates"))
            }
            None => (&mut message.email.as_mut().expect("the caller looked").templates, place),
        };
        let Some(file) = self.file(path) else { return };
        let text = self.sources.text_of(file).to_owned();
        let field = if kind == "txt" { "text" } else { kind };
        self.sources.note(&place.field(language).field(field), file, START, Some(&text));
        let template: &mut EmailTemplate = templates.entry(language.to_owned()).or_default();
        match kind {
            "mjml" => template.mjml = Some(text),
            "html" => template.html = Some(text),
            _ => template.text = Some(text),
        }
    }

    /// Files at the top that nothing reads although they look like definitions.
    fn strays(&mut self, dir: &Path) {
        const KNOWN: [&str; 7] = [
            "programme.yaml",
            "segments.yaml",
            "clusters.yaml",
            "webhooks.yaml",
            "links.yaml",
            "channels.yaml",
            "editorial.yaml",
        ];
        for path in self.files.entries(dir) {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let looks_read = name.ends_with(".yaml") || name.ends_with(".yml");
            if looks_read && !KNOWN.contains(&name) && !name.starts_with('.') {
                let file = self.sources.add(&path, "");
                let suggestion = match nearest(name, KNOWN) {
                    Some(near) => format!("did you mean {near}?"),
                    None => "journeys go into journeys/, broadcasts into broadcasts/, offers into offers/, campaigns into campaigns/, pages into pages/, forms into forms/, messages into messages/<name>/".into(),
                };
                self.warn(file, START, "this file is not read", Some(suggestion));
            }
        }
    }
}
