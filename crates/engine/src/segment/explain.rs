//! Why an expression is true of a person or not: its tree, with what was found for each part, and when time alone
//! changes it.
//!
//! Made for whoever asks, and remembered nowhere. Everything is worked out from what conditions say, through the segments
//! that the expression is built on, so that an instant to come is answered as the present is.

mod sentence;

use super::cutoff::{FigureRule, Ranked, STEPS, Share};
use super::eval::{self, Moment, Verdict, Window};
use super::rule::{Condition, DidRule, Measure, Node, Rule};
use super::{Expression, Score};
use crate::at::At;
use crate::governor::address;
use crate::limits::{EXPLANATION_EVALUATIONS_MAX, EXPLANATION_LOOKS_MAX};
use crate::offer::{Joined, OfferPhase};
use crate::record::ConsentState;
use std::cell::Cell;
use std::collections::BTreeMap;

/// Why an expression is true of a person or not.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub whole: Part,
    /// The segments that it is built on, directly or through each other, each after those that it is built on itself.
    pub built_on: Vec<(String, Part)>,
}

/// A part of an expression, and what it is for the person.
#[derive(Clone, Debug)]
pub struct Part {
    /// In the one way in which Trama writes it.
    pub text: String,
    pub holds: bool,
    pub change: Change,
    pub found: Found,
    /// For people.
    pub sentence: String,
    /// What it joins.
    pub parts: Vec<Part>,
}

/// When a truth changes with no new record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Never,
    At(At),
    /// Not before this instant; what comes then was not looked for.
    NotBefore(At),
}

/// What there is about a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A part that joins others, or names a segment.
    Nothing,
    Events {
        /// Those that count.
        count: u64,
        /// The second of the newest of them.
        newest: Option<At>,
        /// Of a sum, average, least or greatest: the number, in millionths.
        figure: Option<i128>,
    },
    /// What the path of a trait leads to.
    Values(Vec<serde_json::Value>),
    Consent(Option<ConsentState>),
    Address(Reach),
    /// How far it came and when, where it was given.
    Offer(Option<(OfferPhase, At)>),
    Seen(At),
    Rank {
        /// The person's, in millionths: of a count, of seconds since 1970, or of a property's numbers.
        figure: Option<i128>,
        /// That of the last one in the share, in the same. None where none is stated, or nobody had a figure.
        cutoff: Option<i128>,
    },
    Score {
        figure: Option<i128>,
        /// From 1 to 5.
        score: Option<u8>,
    },
}

/// Whether there is a way to a person on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Reached,
    NoAddress,
    Suppressed,
}

/// An expression with its names resolved.
pub(crate) struct Compiled {
    pub(crate) expression: Expression,
    pub(crate) rule: Rule,
    /// Of the shares that it asks for, by their text.
    pub(crate) standards: BTreeMap<String, Standard>,
}

/// What a person is measured by for a share.
pub(crate) struct Standard {
    pub(crate) share: Share,
    pub(crate) figure: FigureRule,
    pub(crate) cutoff: Option<i128>,
}

/// A segment that an expression is built on.
pub(crate) struct Base {
    pub(crate) slot: u16,
    pub(crate) name: String,
    pub(crate) compiled: Compiled,
}

/// Explains an expression. The bases are all that it is built on, each after those that it is built on itself.
pub(crate) fn explain(asked: &Compiled, bases: &[Base], moment: Moment<'_>) -> Explanation {
    let explainer = Explainer { bases, moment, left: Cell::new(EXPLANATION_EVALUATIONS_MAX) };
    let part = |compiled: &Compiled| explainer.part(compiled, &compiled.expression, &compiled.rule.node);
    Explanation {
        whole: part(asked),
        built_on: bases.iter().map(|base| (base.name.clone(), part(&base.compiled))).collect(),
    }
}

struct Explainer<'a> {
    bases: &'a [Base],
    moment: Moment<'a>,
    /// Evaluations that may still be spent on the future.
    left: Cell<usize>,
}

impl Explainer<'_> {
    /// The expression and the node are the same tree.
    fn part(&self, whole: &Compiled, expression: &Expression, node: &Node) -> Part {
        let (holds, change) = self.change(node);
        let parts: Vec<Part> = match (expression, node) {
            (Expression::And(parts), Node::And(nodes)) | (Expression::Or(parts), Node::Or(nodes)) => {
                parts.iter().zip(nodes).map(|(part, node)| self.part(whole, part, node)).collect()
            }
            (Expression::Not(inner), Node::Not(node)) => vec![self.part(whole, inner, node)],
            _ => Vec::new(),
        };
        let found = match (expression, node) {
            (Expression::Rank(rank), _) => self.rank(whole, &Share::of_rank(rank)),
            (Expression::Score(score), _) => self.score(whole, score),
            (_, Node::Condition(condition)) => self.found(condition),
            (_, Node::And(_) | Node::Or(_) | Node::Not(_) | Node::InSegment(_)) => Found::Nothing,
        };
        let sentence = sentence::sentence(expression, &found, &parts, holds, change);
        Part { text: expression.to_string(), holds, change, found, sentence, parts }
    }

    /// Whether a node holds, and when time alone changes that.
    fn change(&self, node: &Node) -> (bool, Change) {
        let first = self.look(node, self.moment.now);
        let mut until = first.until;
        for _ in 0..EXPLANATION_LOOKS_MAX {
            if until == At::MAX {
                return (first.holds, Change::Never);
            }
            if self.left.get() == 0 {
                break;
            }
            let next = self.look(node, until);
            if next.holds != first.holds {
                return (first.holds, Change::At(until));
            }
            until = next.until;
        }
        (first.holds, Change::NotBefore(until))
    }

    /// Evaluates a node at an instant, with the segments that it is built on as they are then.
    fn look(&self, node: &Node, now: At) -> Verdict {
        let moment = Moment { now, ..self.moment };
        let mut known: BTreeMap<u16, Verdict> = BTreeMap::new();
        if mentions_segments(node) {
            for base in self.bases {
                let verdict = eval::node(&base.compiled.rule.node, &moment, &|slot| known[&slot]);
                known.insert(base.slot, verdict);
            }
        }
        self.left.set(self.left.get().saturating_sub(1 + known.len()));
        eval::node(node, &moment, &|slot| known[&slot])
    }

    fn found(&self, condition: &Condition) -> Found {
        let (moment, profile) = (&self.moment, self.moment.profile);
        match condition {
            Condition::Did(rule) => self.events(rule),
            Condition::Sequence(rule) => {
                let view = moment.history.of(rule.first.event, moment.id);
                found_in(&Window::of(&rule.first, &rule.bounds, view, moment), None)
            }
            Condition::Trait { path, .. } => {
                let mut values = Vec::new();
                profile.find_trait(path, &mut |value| values.push(value.to_json()));
                Found::Values(values)
            }
            Condition::Event { .. } => Found::Nothing,
            Condition::ConsentedTo(purpose, channel) => {
                let granted = profile.consents.is_granted(purpose, *channel);
                let state = profile.consents.state(purpose, *channel);
                Found::Consent(if granted { Some(ConsentState::Granted) } else { state })
            }
            Condition::ReachableBy(channel) => Found::Address(match address(profile, *channel) {
                None => Reach::NoAddress,
                Some(address) if moment.governor.is_suppressed(*channel, &address) => Reach::Suppressed,
                Some(_) => Reach::Reached,
            }),
            Condition::Offer(name, _) => {
                let joined = moment.offers.place(name).and_then(|place| Joined::of(profile, place));
                Found::Offer(joined.map(|one| one.furthest()))
            }
            Condition::FirstSeen(_) => Found::Seen(profile.first_seen),
            Condition::LastSeen(_) => Found::Seen(profile.last_seen),
        }
    }

    fn rank(&self, whole: &Compiled, share: &Share) -> Found {
        let standard = &whole.standards[&share.to_string()];
        let figure = standard.figure.of(&self.moment).map(Ranked::down);
        Found::Rank { figure, cutoff: standard.cutoff }
    }

    fn score(&self, whole: &Compiled, score: &Score) -> Found {
        let purchase = &self.moment.governor.programme.purchase;
        let standards = STEPS.map(|step| {
            let share = Share::of_step(score.of, step, purchase);
            &whole.standards[&share.to_string()]
        });
        let figure = standards[0].figure.of(&self.moment).map(Ranked::down);
        let cutoffs: Option<Vec<i128>> = standards.iter().map(|standard| standard.cutoff).collect();
        let reached = |cutoffs: Vec<i128>| {
            let figure = figure?;
            Some(1 + cutoffs.iter().filter(|cutoff| figure >= **cutoff).count() as u8)
        };
        Found::Score { figure, score: cutoffs.and_then(reached) }
    }

    fn events(&self, rule: &DidRule) -> Found {
        let view = self.moment.history.of(rule.deed.event, self.moment.id);
        let window = Window::of(&rule.deed, &rule.bounds, view, &self.moment);
        let figure = match &rule.quantity {
            Measure::Aggregate { aggregate, property, .. } => window.total(property).figure(*aggregate),
            Measure::AtLeast(_) | Measure::AtMost(_) | Measure::Exactly(_) => None,
        };
        found_in(&window, figure)
    }
}

fn found_in(window: &Window<'_>, figure: Option<i128>) -> Found {
    let newest = window.passing().next().map(At::of_second);
    Found::Events { count: window.passing().count() as u64, newest, figure }
}

fn mentions_segments(node: &Node) -> bool {
    match node {
        Node::And(parts) | Node::Or(parts) => parts.iter().any(mentions_segments),
        Node::Not(inner) => mentions_segments(inner),
        Node::InSegment(_) => true,
        Node::Condition(_) => false,
    }
}
