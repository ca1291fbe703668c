//! One definition of a programme that is changed, made or taken out. The rest of its folder stays as it is written, and the
//! whole is checked like any folder, so that mistakes have their file, line and way out.

use super::entry::{self, Extent, Put};
use super::files::Files;
use super::home::{HEAD, Home, OUTSIDE_HEAD};
use super::print::{file_of, print, texts};
use super::write::{Kind, items, templates};
use super::yaml::{self, Content, Node};
use super::{Checked, Finding, SourceMap, check_texts, folder};
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

/// The whole after a change.
pub(crate) struct Edited {
    pub(crate) checked: Checked,
    /// Where the definition lies now.
    at: Option<(String, Extent)>,
    /// It was taken out.
    pub(crate) is_without: bool,
}

impl Edited {
    /// A whole folder, with no definition that matters more than others.
    pub(crate) fn whole(texts: BTreeMap<String, String>) -> Self {
        Self { checked: check_texts(texts), at: None, is_without: false }
    }

    /// The line and column of a finding in the text that was given, if it is there.
    pub(crate) fn inside(&self, finding: &Finding) -> Option<(usize, usize)> {
        let (path, Extent { lines, indent }) = self.at.as_ref()?;
        let line = finding.line.checked_sub(1)?;
        (finding.file == Path::new(path) && lines.contains(&line))
            .then(|| (line - lines.start + 1, finding.column.saturating_sub(*indent).max(1)))
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

    /// The programme with another definition in it; why it cannot be this one.
    pub(crate) fn edit(
        &self,
        kind: Kind,
        name: &str,
        said: &Said,
        templates: &BTreeMap<String, Option<String>>,
    ) -> Result<Edited, String> {
        let mut texts = self.texts.clone();
        let path = file_of(&self.sources, kind, name);
        let beside = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (file, text) in templates {
            let path = format!("{beside}/{file}");
            match text {
                Some(text) => _ = texts.insert(path, text.clone()),
                None => _ = texts.remove(&path),
            }
        }
        let yaml = match said {
            Said::Same => return Ok(Edited::whole(texts)),
            Said::Yaml(yaml) => {
                is_of(kind, name, yaml)?;
                Some(yaml.clone())
            }
            Said::Json(node) => Some(as_yaml(kind, name, node)?),
            Said::Nothing => {
                if kind == Kind::Message {
                    texts.retain(|path, _| !path.starts_with(&format!("{beside}/")));
                }
                None
            }
        };
        let edited = self.composed(&texts, kind, name, yaml.as_deref());
        if !matches!(said, Said::Json(_)) || edited.checked.errors() > 0 {
            return Ok(edited);
        }
        // What came as JSON has no wording of its own: it is written as people would write it, if it says anything new.
        let of_it = |programme: &Programme| {
            let name = if kind == Kind::Programme { &programme.name } else { name };
            items(programme).remove(&(kind, name.to_owned()))
        };
        match of_it(&edited.checked.programme) {
            said if said == of_it(&self.programme) => Ok(Edited::whole(texts)),
            said => Ok(self.composed(&texts, kind, name, said.as_deref())),
        }
    }

    /// The whole with a definition in its place. Should lines around it have suffered, its file is written anew.
    fn composed(
        &self,
        texts: &BTreeMap<String, String>,
        kind: Kind,
        name: &str,
        yaml: Option<&str>,
    ) -> Edited {
        let edited = |texts: BTreeMap<String, String>| {
            let (texts, at) = self.put(texts, kind, name, yaml);
            Edited { checked: check_texts(texts), at, is_without: yaml.is_none() }
        };
        let first = edited(texts.clone());
        if first.checked.errors() > 0 || self.is_alone(&first.checked.programme, kind, name) {
            return first;
        }
        let mut texts = texts.clone();
        self.print_file(&mut texts, &file_of(&self.sources, kind, name));
        edited(texts)
    }

    /// Whether nothing else of the programme became another.
    fn is_alone(&self, after: &Programme, kind: Kind, name: &str) -> bool {
        let others = |programme: &Programme| {
            let mut items = items(programme);
            items.retain(|(other, item), _| match other {
                Kind::Template => kind != Kind::Message || !item.starts_with(&format!("{name}/")),
                Kind::Programme => kind != Kind::Programme,
                _ => (*other, item.as_str()) != (kind, name),
            });
            items
        };
        // Another language or zone can make others of many definitions.
        kind == Kind::Programme || others(after) == others(&self.programme)
    }

    fn print_file(&self, texts: &mut BTreeMap<String, String>, path: &str) {
        let printed = print(&self.programme, |kind, name| file_of(&self.sources, kind, name)).remove(path);
        texts.insert(path.to_owned(), printed.unwrap_or_default());
    }

    fn put(
        &self,
        mut texts: BTreeMap<String, String>,
        kind: Kind,
        name: &str,
        yaml: Option<&str>,
    ) -> (BTreeMap<String, String>, Option<(String, Extent)>) {
        let path = file_of(&self.sources, kind, name);
        let put = match (Home::of(kind, name), yaml) {
            (Home::File { .. }, Some(yaml)) => {
                let at = Some(Extent { lines: 0..usize::MAX, indent: 0 });
                Put { text: yaml.to_owned(), at }
            }
            (Home::File { .. }, None) => Put { text: String::new(), at: None },
            (Home::Entry { group, .. }, yaml) => {
                let now = texts.get(&path).cloned().unwrap_or_default();
                entry::put(&now, group, name, yaml).unwrap_or_else(|| {
                    self.print_file(&mut texts, &path);
                    let printed = entry::put(&texts[&path], group, name, yaml);
                    printed.expect("invariant: what is printed is in lines")
                })
            }
            (Home::Head, yaml) => {
                let now = texts.get(HEAD).cloned().unwrap_or_default();
                put_head(&now, yaml.unwrap_or_default())
            }
        };
        match put.text.trim().is_empty() {
            true => _ = texts.remove(&path),
            false => _ = texts.insert(path.clone(), put.text),
        }
        (texts, put.at.map(|at| (path, at)))
    }
}

/// What `programme.yaml` says besides the definitions in it.
fn head(text: &str) -> String {
    let own = entry::names(text, None).into_iter().filter(|name| !OUTSIDE_HEAD.contains(&name.as_str()));
    let extents = own.filter_map(|name| entry::find(text, None, &name));
    extents.map(|extent| entry::cut(text, &extent)).collect()
}

fn put_head(text: &str, head: &str) -> Put {
    let said = entry::names(head, None);
    let gone = entry::names(text, None).into_iter();
    let gone = gone.filter(|name| !said.contains(name) && !OUTSIDE_HEAD.contains(&name.as_str()));
    let text = gone.fold(text.to_owned(), |text, name| changed(&text, &name, None));
    let text = said.iter().fold(text, |text, name| {
        let entry = entry::find(head, None, name).map(|extent| entry::cut(head, &extent));
        changed(&text, name, entry.as_deref())
    });
    Put { text, at: None }
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
