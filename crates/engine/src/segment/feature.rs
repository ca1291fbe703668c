//! Features: numbers about a person by which people are told apart in clusters, in words that the language already has.
//!
//! A feature reaches a number or not, and that is a plain condition. So what is said of people by features is said in
//! expressions, and what holds of a feature here holds there, to the last millionth.

use super::cutoff::{FigureRule, Scale};
use super::eval::Moment;
use super::print::Path;
use super::rule::Scope;
use super::{Comparison, Deed, Did, Expression, Figure, Filter, Literal, Quantity, Test, Window};
use crate::at::Span;
use crate::limits::EXPRESSION_SPAN_MAX;
use crate::value::{SCALE, Value};
use std::fmt::{Display, Formatter};

/// A number about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feature {
    /// `count of "Order Completed" within 365 days`, `sum(total) of "Order Completed"`.
    Figure(Figure),
    /// `days since "Order Completed"`: since the last one.
    DaysSince(Deed),
    /// `trait.age`; of a list, its greatest number.
    Trait(Vec<String>),
}

/// What its numbers are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// Whole, and 0 of whoever has none.
    Count,
    /// Of whoever has no number, 0 is as good.
    Sum,
    /// Nothing can be said of whoever has none.
    Level,
    /// Asked in whole days, and longer than any of whoever never did it.
    DaysSince,
}

/// Numbers from one on and below another, in millionths. Whoever has no number is below every one; whoever never did a
/// deed did it longer ago than any number of days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    pub from: Option<i64>,
    pub below: Option<i64>,
}

impl Bound {
    /// Whether there is a number in it.
    pub fn is_sound(&self) -> bool {
        self.from.is_none() || self.below.is_none() || self.from < self.below
    }
}

impl Feature {
    pub fn kind(&self) -> FeatureKind {
        match self {
            Self::Figure(Figure { aggregate: None, .. }) => FeatureKind::Count,
            Self::Figure(Figure { aggregate: Some((super::Aggregate::Sum, _)), .. }) => FeatureKind::Sum,
            Self::Figure(_) | Self::Trait(_) => FeatureKind::Level,
            Self::DaysSince(_) => FeatureKind::DaysSince,
        }
    }

    /// Whether a person's number is at another or beyond it, both in millionths.
    pub fn reaches(&self, number: Option<i64>, at: i64) -> bool {
        number.map_or(self.kind() == FeatureKind::DaysSince, |number| number >= at)
    }

    /// Whether the language can ask for a number.
    pub fn can_be_asked(&self, at: i64) -> bool {
        let (whole, units) = (at % SCALE == 0, at / SCALE);
        match self.kind() {
            FeatureKind::Count => whole && (1..=i64::from(u32::MAX)).contains(&units),
            FeatureKind::DaysSince => whole && (1..=EXPRESSION_SPAN_MAX.0 / Span::DAY.0).contains(&units),
            FeatureKind::Sum | FeatureKind::Level => true,
        }
    }

    /// True of whoever has a number.
    pub(super) fn exists(&self) -> Expression {
        let did = |deed: &Deed, window: &Option<Window>| {
            Expression::Did(Did {
                deed: deed.clone(),
                quantity: Quantity::AtLeast(1),
                window: window.clone(),
            })
        };
        match self {
            Self::Figure(figure) => did(&figure.deed, &figure.window),
            Self::DaysSince(deed) => did(deed, &None),
            Self::Trait(path) => Expression::Trait(Filter { path: path.clone(), test: Test::Exists }),
        }
    }

    /// An expression that asks of events what every other one about the feature asks.
    pub(crate) fn asks(&self) -> Expression {
        self.reached(SCALE)
    }

    /// What is true of those whose number is in a bound, as parts that hold together.
    pub(super) fn within(&self, bound: &Bound) -> Vec<Expression> {
        let whole = |at: i64| (at / SCALE) as u32;
        if let (Self::Figure(figure @ Figure { aggregate: None, .. }), Some(from), Some(below)) =
            (self, bound.from, bound.below)
            && whole(from) + 1 == whole(below)
        {
            return vec![count(figure, Quantity::Exactly(whole(from)))];
        }
        let from = bound.from.map(|from| self.reached(from));
        let below = bound.below.map(|below| self.not_reached(below, bound.from.is_some()));
        match self {
            // What is nearer is said first.
            Self::DaysSince(_) => below.into_iter().chain(from).collect(),
            Self::Figure(_) | Self::Trait(_) => from.into_iter().chain(below).collect(),
        }
    }

    fn reached(&self, at: i64) -> Expression {
        match self {
            Self::Figure(figure) => match &figure.aggregate {
                None => count(figure, Quantity::AtLeast((at / SCALE) as u32)),
                Some(_) => compared(figure, Comparison::GreaterOrEqual, at),
            },
            Self::DaysSince(deed) => Expression::Not(Box::new(recent(deed, at))),
            Self::Trait(path) => {
                let test = Test::Compare(Comparison::GreaterOrEqual, Literal::Number(at));
                Expression::Trait(Filter { path: path.clone(), test })
            }
        }
    }

    /// `has_number` says that something beside it is true of those alone who have one.
    fn not_reached(&self, at: i64, has_number: bool) -> Expression {
        match self {
            Self::Figure(figure @ Figure { aggregate: None, .. }) => match (at / SCALE) as u32 {
                0 | 1 => Expression::Not(Box::new(count(figure, Quantity::AtLeast(1)))),
                more => count(figure, Quantity::AtMost(more - 1)),
            },
            Self::Figure(figure) if has_number => compared(figure, Comparison::Less, at),
            Self::DaysSince(deed) => recent(deed, at),
            Self::Figure(_) | Self::Trait(_) => Expression::Not(Box::new(self.reached(at))),
        }
    }
}

fn count(figure: &Figure, quantity: Quantity) -> Expression {
    Expression::Did(Did { deed: figure.deed.clone(), quantity, window: figure.window.clone() })
}

fn compared(figure: &Figure, comparison: Comparison, millionths: i64) -> Expression {
    let (aggregate, path) = figure.aggregate.clone().expect("invariant: counts are told apart");
    count(figure, Quantity::Aggregate { aggregate, path, comparison, millionths })
}

fn recent(deed: &Deed, days: i64) -> Expression {
    let window = Some(Window::Within(Span::DAY.times(days / SCALE)));
    Expression::Did(Did { deed: deed.clone(), quantity: Quantity::AtLeast(1), window })
}

impl Display for Feature {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Figure(figure) => figure.fmt(f),
            Self::DaysSince(deed) => write!(f, "days since {deed}"),
            Self::Trait(path) => write!(f, "trait.{}", Path(path, true)),
        }
    }
}

/// A feature with its names resolved.
#[derive(Clone, Debug)]
pub(crate) enum FeatureRule {
    Figure(FigureRule),
    DaysSince(FigureRule),
    Trait(Vec<String>),
}

impl FeatureRule {
    /// A person's number in millionths; none of whoever has none. What is beyond what an expression can write is at the end
    /// of that.
    pub(crate) fn of(&self, moment: &Moment<'_>) -> Option<i64> {
        let figure = |rule: &FigureRule| Some(clamped(rule.of(moment)?.down()));
        match self {
            Self::Figure(rule) => figure(rule),
            Self::DaysSince(rule) => {
                let newest = figure(rule)? / SCALE;
                Some((i64::from(moment.now.second()) - newest) * SCALE / (Span::DAY.0 / Span::SECOND.0))
            }
            Self::Trait(path) => {
                let mut greatest = None;
                moment.profile.find_trait(path, &mut |value| greatest = greatest.max(number(value)));
                greatest
            }
        }
    }
}

fn number(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(clamped(i128::from(number) * i128::from(SCALE))),
        Value::Decimal(millionths) => Some(millionths),
        Value::Float(number) if number.is_finite() => Some((number * SCALE as f64).floor() as i64),
        _ => None,
    }
}

fn clamped(number: i128) -> i64 {
    number.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

impl<S: Fn(&str) -> Option<u16>> Scope<'_, S> {
    pub(crate) fn feature(&mut self, feature: &Feature) -> FeatureRule {
        match feature {
            Feature::Figure(figure) => FeatureRule::Figure(self.figure(&Scale::Figure(figure.clone()))),
            Feature::DaysSince(deed) => FeatureRule::DaysSince(self.figure(&Scale::Newest(deed.clone()))),
            Feature::Trait(path) => FeatureRule::Trait(path.clone()),
        }
    }
}
