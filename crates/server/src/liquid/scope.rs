//! What names mean at one moment of a rendering, and what expressions and conditions come to.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Ordering;
use std::sync::Arc;

use super::error::{Error, Limit};
use super::filters::Call;
use super::limits::{BYTES_PER_STEP, LIST_MAX, OUTPUT_BYTES_MAX, STEPS_MAX};
use super::render::Context;
use super::template::{Comparison, Condition, Expr, FilterCall, Join, Key, Path, Pipeline, Root, Test};
use super::value::{Map, Value, pair};

/// Counts what a rendering does, and stops it at its limits.
pub(super) struct Meter {
    steps: Cell<u64>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { steps: Cell::new(0) }
    }

    pub(super) fn steps(&self, steps: usize) -> Result<(), Limit> {
        let total = self.steps.get().saturating_add(steps as u64);
        self.steps.set(total);
        if total > STEPS_MAX { Err(Limit::Steps(STEPS_MAX)) } else { Ok(()) }
    }

    /// A text of so many bytes is about to be made.
    pub(super) fn bytes(&self, bytes: usize) -> Result<(), Limit> {
        if bytes > OUTPUT_BYTES_MAX {
            return Err(Limit::Bytes(OUTPUT_BYTES_MAX));
        }
        self.steps(bytes / BYTES_PER_STEP)
    }

    /// A list of so many items is about to be made or walked.
    pub(super) fn list(&self, items: usize) -> Result<(), Limit> {
        if items > LIST_MAX {
            return Err(Limit::List(LIST_MAX));
        }
        self.steps(items)
    }
}

/// What a loop walks over. Nothing is copied, so that a loop which looks at one item of many costs little.
pub(super) enum Items {
    List(Arc<[Value]>),
    Entries(Arc<Map>),
    /// From this number on, so many.
    Numbers(i64, usize),
    One(Value),
    None,
}

impl Items {
    pub(super) fn of(over: &Value) -> Self {
        match over {
            Value::List(items) => Self::List(Arc::clone(items)),
            Value::Map(map) => Self::Entries(Arc::clone(map)),
            Value::Range(from, _) => {
                Self::Numbers(*from, over.size().and_then(|size| usize::try_from(size).ok()).unwrap_or(0))
            }
            Value::Text(text) | Value::Safe(text) if !text.is_empty() => Self::One(over.clone()),
            _ => Self::None,
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Entries(map) => map.len(),
            Self::Numbers(_, count) => *count,
            Self::One(_) => 1,
            Self::None => 0,
        }
    }

    pub(super) fn get(&self, at: usize) -> Value {
        match self {
            Self::List(items) => items[at].clone(),
            Self::Entries(map) => map.entry(at).map_or(Value::Nil, pair),
            Self::Numbers(from, _) => Value::Int(from.saturating_add(at as i64)),
            Self::One(value) => value.clone(),
            Self::None => Value::Nil,
        }
    }
}

/// One loop that is running.
pub(super) struct Loop {
    pub(super) item_name: Arc<str>,
    pub(super) item: Value,
    pub(super) name: Arc<str>,
    pub(super) index: usize,
    pub(super) length: usize,
    /// Of a `tablerow`; such loops are read as `tablerowloop`.
    pub(super) columns: Option<usize>,
}

pub(super) struct Scope<'r> {
    pub(super) context: &'r Context<'r>,
    pub(super) meter: Meter,
    pub(super) loops: Vec<Loop>,
    /// What `assign` and `capture` made. Few names, so they are walked.
    pub(super) assigned: Vec<(Arc<str>, Value)>,
    /// Of `increment` and `decrement`, which `assign` does not touch.
    pub(super) counters: Vec<(Arc<str>, i64)>,
}

static NIL: Value = Value::Nil;

impl<'r> Scope<'r> {
    pub(super) fn new(context: &'r Context<'r>) -> Self {
        Self { context, meter: Meter::new(), loops: Vec::new(), assigned: Vec::new(), counters: Vec::new() }
    }

    pub(super) fn assign(&mut self, name: &Arc<str>, value: Value) -> Result<(), Limit> {
        self.meter.steps(self.assigned.len() / 16)?;
        match self.assigned.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => entry.1 = value,
            None => self.assigned.push((Arc::clone(name), value)),
        }
        Ok(())
    }

    pub(super) fn pipeline<'v>(&'v self, pipeline: &'v Pipeline) -> Result<Cow<'v, Value>, Error> {
        let mut value = self.value(&pipeline.value);
        for call in &pipeline.filters {
            value = Cow::Owned(self.filter(&value, call).map_err(|limit| Error::limit(call.place, limit))?);
        }
        Ok(value)
    }

    fn filter(&self, input: &Value, call: &FilterCall) -> Result<Value, Limit> {
        self.meter.steps(1)?;
        let arguments: Vec<_> = call.arguments.iter().map(|expr| self.value(expr)).collect();
        let named: Vec<_> = call.named.iter().map(|(name, expr)| (&**name, self.value(expr))).collect();
        let call_now =
            Call { input, arguments: &arguments, named: &named, context: self.context, meter: &self.meter };
        (call.filter.run)(&call_now)
    }

    pub(super) fn value<'v>(&'v self, expr: &'v Expr) -> Cow<'v, Value> {
        match expr {
            Expr::Literal(value) => Cow::Borrowed(value),
            Expr::Path(path) => self.path(path),
            Expr::Range(ends) => Cow::Owned(Value::Range(self.whole(&ends.0), self.whole(&ends.1))),
        }
    }

    /// A whole number, for limits, offsets and ranges; 0 if it is none.
    pub(super) fn whole(&self, expr: &Expr) -> i64 {
        super::number::whole(&self.value(expr))
    }

    fn path<'v>(&'v self, path: &'v Path) -> Cow<'v, Value> {
        let computed;
        let root: &str = match &path.root {
            Root::Name(name) => name,
            Root::Computed(expr) => {
                computed = self.value(expr);
                match computed.as_str() {
                    Some(name) => name,
                    None => return Cow::Borrowed(&NIL),
                }
            }
        };
        let (mut value, keys) = match root {
            "forloop" | "tablerowloop" if !self.loops.is_empty() => self.loop_field(root, &path.keys),
            _ => (self.root(root), &path.keys[..]),
        };
        for key in keys {
            value = match value {
                Cow::Borrowed(value) => self.step(value, key),
                Cow::Owned(value) => Cow::Owned(self.step(&value, key).into_owned()),
            };
        }
        value
    }

    fn root<'v>(&'v self, name: &str) -> Cow<'v, Value> {
        if let Some(running) = self.loops.iter().rev().find(|running| &*running.item_name == name) {
            return Cow::Borrowed(&running.item);
        }
        if let Some((_, value)) = self.assigned.iter().find(|(known, _)| &**known == name) {
            return Cow::Borrowed(value);
        }
        if let Some((_, count)) = self.counters.iter().find(|(known, _)| &**known == name) {
            return Cow::Owned(Value::Int(*count));
        }
        Cow::Borrowed(self.context.values.get(name).unwrap_or(&NIL))
    }

    /// One step into a value. What is not there is nil, and so is everything inside nil.
    fn step<'v>(&'v self, value: &'v Value, key: &'v Key) -> Cow<'v, Value> {
        let index;
        let name: &str = match key {
            Key::Name(name) => name,
            Key::Index(expr) => {
                index = self.value(expr);
                match (&*index, value) {
                    (Value::Int(at), Value::List(items)) => return Cow::Borrowed(item(items, *at)),
                    (Value::Int(_), Value::Map(map)) => {
                        return Cow::Owned(map.get(&index.to_text()).cloned().unwrap_or(Value::Nil));
                    }
                    (Value::Text(name) | Value::Safe(name), _) => name,
                    _ => return Cow::Borrowed(&NIL),
                }
            }
        };
        if let Value::Map(map) = value
            && let Some(found) = map.get(name)
        {
            return Cow::Borrowed(found);
        }
        Cow::Owned(match name {
            "size" => value.size().map_or(Value::Nil, Value::Int),
            "first" => value.first(),
            "last" => value.last(),
            _ => Value::Nil,
        })
    }

    /// `forloop.parentloop.index`: which loop is meant, and the field of it. Returns what keys are left.
    fn loop_field<'v>(&'v self, root: &str, keys: &'v [Key]) -> (Cow<'v, Value>, &'v [Key]) {
        let mut around =
            self.loops.iter().rev().filter(|running| running.columns.is_some() == (root != "forloop"));
        let mut running = around.next();
        let mut keys = keys;
        while let [Key::Name(name), rest @ ..] = keys
            && &**name == "parentloop"
        {
            (running, keys) = (around.next(), rest);
        }
        match (running, keys) {
            (Some(running), [Key::Name(field), rest @ ..]) => (Cow::Owned(running.field(field)), rest),
            _ => (Cow::Borrowed(&NIL), &[]),
        }
    }

    pub(super) fn holds(&self, condition: &Condition) -> Result<bool, Limit> {
        // From the right, because that is how Liquid groups: each test is joined to all that follows it.
        let mut tests =
            std::iter::once(&condition.first).chain(condition.rest.iter().map(|(_, test)| test)).rev();
        let mut truth = tests.next().map_or(Ok(false), |last| self.passes(last))?;
        for ((join, _), test) in condition.rest.iter().rev().zip(tests) {
            truth = match join {
                Join::And => truth && self.passes(test)?,
                Join::Or => truth || self.passes(test)?,
            };
        }
        Ok(truth)
    }

    fn passes(&self, test: &Test) -> Result<bool, Limit> {
        let left = self.value(&test.left);
        let Some((comparison, right)) = &test.right else { return Ok(left.is_truthy()) };
        let right = self.value(right);
        self.meter.steps(1 + left.weight() / BYTES_PER_STEP)?;
        Ok(match comparison {
            Comparison::Equal => left.same(&right),
            Comparison::Unequal => !left.same(&right),
            Comparison::Less => left.order(&right).is_some_and(Ordering::is_lt),
            Comparison::Greater => left.order(&right).is_some_and(Ordering::is_gt),
            Comparison::AtMost => left.order(&right).is_some_and(Ordering::is_le),
            Comparison::AtLeast => left.order(&right).is_some_and(Ordering::is_ge),
            Comparison::Contains => contains(&left, &right),
        })
    }
}

impl Loop {
    fn field(&self, field: &str) -> Value {
        let (index, length) = (self.index, self.length);
        let number = |number: usize| Value::Int(number as i64);
        match (field, self.columns) {
            ("index", _) => number(index + 1),
            ("index0", _) => number(index),
            ("rindex", _) => number(length - index),
            ("rindex0", _) => number(length - index - 1),
            ("first", _) => Value::Bool(index == 0),
            ("last", _) => Value::Bool(index + 1 == length),
            ("length", _) => number(length),
            ("name", None) => Value::Text(Arc::clone(&self.name)),
            ("row", Some(columns)) => number(index / columns + 1),
            ("col", Some(columns)) => number(index % columns + 1),
            ("col0", Some(columns)) => number(index % columns),
            ("col_first", Some(columns)) => Value::Bool(index.is_multiple_of(columns)),
            ("col_last", Some(columns)) => Value::Bool((index + 1).is_multiple_of(columns)),
            _ => Value::Nil,
        }
    }
}

/// Negative places count from the end.
fn item(items: &[Value], at: i64) -> &Value {
    let at = if at < 0 { at.saturating_add(items.len() as i64) } else { at };
    usize::try_from(at).ok().and_then(|at| items.get(at)).unwrap_or(&NIL)
}

fn contains(left: &Value, right: &Value) -> bool {
    match left {
        Value::Text(text) | Value::Safe(text) => {
            let scalar =
                matches!(right, Value::Bool(_) | Value::Int(_) | Value::Float(_)) || right.as_str().is_some();
            scalar && text.contains(&*right.to_text())
        }
        Value::List(items) => items.iter().any(|item| item.same(right)),
        Value::Map(map) => right.as_str().is_some_and(|name| map.get(name).is_some()),
        Value::Range(from, to) => matches!(right, Value::Int(number) if (from..=to).contains(&number)),
        _ => false,
    }
}
