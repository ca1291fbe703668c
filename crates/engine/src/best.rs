//! The best channel, hour and variant for each person, learned from responses.
//!
//! What may be chosen are *arms*. Of each is known how many sends arrived with it and how many of them were answered, by
//! everybody and by the person. A choice draws from what may be true of each arm and takes the best of the draws (Thompson
//! sampling), so that what is little known is tried, and what is known to be worse is not. Owned by the state; a send that
//! arrived or was answered wakes it, and so does a send step that leaves something open.

mod arms;
mod beta;

pub(crate) use arms::{Arms, Explained, Learned};

use crate::limits::BEST_OWN_WEIGHT;
use crate::programme::{Best, Channel};
use beta::Draws;
use borsh::{BorshDeserialize, BorshSerialize};
use std::sync::Arc;

/// What a send may leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Choice {
    Channel,
    Variant,
    Hour,
}

impl Choice {
    pub const ALL: [Self; 3] = [Self::Channel, Self::Variant, Self::Hour];

    pub fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Variant => "variant",
            Self::Hour => "hour",
        }
    }
}

/// One of those that may be chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Arm {
    Channel(Channel),
    Variant(Arc<str>),
    /// Of the day, on the person's clock.
    Hour(u8),
}

impl std::fmt::Display for Arm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Channel(channel) => f.write_str(channel.name()),
            Self::Variant(name) => f.write_str(name),
            Self::Hour(hour) => write!(f, "{hour:02}:00"),
        }
    }
}

/// How a choice came to its arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum How {
    /// Nothing was left open.
    #[default]
    Stated,
    /// No other would have done.
    Only,
    /// Too little is known: it is the first in the order that the step states.
    Order,
    /// Drawn evenly, so that what is known of every arm stays true.
    Explored,
    Learned,
    /// By the shares that the message states.
    Split,
    /// Another was chosen, and would have had to wait.
    Instead,
}

impl How {
    pub const ALL: [Self; 7] =
        [Self::Stated, Self::Only, Self::Order, Self::Explored, Self::Learned, Self::Split, Self::Instead];

    pub fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Only => "only",
            Self::Order => "order",
            Self::Explored => "explored",
            Self::Learned => "learned",
            Self::Split => "split",
            Self::Instead => "instead",
        }
    }

    /// A sentence that anybody can read.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Stated => "The step says so.",
            Self::Only => "No other would have done for this person.",
            Self::Order => "There are too few responses yet, so the stated order counts.",
            Self::Explored => "Drawn evenly, so that every possibility is tried now and then.",
            Self::Learned => "The best by what is known of responses, this person's and everybody's.",
            Self::Split => "By the shares that the message states.",
            Self::Instead => "Another was chosen, and would have had to wait.",
        }
    }
}

/// How each of a send's choices was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Chosen {
    pub channel: How,
    pub variant: How,
    pub hour: How,
}

impl Chosen {
    pub fn of(self, choice: Choice) -> How {
        match choice {
            Choice::Channel => self.channel,
            Choice::Variant => self.variant,
            Choice::Hour => self.hour,
        }
    }
}

/// What is known of an arm: sends that arrived with it, and those of them that were answered in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Tally {
    pub trials: u32,
    pub responses: u32,
}

/// An arm that may be chosen, and what is known of it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) arm: Arm,
    /// Of everybody.
    pub(crate) all: Tally,
    /// Of the person.
    pub(crate) own: Tally,
}

/// What was drawn for, so that a replay draws the same.
pub(crate) struct Occasion {
    pub(crate) seed: u64,
    pub(crate) profile: u32,
    pub(crate) run: u64,
    pub(crate) step: u16,
    pub(crate) choice: Choice,
}

impl Occasion {
    fn draws(&self) -> Draws {
        let Self { seed, profile, run, step, choice } = self;
        let key = [&profile.to_le_bytes()[..], &run.to_le_bytes(), &step.to_le_bytes(), &[*choice as u8]];
        Draws::new(xxhash_rust::xxh3::xxh3_64_with_seed(&key.concat(), *seed))
    }
}

/// The place of the arm that is best for somebody, and how it was found.
pub(crate) fn choose(known: &[Known], best: &Best, occasion: &Occasion) -> (usize, How) {
    if known.len() == 1 {
        return (0, How::Only);
    }
    if responses(known) < u64::from(best.after) {
        return (0, How::Order);
    }
    let mut draws = occasion.draws();
    if draws.below(1_000) < u64::from(best.explore_permille) {
        return (draws.below(known.len() as u64) as usize, How::Explored);
    }
    let doubts = doubts(known);
    let mut found = (0, f64::MIN);
    for (place, one) in known.iter().enumerate() {
        let (ones, zeros) = one.shapes(doubts);
        let worth = one.worth(draws.beta(ones, zeros));
        if worth > found.1 {
            found = (place, worth);
        }
    }
    (found.0, How::Learned)
}

/// Those of all arms together, by which it is told whether enough is known.
pub(crate) fn responses(known: &[Known]) -> u64 {
    known.iter().map(|one| u64::from(one.all.responses)).sum()
}

/// How many sends without a response come to one with one, over all arms: what an arm that nobody tried is taken for, with
/// the weight of one response.
fn doubts(known: &[Known]) -> u64 {
    let trials: u64 = known.iter().map(|one| u64::from(one.all.trials)).sum();
    let responses = responses(known).max(1);
    (trials.saturating_sub(responses) / responses).max(1)
}

/// How often each arm is expected to be answered by the person, in ten-thousandths.
pub(crate) fn rates(known: &[Known]) -> Vec<u16> {
    let doubts = doubts(known);
    let rate = |one: &Known| {
        let (ones, zeros) = one.shapes(doubts);
        let (all, weight) = (ones + zeros, u64::from(BEST_OWN_WEIGHT));
        let own = weight + u64::from(one.own.trials);
        let rate = 10_000 * (weight * ones + u64::from(one.own.responses) * all) / (own * all);
        u16::try_from(rate).expect("invariant: there are no more responses than trials")
    };
    known.iter().map(rate).collect()
}

impl Known {
    /// Of the beta distribution of everybody's rate.
    fn shapes(&self, doubts: u64) -> (u64, u64) {
        let Tally { trials, responses } = self.all;
        (1 + u64::from(responses), doubts + u64::from(trials - responses))
    }

    /// The person's rate where everybody's is this: their own sends count beside ten of everybody's.
    fn worth(&self, rate: f64) -> f64 {
        let weight = f64::from(BEST_OWN_WEIGHT);
        (weight * rate + f64::from(self.own.responses)) / (weight + f64::from(self.own.trials))
    }
}

#[cfg(test)]
mod tests;
