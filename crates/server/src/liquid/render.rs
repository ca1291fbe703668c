//! Walks the tree of a template and writes its output. Reads nothing but its context: no clock, no files.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::{Error, Limit, Place};
use super::escape::{Escape, push_html, unescape_html};
use super::limits::{BYTES_PER_STEP, OUTPUT_BYTES_MAX};
use super::scope::{Items, Loop, Scope};
use super::template::{CaseArm, Cycle, Expr, For, Node, Offset};
use super::value::{Map, Value};

/// Everything a rendering depends on besides its template.
pub struct Context<'a> {
    pub values: &'a Map,
    pub escape: Escape,
    /// What `'now'` means to the filter `date`.
    pub now: Timestamp,
    /// In which instants are shown.
    pub time_zone: &'a TimeZone,
    /// In which dates and money are written: `it`, or anything else for English.
    pub language: &'a str,
    /// Who decides where the links of the document lead; without one they stay as written.
    pub links: Option<&'a dyn Links>,
}

/// Replaces the targets of links.
pub trait Links {
    /// The address to write instead of `url`, the link number `index` of the document. Neither is escaped.
    fn target(&self, index: u32, url: &str) -> String;
}

/// Whether the next node of a body is to be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

pub(super) fn render(nodes: &[Node], context: &Context<'_>, bytes_hint: usize) -> Result<String, Error> {
    let mut renderer = Renderer { scope: Scope::new(context), cycles: Vec::new(), loop_ends: Vec::new() };
    let mut out = String::with_capacity(bytes_hint.min(OUTPUT_BYTES_MAX));
    renderer.nodes(nodes, &mut out, Place::START)?;
    Ok(out)
}

struct Renderer<'r> {
    scope: Scope<'r>,
    /// How often each cycle was taken.
    cycles: Vec<(String, usize)>,
    /// Where loops ended, by name, for `offset: continue`.
    loop_ends: Vec<(Arc<str>, usize)>,
}

impl Renderer<'_> {
    /// `place` is that of the block around the nodes, for limits reached by plain text.
    fn nodes(&mut self, nodes: &[Node], out: &mut String, place: Place) -> Result<Flow, Error> {
        for node in nodes {
            self.scope.meter.steps(1).map_err(|limit| Error::limit(place, limit))?;
            let flow = self.node(node, out, place)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, out: &mut String, around: Place) -> Result<Flow, Error> {
        match node {
            Node::Text(text) => self.write(out, text, around)?,
            Node::Output { value, place } => {
                let value = self.scope.pipeline(value)?;
                self.show(out, &value, *place)?;
            }
            Node::Assign { name, value, place } => {
                let value = self.scope.pipeline(value)?.into_owned();
                self.scope.assign(name, value).map_err(|limit| Error::limit(*place, limit))?;
            }
            Node::Capture { name, body, place } => {
                let mut captured = String::new();
                let flow = self.nodes(body, &mut captured, *place)?;
                let value = match self.scope.context.escape {
                    Escape::Plain => Value::text(captured),
                    Escape::Html | Escape::Url => Value::Safe(captured.into()),
                };
                self.scope.assign(name, value).map_err(|limit| Error::limit(*place, limit))?;
                return Ok(flow);
            }
            Node::If { arms, otherwise, place } => {
                for arm in arms {
                    let truth =
                        self.scope.holds(&arm.condition).map_err(|limit| Error::limit(*place, limit))?;
                    if truth != arm.negated {
                        return self.nodes(&arm.body, out, *place);
                    }
                }
                return self.nodes(otherwise, out, *place);
            }
            Node::Case { subject, arms, place } => return self.case(subject, arms, out, *place),
            Node::For(repeat) => return self.repeat(repeat, out),
            Node::Cycle(cycle) => self.cycle(cycle, out)?,
            Node::Increment(name) => {
                let count = self.counter(name);
                let shown = *count;
                *count = count.saturating_add(1);
                Value::Int(shown).push_text(out);
            }
            Node::Decrement(name) => {
                let count = self.counter(name);
                *count = count.saturating_sub(1);
                let shown = *count;
                Value::Int(shown).push_text(out);
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
            Node::Link { index, body, place } => {
                let mut written = String::new();
                let flow = self.nodes(body, &mut written, *place)?;
                self.link(*index, &written, out, *place)?;
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn write(&self, out: &mut String, text: &str, place: Place) -> Result<(), Error> {
        let before = out.len();
        out.push_str(text);
        self.written(out, before, place)
    }

    /// A list may share one long text many times, so it is weighed before it is written.
    fn show(&self, out: &mut String, value: &Value, place: Place) -> Result<(), Error> {
        self.scope.meter.bytes(value.weight()).map_err(|limit| Error::limit(place, limit))?;
        show(out, value, self.scope.context.escape);
        self.written(out, out.len(), place)
    }

    /// Charges for what was written since `before`.
    fn written(&self, out: &str, before: usize, place: Place) -> Result<(), Error> {
        if out.len() > OUTPUT_BYTES_MAX {
            return Err(Error::limit(place, Limit::Bytes(OUTPUT_BYTES_MAX)));
        }
        self.scope.meter.bytes(out.len() - before).map_err(|limit| Error::limit(place, limit))
    }

    /// An address inside an attribute is HTML like everything around it, so it is read as HTML first.
    fn link(&self, index: u32, written: &str, out: &mut String, place: Place) -> Result<(), Error> {
        let Some(links) = self.scope.context.links else { return self.write(out, written, place) };
        let mut target = String::new();
        push_html(&mut target, &links.target(index, &unescape_html(written)));
        self.write(out, &target, place)
    }

    /// Every matching `when` is rendered, as in Liquid, though few know.
    fn case(
        &mut self,
        subject: &Expr,
        arms: &[CaseArm],
        out: &mut String,
        place: Place,
    ) -> Result<Flow, Error> {
        let subject = self.scope.value(subject).into_owned();
        let mut matched = false;
        for arm in arms {
            let taken = match &arm.when {
                Some(values) => values.iter().any(|value| self.scope.value(value).same(&subject)),
                None => !matched,
            };
            matched |= taken;
            if taken {
                let flow = self.nodes(&arm.body, out, place)?;
                if flow != Flow::On {
                    return Ok(flow);
                }
            }
        }
        Ok(Flow::On)
    }

    fn repeat(&mut self, repeat: &For, out: &mut String) -> Result<Flow, Error> {
        let items = Items::of(&self.scope.value(&repeat.over));
        let from = self.offset(repeat).min(items.len());
        let mut length = items.len() - from;
        if let Some(limit) = &repeat.limit {
            length = length.min(usize::try_from(self.scope.whole(limit)).unwrap_or(0));
        }
        self.remember_end(&repeat.name, from + length);
        if length == 0 && repeat.table.is_none() {
            return self.nodes(&repeat.otherwise, out, repeat.place);
        }
        let columns = repeat.table.as_ref().map(|table| match &table.columns {
            Some(columns) => usize::try_from(self.scope.whole(columns)).unwrap_or(0).max(1),
            None => length.max(1),
        });
        self.scope.loops.push(Loop {
            item_name: Arc::clone(&repeat.item),
            item: Value::Nil,
            name: Arc::clone(&repeat.name),
            index: 0,
            length,
            columns,
        });
        let done = self.rounds(repeat, &items, from, out);
        self.scope.loops.pop();
        done
    }

    fn rounds(&mut self, repeat: &For, items: &Items, from: usize, out: &mut String) -> Result<Flow, Error> {
        let running = self.scope.loops.last().expect("rounds belong to a loop");
        let (length, columns) = (running.length, running.columns);
        if columns.is_some() {
            self.write(out, "<tr class=\"row1\">\n", repeat.place)?;
        }
        for index in 0..length {
            let at = if repeat.reversed { from + length - 1 - index } else { from + index };
            self.begin_round(index, items.get(at), repeat.place)?;
            if let Some(columns) = columns {
                self.write(out, &format!("<td class=\"col{}\">", index % columns + 1), repeat.place)?;
            }
            let flow = self.nodes(&repeat.body, out, repeat.place)?;
            if let Some(columns) = columns {
                self.end_cell(index, length, columns, out, repeat.place)?;
            }
            if flow == Flow::Break {
                break;
            }
        }
        if columns.is_some() {
            self.write(out, "</tr>\n", repeat.place)?;
        }
        Ok(Flow::On)
    }

    fn end_cell(
        &self,
        index: usize,
        length: usize,
        columns: usize,
        out: &mut String,
        place: Place,
    ) -> Result<(), Error> {
        self.write(out, "</td>", place)?;
        if (index + 1).is_multiple_of(columns) && index + 1 < length {
            self.write(out, &format!("</tr>\n<tr class=\"row{}\">", (index + 1) / columns + 1), place)?;
        }
        Ok(())
    }

    /// Each round costs a step, or an empty body would be free.
    fn begin_round(&mut self, index: usize, item: Value, place: Place) -> Result<(), Error> {
        self.scope.meter.steps(1).map_err(|limit| Error::limit(place, limit))?;
        let running = self.scope.loops.last_mut().expect("a round belongs to a loop");
        running.index = index;
        running.item = item;
        Ok(())
    }

    fn offset(&self, repeat: &For) -> usize {
        match &repeat.offset {
            None => 0,
            Some(Offset::At(expr)) => usize::try_from(self.scope.whole(expr)).unwrap_or(0),
            Some(Offset::Continue) => {
                self.loop_ends.iter().find(|(name, _)| *name == repeat.name).map_or(0, |(_, end)| *end)
            }
        }
    }

    fn remember_end(&mut self, name: &Arc<str>, end: usize) {
        match self.loop_ends.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => entry.1 = end,
            None => self.loop_ends.push((Arc::clone(name), end)),
        }
    }

    fn cycle(&mut self, cycle: &Cycle, out: &mut String) -> Result<(), Error> {
        let group = match &cycle.group {
            Some(group) => self.scope.value(group).to_text().into_owned(),
            None => cycle.written.to_string(),
        };
        let cost = self.cycles.len() + group.len() / BYTES_PER_STEP;
        self.scope.meter.steps(cost).map_err(|limit| Error::limit(cycle.place, limit))?;
        let known = self.cycles.iter().position(|(known, _)| *known == group);
        let known = known.unwrap_or_else(|| {
            self.cycles.push((group, 0));
            self.cycles.len() - 1
        });
        let turn = self.cycles[known].1 % cycle.values.len();
        self.cycles[known].1 = turn + 1;
        self.show(out, &self.scope.value(&cycle.values[turn]), cycle.place)
    }

    fn counter(&mut self, name: &Arc<str>) -> &mut i64 {
        let counters = &mut self.scope.counters;
        let known = counters.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            counters.push((Arc::clone(name), 0));
            counters.len() - 1
        });
        &mut counters[known].1
    }
}

fn show(out: &mut String, value: &Value, escape: Escape) {
    match value {
        Value::Safe(text) => out.push_str(text),
        Value::Text(text) => escape.push(out, text),
        // A list may hold safe and plain texts, and each is written by its own rule.
        Value::List(items) => items.iter().for_each(|item| show(out, item, escape)),
        Value::Map(_) => escape.push(out, &value.to_text()),
        _ => value.push_text(out),
    }
}
