//! What a template reads, found without rendering it: for previews, for checks against the known traits and
//! properties, and to show which personal data a message uses.

use std::sync::Arc;

use super::error::Place;
use super::template::{Condition, Expr, For, Key, Node, Offset, Path, Pipeline, Root};

/// A path such as `profile.first_name` or, for the items of a list, `event.items[].price`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub path: String,
    /// Where it is read first.
    pub place: Place,
}

pub(super) fn of(nodes: &[Node]) -> Vec<Variable> {
    let mut reader = Reader::default();
    reader.nodes(nodes);
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Vec<Variable>,
    /// Names the template made itself, and what they stand for if that is a path.
    local: Vec<(Arc<str>, Option<String>)>,
}

impl Reader {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Text(_) | Node::Increment(_) | Node::Decrement(_) | Node::Break | Node::Continue => {}
            Node::Output { value, .. } => {
                self.pipeline(value);
            }
            Node::Assign { name, value, .. } => {
                let path = self.pipeline(value).filter(|_| value.filters.is_empty());
                self.local.push((Arc::clone(name), path));
            }
            Node::Capture { name, body, .. } => {
                self.nodes(body);
                self.local.push((Arc::clone(name), None));
            }
            Node::If { arms, otherwise, .. } => {
                for arm in arms {
                    self.condition(&arm.condition);
                    self.nodes(&arm.body);
                }
                self.nodes(otherwise);
            }
            Node::Case { subject, arms, .. } => {
                self.expr(subject);
                for arm in arms {
                    self.exprs(arm.when.iter().flatten());
                    self.nodes(&arm.body);
                }
            }
            Node::For(repeat) => self.repeat(repeat),
            Node::Cycle(cycle) => self.exprs(cycle.group.iter().chain(&cycle.values)),
            Node::Link { body, .. } => self.nodes(body),
        }
    }

    fn repeat(&mut self, repeat: &For) {
        let over = self.expr(&repeat.over);
        self.exprs(repeat.limit.iter());
        if let Some(Offset::At(offset)) = &repeat.offset {
            self.expr(offset);
        }
        if let Some(columns) = repeat.table.as_ref().and_then(|table| table.columns.as_ref()) {
            self.expr(columns);
        }
        let depth = self.local.len();
        self.local.push((Arc::clone(&repeat.item), over.map(|path| format!("{path}[]"))));
        for name in ["forloop", "tablerowloop"] {
            self.local.push((Arc::from(name), None));
        }
        self.nodes(&repeat.body);
        // The item is gone after the loop; what was assigned inside it stays.
        self.local.drain(depth..depth + 3);
        self.nodes(&repeat.otherwise);
    }

    fn condition(&mut self, condition: &Condition) {
        for test in std::iter::once(&condition.first).chain(condition.rest.iter().map(|(_, test)| test)) {
            self.expr(&test.left);
            self.exprs(test.right.iter().map(|(_, right)| right));
        }
    }

    /// The path of the value that the filters are applied to.
    fn pipeline(&mut self, pipeline: &Pipeline) -> Option<String> {
        let path = self.expr(&pipeline.value);
        for call in &pipeline.filters {
            self.exprs(call.arguments.iter().chain(call.named.iter().map(|(_, value)| value)));
        }
        path
    }

    fn exprs<'e>(&mut self, exprs: impl Iterator<Item = &'e Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Literal(_) => None,
            Expr::Range(ends) => {
                self.expr(&ends.0);
                self.expr(&ends.1);
                None
            }
            Expr::Path(path) => self.path(path),
        }
    }

    fn path(&mut self, path: &Path) -> Option<String> {
        let root = match &path.root {
            Root::Name(name) => match self.local.iter().rev().find(|(known, _)| known == name) {
                Some((_, meaning)) => meaning.clone(),
                None => Some(name.to_string()),
            },
            Root::Computed(expr) => {
                self.expr(expr);
                None
            }
        };
        let mut whole = root;
        for key in &path.keys {
            let step = match key {
                Key::Name(name) => format!(".{name}"),
                Key::Index(index) => {
                    self.expr(index);
                    "[]".to_owned()
                }
            };
            whole = whole.map(|whole| whole + &step);
        }
        let whole = whole?;
        if !self.found.iter().any(|known| known.path == whole) {
            self.found.push(Variable { path: whole.clone(), place: path.place });
        }
        Some(whole)
    }
}
