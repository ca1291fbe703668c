//! How the spaces of an editorial plan fare, and whether there is time for what is planned.
//!
//! Spaces decline in a known order: visits fade, then the writing slows, then the space is silent, and in the end it is
//! abandoned. The stage is told from the days between pieces, and fading visits warn before it. A space whose pieces
//! mostly sell is no longer inbound, and that is said as well. Pure functions of the plan, of visits and of a day.

mod visits;

pub use visits::Visits;

use engine::programme::{Editorial, Intent, Piece, PieceState, Space};
use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use std::collections::BTreeMap;

/// Newest gaps between pieces by which a space is judged.
const GAPS: usize = 4;
/// Newest pieces of which it is asked how many sell.
const PIECES_LOOKED_AT: usize = 9;
/// Days for which visits are compared with those of as many days before, at least.
const COMPARED_DAYS: i32 = 28;
/// Fewer visits than this say nothing.
const VISITS_MIN: u64 = 20;
/// Square of the normal quantile of 0.95: how unlikely a drop by chance alone has to be.
const UNLIKELY: f64 = 2.706;
/// A space is abandoned no earlier than after so many days, whatever its beat.
const ABANDONED_DAYS: i32 = 90;

/// Where a space is on its way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nothing is published yet.
    New,
    /// It keeps its beat.
    Alive,
    /// The newest gap, or the middle one of the newest four, is more than one and a half beats.
    Slowing,
    /// Nothing for more than three beats.
    Silent,
    /// Nothing for more than eight beats and ninety days.
    Abandoned,
}

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Alive => "alive",
            Self::Slowing => "slowing",
            Self::Silent => "silent",
            Self::Abandoned => "abandoned",
        }
    }
}

/// What somebody should do something about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A quarter fewer visits than in as many days before, or worse, and more than chance explains.
    Fading(Compared),
    /// Nothing is planned for the next two beats.
    NothingPlanned,
    /// Pieces whose day is over and that are not published.
    Late(Vec<String>),
    /// More than a third of the newest pieces sell.
    Selling,
}

/// Visits of some days up to yesterday, and of as many before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    pub days: i32,
    pub before: u64,
    pub after: u64,
}

impl Compared {
    /// Of two equal rates the difference has the variance of their sum.
    fn is_fading(self) -> bool {
        let (before, after) = (self.before as f64, self.after as f64);
        let drop = before - after;
        self.before >= VISITS_MIN && 4.0 * after <= 3.0 * before && drop * drop > UNLIKELY * (before + after)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    pub stage: Stage,
    pub published: usize,
    pub last: Option<Date>,
    /// The next piece that is planned.
    pub next: Option<Date>,
    /// Days between the newest pieces, the newest gap first; the one since the last piece is not among them.
    pub gaps_days: Vec<i32>,
    /// How many of the newest pieces sell.
    pub selling: usize,
    /// Of how many.
    pub of: usize,
    /// Where the space has pages of ours.
    pub visits: Option<Compared>,
    pub warnings: Vec<Warning>,
}

/// How each space of a plan fares on a day.
pub fn health(plan: &Editorial, visits: &Visits, today: Date) -> BTreeMap<String, Health> {
    plan.spaces
        .iter()
        .map(|(name, space)| (name.clone(), of_space(plan, name, space, visits, today)))
        .collect()
}

fn of_space(plan: &Editorial, name: &str, space: &Space, visits: &Visits, today: Date) -> Health {
    let mut pieces: Vec<(Date, &String, &Piece)> = plan
        .pieces
        .iter()
        .filter(|(_, piece)| piece.space == *name)
        .filter_map(|(name, piece)| Some((piece.day()?, name, piece)))
        .collect();
    pieces.sort_by_key(|(day, name, _)| (*day, *name));
    let is_out = |day: Date, piece: &Piece| piece.state == PieceState::Published && day <= today;
    let out: Vec<_> = pieces.iter().rev().filter(|(day, _, piece)| is_out(*day, piece)).collect();
    let gaps_days: Vec<i32> =
        out.windows(2).take(GAPS).map(|pair| days_between(pair[1].0, pair[0].0)).collect();
    let last = out.first().map(|(day, _, _)| *day);
    let ahead = |day: Date, piece: &Piece| piece.state != PieceState::Published && day >= today;
    let next = pieces.iter().find(|(day, _, piece)| ahead(*day, piece)).map(|(day, _, _)| *day);
    let of = out.len().min(PIECES_LOOKED_AT);
    let selling = out.iter().take(of).filter(|(_, _, piece)| piece.intent == Intent::Selling).count();
    let every = i32::from(space.every_days);
    let compared = visits.of(name).map(|of_day| {
        let days = days_compared(space);
        let (middle, begin) = (before(today, days), before(today, 2 * days));
        Compared { days, before: of_day(begin, middle), after: of_day(middle, today) }
    });
    let mut warnings = Vec::new();
    warnings.extend(compared.filter(|compared| compared.is_fading()).map(Warning::Fading));
    if next.is_none_or(|next| days_between(today, next) > 2 * every) {
        warnings.push(Warning::NothingPlanned);
    }
    let late = pieces.iter().filter(|(day, _, piece)| *day < today && piece.state != PieceState::Published);
    let late: Vec<String> = late.map(|(_, name, _)| (*name).clone()).collect();
    if !late.is_empty() {
        warnings.push(Warning::Late(late));
    }
    if 3 * selling > of {
        warnings.push(Warning::Selling);
    }
    let stage = stage(last.map(|last| days_between(last, today)), &gaps_days, every);
    Health { stage, published: out.len(), last, next, gaps_days, selling, of, visits: compared, warnings }
}

/// Days for which a space's visits are compared with those of as many days before.
fn days_compared(space: &Space) -> i32 {
    COMPARED_DAYS.max(GAPS as i32 * i32::from(space.every_days))
}

fn stage(since: Option<i32>, gaps: &[i32], every: i32) -> Stage {
    let Some(since) = since else { return Stage::New };
    if since > (8 * every).max(ABANDONED_DAYS) {
        Stage::Abandoned
    } else if since > 3 * every {
        Stage::Silent
    } else if 2 * since > 3 * every || twice_middle(gaps) > 3 * every {
        Stage::Slowing
    } else {
        Stage::Alive
    }
}

/// Twice the median, which is whole; 0 for fewer than two.
fn twice_middle(gaps: &[i32]) -> i32 {
    let mut gaps = gaps.to_vec();
    gaps.sort_unstable();
    match gaps.len() {
        0 | 1 => 0,
        len => gaps[(len - 1) / 2] + gaps[len / 2],
    }
}

/// What a contributor has to do for a week, and has time for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    pub contributor: String,
    /// The week's first day.
    pub monday: Date,
    /// Of the pieces that are to be out in it and are not yet.
    pub minutes: u32,
    pub minutes_a_week: u32,
}

impl Load {
    pub fn is_over(&self) -> bool {
        self.minutes > self.minutes_a_week
    }
}

/// The load of everybody for some weeks from a day on, by week and contributor; weeks with nothing to do are left out.
pub fn loads(plan: &Editorial, today: Date, weeks: i32) -> Vec<Load> {
    let first = monday_of(today);
    let last = first.saturating_add(Span::new().weeks(weeks));
    let mut minutes: BTreeMap<(Date, &str), u32> = BTreeMap::new();
    for piece in plan.pieces.values().filter(|piece| piece.state != PieceState::Published) {
        if let Some(day) = piece.day().filter(|day| (first..last).contains(day)) {
            *minutes.entry((monday_of(day), piece.by.as_str())).or_default() += piece.minutes;
        }
    }
    let of = |contributor: &str| plan.contributors.get(contributor).map_or(0, |one| one.minutes_a_week);
    minutes
        .into_iter()
        .map(|((monday, contributor), minutes)| Load {
            contributor: contributor.to_owned(),
            monday,
            minutes,
            minutes_a_week: of(contributor),
        })
        .collect()
}

/// What the beats of all spaces ask for in a week, by what their pieces took, beside what everybody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub wanted_minutes: u64,
    pub minutes: u64,
}

pub fn balance(plan: &Editorial) -> Balance {
    let wanted = plan.spaces.iter().map(|(name, space)| {
        let pieces = plan.pieces.values().filter(|piece| piece.space == *name);
        let (count, minutes) =
            pieces.fold((0, 0), |(count, minutes), piece| (count + 1, minutes + u64::from(piece.minutes)));
        let days = u64::from(space.every_days) * count;
        (7 * minutes).checked_div(days).unwrap_or(0)
    });
    let minutes = plan.contributors.values().map(|one| u64::from(one.minutes_a_week)).sum();
    Balance { wanted_minutes: wanted.sum(), minutes }
}

fn monday_of(day: Date) -> Date {
    let since = day.weekday().since(Weekday::Monday);
    day.saturating_sub(Span::new().days(i64::from(since)))
}

fn before(day: Date, days: i32) -> Date {
    day.saturating_sub(days.days())
}

fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

#[cfg(test)]
mod tests;
