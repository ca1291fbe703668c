//! An expression with its names resolved: event names to numbers, segments to slots. What the engine evaluates.

use super::{Did, Expression, Filter, Quantity, Window};
use crate::at::Span;
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
    Did(DidRule),
    Trait(Filter),
    /// `None` where no such segment exists: false for everybody.
    InSegment(Option<u16>),
    ConsentedTo(String, Option<Channel>),
    ReachableBy(Channel),
    FirstSeen(Span),
    LastSeen(Span),
}

#[derive(Clone, Debug)]
pub(crate) struct DidRule {
    pub(crate) event: NameId,
    pub(crate) filters: Vec<Filter>,
    pub(crate) quantity: Quantity,
    pub(crate) within: Option<Span>,
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

impl Rule {
    /// Resolves an expression. Event names that are new get their number here; segments are looked up by `slot_of`.
    pub(crate) fn compile(
        expression: &Expression,
        names: &mut Names,
        slot_of: &impl Fn(&str) -> Option<u16>,
    ) -> Self {
        let mut mentions = Mentions::default();
        let node = resolve(expression, names, slot_of, &mut mentions);
        Self { node, mentions }
    }
}

fn resolve(
    expression: &Expression,
    names: &mut Names,
    slot_of: &impl Fn(&str) -> Option<u16>,
    mentions: &mut Mentions,
) -> Node {
    let mut all = |parts: &[Expression], mentions: &mut Mentions| -> Vec<Node> {
        parts.iter().map(|part| resolve(part, names, slot_of, mentions)).collect()
    };
    match expression {
        Expression::And(parts) => Node::And(all(parts, mentions)),
        Expression::Or(parts) => Node::Or(all(parts, mentions)),
        Expression::Not(inner) => Node::Not(Box::new(resolve(inner, names, slot_of, mentions))),
        Expression::Did(did) => {
            let rule = DidRule::compile(did, names);
            mentions.events.insert(rule.event);
            Node::Did(rule)
        }
        Expression::Trait(filter) => {
            mentions.traits.insert(filter.path[0].clone());
            Node::Trait(filter.clone())
        }
        Expression::InSegment(name) => {
            let slot = slot_of(name);
            mentions.segments.extend(slot);
            Node::InSegment(slot)
        }
        Expression::ConsentedTo { purpose, channel } => {
            mentions.consent = true;
            Node::ConsentedTo(purpose.clone(), *channel)
        }
        Expression::ReachableBy(channel) => {
            mentions.consent = true;
            mentions.traits.extend(["email".to_owned(), "phone".to_owned()]);
            Node::ReachableBy(*channel)
        }
        Expression::FirstSeen(window) => {
            mentions.seen = true;
            Node::FirstSeen(within(window))
        }
        Expression::LastSeen(window) => {
            mentions.seen = true;
            Node::LastSeen(within(window))
        }
        Expression::Sequence(_) | Expression::Score(_) | Expression::Rank(_) => unreachable!("{REFUSED}"),
    }
}

impl DidRule {
    pub(crate) fn compile(did: &Did, names: &mut Names) -> Self {
        Self {
            event: names.intern(&did.deed.event),
            filters: did.deed.filters.clone(),
            quantity: did.quantity.clone(),
            within: did.window.as_ref().map(within),
        }
    }
}

fn within(window: &Window) -> Span {
    match window {
        Window::Within(span) => *span,
        _ => unreachable!("{REFUSED}"),
    }
}

/// What [`super::unevaluated`] keeps out.
pub(super) const REFUSED: &str =
    "invariant: an expression that is not evaluated yet is refused before it is compiled";
