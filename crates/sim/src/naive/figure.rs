//! Numbers about a person, and where they put that person among all.

use engine::segment::{Aggregate, Rank, RankEnd, Score, ScoreOf};
use std::cmp::Ordering;

use super::{Event, Moment, Person, compares, those_of, value};

/// What was found out about everybody and stated: without it nobody has a score, and nobody is ahead.
#[derive(Clone, Debug, Default)]
pub struct CutOffs {
    pub scores: Option<ScoreCutOffs>,
    /// For each share, the figure in millionths that the last one inside it has.
    pub ranks: Vec<(Rank, i128)>,
}

/// Four steps for each score, ascending: whoever reaches the n-th has n + 1.
#[derive(Clone, Debug)]
pub struct ScoreCutOffs {
    /// The programme's event of a purchase, and its property with the amount.
    pub purchase: String,
    pub amount: Vec<String>,
    /// The second of the last purchase.
    pub recency: [i64; 4],
    pub frequency: [i64; 4],
    /// Millionths, all purchases together.
    pub monetary: [i64; 4],
}

pub(super) fn score_holds(score: &Score, person: &Person, moment: &Moment) -> bool {
    let Some(cut_offs) = &moment.cut_offs.scores else { return false };
    let is_purchase =
        |event: &&Event| event.name == cut_offs.purchase && event.second * 1_000 <= moment.now.0;
    let purchases: Vec<&Event> = person.events.iter().filter(is_purchase).collect();
    let Some(last) = purchases.iter().map(|event| event.second).max() else { return false };
    let (figure, steps) = match score.of {
        ScoreOf::Recency => (i128::from(last), cut_offs.recency),
        ScoreOf::Frequency => (purchases.len() as i128, cut_offs.frequency),
        ScoreOf::Monetary => (numbers(&purchases, &cut_offs.amount).iter().sum(), cut_offs.monetary),
    };
    let reached = steps.into_iter().filter(|step| figure >= i128::from(*step)).count() as u8;
    compares(score.comparison, (1 + reached).cmp(&score.score))
}

/// Whoever has no figure is in no share.
pub(super) fn rank_holds(rank: &Rank, person: &Person, moment: &Moment) -> bool {
    let stated = moment.cut_offs.ranks.iter().find(|(known, _)| known == rank);
    let Some((_, cut_off)) = stated else { return false };
    let events = those_of(&rank.by.deed, rank.by.window.as_ref(), person, moment);
    let ordering = match &rank.by.aggregate {
        None if events.is_empty() => None,
        None => Some((events.len() as i128 * 1_000_000).cmp(cut_off)),
        Some((aggregate, path)) => against(*aggregate, &numbers(&events, path), *cut_off),
    };
    ordering.is_some_and(|ordering| match rank.end {
        RankEnd::Top => ordering != Ordering::Less,
        RankEnd::Bottom => ordering != Ordering::Greater,
    })
}

/// Every number at a path of the events, in millionths.
pub(super) fn numbers(events: &[&Event], path: &[String]) -> Vec<i128> {
    let values = events.iter().flat_map(|event| value::found(&event.properties, path));
    values.filter_map(value::millionths).collect()
}

/// How an aggregate of the numbers stands to a bound; none where there is no number.
pub(super) fn against(aggregate: Aggregate, numbers: &[i128], bound: i128) -> Option<Ordering> {
    let sum: i128 = numbers.iter().sum();
    let (least, greatest) = (*numbers.iter().min()?, *numbers.iter().max()?);
    Some(match aggregate {
        Aggregate::Sum => sum.cmp(&bound),
        // Multiplied and not divided, so that nothing is rounded.
        Aggregate::Average => sum.cmp(&(bound * numbers.len() as i128)),
        Aggregate::Least => least.cmp(&bound),
        Aggregate::Greatest => greatest.cmp(&bound),
    })
}
