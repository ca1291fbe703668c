//! What a case speaks of: few names, few lengths of time, and a part of the language, so that things meet.

use engine::at::{At, Span};
use engine::identifier::IdentifierKind;
use jiff::civil::Date;

/// An identifier, in its normal form.
pub(super) type Name = (IdentifierKind, &'static str);

/// Where and when a story begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub(super) zone: &'static str,
    pub(super) at: &'static str,
}

#[derive(Clone, Copy)]
pub(super) struct Words {
    /// The day around which expressions and values have their dates.
    pub(super) today: Date,
    /// Days around it that are spoken of.
    pub(super) days: i64,
    pub(super) names: &'static [Name],
    pub(super) events: &'static [&'static str],
    /// Lengths of time: of windows, between events, and of the clock's moves.
    pub(super) spans: &'static [Span],
    pub(super) conditions: Conditions,
    pub(super) deeds: Deeds,
}

/// How often each kind of condition is drawn.
#[derive(Clone, Copy, Default)]
pub(super) struct Conditions {
    pub(super) did: u32,
    pub(super) sequence: u32,
    pub(super) traits: u32,
    pub(super) day: u32,
    pub(super) segment: u32,
    pub(super) consent: u32,
    pub(super) reachable: u32,
    pub(super) seen: u32,
    /// Scores and shares.
    pub(super) ranks: u32,
    /// In a hundred: of deeds, those with tests of properties; of deeds, those with a window of dates.
    pub(super) filters_percent: u32,
    pub(super) dates_percent: u32,
    /// In a hundred: of windows, those that begin with a run.
    pub(super) entry_percent: u32,
    /// In a hundred: of tests of properties, those against today.
    pub(super) today_percent: u32,
}

/// How often each kind of deed is drawn, the clock's moves aside.
#[derive(Clone, Copy, Default)]
pub(super) struct Deeds {
    pub(super) track: u32,
    pub(super) identify: u32,
    pub(super) consent: u32,
    pub(super) suppress: u32,
    pub(super) redefine: u32,
    pub(super) restart: u32,
    /// Cut-offs.
    pub(super) state: u32,
    pub(super) erase: u32,
}

const NAMES: [Name; 10] = [
    (IdentifierKind::UserId, "u1"),
    (IdentifierKind::UserId, "u2"),
    (IdentifierKind::UserId, "u3"),
    (IdentifierKind::Email, "a@example.com"),
    (IdentifierKind::Email, "b@example.com"),
    (IdentifierKind::Phone, "+39123456"),
    (IdentifierKind::DeviceToken, "token-1"),
    (IdentifierKind::AnonymousId, "device-1"),
    (IdentifierKind::AnonymousId, "device-2"),
    (IdentifierKind::AnonymousId, "device-3"),
];
/// Up to four people, or one.
const ONE_PERSON: [Name; 4] = [
    (IdentifierKind::UserId, "u1"),
    (IdentifierKind::AnonymousId, "device-1"),
    (IdentifierKind::AnonymousId, "device-2"),
    (IdentifierKind::AnonymousId, "device-3"),
];

const EVENTS: [&str; 3] = ["A", "B", "C"];
const SPANS: [Span; 7] = [
    Span::SECOND,
    Span(10_000),
    Span::MINUTE,
    Span::HOUR,
    Span::DAY,
    Span(2 * 86_400_000),
    Span(7 * 86_400_000),
];
const SECONDS: [Span; 3] = [Span::SECOND, Span(2_000), Span(3_000)];
const HOURS: [Span; 3] = [Span(6 * 3_600_000), Span(12 * 3_600_000), Span::DAY];

impl Start {
    pub(super) fn at(self) -> At {
        At::parse(self.at).expect("an instant")
    }

    /// Its day in UTC.
    pub(super) fn today(self) -> Date {
        self.at[..10].parse().expect("a day")
    }
}

impl Words {
    pub(super) fn everything(today: Date) -> Self {
        Self {
            today,
            days: 4,
            names: &NAMES,
            events: &EVENTS,
            spans: &SPANS,
            conditions: Conditions {
                did: 5,
                sequence: 5,
                traits: 2,
                day: 3,
                segment: 2,
                consent: 1,
                reachable: 1,
                seen: 2,
                ranks: 3,
                filters_percent: 25,
                dates_percent: 30,
                today_percent: 20,
                entry_percent: 0,
            },
            deeds: Deeds {
                track: 16,
                identify: 6,
                consent: 2,
                suppress: 1,
                redefine: 1,
                restart: 1,
                state: 3,
                erase: 1,
            },
        }
    }

    /// Sequences of events that lie seconds apart.
    pub(super) fn order(today: Date) -> Self {
        Self {
            today,
            days: 2,
            names: &ONE_PERSON,
            events: &EVENTS[..2],
            spans: &SECONDS,
            conditions: Conditions { did: 1, sequence: 9, filters_percent: 15, ..Conditions::default() },
            deeds: Deeds { track: 12, restart: 1, ..Deeds::default() },
        }
    }

    /// Rules inside a journey, where a run began.
    pub(super) fn runs(today: Date) -> Self {
        let order = Self::order(today);
        let conditions = Conditions {
            did: 5,
            sequence: 4,
            seen: 1,
            ranks: 2,
            filters_percent: 10,
            entry_percent: 50,
            ..Conditions::default()
        };
        Self { conditions, deeds: Deeds { state: 2, ..order.deeds }, ..order }
    }

    /// Windows that begin and end at the hours at which things happen.
    pub(super) fn dates(today: Date) -> Self {
        Self {
            today,
            days: 2,
            names: &ONE_PERSON,
            events: &EVENTS[..2],
            spans: &HOURS,
            conditions: Conditions {
                did: 6,
                sequence: 2,
                seen: 2,
                filters_percent: 15,
                dates_percent: 80,
                ..Conditions::default()
            },
            deeds: Deeds { track: 8, redefine: 1, ..Deeds::default() },
        }
    }

    /// Traits that are dates.
    pub(super) fn days(today: Date) -> Self {
        Self {
            today,
            days: 2,
            names: &ONE_PERSON,
            events: &EVENTS[..1],
            spans: &HOURS,
            conditions: Conditions { day: 1, ..Conditions::default() },
            deeds: Deeds { identify: 8, redefine: 1, ..Deeds::default() },
        }
    }

    pub(super) fn properties(today: Date) -> Self {
        Self {
            today,
            days: 2,
            names: &ONE_PERSON,
            events: &EVENTS[..1],
            spans: &SECONDS,
            conditions: Conditions {
                did: 6,
                sequence: 1,
                traits: 2,
                filters_percent: 70,
                dates_percent: 10,
                ..Conditions::default()
            },
            deeds: Deeds { track: 8, identify: 3, restart: 1, redefine: 1, erase: 1, ..Deeds::default() },
        }
    }

    /// Where people stand among each other.
    pub(super) fn ranks(today: Date) -> Self {
        Self {
            today,
            days: 2,
            names: &NAMES,
            events: &EVENTS[..2],
            spans: &HOURS,
            conditions: Conditions {
                did: 1,
                segment: 2,
                ranks: 6,
                filters_percent: 15,
                dates_percent: 20,
                ..Conditions::default()
            },
            deeds: Deeds { track: 12, redefine: 1, restart: 1, state: 4, erase: 1, ..Deeds::default() },
        }
    }

    /// Events with properties that are compared with today.
    pub(super) fn daily(today: Date) -> Self {
        Self {
            today,
            days: 2,
            names: &ONE_PERSON,
            events: &EVENTS[..1],
            spans: &HOURS,
            conditions: Conditions {
                did: 5,
                sequence: 4,
                filters_percent: 90,
                today_percent: 80,
                ..Conditions::default()
            },
            deeds: Deeds { track: 8, redefine: 1, restart: 1, ..Deeds::default() },
        }
    }

    /// Merges, addresses, consents, and segments of segments.
    pub(super) fn people(today: Date) -> Self {
        Self {
            today,
            days: 2,
            names: &NAMES,
            events: &EVENTS[..1],
            spans: &SECONDS,
            conditions: Conditions {
                did: 1,
                sequence: 1,
                segment: 3,
                consent: 3,
                reachable: 4,
                seen: 1,
                ..Conditions::default()
            },
            deeds: Deeds {
                track: 4,
                identify: 4,
                consent: 4,
                suppress: 2,
                redefine: 1,
                restart: 1,
                erase: 1,
                ..Deeds::default()
            },
        }
    }
}
