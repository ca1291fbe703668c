//! What the log says of money: what was spent, and what was done outside of the net for it. Nothing here is about a person.

use super::Record;
use crate::at::At;
use crate::codec::{Reader, put_bytes, put_varint, put_zigzag};
use crate::day::Day;
use crate::limits::FLIGHT_CODES_MAX;
use crate::programme::CostKind;
use borsh::{BorshDeserialize, BorshSerialize};

/// Money that went into a channel over some days. A second one with the same key takes the place of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpendRecorded<'a> {
    /// Names what was spent for ever, so that telling it twice counts once.
    pub key: &'a str,
    /// Empty where it was for none.
    pub campaign: &'a str,
    pub channel: &'a str,
    pub kind: CostKind,
    pub from: Day,
    /// The last day.
    pub until: Day,
    /// Negative where money came back.
    pub millionths: i64,
    pub currency: &'a str,
    pub counts: SpendCounts,
    /// Where it was told: the name of a file, or of a program.
    pub source: &'a str,
    pub recorded_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

/// What the money brought, as whoever took it says. What nobody counted is not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct SpendCounts {
    pub impressions: Option<u64>,
    pub clicks: Option<u64>,
    /// Different people.
    pub reach: Option<u64>,
    /// Minutes of work in it.
    pub minutes: Option<u64>,
}

/// Something done outside of the net, at a time and a place. A second one with the same key takes the place of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlightRecorded<'a> {
    pub key: &'a str,
    pub campaign: &'a str,
    pub medium: Medium,
    /// Which station, paper, street or fair.
    pub place: &'a str,
    pub from: At,
    /// The instant at which it was over.
    pub until: At,
    pub millionths: i64,
    pub currency: &'a str,
    /// How often it met somebody, the same people counted each time.
    pub contacts: Option<u64>,
    /// How many were handed out, printed or dialled.
    pub pieces: Option<u64>,
    /// Codes by which people say that they met it; at most `FLIGHT_CODES_MAX`.
    pub codes: Vec<&'a str>,
    pub source: &'a str,
    pub recorded_at: At,
    pub operator: &'a str,
}

/// What was done outside of the net. The order is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Medium {
    Tv,
    Radio,
    Press,
    Outdoor,
    Flyer,
    DoorToDoor,
    Fair,
    Call,
}

impl Medium {
    pub const ALL: [Self; 8] = [
        Self::Tv,
        Self::Radio,
        Self::Press,
        Self::Outdoor,
        Self::Flyer,
        Self::DoorToDoor,
        Self::Fair,
        Self::Call,
    ];

    /// Also the name of its channel.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tv => "tv",
            Self::Radio => "radio",
            Self::Press => "press",
            Self::Outdoor => "outdoor",
            Self::Flyer => "flyer",
            Self::DoorToDoor => "door-to-door",
            Self::Fair => "fair",
            Self::Call => "call",
        }
    }
}

pub(super) mod code {
    pub(in crate::record) const SPEND: u8 = 48;
    pub(in crate::record) const FLIGHT: u8 = 49;
}

/// Writes one of these records, which have no personal part, and gives the kind's code.
pub(super) fn put(record: &Record<'_>, out: &mut Vec<u8>) -> u8 {
    let text = |out: &mut Vec<u8>, text: &str| put_bytes(out, text.as_bytes());
    match record {
        Record::SpendRecorded(spend) => {
            text(out, spend.key);
            text(out, spend.campaign);
            text(out, spend.channel);
            out.push(spend.kind as u8);
            put_zigzag(out, spend.from.0.into());
            put_zigzag(out, spend.until.0.into());
            put_zigzag(out, spend.millionths);
            text(out, spend.currency);
            let SpendCounts { impressions, clicks, reach, minutes } = spend.counts;
            [impressions, clicks, reach, minutes].into_iter().for_each(|count| put_count(out, count));
            text(out, spend.source);
            put_zigzag(out, spend.recorded_at.0);
            text(out, spend.operator);
            code::SPEND
        }
        Record::FlightRecorded(flight) => {
            text(out, flight.key);
            text(out, flight.campaign);
            out.push(flight.medium as u8);
            text(out, flight.place);
            put_zigzag(out, flight.from.0);
            put_zigzag(out, flight.until.0);
            put_zigzag(out, flight.millionths);
            text(out, flight.currency);
            put_count(out, flight.contacts);
            put_count(out, flight.pieces);
            put_varint(out, flight.codes.len() as u64);
            flight.codes.iter().for_each(|code| text(out, code));
            text(out, flight.source);
            put_zigzag(out, flight.recorded_at.0);
            text(out, flight.operator);
            code::FLIGHT
        }
        _ => unreachable!("invariant: every other kind is written elsewhere"),
    }
}

/// Reads the record of a kind.
pub(super) fn read<'a>(kind: u8, envelope: &mut Reader<'a>) -> Option<Record<'a>> {
    Some(match kind {
        code::SPEND => Record::SpendRecorded(SpendRecorded {
            key: envelope.text()?,
            campaign: envelope.text()?,
            channel: envelope.text()?,
            kind: *CostKind::ALL.get(usize::from(envelope.byte()?))?,
            from: Day(envelope.zigzag()?.try_into().ok()?),
            until: Day(envelope.zigzag()?.try_into().ok()?),
            millionths: envelope.zigzag()?,
            currency: envelope.text()?,
            counts: SpendCounts {
                impressions: count(envelope)?,
                clicks: count(envelope)?,
                reach: count(envelope)?,
                minutes: count(envelope)?,
            },
            source: envelope.text()?,
            recorded_at: At(envelope.zigzag()?),
            operator: envelope.text()?,
        }),
        _ => Record::FlightRecorded(FlightRecorded {
            key: envelope.text()?,
            campaign: envelope.text()?,
            medium: *Medium::ALL.get(usize::from(envelope.byte()?))?,
            place: envelope.text()?,
            from: At(envelope.zigzag()?),
            until: At(envelope.zigzag()?),
            millionths: envelope.zigzag()?,
            currency: envelope.text()?,
            contacts: count(envelope)?,
            pieces: count(envelope)?,
            codes: codes(envelope)?,
            source: envelope.text()?,
            recorded_at: At(envelope.zigzag()?),
            operator: envelope.text()?,
        }),
    })
}

/// 0 where nobody counted, or one more than was counted.
fn put_count(out: &mut Vec<u8>, count: Option<u64>) {
    put_varint(out, count.map_or(0, |count| count.saturating_add(1)));
}

fn count(reader: &mut Reader<'_>) -> Option<Option<u64>> {
    reader.varint().map(|count| count.checked_sub(1))
}

fn codes<'a>(reader: &mut Reader<'a>) -> Option<Vec<&'a str>> {
    let count = usize::try_from(reader.varint()?).ok().filter(|count| *count <= FLIGHT_CODES_MAX)?;
    (0..count).map(|_| reader.text()).collect()
}
