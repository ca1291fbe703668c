//! Bringing a property in from the log, beside the times of the events that have it, when a rule or a question asks for
//! one that was not kept.
//!
//! Owned by whoever has the log. From the first step on the engine keeps the property of each new event; of the
//! older ones the log is read once, in order, and then the columns are filled a little at a time, so that nobody waits
//! for long. Nothing that a record decides depends on it: what is kept is a cache of the log.

use crate::at::At;
use crate::engine::{Engine, send_properties};
use crate::happening::{About, Happening};
use crate::history::{BLOCK, Entries};
use crate::name::NameId;
use crate::outbox::Send;
use crate::programme::Purchase;
use crate::record::Record;
use crate::segment::Expression;
use crate::segment::rule::each_property;
use crate::value::OwnedMap;
use crate::{SendId, Seq};
use std::collections::VecDeque;

/// Profiles whose events of one name are filled in one step: a few milliseconds' work.
const PROFILES_IN_STEP: usize = 1_024;

/// A property of an event that rules may ask for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Property {
    pub event: String,
    pub path: Vec<String>,
}

impl std::fmt::Display for Property {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` of \"{}\"", self.path.join("."), self.event)
    }
}

/// Properties on their way from the log.
pub struct Backfill {
    columns: Vec<Asked>,
    /// Records are read up to this place.
    to: Seq,
    /// What is still to be filled; made when reading is over.
    steps: Option<VecDeque<Step>>,
}

struct Asked {
    property: Property,
    kept: (NameId, u16),
    entries: Entries,
}

/// Some profiles of a block, in a column of [`Backfill::columns`].
struct Step {
    column: usize,
    block: usize,
    locals: std::ops::Range<usize>,
}

impl Engine {
    /// What an expression asks of events and the engine does not keep.
    pub(crate) fn unkept(&self, expression: &Expression, purchase: &Purchase) -> Vec<Property> {
        let mut unkept = Vec::new();
        each_property(expression, purchase, &mut |event, path| {
            let known = self.state.names.find(event).filter(|name| self.state.history.has_events(*name));
            if known.is_some_and(|name| self.state.history.column(name, path).is_none()) {
                unkept.push(Property { event: event.to_owned(), path: path.to_vec() });
            }
        });
        unkept.sort();
        unkept.dedup();
        unkept
    }

    /// Keeps properties from here on, and says what must be read for the past.
    pub fn begin_backfill(&mut self, properties: Vec<Property>) -> Backfill {
        let (mut columns, mut to) = (Vec::new(), Seq(0));
        for property in properties {
            let name = self.state.names.number(&property.event);
            let (column, since) = self.state.history.keep(name, &property.path, self.state.seq);
            to = to.max(since);
            let entries = Entries::new(&property.path);
            columns.push(Asked { property, kept: (name, column), entries });
        }
        Backfill { columns, to, steps: None }
    }

    /// Takes a step of filling; whether there was one left. All that the backfill asks for has been read.
    pub fn step_backfill(&mut self, backfill: &mut Backfill) -> bool {
        let history = &mut self.state.history;
        let Backfill { columns, steps, .. } = backfill;
        let steps = steps.get_or_insert_with(|| {
            // Events that were moved before this are found where they are now.
            history.take_moved();
            columns.iter_mut().for_each(|asked| asked.entries.close());
            let asked = columns.iter().enumerate();
            asked.flat_map(|(column, asked)| steps_of(column, history.blocks(asked.kept.0))).collect()
        });
        if let Some(Step { column, block, locals }) = steps.pop_front() {
            let Asked { kept, entries, .. } = &mut columns[column];
            history.fill(*kept, (block, locals), entries);
            return true;
        }
        let moved = history.take_moved();
        for Asked { kept, entries, .. } in columns {
            for profile in &moved {
                history.fill_profile(*kept, *profile, entries);
            }
            history.complete(kept.0, kept.1);
        }
        false
    }

    /// Properties of an event that Trama notes about a send.
    pub fn properties_of(&self, send: SendId, url: &str) -> Option<OwnedMap> {
        self.state.send(send).map(|send: Send| send_properties(&send, url))
    }
}

fn steps_of(column: usize, blocks: usize) -> impl Iterator<Item = Step> {
    let locals = (0..BLOCK).step_by(PROFILES_IN_STEP).map(|from| from..from + PROFILES_IN_STEP);
    let all = (0..blocks).flat_map(move |block| locals.clone().map(move |locals| (block, locals)));
    all.map(move |(block, locals)| Step { column, block, locals })
}

impl Backfill {
    /// Everything up to this place is to be read, from the first record on.
    pub fn to(&self) -> Seq {
        self.to
    }

    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        self.columns.iter().map(|asked| &asked.property)
    }

    /// Takes a record at its place and instant. `properties_of` answers as [`Engine::properties_of`] does.
    pub fn read(
        &mut self,
        seq: Seq,
        at: At,
        record: &Record<'_>,
        properties_of: impl FnOnce(SendId, &str) -> Option<OwnedMap>,
    ) {
        let Some(Happening { name, about, .. }) = record.happening(at) else { return };
        let mut asked = self.columns.iter_mut().filter(|asked| asked.property.event == name).peekable();
        if asked.peek().is_none() {
            return;
        }
        let of_send;
        let properties = match about {
            About::Properties(properties) => properties,
            About::Send { send, url } => {
                of_send = properties_of(send, url).unwrap_or_default();
                of_send.as_map()
            }
        };
        for Asked { entries, .. } in asked {
            entries.add(seq, properties);
        }
    }
}

impl Engine {
    /// Brings properties in from a log that is in memory, whole: the bytes of its records, each with its instant.
    pub fn fill<'a>(&mut self, properties: Vec<Property>, log: impl Iterator<Item = (At, &'a [u8])>) {
        let mut backfill = self.begin_backfill(properties);
        for (number, (at, bytes)) in log.enumerate() {
            let record = Record::decode(bytes).expect("invariant: what was applied can be decoded");
            let seq = Seq(number as u64 + 1);
            backfill.read(seq, at, &record, |send, url| self.properties_of(send, url));
        }
        while self.step_backfill(&mut backfill) {}
    }
}
