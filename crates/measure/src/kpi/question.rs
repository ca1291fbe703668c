//! What is asked of the figures: which days, divided by what, and of whom.

use super::arrival::Arrival;
use engine::day::Day;
use engine::programme::{Direction, Phase, Programme};
use std::collections::BTreeSet;

/// By what figures are divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    Nothing,
    Campaign,
    Channel,
    Direction,
    Phase,
    Day,
    Week,
    Month,
}

impl By {
    pub const ALL: [Self; 8] = [
        Self::Nothing,
        Self::Campaign,
        Self::Channel,
        Self::Direction,
        Self::Phase,
        Self::Day,
        Self::Week,
        Self::Month,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Campaign => "campaign",
            Self::Channel => "channel",
            Self::Direction => "direction",
            Self::Phase => "phase",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.name() == name)
    }
}

/// The days of a question, the last one among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub from: Day,
    pub until: Day,
}

impl Days {
    pub const EVER: Self = Self { from: Day(i32::MIN), until: Day(i32::MAX) };

    pub fn hold(self, day: Day) -> bool {
        self.from <= day && day <= self.until
    }

    /// As many days before the first; `None` where there is no first.
    pub fn before(self) -> Option<Self> {
        let is_bounded = self.from != Self::EVER.from && self.until != Self::EVER.until;
        let length = i64::from(self.until.0) - i64::from(self.from.0) + 1;
        let from = i32::try_from(i64::from(self.from.0) - length).ok().filter(|_| is_bounded)?;
        Some(Self { from: Day(from), until: self.from.plus(-1) })
    }
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    pub days: Days,
    pub by: By,
    pub campaign: Option<String>,
    pub channel: Option<String>,
    pub direction: Option<Direction>,
    pub phase: Option<Phase>,
    /// Of people in this segment alone; money is not spent by segment.
    pub segment: Option<String>,
}

impl Default for Question {
    fn default() -> Self {
        Self {
            days: Days::EVER,
            by: By::Nothing,
            campaign: None,
            channel: None,
            direction: None,
            phase: None,
            segment: None,
        }
    }
}

/// The group of what nothing led to.
pub const DIRECT: &str = "direct";
/// The group of what belongs to none.
pub const NONE: &str = "(none)";

impl Question {
    /// The group to which something belongs that happened on a day, by what brought it; `None` where it is not asked for. The day
    /// is only looked up where time divides the figures.
    pub fn group(
        &self,
        programme: &Programme,
        day: impl FnOnce() -> Day,
        arrival: Option<&Arrival>,
    ) -> Option<String> {
        let channel = arrival.map_or(DIRECT, |one| one.channel.as_str());
        let campaign = arrival.map_or("", |one| one.campaign.as_str());
        let direction = arrival.and_then(|one| one.direction);
        let phase = programme.campaigns.get(campaign).and_then(|one| one.phase);
        let is_wanted = self.campaign.as_deref().is_none_or(|one| one == campaign)
            && self.channel.as_deref().is_none_or(|one| one == channel)
            && self.direction.is_none_or(|one| Some(one) == direction)
            && self.phase.is_none_or(|one| Some(one) == phase);
        let name = |text: &str| if text.is_empty() { NONE.to_owned() } else { text.to_owned() };
        is_wanted.then(|| match self.by {
            By::Nothing => String::new(),
            By::Campaign => name(campaign),
            By::Channel => channel.to_owned(),
            By::Direction => name(direction.map_or("", Direction::name)),
            By::Phase => name(phase.map_or("", Phase::name)),
            By::Day => day().to_string(),
            // Weeks begin on Mondays; day 0 was a Thursday.
            By::Week => {
                let day = day();
                day.plus(-(day.0 + 3).rem_euclid(7)).to_string()
            }
            By::Month => day().to_string()[..7].to_owned(),
        })
    }
}

/// Whom a question is about.
pub type Members = Option<BTreeSet<engine::ProfileId>>;
