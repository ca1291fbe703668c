//! The whole segment language, evaluated by reading it aloud: every event of a plain list is looked at again for every
//! question, and nothing is remembered. Slow and obvious, and sharing nothing with the engine but the tree's types, so
//! that tests can hold the engine to it.

mod cluster;
mod day;
mod figure;
mod sequence;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use engine::at::At;
use engine::offer::OfferPhase;
use engine::programme::Channel;
use engine::segment::{Comparison, Deed, Did, Expression, Quantity, Window};
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::cmp::Ordering;

pub use cluster::cluster_of;
pub use figure::{CutOffs, ScoreCutOffs, cut_off, score_cut_offs};

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
    /// What is true now of each offer.
    pub offers: BTreeSet<(String, OfferPhase)>,
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
    /// Inside a run: what was done up to this second and place is not asked for, unless people are ranked by it.
    pub since: Option<(i64, u64)>,
    /// Inside a run: what the event that began it said. An object.
    pub event: Json,
    pub segments: BTreeMap<String, Expression>,
    pub cut_offs: CutOffs,
    /// Those of the segments, where others hold for what is asked.
    pub cut_offs_of_segments: Option<CutOffs>,
}

impl Moment {
    pub fn new(now: At, timezone: TimeZone) -> Self {
        Self {
            now,
            timezone,
            since_entry: None,
            since: None,
            event: Json::Null,
            segments: BTreeMap::new(),
            cut_offs: CutOffs::default(),
            cut_offs_of_segments: None,
        }
    }

    /// The moment of a segment that is asked for.
    fn inside(&self) -> Self {
        let mut moment = self.clone();
        moment.cut_offs = moment.cut_offs_of_segments.take().unwrap_or(moment.cut_offs);
        moment
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
        Expression::Event(filter) => value::passes(filter, &moment.event, moment),
        Expression::InSegment(name) => {
            moment.segments.get(name).is_some_and(|segment| match &moment.cut_offs_of_segments {
                Some(_) => holds(segment, person, &moment.inside()),
                None => holds(segment, person, moment),
            })
        }
        Expression::ConsentedTo { purpose, channel } => person
            .granted
            .iter()
            .any(|(for_what, on)| for_what == purpose && channel.is_none_or(|channel| *on == channel)),
        Expression::ReachableBy(channel) => person.reachable.contains(channel),
        Expression::Offer { name, phase } => person.offers.contains(&(name.clone(), *phase)),
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

/// The events of a deed that count where a rule asks.
fn those_of<'a>(deed: &Deed, window: Option<&Window>, person: &'a Person, moment: &Moment) -> Vec<&'a Event> {
    let is_later = |event: &&Event| moment.since.is_none_or(|since| (event.second, event.place) > since);
    all_of(deed, window, person, moment).into_iter().filter(is_later).collect()
}

/// The events of a deed that count, of a whole life.
fn all_of<'a>(deed: &Deed, window: Option<&Window>, person: &'a Person, moment: &Moment) -> Vec<&'a Event> {
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
