//! Numbers about a person, and where they put that person among all.

use engine::segment::{Aggregate, Figure, Rank, RankEnd, Score, ScoreOf};
use std::cmp::Ordering;

use super::{Event, Moment, Person, all_of, compares, value};

pub(super) const ONE: i128 = 1_000_000;

/// What was found out about everybody and stated: without it nobody has a score, and nobody is ahead.
#[derive(Clone, Debug, Default)]
pub struct CutOffs {
    pub scores: Option<ScoreCutOffs>,
    /// For each share, the figure in millionths that the last one inside it has.
    pub ranks: Vec<(Rank, i128)>,
}

/// Four steps for each score, ascending, in millionths: whoever reaches the n-th has n + 1. None where nothing is stated.
#[derive(Clone, Debug, Default)]
pub struct ScoreCutOffs {
    /// The programme's event of a purchase, and its property with the amount.
    pub purchase: String,
    pub amount: Vec<String>,
    /// The second of the last purchase.
    pub recency: Option<[i128; 4]>,
    pub frequency: Option<[i128; 4]>,
    /// All purchases together.
    pub monetary: Option<[i128; 4]>,
}

impl ScoreCutOffs {
    pub fn of(&mut self, score: ScoreOf) -> &mut Option<[i128; 4]> {
        match score {
            ScoreOf::Recency => &mut self.recency,
            ScoreOf::Frequency => &mut self.frequency,
            ScoreOf::Monetary => &mut self.monetary,
        }
    }

    /// By what a score is: none of whoever has no purchase, or none with a number.
    fn figure(&self, score: ScoreOf, person: &Person, moment: &Moment) -> Option<i128> {
        let is_purchase =
            |event: &&Event| event.name == self.purchase && event.second * 1_000 <= moment.now.0;
        let purchases: Vec<&Event> = person.events.iter().filter(is_purchase).collect();
        let last = purchases.iter().map(|event| event.second).max()?;
        let numbers = numbers(&purchases, &self.amount);
        match score {
            ScoreOf::Recency => Some(i128::from(last) * ONE),
            ScoreOf::Frequency => Some(purchases.len() as i128 * ONE),
            ScoreOf::Monetary => (!numbers.is_empty()).then(|| numbers.iter().sum()),
        }
    }
}

pub(super) fn score_holds(score: &Score, person: &Person, moment: &Moment) -> bool {
    let Some(cut_offs) = &moment.cut_offs.scores else { return false };
    let Some(steps) = *cut_offs.clone().of(score.of) else { return false };
    let Some(figure) = cut_offs.figure(score.of, person, moment) else { return false };
    let reached = steps.into_iter().filter(|step| figure >= *step).count() as u8;
    compares(score.comparison, (1 + reached).cmp(&score.score))
}

/// The steps of a score: each fifth of the people, from the best on, ends at one.
pub fn score_cut_offs(
    of: ScoreOf,
    purchase: &ScoreCutOffs,
    people: &[Person],
    moment: &Moment,
) -> Option<[i128; 4]> {
    let figures = people.iter().filter_map(|person| purchase.figure(of, person, moment));
    let mut figures: Vec<i128> = figures.collect();
    figures.sort_by(|one, two| two.cmp(one));
    let last_of = |fifths: usize| figures.get((figures.len() * fifths).div_ceil(5).checked_sub(1)?);
    Some([*last_of(4)?, *last_of(3)?, *last_of(2)?, *last_of(1)?])
}

/// Whoever has no figure is in no share.
pub(super) fn rank_holds(rank: &Rank, person: &Person, moment: &Moment) -> bool {
    let stated = moment.cut_offs.ranks.iter().find(|(known, _)| known == rank);
    let Some((_, cut_off)) = stated else { return false };
    let Some((figure, count)) = figure_of(&rank.by, person, moment) else { return false };
    // Multiplied and not divided, so that nothing is rounded.
    let ordering = figure.cmp(&(cut_off * count));
    match rank.end {
        RankEnd::Top => ordering != Ordering::Less,
        RankEnd::Bottom => ordering != Ordering::Greater,
    }
}

/// The figure of the last one inside a share, in whole millionths between that one and who comes next; the people
/// inside are at least their share.
pub fn cut_off(rank: &Rank, people: &[Person], moment: &Moment) -> Option<i128> {
    let mut figures: Vec<(i128, i128)> =
        people.iter().filter_map(|person| figure_of(&rank.by, person, moment)).collect();
    figures.sort_by(|(one, of_one), (two, of_two)| (one * of_two).cmp(&(two * of_one)));
    if rank.end == RankEnd::Top {
        figures.reverse();
    }
    let inside = (figures.len() * usize::from(rank.share_permyriad)).div_ceil(10_000);
    let (figure, count) = figures.get(inside.checked_sub(1)?)?;
    Some(match rank.end {
        RankEnd::Top => figure.div_euclid(*count),
        RankEnd::Bottom => -(-figure).div_euclid(*count),
    })
}

/// A person's figure in millionths as a fraction.
pub(super) fn figure_of(by: &Figure, person: &Person, moment: &Moment) -> Option<(i128, i128)> {
    let events = all_of(&by.deed, by.window.as_ref(), person, moment);
    let Some((aggregate, path)) = &by.aggregate else {
        return (!events.is_empty()).then_some((events.len() as i128 * ONE, 1));
    };
    let numbers = numbers(&events, path);
    let (least, greatest) = (*numbers.iter().min()?, *numbers.iter().max()?);
    Some(match aggregate {
        Aggregate::Sum => (numbers.iter().sum(), 1),
        Aggregate::Average => (numbers.iter().sum(), numbers.len() as i128),
        Aggregate::Least => (least, 1),
        Aggregate::Greatest => (greatest, 1),
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
