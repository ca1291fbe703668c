//! An expression with its names resolved: event names to numbers, properties to columns, segments to slots. What the
//! engine evaluates.

use super::{Aggregate, Comparison, Did, Expression, Filter, Quantity, Test};
use crate::at::Span;
use crate::history::History;
use crate::name::{NameId, Names};
use crate::programme::Channel;
use std::collections::BTreeSet;

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

/// One question about a profile. What rules are made of, and what is evaluated once for all rules that ask it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    Did(DidRule),
    Trait(Filter),
    ConsentedTo(String, Option<Channel>),
    ReachableBy(Channel),
    FirstSeen(Span),
    LastSeen(Span),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DidRule {
    pub(crate) event: NameId,
    pub(crate) checks: Vec<Check>,
    pub(crate) quantity: Measure,
    pub(crate) within: Option<Span>,
}

/// A property and what it must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Check {
    pub(crate) property: Property,
    pub(crate) test: Test,
}

/// Where a property of an event is found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Property {
    /// Kept beside the times.
    Column(u16),
    /// Only in what the event was: the slow way, for questions that no programme asks.
    Path(Vec<String>),
}

/// How often, or how much.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Measure {
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
    Aggregate { aggregate: Aggregate, property: Property, comparison: Comparison, millionths: i64 },
}

/// What can change a rule's truth besides time. The index of the engine is built from these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mentions {
    pub(crate) events: BTreeSet<NameId>,
    pub(crate) traits: BTreeSet<String>,
    pub(crate) segments: BTreeSet<u16>,
    /// Consents and suppressions.
    pub(crate) consent: bool,
    /// The time at which the profile was last seen.
    pub(crate) seen: bool,
}

/// What names are resolved by.
pub(crate) struct Scope<'a, S> {
    pub(crate) names: &'a mut Names,
    pub(crate) history: &'a History,
    pub(crate) slot_of: S,
}

impl Rule {
    /// Resolves an expression. Event names that are new get their number here.
    pub(crate) fn compile<S: Fn(&str) -> Option<u16>>(
        expression: &Expression,
        scope: &mut Scope<'_, S>,
    ) -> Self {
        let mut mentions = Mentions::default();
        let node = resolve(expression, scope, &mut mentions);
        Self { node, mentions }
    }
}

fn resolve<S: Fn(&str) -> Option<u16>>(
    expression: &Expression,
    scope: &mut Scope<'_, S>,
    mentions: &mut Mentions,
) -> Node {
    let condition = match expression {
        Expression::And(parts) => {
            return Node::And(parts.iter().map(|part| resolve(part, scope, mentions)).collect());
        }
        Expression::Or(parts) => {
            return Node::Or(parts.iter().map(|part| resolve(part, scope, mentions)).collect());
        }
        Expression::Not(inner) => return Node::Not(Box::new(resolve(inner, scope, mentions))),
        Expression::InSegment(name) => {
            let slot = (scope.slot_of)(name);
            mentions.segments.extend(slot);
            return Node::InSegment(slot);
        }
        Expression::Did(did) => Condition::Did(DidRule::compile(did, scope.names, scope.history)),
        Expression::Trait(filter) => Condition::Trait(filter.clone()),
        Expression::ConsentedTo { purpose, channel } => Condition::ConsentedTo(purpose.clone(), *channel),
        Expression::ReachableBy(channel) => Condition::ReachableBy(*channel),
        Expression::FirstSeen { within } => Condition::FirstSeen(*within),
        Expression::LastSeen { within } => Condition::LastSeen(*within),
    };
    condition.mention(mentions);
    Node::Condition(condition)
}

impl Condition {
    /// Adds what can change its truth besides time.
    pub(crate) fn mention(&self, mentions: &mut Mentions) {
        match self {
            Self::Did(rule) => {
                mentions.events.insert(rule.event);
            }
            Self::Trait(filter) => {
                mentions.traits.insert(filter.path[0].clone());
            }
            Self::ConsentedTo(..) => mentions.consent = true,
            Self::ReachableBy(_) => {
                mentions.consent = true;
                mentions.traits.extend(["email".to_owned(), "phone".to_owned()]);
            }
            Self::FirstSeen(_) | Self::LastSeen(_) => mentions.seen = true,
        }
    }
}

impl DidRule {
    pub(crate) fn compile(did: &Did, names: &mut Names, history: &History) -> Self {
        let event = names.number(&did.event);
        let property = |path: &[String]| match history.column(event, path) {
            Some(column) => Property::Column(column),
            None => Property::Path(path.to_vec()),
        };
        let check = |filter: &Filter| Check { property: property(&filter.path), test: filter.test.clone() };
        Self {
            event,
            checks: did.filters.iter().map(check).collect(),
            quantity: match &did.quantity {
                Quantity::AtLeast(count) => Measure::AtLeast(*count),
                Quantity::AtMost(count) => Measure::AtMost(*count),
                Quantity::Exactly(count) => Measure::Exactly(*count),
                Quantity::Aggregate { aggregate, path, comparison, millionths } => Measure::Aggregate {
                    aggregate: *aggregate,
                    property: property(path),
                    comparison: *comparison,
                    millionths: *millionths,
                },
            },
            within: did.within,
        }
    }
}

/// Keeps every property that an expression asks for beside the times of its event.
pub(crate) fn keep_properties(expression: &Expression, names: &mut Names, history: &mut History) {
    expression.walk(&mut |part| {
        let Expression::Did(did) = part else { return };
        let event = names.number(&did.event);
        for filter in &did.filters {
            history.keep(event, &filter.path);
        }
        if let Quantity::Aggregate { path, .. } = &did.quantity {
            history.keep(event, path);
        }
    });
}
