//! The event that a row of a table is: a mapping compiled to the shape of a tracking call. Pure.

use super::cell::{Unreadable, put_text};
use super::mapping::{Mapping, Target};
use engine::record::EventKind;

/// The cells of one row.
pub(super) trait Cells {
    /// Writes the cell of a column as JSON; false where it holds nothing, and then nothing is written.
    fn write(&self, column: usize, out: &mut Vec<u8>) -> Result<bool, Unreadable>;
}

/// What is written of each row.
pub(super) struct Shape {
    root: Vec<(Vec<u8>, Node)>,
}

enum Node {
    /// The same in every row, as JSON.
    Constant(Vec<u8>),
    /// The cell of a column.
    Cell(usize),
    /// Entries with their names as JSON, colon included. It is left out where no cell in it holds anything.
    Branch(Vec<(Vec<u8>, Node)>),
    List(Vec<Node>),
}

/// A cell that keeps its row from becoming an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadCell {
    pub(super) column: usize,
    pub(super) why: Unreadable,
}

impl Shape {
    pub(super) fn new(mapping: &Mapping) -> Self {
        let mut shape = Self { root: Vec::new() };
        let says_kind = mapping.columns.iter().any(|column| column.target == Target::Kind);
        if !says_kind {
            shape.put(&["type"], Node::Constant(text(mapping.kind.name())));
        }
        if let Some(event) = &mapping.event {
            shape.put(&["event"], Node::Constant(text(event)));
        }
        let mut external = Vec::new();
        for (index, column) in mapping.columns.iter().enumerate() {
            let cell = Node::Cell(index);
            match &column.target {
                Target::External(kind) => external.push(identifier(kind, cell)),
                target => {
                    let Some(path) = path(target, mapping.kind) else { continue };
                    shape.put(&path.iter().map(String::as_str).collect::<Vec<_>>(), cell);
                }
            }
        }
        if !external.is_empty() {
            shape.put(&["context", "externalIds"], Node::List(external));
        }
        shape
    }

    /// Writes the event of a row.
    pub(super) fn write(&self, cells: &impl Cells, out: &mut Vec<u8>) -> Result<(), BadCell> {
        out.push(b'{');
        entries(&self.root, cells, out)?;
        out.push(b'}');
        Ok(())
    }

    fn put(&mut self, path: &[&str], node: Node) {
        let mut entries = &mut self.root;
        let (last, branches) = path.split_last().expect("invariant: a path has a name");
        for name in branches {
            let name = key(name);
            let at = entries.iter().position(|(one, _)| *one == name).unwrap_or_else(|| {
                entries.push((name, Node::Branch(Vec::new())));
                entries.len() - 1
            });
            let Node::Branch(inside) = &mut entries[at].1 else {
                unreachable!("a mapping gives no column a place within another's")
            };
            entries = inside;
        }
        entries.push((key(last), node));
    }
}

/// Writes entries; whether a cell among them held anything.
fn entries(entries: &[(Vec<u8>, Node)], cells: &impl Cells, out: &mut Vec<u8>) -> Result<bool, BadCell> {
    let (mut held, mut first) = (false, true);
    for (name, node) in entries {
        let before = out.len();
        if !first {
            out.push(b',');
        }
        out.extend_from_slice(name);
        match write(node, cells, out)? {
            Written::Nothing => out.truncate(before),
            Written::Constant => first = false,
            Written::Cell => (held, first) = (true, false),
        }
    }
    Ok(held)
}

/// What was written of a node.
enum Written {
    Nothing,
    /// Something that every row has.
    Constant,
    Cell,
}

fn write(node: &Node, cells: &impl Cells, out: &mut Vec<u8>) -> Result<Written, BadCell> {
    match node {
        Node::Constant(json) => {
            out.extend_from_slice(json);
            Ok(Written::Constant)
        }
        Node::Cell(column) => {
            let written = cells.write(*column, out).map_err(|why| BadCell { column: *column, why })?;
            Ok(if written { Written::Cell } else { Written::Nothing })
        }
        Node::Branch(branch) => {
            out.push(b'{');
            let held = entries(branch, cells, out)?;
            out.push(b'}');
            Ok(if held { Written::Cell } else { Written::Nothing })
        }
        Node::List(nodes) => {
            out.push(b'[');
            let mut held = false;
            for node in nodes {
                let before = out.len();
                if held {
                    out.push(b',');
                }
                match write(node, cells, out)? {
                    Written::Nothing => out.truncate(before),
                    Written::Constant | Written::Cell => held = true,
                }
            }
            out.push(b']');
            Ok(if held { Written::Cell } else { Written::Nothing })
        }
    }
}

/// An entry of `context.externalIds`.
fn identifier(kind: &str, cell: Node) -> Node {
    let constant = |name, value| (key(name), Node::Constant(text(value)));
    Node::Branch(vec![
        (key("id"), cell),
        constant("type", kind),
        constant("collection", "users"),
        constant("encoding", "none"),
    ])
}

/// Where in a call a target lies; `None` where it has no place of its own.
pub(super) fn path(target: &Target, kind: EventKind) -> Option<Vec<String>> {
    let below = |around: &[&str], name: &str| {
        around.iter().copied().chain(name.split('.')).map(str::to_owned).collect::<Vec<_>>()
    };
    // The traits of an identify call are the person's; other calls carry them in their context.
    let traits: &[&str] = if kind == EventKind::Identify { &["traits"] } else { &["context", "traits"] };
    Some(match target {
        Target::UserId => below(&[], "userId"),
        Target::AnonymousId => below(&[], "anonymousId"),
        Target::GroupId => below(&[], "groupId"),
        Target::PreviousId => below(&[], "previousId"),
        Target::MessageId => below(&[], "messageId"),
        Target::Event => below(&[], "event"),
        Target::Kind => below(&[], "type"),
        Target::Time => below(&[], "timestamp"),
        Target::Email => below(traits, "email"),
        Target::Phone => below(traits, "phone"),
        Target::DeviceToken => below(&["context", "device"], "token"),
        Target::Property(name) => below(&["properties"], name),
        Target::Trait(name) => below(traits, name),
        Target::Context(name) => below(&["context"], name),
        // A purpose's channel is written with a dot in the name itself.
        Target::Consent(name) => {
            vec!["context".into(), "consent".into(), "categoryPreferences".into(), name.clone()]
        }
        Target::External(_) | Target::Skip => return None,
    })
}

fn key(name: &str) -> Vec<u8> {
    let mut key = text(name);
    key.push(b':');
    key
}

fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    put_text(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::mapping::{Sample, Stated, target};

    struct Texts<'t>(&'t Mapping, &'t [&'t str]);

    impl Cells for Texts<'_> {
        fn write(&self, column: usize, out: &mut Vec<u8>) -> Result<bool, Unreadable> {
            self.0.columns[column].form.write(self.1[column], out)
        }
    }

    fn event(meanings: &[&str], cells: &[&str], stated: Stated) -> Result<String, BadCell> {
        let names: Vec<String> = (0..meanings.len()).map(|index| format!("c{index}")).collect();
        let columns = names.iter().zip(meanings).map(|(name, meaning)| {
            let (target, form) = target(meaning, name).unwrap();
            (name.clone(), target, form)
        });
        let stated = Stated { columns: columns.collect(), ..stated };
        let samples: Vec<_> =
            names.iter().map(|name| Sample { name, cells: vec![], is_typed: false }).collect();
        let mapping = Mapping::new(&stated, &samples).unwrap();
        let mut out = Vec::new();
        Shape::new(&mapping).write(&Texts(&mapping, cells), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_row_becomes_the_call_that_its_mapping_says() {
        let track = || Stated { event: Some("Order Completed".into()), ..Stated::default() };
        for (meanings, cells, stated, expected) in [
            (
                &["user_id", "email", "trait address.city", "trait address.zip", "trait age as number"][..],
                &["1", "ada@example.com", "Rome", "00100", ""][..],
                Stated::default(),
                r#"{"type":"identify","userId":"1","traits":{"email":"ada@example.com","address":{"city":"Rome","zip":"00100"}}}"#,
            ),
            (
                &["email", "time", "property total as number", "property new as truth"],
                &["ada@example.com", "2026-01-05", "12.50", "yes"],
                track(),
                r#"{"type":"track","event":"Order Completed","context":{"traits":{"email":"ada@example.com"}},"timestamp":"2026-01-05T00:00:00.000Z","properties":{"total":12.50,"new":true}}"#,
            ),
            (
                &["anonymous_id", "id card", "id phone_app", "consent offers.email", "device_token"],
                &["a", "", "p7", "no", ""],
                track(),
                r#"{"type":"track","event":"Order Completed","anonymousId":"a","context":{"consent":{"categoryPreferences":{"offers.email":false}},"externalIds":[{"id":"p7","type":"phone_app","collection":"users","encoding":"none"}]}}"#,
            ),
            (
                &["user_id", "type", "event", "context campaign.source"],
                &["1", "page", "", "news"],
                Stated::default(),
                r#"{"userId":"1","type":"page","context":{"campaign":{"source":"news"}}}"#,
            ),
            // Nothing in it at all, which the door will say.
            (&["user_id", "trait a"], &["", " "], Stated::default(), r#"{"type":"identify"}"#),
        ] {
            let written = event(meanings, cells, stated).unwrap();
            assert_eq!(written, expected);
            assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok());
        }
    }

    #[test]
    fn a_bad_cell_is_named() {
        let bad = event(&["user_id", "trait age as number"], &["1", "old"], Stated::default());
        assert_eq!(bad, Err(BadCell { column: 1, why: Unreadable::NotANumber }));
    }
}
