//! One message to all whom it is for, once.

use super::{Channel, Choices, Journey, Reenter, Step};
use crate::at::{At, Span};
use crate::local::{TimeOfDay, comes};
use borsh::{BorshDeserialize, BorshSerialize};
use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The clocks that are furthest ahead of UTC, and the first to show a time.
const FURTHEST_AHEAD: Span = Span::HOUR.times(14);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Broadcast {
    pub message: String,
    /// The consent that it needs.
    pub purpose: String,
    /// As of a send step.
    pub channels: Vec<Channel>,
    /// The same.
    #[serde(skip_serializing_if = "Choices::is_usual")]
    pub choices: Choices,
    /// An expression: those for whom it holds when the broadcast starts.
    pub to: String,
    /// See [`BroadcastTime`].
    pub at: String,
    /// See [`Pace`]; as fast as it goes without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<String>,
    /// Share of people withheld, in thousandths.
    pub holdout_permille: u16,
}

impl Broadcast {
    /// The journey that each of its people goes through, once.
    pub(crate) fn journey(&self) -> Journey {
        Journey {
            purpose: self.purpose.clone(),
            enter: "by request".to_owned(),
            reenter: Reenter::Never,
            holdout_permille: self.holdout_permille,
            steps: vec![Step::Send {
                message: self.message.clone(),
                channels: self.channels.clone(),
                choices: self.choices.clone(),
            }],
            ..Journey::default()
        }
    }

    /// When, and how fast, of a programme that was checked.
    pub(crate) fn plan(&self) -> (BroadcastTime, Option<Pace>) {
        let checked = "invariant: a programme with mistakes is refused before it is compiled";
        let pace = self.pace.as_deref().map(|pace| Pace::parse(pace).expect(checked));
        (BroadcastTime::parse(&self.at).expect(checked), pace)
    }
}

/// When a broadcast is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastTime {
    /// At one instant: `2026-04-01T09:00:00+02:00`.
    Instant(At),
    /// When it is that time where the person is: `2026-04-01 09:00`.
    Local { day: civil::Date, time: TimeOfDay },
}

impl BroadcastTime {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Self::Instant(At(instant.as_millisecond())));
        }
        let (day, time) = text.split_once([' ', 'T'])?;
        let day = (day.len() == 10).then(|| day.parse().ok()).flatten()?;
        Some(Self::Local { day, time: TimeOfDay::parse(time)? })
    }

    /// When it starts, and its people are found: before the time has come for any of them.
    pub(crate) fn starts(self) -> At {
        match self {
            Self::Instant(at) => at,
            Self::Local { .. } => self.of(&TimeZone::UTC).minus(FURTHEST_AHEAD),
        }
    }

    /// When it comes where somebody is.
    pub(crate) fn of(self, zone: &TimeZone) -> At {
        match self {
            Self::Instant(at) => at,
            Self::Local { day, time } => comes(day, time, zone),
        }
    }
}

/// How many people are called in a time: `10000 an hour`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Pace {
    people: u64,
    per: Span,
}

impl Pace {
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let people: u64 = words.next()?.parse().ok()?;
        let each = words.next()?;
        let unit = words.next()?;
        let per = ["second", "minute", "hour", "day"].contains(&unit).then(|| Span::unit(unit)).flatten()?;
        let reads = matches!(each, "a" | "an" | "per") && words.next().is_none();
        (reads && (1..=1_000_000_000).contains(&people)).then_some(Self { people, per })
    }

    /// How many are called in one go: about those of a second.
    pub(crate) fn slice(self, most: u64) -> u64 {
        (self.people * Span::SECOND.0 as u64 / self.per.0 as u64).clamp(1, most)
    }

    /// The time that so many take.
    pub(crate) fn time(self, count: u64) -> Span {
        Span((count * self.per.0 as u64 / self.people) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_kept_by_slices() {
        for (text, slice, time) in [
            ("10000 an hour", 2, 720),
            ("1 a minute", 1, 60_000),
            ("100000 per minute", 1_000, 600),
            ("50 a second", 50, 1_000),
            ("86400 a day", 1, 1_000),
        ] {
            let pace = Pace::parse(text).unwrap();
            let taken = pace.slice(1_000);
            assert_eq!((taken, pace.time(taken)), (slice, Span(time)), "{text}");
        }
        for wrong in ["", "10000", "an hour", "0 an hour", "10 a fortnight", "10 an hour or so", "-1 a day"] {
            assert_eq!(Pace::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_is_one_instant_or_each_persons_own() {
        let starts = |text: &str| BroadcastTime::parse(text).map(|time| time.starts().to_string());
        for (text, expected) in [
            ("2026-04-01T09:00:00+02:00", "2026-04-01T07:00:00.000Z"),
            ("2026-04-01 09:00", "2026-03-31T19:00:00.000Z"),
            ("2026-04-01T09:00", "2026-03-31T19:00:00.000Z"),
        ] {
            assert_eq!(starts(text).as_deref(), Some(expected), "{text}");
        }
        for wrong in ["", "2026-04-01", "tomorrow 09:00", "2026-04-01 9 o'clock", "2026-02-30 09:00"] {
            assert_eq!(BroadcastTime::parse(wrong), None, "{wrong}");
        }
        let kiritimati = crate::programme::timezone("Pacific/Kiritimati").unwrap();
        let time = BroadcastTime::parse("2026-04-01 09:00").unwrap();
        assert_eq!(time.of(&kiritimati), time.starts(), "nobody's clock is further ahead");
    }
}
