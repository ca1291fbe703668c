//! YAML as a tree in which everything knows where it was written.
//!
//! Built straight from the parser's events, since only they tell the place of a key apart from that of its value, and
//! both occurrences of a key written twice. Plain files of definitions need no anchors, tags or second documents, so
//! these are refused rather than half understood.

use crate::limits::YAML_DEPTH_MAX;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

/// A place in one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters from the start of the file, from 0.
    pub index: usize,
}

/// A value and the place where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Mark,
    pub(crate) content: Content,
    /// Whether it was written in quotes, and so is a text whatever it looks like.
    pub(crate) is_quoted: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Nothing, `~` or `null`: the same as not being there.
    Nothing,
    /// Numbers, truth values and words alike: what a text means is for its reader to say.
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) at: Mark,
    pub(crate) name: String,
}

/// Why a file is not YAML, or not the part of it that definitions use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) at: Mark,
    pub(crate) message: String,
}

impl Node {
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }

    /// What the node is, in the words of a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.content {
            Content::Nothing => "nothing",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a group of fields",
        }
    }
}

/// Reads the one document of a file.
pub(crate) fn parse(text: &str) -> Result<Node, Unreadable> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Unreadable {
            at: mark(error.marker()),
            message: format!("this is not YAML: {}", error.info()),
        })?;
        tree.take(event, mark(&span.start))?;
    }
    Ok(tree.root.unwrap_or(Node {
        at: Mark { line: 1, column: 1, index: 0 },
        content: Content::Nothing,
        is_quoted: false,
    }))
}

fn mark(marker: &Marker) -> Mark {
    Mark { line: marker.line(), column: marker.col() + 1, index: marker.index() }
}

/// What has been read so far: the finished root, or the open lists and maps from the outermost inwards.
#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    root: Option<Node>,
}

struct Open {
    node: Node,
    /// In a map: the key whose value comes next.
    key: Option<Key>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, at: Mark) -> Result<(), Unreadable> {
        let refuse = |message: &str| Err(Unreadable { at, message: message.to_owned() });
        match event {
            Event::Alias(_) => return refuse("aliases are not understood here: write the value out"),
            Event::DocumentStart(_) if self.root.is_some() => {
                return refuse("a second document in one file: move it to a file of its own");
            }
            Event::SequenceStart(..) => return self.begin(Content::List(Vec::new()), at),
            Event::MappingStart(..) => return self.begin(Content::Map(Vec::new()), at),
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop().expect("invariant: the parser closes only what it opened");
                return self.put(open.node);
            }
            Event::Scalar(text, style, ..) => {
                let nothing = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let content = if nothing { Content::Nothing } else { Content::Text(text.into_owned()) };
                return self.put(Node { at, content, is_quoted: style != ScalarStyle::Plain });
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, content: Content, at: Mark) -> Result<(), Unreadable> {
        if self.open.len() == YAML_DEPTH_MAX {
            let message = format!("nested more than {YAML_DEPTH_MAX} levels deep");
            return Err(Unreadable { at, message });
        }
        self.open.push(Open { node: Node { at, content, is_quoted: false }, key: None });
        Ok(())
    }

    /// Puts a finished node where it belongs: as the root, an element, a key or a value.
    fn put(&mut self, node: Node) -> Result<(), Unreadable> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::List(elements), _) => elements.push(node),
            (Content::Map(entries), Some(key)) => entries.push((key, node)),
            (Content::Map(_), None) => {
                let at = node.at;
                let Content::Text(name) = node.content else {
                    return Err(Unreadable {
                        at,
                        message: "the name of a field has to be a word".to_owned(),
                    });
                };
                open.key = Some(Key { at, name });
            }
            (Content::Nothing | Content::Text(_), _) => unreachable!("only lists and maps are opened"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(text: &str) -> (usize, usize, String) {
        let unreadable = parse(text).expect_err(text);
        (unreadable.at.line, unreadable.at.column, unreadable.message)
    }

    #[test]
    fn keys_and_values_know_their_places() {
        let node = parse("journey: cart\ngoal: { did: 'did \"X\"', within: 3 days }\nexit:\n").unwrap();
        let Content::Map(entries) = node.content else { panic!("not a map") };
        let place = |mark: Mark| (mark.line, mark.column);
        assert_eq!(place(entries[1].0.at), (2, 1));
        assert_eq!(place(entries[1].1.at), (2, 7));
        let Content::Map(goal) = &entries[1].1.content else { panic!("not a map") };
        assert_eq!((goal[1].0.name.as_str(), goal[1].1.text()), ("within", Some("3 days")));
        assert_eq!(place(goal[0].1.at), (2, 14));
        assert!(entries[2].1.is_nothing());
    }

    #[test]
    fn an_empty_file_is_nothing() {
        assert!(parse("").unwrap().is_nothing());
        assert!(parse("# only a comment\n").unwrap().is_nothing());
    }

    #[test]
    fn what_definitions_do_not_need_is_refused() {
        let (line, column, message) = fail("a: b: c\n");
        assert_eq!((line, column), (1, 5));
        assert!(message.starts_with("this is not YAML: "), "{message}");
        assert_eq!(fail("a: &x 1\nb: *x\n").0, 2);
        assert_eq!(fail("a: 1\n---\nb: 2\n").0, 2);
        assert!(fail("[1]: 2\n").2.contains("name of a field"));
        assert!(fail(&"[".repeat(200)).2.contains("levels deep"));
    }
}
