//! One definition of a programme that is changed, made or taken out. The rest of its folder stays as it is written, and the
//! whole is checked like any folder, so that mistakes have their file, line and way out.

use super::entry::{self, Extent, Put};
use super::files::Files;
use super::home::{HEAD, Home, OUTSIDE_HEAD};
use super::print::{file_of, print, texts};
use super::write::{Kind, items, templates};
use super::yaml::{self, Content, Node};
use super::{Checked, Finding, Named, SourceMap, check_texts, folder};
use engine::programme::Programme;
use std::collections::BTreeMap;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// A definition as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
    /// Its part of the file, with the comment above it.
    pub(crate) yaml: String,
    /// What that says; of an entry, its value alone.
    pub(crate) node: Node,
    /// Of a message, the files beside it.
    pub(crate) templates: BTreeMap<String, String>,
}

impl Written {
    /// What a file says at its top in a field.
    pub(crate) fn field(text: &str, name: &str) -> Option<String> {
        let Content::Map(entries) = yaml::parse(text).ok()?.content else { return None };
        let found = entries.into_iter().find(|(key, _)| key.name == name);
        found.and_then(|(_, node)| node.text().map(str::to_owned))
    }

    /// Differs where anything that is written differs.
    pub(crate) fn version(&self) -> String {
        let mut bytes = self.yaml.clone().into_bytes();
        for (file, text) in &self.templates {
            [file, text].iter().for_each(|part| {
                bytes.push(0);
                bytes.extend(part.bytes());
            });
        }
        format!("{:016x}", xxh3_64(&bytes))
    }
}

/// The files of a programme and where each definition lies in them.
pub(crate) struct Folder {
    pub(crate) texts: BTreeMap<String, String>,
    programme: Programme,
    items: BTreeMap<(Kind, String), String>,
    sources: SourceMap,
}

/// What is to become of a definition.
#[derive(Clone, Debug, Default)]
pub(crate) enum Said {
    /// What it says stays; templates may change.
    #[default]
    Same,
    Yaml(String),
    Json(Node),
    /// It is taken out.
    Nothing,
}

/// One definition that is to become another.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) said: Said,
    /// Files beside a message: others stay, and one that is nothing is taken away.
    pub(crate) templates: BTreeMap<String, Option<String>>,
}

/// A definition that cannot be what it is to be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    pub(crate) of: Named,
    pub(crate) why: String,
}

/// The whole after a change.
pub(crate) struct Edited {
    pub(crate) checked: Checked,
    /// Where the definitions that were written lie now.
    at: Vec<(Named, String, Extent)>,
    /// All that was to become another was taken out.
    pub(crate) is_without: bool,
}

impl Edited {
    /// A whole folder, with no definition that matters more than others.
    pub(crate) fn whole(texts: BTreeMap<String, String>) -> Self {
        Self { checked: check_texts(texts), at: Vec::new(), is_without: false }
    }

    /// The line and column of a finding in the text of a definition that was given, if it is there.
    pub(crate) fn inside(&self, finding: &Finding) -> Option<(&Named, usize, usize)> {
        let line = finding.line.checked_sub(1)?;
        let here = |(_, path, extent): &&(Named, String, Extent)| {
            finding.file == Path::new(path) && extent.lines.contains(&line)
        };
        let (named, _, Extent { lines, indent }) = self.at.iter().find(here)?;
        Some((named, line - lines.start + 1, finding.column.saturating_sub(*indent).max(1)))
    }
}

/// What becomes of the text of a definition.
struct Wording<'e> {
    kind: Kind,
    name: &'e str,
    /// Nothing where it goes.
    yaml: Option<String>,
    /// It came as JSON, and has no wording of its own.
    is_json: bool,
}

impl Wording<'_> {
    fn is_broken(&self) -> bool {
        self.yaml.as_deref().is_some_and(|yaml| yaml::parse(yaml).is_err())
    }
}

impl Folder {
    pub(crate) fn of(programme: &Programme) -> Self {
        let texts = texts(programme);
        let (_, reading) = folder::read(Path::new(""), Files::Kept(texts.clone()));
        let (sources, _) = reading.into_findings();
        Self { texts, programme: programme.clone(), items: items(programme), sources }
    }

    /// Every definition, in the order of kinds and names.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Kind, &str)> {
        let all = self.items.keys().map(|(kind, name)| (*kind, name.as_str()));
        all.filter(|(kind, _)| *kind != Kind::Template)
    }

    pub(crate) fn written(&self, kind: Kind, name: &str) -> Option<Written> {
        let item = self.items.get(&(kind, name.to_owned()))?;
        let path = file_of(&self.sources, kind, name);
        let text = self.texts.get(&path)?;
        let home = Home::of(kind, name);
        let (line, yaml) = match &home {
            Home::File { .. } => (1, text.clone()),
            Home::Entry { group, .. } => match entry::find(text, *group, name) {
                Some(extent) => (extent.lines.start + 1, entry::cut(text, &extent)),
                None => (1, item.clone()),
            },
            Home::Head => (1, head(text)),
        };
        let root = yaml::parse(&yaml).ok()?;
        let node = match (home, root.content) {
            (Home::Entry { .. }, Content::Map(mut entries)) if entries.len() == 1 => entries.remove(0).1,
            (_, content) => Node { content, ..root },
        };
        let message = self.programme.messages.get(name).filter(|_| kind == Kind::Message);
        let beside = message.map(templates).into_iter().flatten();
        let templates = beside.map(|(file, text)| (file, text.to_owned())).collect();
        Some(Written { path, line, yaml, node, templates })
    }

    /// The programme with other definitions in it; which of them cannot be, and why.
    pub(crate) fn edit(&self, edits: &[Edit]) -> Result<Edited, Unfit> {
        let mut texts = self.texts.clone();
        let mut wordings = Vec::new();
        for edit in edits {
            let unfit = |why| Unfit { of: (edit.kind, edit.name.clone()), why };
            self.put_templates(&mut texts, edit);
            wordings.extend(wording(edit).map_err(unfit)?);
        }
        if wordings.is_empty() {
            return Ok(Edited::whole(texts));
        }
        // Among others a text that is no YAML would make nonsense of its file.
        if let Some(broken) = wordings.iter().find(|one| one.is_broken()) {
            return Ok(self.composed(&texts, std::slice::from_ref(broken)));
        }
        let edited = self.composed(&texts, &wordings);
        if wordings.iter().all(|one| !one.is_json) || edited.checked.errors() > 0 {
            return Ok(edited);
        }
        // What came as JSON has no wording of its own: it is written as people would write it, if it says anything new.
        let of = |programme: &Programme, one: &Wording<'_>| {
            let name = if one.kind == Kind::Programme { &programme.name } else { one.name };
            items(programme).remove(&(one.kind, name.to_owned()))
        };
        wordings.retain_mut(|one| {
            let said = of(&edited.checked.programme, one);
            let is_new = !one.is_json || said != of(&self.programme, one);
            if one.is_json {
                one.yaml = said;
            }
            is_new
        });
        if wordings.is_empty() { Ok(Edited::whole(texts)) } else { Ok(self.composed(&texts, &wordings)) }
    }

    /// The files beside a message as they are to be.
    fn put_templates(&self, texts: &mut BTreeMap<String, String>, edit: &Edit) {
        let path = file_of(&self.sources, edit.kind, &edit.name);
        let beside = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if edit.kind == Kind::Message && matches!(edit.said, Said::Nothing) {
            texts.retain(|path, _| !path.starts_with(&format!("{beside}/")));
        }
        for (file, text) in &edit.templates {
            let path = format!("{beside}/{file}");
            match text {
                Some(text) => _ = texts.insert(path, text.clone()),
                None => _ = texts.remove(&path),
            }
        }
    }

    /// The whole with definitions in their places. Should lines around them have suffered, their files are written anew.
    fn composed(&self, texts: &BTreeMap<String, String>, wordings: &[Wording<'_>]) -> Edited {
        let edited = |mut texts: BTreeMap<String, String>| {
            let put: Vec<_> = wordings.iter().map(|one| (one, self.put(&mut texts, one))).collect();
            let at = put.into_iter().filter_map(|(one, at)| self.lies(&texts, one, at)).collect();
            let is_without = wordings.iter().all(|one| one.yaml.is_none());
            Edited { checked: check_texts(texts), at, is_without }
        };
        let first = edited(texts.clone());
        if first.checked.errors() > 0 || self.are_alone(&first.checked.programme, wordings) {
            return first;
        }
        let mut texts = texts.clone();
        for one in wordings {
            self.print_file(&mut texts, &file_of(&self.sources, one.kind, one.name));
        }
        edited(texts)
    }

    /// Whether nothing else of the programme became another.
    fn are_alone(&self, after: &Programme, wordings: &[Wording<'_>]) -> bool {
        let is_of = |one: &Wording<'_>, kind: Kind, item: &str| match kind {
            Kind::Template => one.kind == Kind::Message && item.starts_with(&format!("{}/", one.name)),
            Kind::Programme => one.kind == Kind::Programme,
            _ => (kind, item) == (one.kind, one.name),
        };
        let others = |programme: &Programme| {
            let mut items = items(programme);
            items.retain(|(kind, item), _| !wordings.iter().any(|one| is_of(one, *kind, item)));
            items
        };
        // Another language or zone can make others of many definitions.
        wordings.iter().any(|one| one.kind == Kind::Programme) || others(after) == others(&self.programme)
    }

    fn print_file(&self, texts: &mut BTreeMap<String, String>, path: &str) {
        let printed = print(&self.programme, |kind, name| file_of(&self.sources, kind, name)).remove(path);
        texts.insert(path.to_owned(), printed.unwrap_or_default());
    }

    /// Where it lies then.
    fn put(&self, texts: &mut BTreeMap<String, String>, one: &Wording<'_>) -> Option<Extent> {
        let (path, yaml) = (file_of(&self.sources, one.kind, one.name), one.yaml.as_deref());
        let put = match (Home::of(one.kind, one.name), yaml) {
            (Home::File { .. }, Some(yaml)) => {
                Put { text: yaml.to_owned(), at: Some(Extent { lines: 0..usize::MAX, indent: 0 }) }
            }
            (Home::File { .. }, None) => Put { text: String::new(), at: None },
            (Home::Entry { group, .. }, yaml) => {
                let now = texts.get(&path).cloned().unwrap_or_default();
                entry::put(&now, group, one.name, yaml).unwrap_or_else(|| {
                    self.print_file(texts, &path);
                    let printed = entry::put(&texts[&path], group, one.name, yaml);
                    printed.expect("invariant: what is printed is in lines")
                })
            }
            (Home::Head, yaml) => {
                let now = texts.get(HEAD).cloned().unwrap_or_default();
                Put { text: put_head(&now, yaml.unwrap_or_default()), at: None }
            }
        };
        match put.text.trim().is_empty() {
            true => _ = texts.remove(&path),
            false => _ = texts.insert(path, put.text),
        }
        put.at
    }

    /// Where a definition lies once all are put: others may have moved it.
    fn lies(
        &self,
        texts: &BTreeMap<String, String>,
        one: &Wording<'_>,
        at: Option<Extent>,
    ) -> Option<(Named, String, Extent)> {
        let path = file_of(&self.sources, one.kind, one.name);
        let moved = match Home::of(one.kind, one.name) {
            Home::Entry { group, .. } => entry::find(texts.get(&path)?, group, one.name),
            Home::File { .. } | Home::Head => None,
        };
        let extent = at.map(|at| moved.unwrap_or(at))?;
        Some(((one.kind, one.name.to_owned()), path, extent))
    }
}

/// What becomes of the text of a definition, if anything does; why it cannot be that.
fn wording(edit: &Edit) -> Result<Option<Wording<'_>>, String> {
    let Edit { kind, name, .. } = edit;
    let (yaml, is_json) = match &edit.said {
        Said::Same => return Ok(None),
        Said::Yaml(yaml) => {
            is_of(*kind, name, yaml)?;
            (Some(yaml.clone()), false)
        }
        Said::Json(node) => (Some(as_yaml(*kind, name, node)?), true),
        Said::Nothing => (None, false),
    };
    Ok(Some(Wording { kind: *kind, name, yaml, is_json }))
}

/// What `programme.yaml` says besides the definitions in it.
fn head(text: &str) -> String {
    let own = entry::names(text, None).into_iter().filter(|name| !OUTSIDE_HEAD.contains(&name.as_str()));
    let extents = own.filter_map(|name| entry::find(text, None, &name));
    extents.map(|extent| entry::cut(text, &extent)).collect()
}

fn put_head(text: &str, head: &str) -> String {
    let said = entry::names(head, None);
    let gone = entry::names(text, None).into_iter();
    let gone = gone.filter(|name| !said.contains(name) && !OUTSIDE_HEAD.contains(&name.as_str()));
    let text = gone.fold(text.to_owned(), |text, name| changed(&text, &name, None));
    said.iter().fold(text, |text, name| {
        let entry = entry::find(head, None, name).map(|extent| entry::cut(head, &extent));
        changed(&text, name, entry.as_deref())
    })
}

fn changed(text: &str, name: &str, entry: Option<&str>) -> String {
    entry::put(text, None, name, entry).map_or_else(|| text.to_owned(), |put| put.text)
}

/// Whether a text is of the definition that it is to be of; what is no YAML is told by the check.
fn is_of(kind: Kind, name: &str, yaml: &str) -> Result<(), String> {
    let Ok(Node { content: Content::Map(entries), .. }) = yaml::parse(yaml) else { return Ok(()) };
    let other = |found: &str| format!("this is the {} \"{found}\", and not \"{name}\"", kind.name());
    match Home::of(kind, name) {
        Home::Entry { .. } => match entries.as_slice() {
            [(key, _)] if key.name == name => Ok(()),
            [(key, _)] => Err(other(&key.name)),
            _ => Err(format!("write the one entry `{name}:` with its value")),
        },
        Home::File { field, .. } => {
            let said = entries.iter().find(|(key, _)| Some(key.name.as_str()) == field);
            match said.and_then(|(_, node)| node.text()) {
                Some(said) if said != name => Err(other(said)),
                _ => Ok(()),
            }
        }
        Home::Head => {
            let outside = entries.iter().find(|(key, _)| OUTSIDE_HEAD.contains(&key.name.as_str()));
            outside.map_or(Ok(()), |(key, _)| Err(format!("`{}` is a definition of its own", key.name)))
        }
    }
}

/// JSON is YAML in braces; the names at the top are in lines, so that it can be put among others.
fn as_yaml(kind: Kind, name: &str, node: &Node) -> Result<String, String> {
    let json = |node: &Node| serde_json::to_string(node).expect("invariant: what was JSON is JSON");
    let line = |name: &str, node: &Node| format!("{}: {}\n", serde_json::Value::from(name), json(node));
    let yaml = match (Home::of(kind, name), &node.content) {
        (Home::Entry { .. }, _) => line(name, node),
        (_, Content::Map(entries)) => entries.iter().map(|(key, value)| line(&key.name, value)).collect(),
        _ => json(node),
    };
    is_of(kind, name, &yaml).map(|()| yaml)
}

#[cfg(test)]
mod tests;
