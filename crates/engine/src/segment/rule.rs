//! An expression with its names resolved: event names to numbers, properties to columns, segments to slots, dates to
//! instants. What the engine evaluates.

use super::cutoff::{Cutoffs, STEPS, Share};
use super::date::Date;
use super::day::Trial;
use super::{Aggregate, Comparison, Deed, Did, Expression, Filter, Quantity, Sequence, Then, Window};
use crate::at::{At, Span};
use crate::governor::address_kind;
use crate::history::History;
use crate::name::{NameId, Names};
use crate::offer::OfferPhase;
use crate::programme::{Channel, Purchase};
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};

/// A compiled predicate and what it mentions.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) node: Node,
    pub(crate) mentions: Mentions,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Condition(Condition),
    /// `None` where no such segment exists: false for everybody.
    InSegment(Option<u16>),
}

impl Node {
    /// True of nobody.
    pub(super) const NEVER: Self = Self::Or(Vec::new());
}

/// One question about a profile. What rules are made of, and what is evaluated once for all rules that ask it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Did(DidRule),
    Sequence(SequenceRule),
    Trait {
        path: Vec<String>,
        trial: Trial,
    },
    /// Of the event that began the run.
    Event {
        path: Vec<String>,
        trial: Trial,
    },
    ConsentedTo(String, Option<Channel>),
    ReachableBy(Channel),
    Offer(String, OfferPhase),
    FirstSeen(Bounds),
    LastSeen(Bounds),
}

/// An event, and what must be true of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeedRule {
    pub(crate) event: NameId,
    pub(crate) checks: Vec<Check>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DidRule {
    pub(crate) deed: DeedRule,
    pub(crate) quantity: Measure,
    pub(crate) bounds: Bounds,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SequenceRule {
    pub(crate) first: DeedRule,
    /// Of the first event.
    pub(crate) bounds: Bounds,
    pub(crate) then: Vec<ThenRule>,
    pub(crate) then_not: Option<ThenRule>,
}

/// What follows, and how long after what it follows at most.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ThenRule {
    pub(crate) deed: DeedRule,
    pub(crate) within: Option<Span>,
}

/// When an event counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds {
    /// The window (now − span, now].
    pub(crate) within: Option<Span>,
    /// At this second or after it.
    pub(crate) from: u32,
    /// Before this second.
    pub(crate) before: u32,
    /// After the run began.
    pub(crate) since_entry: bool,
    /// Also what was done before a rule inside a journey begins to look.
    pub(crate) whole_life: bool,
}

/// A property and what it must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    pub(crate) property: Property,
    pub(crate) trial: Trial,
}

/// Where a property of an event is found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Property {
    /// Kept beside the times.
    Column(u16),
    /// Nobody ever did such a thing.
    Nowhere,
}

/// How often, or how much.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Measure {
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
    Aggregate { aggregate: Aggregate, property: Property, comparison: Comparison, millionths: i128 },
}

/// What can change a rule's truth besides time. The index of the engine is built from these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mentions {
    pub(crate) events: BTreeSet<NameId>,
    pub(crate) traits: BTreeSet<String>,
    pub(crate) segments: BTreeSet<u16>,
    /// Consents and suppressions.
    pub(crate) consent: bool,
    /// The times at which the profile was first and last seen.
    pub(crate) seen: bool,
    /// Cut-offs that are stated.
    pub(crate) cutoffs: bool,
    /// What the person was given, and became of it.
    pub(crate) offers: bool,
}

impl Mentions {
    /// Takes in what another rule mentions.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.events.extend(&other.events);
        self.traits.extend(other.traits.iter().cloned());
        self.segments.extend(&other.segments);
        self.consent |= other.consent;
        self.seen |= other.seen;
        self.cutoffs |= other.cutoffs;
        self.offers |= other.offers;
    }
}

/// What names and dates are resolved by.
pub(crate) struct Scope<'a, S> {
    pub(crate) names: &'a mut Names,
    pub(crate) history: &'a History,
    pub(crate) timezone: &'a TimeZone,
    pub(crate) cutoffs: &'a Cutoffs,
    pub(crate) purchase: &'a Purchase,
    /// Gets each share that is asked for, by its text.
    pub(crate) wanted: &'a mut BTreeMap<String, Share>,
    pub(crate) slot_of: S,
}

impl Rule {
    /// Resolves an expression. Event names that are new get their number here.
    pub(crate) fn compile<S: Fn(&str) -> Option<u16>>(
        expression: &Expression,
        scope: &mut Scope<'_, S>,
    ) -> Self {
        let mut mentions = Mentions::default();
        let node = scope.node(expression, &mut mentions);
        Self { node, mentions }
    }
}

impl<S: Fn(&str) -> Option<u16>> Scope<'_, S> {
    fn node(&mut self, expression: &Expression, mentions: &mut Mentions) -> Node {
        match expression {
            Expression::And(parts) => Node::And(parts.iter().map(|part| self.node(part, mentions)).collect()),
            Expression::Or(parts) => Node::Or(parts.iter().map(|part| self.node(part, mentions)).collect()),
            Expression::Not(inner) => Node::Not(Box::new(self.node(inner, mentions))),
            Expression::InSegment(name) => {
                let slot = (self.slot_of)(name);
                mentions.segments.extend(slot);
                Node::InSegment(slot)
            }
            Expression::Score(score) => self.score(score, mentions),
            Expression::Rank(rank) => self.rank(rank, mentions),
            condition => {
                let condition = self.condition(condition);
                condition.mention(mentions);
                Node::Condition(condition)
            }
        }
    }

    fn condition(&mut self, expression: &Expression) -> Condition {
        match expression {
            Expression::Did(did) => Condition::Did(self.did(did)),
            Expression::Sequence(sequence) => Condition::Sequence(self.sequence(sequence)),
            Expression::Trait(Filter { path, test }) => {
                Condition::Trait { path: path.clone(), trial: Trial::new(test, self.timezone) }
            }
            Expression::Event(Filter { path, test }) => {
                Condition::Event { path: path.clone(), trial: Trial::new(test, self.timezone) }
            }
            Expression::ConsentedTo { purpose, channel } => Condition::ConsentedTo(purpose.clone(), *channel),
            Expression::ReachableBy(channel) => Condition::ReachableBy(*channel),
            Expression::Offer { name, phase } => Condition::Offer(name.clone(), *phase),
            Expression::FirstSeen(window) => Condition::FirstSeen(self.bounds(Some(window))),
            Expression::LastSeen(window) => Condition::LastSeen(self.bounds(Some(window))),
            Expression::And(_)
            | Expression::Or(_)
            | Expression::Not(_)
            | Expression::InSegment(_)
            | Expression::Score(_)
            | Expression::Rank(_) => unreachable!("invariant: these are no conditions"),
        }
    }

    pub(crate) fn did(&mut self, did: &Did) -> DidRule {
        let deed = self.deed(&did.deed);
        let quantity = match &did.quantity {
            Quantity::AtLeast(count) => Measure::AtLeast(*count),
            Quantity::AtMost(count) => Measure::AtMost(*count),
            Quantity::Exactly(count) => Measure::Exactly(*count),
            Quantity::Aggregate { aggregate, path, comparison, millionths } => Measure::Aggregate {
                aggregate: *aggregate,
                property: self.property(deed.event, path),
                comparison: *comparison,
                millionths: i128::from(*millionths),
            },
        };
        DidRule { deed, quantity, bounds: self.bounds(did.window.as_ref()) }
    }

    fn sequence(&mut self, sequence: &Sequence) -> SequenceRule {
        SequenceRule {
            first: self.deed(&sequence.first),
            bounds: self.bounds(sequence.window.as_ref()),
            then: sequence.then.iter().map(|then| self.then(then)).collect(),
            then_not: sequence.then_not.as_ref().map(|then| self.then(then)),
        }
    }

    fn then(&mut self, then: &Then) -> ThenRule {
        ThenRule { deed: self.deed(&then.deed), within: then.within }
    }

    pub(crate) fn deed(&mut self, deed: &Deed) -> DeedRule {
        let event = self.names.number(&deed.event);
        let check = |filter: &Filter| Check {
            property: self.property(event, &filter.path),
            trial: Trial::new(&filter.test, self.timezone),
        };
        DeedRule { event, checks: deed.filters.iter().map(check).collect() }
    }

    pub(super) fn property(&self, event: NameId, path: &[String]) -> Property {
        match self.history.column(event, path) {
            Some(column) => Property::Column(column),
            None => {
                assert!(!self.history.has_events(event), "invariant: what is asked for is kept before");
                Property::Nowhere
            }
        }
    }

    pub(super) fn bounds(&self, window: Option<&Window>) -> Bounds {
        let mut bounds = Bounds::EVER;
        // The first second that is not before an instant.
        let second = |date: &Date| crate::timer::second_of(date.begin(self.timezone));
        match window {
            None => {}
            Some(Window::Within(span)) => bounds.within = Some(*span),
            Some(Window::Since(date)) => bounds.from = second(date),
            Some(Window::Before(date)) => bounds.before = second(date),
            Some(Window::Between(from, before)) => {
                (bounds.from, bounds.before) = (second(from), second(before));
            }
            Some(Window::SinceEntry) => bounds.since_entry = true,
        }
        bounds
    }
}

impl Bounds {
    pub(crate) const EVER: Self =
        Self { within: None, from: 0, before: u32::MAX, since_entry: false, whole_life: false };

    /// The last second that is too early at an instant.
    pub(crate) fn start(&self, now: At) -> u32 {
        let within = self.within.map_or(0, |span| now.minus(span).second());
        within.max(self.from.saturating_sub(1))
    }

    /// When what happened in a second leaves the window.
    pub(crate) fn expiry(&self, second: u32) -> At {
        self.within.map_or(At::MAX, |span| At::of_second(second).plus(span))
    }
}

impl DeedRule {
    /// Whether what passes depends on what day it is.
    pub(super) fn is_relative(&self) -> bool {
        self.checks.iter().any(|check| check.trial.is_relative())
    }
}

impl Condition {
    /// Whether the clock changes it for whoever did nothing.
    pub(crate) fn goes_by_the_clock(&self) -> bool {
        match self {
            Self::Trait { trial, .. } | Self::Event { trial, .. } => trial.is_relative(),
            Self::FirstSeen(_) | Self::LastSeen(_) => true,
            Self::Offer(_, phase) => *phase == OfferPhase::Open,
            Self::Did(_) | Self::Sequence(_) | Self::ConsentedTo(..) | Self::ReachableBy(_) => false,
        }
    }

    /// Adds what can change its truth besides time.
    pub(crate) fn mention(&self, mentions: &mut Mentions) {
        match self {
            Self::Did(rule) => {
                mentions.events.insert(rule.deed.event);
            }
            Self::Sequence(rule) => {
                let follow = rule.then.iter().chain(&rule.then_not).map(|then| then.deed.event);
                mentions.events.extend(follow.chain([rule.first.event]));
            }
            Self::Trait { path, .. } => {
                mentions.traits.insert(path[0].clone());
            }
            Self::ConsentedTo(..) => mentions.consent = true,
            Self::ReachableBy(channel) => {
                mentions.consent = true;
                mentions.traits.extend(address_kind(*channel).map(|kind| kind.name().to_owned()));
            }
            Self::Offer(..) => mentions.offers = true,
            // A run's event never changes.
            Self::Event { .. } => {}
            Self::FirstSeen(_) | Self::LastSeen(_) => mentions.seen = true,
        }
    }
}

/// Visits every property that an expression asks of an event: the event's name, and the path.
pub(crate) fn each_property(
    expression: &Expression,
    purchase: &Purchase,
    visit: &mut impl FnMut(&str, &[String]),
) {
    let mut of_deed = |deed: &Deed, path: Option<&Vec<String>>| {
        for path in deed.filters.iter().map(|filter| &filter.path).chain(path) {
            visit(&deed.event, path);
        }
    };
    expression.walk(&mut |part| match part {
        Expression::Did(did) => match &did.quantity {
            Quantity::Aggregate { path, .. } => of_deed(&did.deed, Some(path)),
            _ => of_deed(&did.deed, None),
        },
        Expression::Sequence(sequence) => {
            of_deed(&sequence.first, None);
            for then in sequence.then.iter().chain(&sequence.then_not) {
                of_deed(&then.deed, None);
            }
        }
        Expression::Rank(rank) => of_deed(&rank.by.deed, rank.by.aggregate.as_ref().map(|(_, path)| path)),
        Expression::Score(score) => {
            let scale = Share::of_step(score.of, STEPS[0], purchase).by;
            of_deed(scale.deed(), scale.path());
        }
        _ => {}
    });
}
