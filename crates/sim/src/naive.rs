//! The whole segment language, evaluated by reading it aloud: every event of a plain list is looked at again for every
//! question, and nothing is remembered. Slow and obvious, and sharing nothing with the engine but the tree's types, so
//! that tests can hold the engine to it.

mod day;
mod figure;
mod sequence;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use engine::at::At;
use engine::programme::Channel;
use engine::segment::{Comparison, Deed, Did, Expression, Quantity, Window};
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::cmp::Ordering;

pub use figure::{CutOffs, ScoreCutOffs};

/// Everything ever said of a person.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub events: Vec<Event>,
    /// An object.
    pub traits: Json,
    /// What is granted now, each purpose on each channel.
    pub granted: BTreeSet<(String, Channel)>,
    /// Where there is an address that is not suppressed.
    pub reachable: BTreeSet<Channel>,
    /// Whole seconds since 1970, as every time of an event.
    pub first_seen: i64,
    pub last_seen: i64,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub name: String,
    /// Whole seconds since 1970.
    pub second: i64,
    /// Its place in the log, which decides between events of one second.
    pub place: u64,
    /// An object.
    pub properties: Json,
}

/// What is the same for everybody.
#[derive(Clone, Debug)]
pub struct Moment {
    pub now: At,
    /// The programme's.
    pub timezone: TimeZone,
    /// Inside a run: the second and the place in the log at which it began.
    pub since_entry: Option<(i64, u64)>,
    pub segments: BTreeMap<String, Expression>,
    pub cut_offs: CutOffs,
}

impl Moment {
    pub fn new(now: At, timezone: TimeZone) -> Self {
        let (since_entry, segments, cut_offs) = (None, BTreeMap::new(), CutOffs::default());
        Self { now, timezone, since_entry, segments, cut_offs }
    }
}

/// Whether an expression is true of a person.
pub fn holds(expression: &Expression, person: &Person, moment: &Moment) -> bool {
    match expression {
        Expression::And(parts) => parts.iter().all(|part| holds(part, person, moment)),
        Expression::Or(parts) => parts.iter().any(|part| holds(part, person, moment)),
        Expression::Not(inner) => !holds(inner, person, moment),
        Expression::Did(did) => self::did(did, person, moment),
        Expression::Sequence(sequence) => sequence::holds(sequence, person, moment),
        Expression::Trait(filter) => value::passes(filter, &person.traits, moment),
        Expression::InSegment(name) => {
            moment.segments.get(name).is_some_and(|segment| holds(segment, person, moment))
        }
        Expression::ConsentedTo { purpose, channel } => person
            .granted
            .iter()
            .any(|(for_what, on)| for_what == purpose && channel.is_none_or(|channel| *on == channel)),
        Expression::ReachableBy(channel) => person.reachable.contains(channel),
        Expression::FirstSeen(window) => is_inside(Some(window), person.first_seen, None, moment),
        Expression::LastSeen(window) => is_inside(Some(window), person.last_seen, None, moment),
        Expression::Score(score) => figure::score_holds(score, person, moment),
        Expression::Rank(rank) => figure::rank_holds(rank, person, moment),
    }
}

fn did(did: &Did, person: &Person, moment: &Moment) -> bool {
    let events = those_of(&did.deed, did.window.as_ref(), person, moment);
    match &did.quantity {
        Quantity::AtLeast(count) => events.len() >= *count as usize,
        Quantity::AtMost(count) => events.len() <= *count as usize,
        Quantity::Exactly(count) => events.len() == *count as usize,
        Quantity::Aggregate { aggregate, path, comparison, millionths } => {
            let numbers = figure::numbers(&events, path);
            let ordering = figure::against(*aggregate, &numbers, i128::from(*millionths));
            ordering.is_some_and(|ordering| compares(*comparison, ordering))
        }
    }
}

/// The events of a deed that count.
fn those_of<'a>(deed: &Deed, window: Option<&Window>, person: &'a Person, moment: &Moment) -> Vec<&'a Event> {
    let counts = |event: &&Event| {
        event.name == deed.event
            && deed.filters.iter().all(|filter| value::passes(filter, &event.properties, moment))
            && event.second * 1_000 <= moment.now.0
            && is_inside(window, event.second, Some(event.place), moment)
    };
    person.events.iter().filter(counts).collect()
}

/// Whether a second is in a window. What has no place in the log is after the entry only in a later second.
fn is_inside(window: Option<&Window>, second: i64, place: Option<u64>, moment: &Moment) -> bool {
    let at = second * 1_000;
    let begins = |date| day::begins(date, &moment.timezone).0;
    match window {
        None => true,
        Some(Window::Within(span)) => moment.now.0 - span.0 < at && at <= moment.now.0,
        Some(Window::Since(date)) => at >= begins(*date),
        Some(Window::Before(date)) => at < begins(*date),
        Some(Window::Between(from, to)) => begins(*from) <= at && at < begins(*to),
        Some(Window::SinceEntry) => {
            let (entry, entry_place) = moment.since_entry.expect("`since entry` is asked inside a run alone");
            second > entry || (second == entry && place.is_some_and(|place| place > entry_place))
        }
    }
}

fn compares(comparison: Comparison, ordering: Ordering) -> bool {
    match comparison {
        Comparison::Equal => ordering == Ordering::Equal,
        Comparison::NotEqual => ordering != Ordering::Equal,
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessOrEqual => ordering != Ordering::Greater,
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterOrEqual => ordering != Ordering::Less,
    }
}
