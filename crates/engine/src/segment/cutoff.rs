//! Cut-offs: where a share of all people ends. Ranking everybody anew at every instant is nobody's wish, so a record
//! states the figure of the last one inside, and a person's figure is compared with that.
//!
//! So a share or a score becomes plain conditions, which are evaluated, remembered and woken as all others are; when other
//! cut-offs are stated, other conditions take their place.

use super::eval::{Moment, Window};
use super::rule::{Bounds, Condition, DeedRule, DidRule, Measure, Mentions, Node, Property, Scope};
use super::{Aggregate, Comparison, Deed, Figure, Rank, RankEnd, Score, ScoreOf};
use crate::at::At;
use crate::programme::Purchase;
use crate::record::CutoffStated;
use crate::value::SCALE;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

/// The steps between the five scores: whoever reaches the first has 2, and the last 5.
pub(crate) const STEPS: [u8; 4] = [2, 3, 4, 5];
/// A fifth of everybody.
const FIFTH_PERMYRIAD: u16 = 2_000;

/// The cut-offs that were stated last.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Cutoffs {
    pub(crate) stated_at: At,
    /// By the share's text: the figure in millionths, and none where nobody had one.
    pub(crate) by_share: BTreeMap<String, Option<i128>>,
}

/// A cut-off as it is found out, to be stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cutoff {
    /// `top 10% by sum(total) of "Order Completed"`.
    pub share: String,
    /// In millionths: of a count, of seconds since 1970, or of the property's own numbers. None where nobody has the
    /// figure.
    pub value: Option<i128>,
}

impl Cutoff {
    pub fn as_stated(&self) -> CutoffStated<'_> {
        CutoffStated { share: &self.share, value: self.value }
    }
}

/// So many of those who have a figure, from one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) end: RankEnd,
    /// In ten-thousandths.
    pub(crate) permyriad: u16,
    pub(crate) by: Scale,
}

/// What people are ranked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Figure(Figure),
    /// When they did it last.
    Newest(Deed),
}

/// A figure with its names resolved.
#[derive(Clone, Debug)]
pub(crate) struct FigureRule {
    deed: DeedRule,
    bounds: Bounds,
    of: FigureOf,
}

#[derive(Clone, Debug)]
enum FigureOf {
    Count,
    Newest,
    Aggregate(Aggregate, Property),
}

/// A person's figure in half millionths: what a fraction is cut off from counts for the odd half, so that it is in order
/// and can be rounded either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked(i128);

impl Ranked {
    fn exact(millionths: i128) -> Self {
        Self(millionths.saturating_mul(2))
    }

    /// In millionths, and not more than it is: who has it is at the top from there on.
    pub fn down(self) -> i128 {
        self.0.div_euclid(2)
    }

    /// In millionths, and not less than it is.
    pub fn up(self) -> i128 {
        self.0.saturating_add(1).div_euclid(2)
    }
}

impl Share {
    pub(crate) fn of_rank(rank: &Rank) -> Self {
        Self { end: rank.end, permyriad: rank.share_permyriad, by: Scale::Figure(rank.by.clone()) }
    }

    /// Of everybody with a score, those who have at least this one.
    pub(crate) fn of_step(of: ScoreOf, score: u8, purchase: &Purchase) -> Self {
        let permyriad = (6 - u16::from(score)) * FIFTH_PERMYRIAD;
        Self { end: RankEnd::Top, permyriad, by: Scale::of_score(of, purchase) }
    }

    /// The figure of the last one inside; none where nobody has the figure. A share of a few people is rounded up to a
    /// whole one, and whoever has the same figure as the last one is inside as well.
    pub(crate) fn cutoff(&self, figures: &mut [Ranked]) -> Option<i128> {
        let inside = (figures.len() * usize::from(self.permyriad)).div_ceil(10_000);
        let last = inside.checked_sub(1)?;
        let place = match self.end {
            RankEnd::Top => figures.len() - 1 - last,
            RankEnd::Bottom => last,
        };
        let (_, figure, _) = figures.select_nth_unstable(place);
        Some(match self.end {
            RankEnd::Top => figure.down(),
            RankEnd::Bottom => figure.up(),
        })
    }
}

impl Scale {
    fn of_score(of: ScoreOf, purchase: &Purchase) -> Self {
        let deed = Deed { event: purchase.event.clone(), filters: Vec::new() };
        let aggregate = match of {
            ScoreOf::Recency => return Self::Newest(deed),
            ScoreOf::Frequency => None,
            ScoreOf::Monetary => Some((Aggregate::Sum, purchase.amount_path())),
        };
        Self::Figure(Figure { aggregate, deed, window: None })
    }

    pub(crate) fn deed(&self) -> &Deed {
        match self {
            Self::Figure(figure) => &figure.deed,
            Self::Newest(deed) => deed,
        }
    }

    /// The property whose numbers count.
    pub(crate) fn path(&self) -> Option<&Vec<String>> {
        match self {
            Self::Figure(Figure { aggregate: Some((_, path)), .. }) => Some(path),
            Self::Figure(_) | Self::Newest(_) => None,
        }
    }
}

impl Display for Share {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let percent = super::number::decimal(i64::from(self.permyriad) * 10_000);
        write!(f, "{} {percent}% by {}", self.end.word(), self.by)
    }
}

impl Display for Scale {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Figure(figure) => figure.fmt(f),
            Self::Newest(deed) => write!(f, "newest of {deed}"),
        }
    }
}

impl FigureRule {
    /// What a person has of it; none for whoever has nothing.
    pub(crate) fn of(&self, moment: &Moment<'_>) -> Option<Ranked> {
        let view = moment.history.of(self.deed.event, moment.id);
        let window = Window::of(&self.deed, &self.bounds, view, moment);
        let scaled = |number: i128| Ranked::exact(number * i128::from(SCALE));
        match &self.of {
            FigureOf::Count => {
                let count = window.passing().count() as i128;
                (count > 0).then(|| scaled(count))
            }
            FigureOf::Newest => window.passing().next().map(|second| scaled(second.into())),
            FigureOf::Aggregate(aggregate, property) => {
                let total = window.total(property);
                let figure = total.figure(*aggregate)?;
                let Ranked(whole) = Ranked::exact(figure);
                Some(Ranked(whole + i128::from(total.compare(*aggregate, figure).is_gt())))
            }
        }
    }
}

impl<S: Fn(&str) -> Option<u16>> Scope<'_, S> {
    pub(crate) fn figure(&mut self, scale: &Scale) -> FigureRule {
        let deed = self.deed(scale.deed());
        let (of, bounds) = match scale {
            Scale::Newest(_) => (FigureOf::Newest, self.bounds(None)),
            Scale::Figure(Figure { aggregate, window, .. }) => {
                let of = aggregate.as_ref().map(|(aggregate, path)| {
                    FigureOf::Aggregate(*aggregate, self.property(deed.event, path))
                });
                (of.unwrap_or(FigureOf::Count), self.bounds(window.as_ref()))
            }
        };
        FigureRule { deed, bounds: Bounds { whole_life: true, ..bounds }, of }
    }

    /// Being in a share, as the cut-offs have it; nobody is before they are stated.
    pub(super) fn rank(&mut self, rank: &Rank, mentions: &mut Mentions) -> Node {
        mentions.cutoffs = true;
        let share = Share::of_rank(rank);
        match self.cutoff(&share) {
            Some(value) => self.reached(&share.by, share.end, value, mentions),
            None => Node::NEVER,
        }
    }

    /// A score that compares so: from one step on and before another, for each stretch of scores that do.
    pub(super) fn score(&mut self, score: &Score, mentions: &mut Mentions) -> Node {
        mentions.cutoffs = true;
        let purchase = self.purchase;
        // Every step is asked for, so that all are stated, also where one would do.
        let steps = STEPS.map(|step| self.cutoff(&Share::of_step(score.of, step, purchase)));
        let [Some(two), Some(three), Some(four), Some(five)] = steps else { return Node::NEVER };
        let begins = [i128::MIN, two, three, four, five];
        let compares = |level: usize| score.comparison.holds((level as u8 + 1).cmp(&score.score));
        let scale = Scale::of_score(score.of, purchase);
        let mut stretches = Vec::new();
        for from in (0..5).filter(|level| compares(*level) && (*level == 0 || !compares(level - 1))) {
            let mut parts = vec![self.reached(&scale, RankEnd::Top, begins[from], mentions)];
            if let Some(end) = (from..5).find(|level| !compares(*level)) {
                let beyond = self.reached(&scale, RankEnd::Top, begins[end], mentions);
                parts.push(Node::Not(Box::new(beyond)));
            }
            stretches.push(Node::And(parts));
        }
        Node::Or(stretches)
    }

    /// The cut-off of a share, which from now on is wanted.
    fn cutoff(&mut self, share: &Share) -> Option<i128> {
        let text = share.to_string();
        let stated = self.cutoffs.by_share.get(&text).copied().flatten();
        self.wanted.insert(text, share.clone());
        stated
    }

    /// Having a figure that is at a value or beyond it.
    fn reached(&mut self, scale: &Scale, end: RankEnd, value: i128, mentions: &mut Mentions) -> Node {
        let FigureRule { deed, bounds, of } = self.figure(scale);
        let mut ask = |bounds: Bounds, quantity: Measure| {
            let condition = Condition::Did(DidRule { deed: deed.clone(), quantity, bounds });
            condition.mention(mentions);
            Node::Condition(condition)
        };
        // Of a count and of a second: the first that is there, and the last.
        let first = clamped(value.saturating_add(i128::from(SCALE) - 1).div_euclid(SCALE.into()));
        let last = clamped(value.div_euclid(SCALE.into()));
        match (of, end) {
            (FigureOf::Aggregate(aggregate, property), end) => {
                let comparison = match end {
                    RankEnd::Top => Comparison::GreaterOrEqual,
                    RankEnd::Bottom => Comparison::LessOrEqual,
                };
                ask(bounds, Measure::Aggregate { aggregate, property, comparison, millionths: value })
            }
            (FigureOf::Count, RankEnd::Top) => ask(bounds, Measure::AtLeast(first.max(1))),
            (FigureOf::Count, RankEnd::Bottom) => {
                Node::And(vec![ask(bounds.clone(), Measure::AtLeast(1)), ask(bounds, Measure::AtMost(last))])
            }
            (FigureOf::Newest, RankEnd::Top) => ask(Bounds { from: first, ..bounds }, Measure::AtLeast(1)),
            (FigureOf::Newest, RankEnd::Bottom) => Node::And(vec![
                ask(bounds.clone(), Measure::AtLeast(1)),
                ask(Bounds { from: last.saturating_add(1), ..bounds }, Measure::AtMost(0)),
            ]),
        }
    }
}

fn clamped(number: i128) -> u32 {
    number.clamp(0, i128::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cutoff(end: RankEnd, permyriad: u16, halves: &[i128]) -> Option<i128> {
        let deed = Deed { event: "A".to_owned(), filters: Vec::new() };
        let share = Share { end, permyriad, by: Scale::Newest(deed) };
        let mut figures: Vec<Ranked> = halves.iter().map(|half| Ranked(*half)).collect();
        share.cutoff(&mut figures)
    }

    #[test]
    fn the_last_one_inside_is_a_whole_person_and_is_inside() {
        use RankEnd::{Bottom, Top};
        for (end, permyriad, halves, expected) in [
            (Top, 5_000, &[][..], None),
            (Top, 1, &[8][..], Some(4)),
            (Top, 9_999, &[8], Some(4)),
            (Top, 5_000, &[2, 8, 6, 4], Some(3)),
            (Bottom, 5_000, &[2, 8, 6, 4], Some(2)),
            (Top, 5_001, &[2, 8, 6, 4], Some(2)),
            (Bottom, 2_501, &[2, 8, 6, 4], Some(2)),
            (Top, 2_000, &[6, 6, 6, 2, 2], Some(3)),
            // A third: at the top from 0.333333 on, at the bottom up to 0.333334.
            (Top, 5_000, &[666_667], Some(333_333)),
            (Bottom, 5_000, &[666_667], Some(333_334)),
            (Top, 5_000, &[-666_667], Some(-333_334)),
            (Bottom, 5_000, &[-666_667], Some(-333_333)),
        ] {
            assert_eq!(cutoff(end, permyriad, halves), expected, "{end:?} {permyriad} of {halves:?}");
        }
    }
}
