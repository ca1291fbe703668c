//! What was spent, and what was done outside of the net: all of it, by its keys, so that what is told twice counts once and
//! what is told anew takes the place of what was wrong. Owned by the state; records wake it.

use crate::at::At;
use crate::day::Day;
use crate::engine::{Engine, Refusal};
use crate::identifier::KeyedHash;
use crate::limits::{
    CAMPAIGN_DAYS_MAX, FLIGHT_CODES_MAX, FLIGHTS_MAX, OFFER_CODE_CHARS_MAX, SPEND_LINES_MAX,
    SPEND_TEXT_BYTES_MAX,
};
use crate::parts::Parts;
use crate::programme::{CostKind, Money, is_currency, spread};
use crate::record::{FlightRecorded, Medium, SpendCounts, SpendRecorded};
use borsh::{BorshDeserialize, BorshSerialize};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// Money that went into a channel over some days.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SpendLine {
    pub key: String,
    /// Empty where it was for none.
    pub campaign: String,
    pub channel: String,
    pub kind: CostKind,
    pub from: Day,
    pub until: Day,
    pub money: Money,
    pub counts: SpendCounts,
    pub source: String,
}

/// Something done outside of the net.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Flight {
    pub key: String,
    pub campaign: String,
    pub medium: Medium,
    pub place: String,
    pub from: At,
    pub until: At,
    pub money: Money,
    pub contacts: Option<u64>,
    pub pieces: Option<u64>,
    pub codes: Vec<String>,
    pub source: String,
}

/// Why it cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpendRefusal {
    /// The field at fault, and what is wrong with it.
    Field(&'static str, &'static str),
    /// There are as many as may be.
    Full,
}

impl std::fmt::Display for SpendRefusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(field, wrong) => write!(f, "`{field}`: {wrong}"),
            Self::Full => {
                write!(f, "there are as many as may be: {SPEND_LINES_MAX} costs, {FLIGHTS_MAX} flights")
            }
        }
    }
}

/// By a hash of the key.
type Lines = Parts<Arc<BTreeMap<KeyedHash, Arc<SpendLine>>>, 256>;
type Flights = Parts<Arc<BTreeMap<KeyedHash, Arc<Flight>>>, 32>;

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Spend {
    pub(crate) line_count: u64,
    pub(crate) flight_count: u64,
    #[borsh(skip)]
    pub(crate) lines: Lines,
    #[borsh(skip)]
    pub(crate) flights: Flights,
}

pub(crate) mod section {
    pub(crate) type Lines = super::Lines;
    pub(crate) type Flights = super::Flights;
}

/// Keys name things and nobody, so their hash needs no secret.
fn place(key: &str) -> KeyedHash {
    KeyedHash(xxh3_128(key.as_bytes()))
}

impl SpendLine {
    fn of(spend: &SpendRecorded<'_>) -> Self {
        Self {
            key: spend.key.to_owned(),
            campaign: spend.campaign.to_owned(),
            channel: spend.channel.to_owned(),
            kind: spend.kind,
            from: spend.from,
            until: spend.until,
            money: Money::new(spend.millionths, spend.currency),
            counts: spend.counts,
            source: spend.source.to_owned(),
        }
    }

    /// How many days it is over.
    pub fn days(&self) -> i32 {
        self.until.0 - self.from.0 + 1
    }

    /// Its amount day by day, as evenly as millionths allow; the days add up to it exactly.
    pub fn by_day(&self) -> impl Iterator<Item = (Day, i64)> {
        let from = self.from;
        (0..).zip(spread(self.money.millionths, self.days())).map(move |(day, one)| (from.plus(day), one))
    }
}

impl Flight {
    fn of(flight: &FlightRecorded<'_>) -> Self {
        Self {
            key: flight.key.to_owned(),
            campaign: flight.campaign.to_owned(),
            medium: flight.medium,
            place: flight.place.to_owned(),
            from: flight.from,
            until: flight.until,
            money: Money::new(flight.millionths, flight.currency),
            contacts: flight.contacts,
            pieces: flight.pieces,
            codes: flight.codes.iter().map(|code| (*code).to_owned()).collect(),
            source: flight.source.to_owned(),
        }
    }

    /// Its cost as a line: over the days that it touches in a time zone.
    pub fn line(&self, timezone: &TimeZone) -> SpendLine {
        let last = At((self.until.0 - 1).max(self.from.0));
        SpendLine {
            key: self.key.clone(),
            campaign: self.campaign.clone(),
            channel: self.medium.name().to_owned(),
            kind: CostKind::Media,
            from: Day::of(self.from, timezone),
            until: Day::of(last, timezone),
            money: self.money.clone(),
            counts: SpendCounts { impressions: self.contacts, ..SpendCounts::default() },
            source: self.source.clone(),
        }
    }
}

/// Whether a text is there and short enough to be a key or a name.
fn check_text(field: &'static str, text: &str, may_be_empty: bool) -> Result<(), SpendRefusal> {
    if text.len() > SPEND_TEXT_BYTES_MAX {
        return Err(SpendRefusal::Field(field, "it is longer than any name"));
    }
    let is_there = may_be_empty || !text.trim().is_empty();
    if is_there { Ok(()) } else { Err(SpendRefusal::Field(field, "it is missing")) }
}

fn check_currency(currency: &str) -> Result<(), SpendRefusal> {
    let wrong = SpendRefusal::Field("currency", "write its three letters, such as EUR");
    if is_currency(currency) { Ok(()) } else { Err(wrong) }
}

fn check_days(from: Day, until: Day) -> Result<(), SpendRefusal> {
    if until < from {
        return Err(SpendRefusal::Field("until", "the end lies before the beginning"));
    }
    let is_short = i64::from(until.0) - i64::from(from.0) < i64::from(CAMPAIGN_DAYS_MAX);
    if is_short { Ok(()) } else { Err(SpendRefusal::Field("until", "it is longer than ten years")) }
}

impl Engine {
    pub(crate) fn check_spend(&self, spend: &SpendRecorded<'_>) -> Result<(), Refusal> {
        let checked = check_text("key", spend.key, false)
            .and_then(|()| check_text("campaign", spend.campaign, true))
            .and_then(|()| check_text("channel", spend.channel, false))
            .and_then(|()| check_text("source", spend.source, true))
            .and_then(|()| check_currency(spend.currency))
            .and_then(|()| check_days(spend.from, spend.until));
        checked.map_err(Refusal::Spend)?;
        let is_known = self.spend_line(spend.key).is_some();
        let has_room = is_known || self.state.spend.line_count < SPEND_LINES_MAX;
        if has_room { Ok(()) } else { Err(Refusal::Spend(SpendRefusal::Full)) }
    }

    pub(crate) fn check_flight(&self, flight: &FlightRecorded<'_>) -> Result<(), Refusal> {
        let is_long = |code: &&str| code.chars().count() > OFFER_CODE_CHARS_MAX;
        let is_too_much = flight.codes.len() > FLIGHT_CODES_MAX || flight.codes.iter().any(is_long);
        let codes = || match is_too_much {
            true => Err(SpendRefusal::Field("codes", "there are too many codes, or one is too long")),
            false => Ok(()),
        };
        let (from, until) = (Day::of(flight.from, &TimeZone::UTC), Day::of(flight.until, &TimeZone::UTC));
        let in_order = || match flight.from <= flight.until {
            true => check_days(from, until),
            false => Err(SpendRefusal::Field("until", "the end lies before the beginning")),
        };
        let checked = check_text("key", flight.key, false)
            .and_then(|()| check_text("campaign", flight.campaign, true))
            .and_then(|()| check_text("place", flight.place, true))
            .and_then(|()| check_text("source", flight.source, true))
            .and_then(|()| check_currency(flight.currency))
            .and_then(|()| in_order())
            .and_then(|()| codes());
        checked.map_err(Refusal::Spend)?;
        let is_known = self.flight(flight.key).is_some();
        let has_room = is_known || self.state.spend.flight_count < FLIGHTS_MAX;
        if has_room { Ok(()) } else { Err(Refusal::Spend(SpendRefusal::Full)) }
    }

    /// Whether the same was told before.
    pub(crate) fn is_same_spend(&self, spend: &SpendRecorded<'_>) -> bool {
        let same =
            |known: &SpendLine| *known == SpendLine { source: known.source.clone(), ..SpendLine::of(spend) };
        self.spend_line(spend.key).is_some_and(same)
    }

    pub(crate) fn is_same_flight(&self, flight: &FlightRecorded<'_>) -> bool {
        let same = |known: &Flight| *known == Flight { source: known.source.clone(), ..Flight::of(flight) };
        self.flight(flight.key).is_some_and(same)
    }

    pub(crate) fn apply_spend(&mut self, spend: &SpendRecorded<'_>) {
        let hash = place(spend.key);
        let part = Arc::make_mut(self.state.spend.lines.of_mut(hash));
        let before = part.insert(hash, Arc::new(SpendLine::of(spend)));
        self.state.spend.line_count += u64::from(before.is_none());
    }

    pub(crate) fn apply_flight(&mut self, flight: &FlightRecorded<'_>) {
        let hash = place(flight.key);
        let part = Arc::make_mut(self.state.spend.flights.of_mut(hash));
        let before = part.insert(hash, Arc::new(Flight::of(flight)));
        self.state.spend.flight_count += u64::from(before.is_none());
    }

    pub fn spend_line(&self, key: &str) -> Option<&SpendLine> {
        let hash = place(key);
        self.state.spend.lines.of(hash).get(&hash).map(Arc::as_ref)
    }

    pub fn flight(&self, key: &str) -> Option<&Flight> {
        let hash = place(key);
        self.state.spend.flights.of(hash).get(&hash).map(Arc::as_ref)
    }

    /// All that was told of what was spent, flights left out, in an order that is the same for the same lines.
    pub fn spend_lines(&self) -> impl Iterator<Item = &SpendLine> {
        self.state.spend.lines.iter().flat_map(|part| part.values()).map(Arc::as_ref)
    }

    /// All that was done outside of the net, in an order that is the same for the same flights.
    pub fn flights(&self) -> impl Iterator<Item = &Flight> {
        self.state.spend.flights.iter().flat_map(|part| part.values()).map(Arc::as_ref)
    }

    /// Every cost that is known: what was told, what flights cost, and what the programme's campaigns say.
    pub fn costs(&self) -> Vec<SpendLine> {
        let timezone = &self.programme.timezone();
        let told = self.spend_lines().cloned();
        let flown = self.flights().map(|flight| flight.line(timezone));
        let stated = self.programme.campaigns.iter().flat_map(|(name, campaign)| {
            campaign.day_costs().into_iter().map(|cost| SpendLine {
                key: String::new(),
                campaign: name.clone(),
                channel: cost.channel,
                kind: cost.kind,
                from: cost.day,
                until: cost.day,
                money: cost.money,
                counts: SpendCounts::default(),
                source: "programme".to_owned(),
            })
        });
        told.chain(flown).chain(stated).collect()
    }
}
