//! What the log says of webhooks: each attempt with its answer, and how far somebody has listened.

use super::Record;
use crate::at::At;
use crate::codec::{Reader, put_bytes, put_varint, put_zigzag};
use crate::value::Map;
use crate::webhook::Delivery;
use crate::{ProfileId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};

/// How another program answered. The order is part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum WebhookOutcome {
    /// It took it: a status of 2xx.
    Accepted,
    /// It did not, for a reason that may pass.
    Failed,
    /// What it was told is wrong, and will be wrong again.
    Refused,
    /// There is nobody any more: 410.
    Gone,
    /// There is nothing to be told: whom it was about was erased, or the log has it no more.
    Dropped,
}

impl WebhookOutcome {
    pub const ALL: [Self; 5] = [Self::Accepted, Self::Failed, Self::Refused, Self::Gone, Self::Dropped];

    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Gone => "gone",
            Self::Dropped => "dropped",
        }
    }
}

/// An attempt, as it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookAttempt<'a> {
    /// 1 for the first.
    pub attempt: u8,
    pub outcome: WebhookOutcome,
    /// Of HTTP; 0 where there was no answer.
    pub status: u16,
    pub ended_at: At,
    pub took_ms: u32,
    /// Before this instant the other side wants no further attempt; `At(0)` where it did not say.
    pub not_before: At,
    /// A sentence of ours, which repeats nothing that the other side said.
    pub reason: &'a str,
}

/// Something was told to a webhook, or was meant to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookDelivered<'a> {
    pub webhook: &'a str,
    pub delivery: Delivery,
    pub attempt: WebhookAttempt<'a>,
}

/// The call of a webhook step was answered, or was not.
#[derive(Clone, Debug)]
pub struct WebhookAnswered<'a> {
    /// Whose run it is; erasing that person takes the answer away.
    pub profile: ProfileId,
    pub run: u64,
    /// The record at which the run asked.
    pub asked: Seq,
    pub attempt: WebhookAttempt<'a>,
    /// Personal: what it answered, where it is an object.
    pub answer: Map<'a>,
}

/// A webhook has nothing to hear in the log up to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookFollowed<'a> {
    pub webhook: &'a str,
    pub to: Seq,
    pub followed_at: At,
}

/// An operator wants something to be told to a webhook once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryRequested<'a> {
    pub webhook: &'a str,
    pub delivery: Delivery,
    pub requested_at: At,
    /// The name of an API key.
    pub operator: &'a str,
}

pub(super) mod code {
    pub(in crate::record) const DELIVERED: u8 = 25;
    pub(in crate::record) const ANSWERED: u8 = 26;
    pub(in crate::record) const FOLLOWED: u8 = 27;
    pub(in crate::record) const REQUESTED: u8 = 28;
}

/// Writes one of these records in its two parts and gives the kind's code.
pub(super) fn put(record: &Record<'_>, envelope: &mut Vec<u8>, personal: &mut Vec<u8>) -> u8 {
    match record {
        Record::WebhookDelivered(delivered) => {
            put_bytes(envelope, delivered.webhook.as_bytes());
            put_delivery(envelope, delivered.delivery);
            put_attempt(envelope, &delivered.attempt);
            code::DELIVERED
        }
        Record::WebhookAnswered(answered) => {
            put_varint(envelope, answered.profile.0.into());
            put_varint(envelope, answered.run);
            put_varint(envelope, answered.asked.0);
            put_attempt(envelope, &answered.attempt);
            put_bytes(personal, answered.answer.bytes());
            code::ANSWERED
        }
        Record::WebhookFollowed(followed) => {
            put_bytes(envelope, followed.webhook.as_bytes());
            put_varint(envelope, followed.to.0);
            put_zigzag(envelope, followed.followed_at.0);
            code::FOLLOWED
        }
        Record::DeliveryRequested(requested) => {
            put_bytes(envelope, requested.webhook.as_bytes());
            put_delivery(envelope, requested.delivery);
            put_zigzag(envelope, requested.requested_at.0);
            put_bytes(envelope, requested.operator.as_bytes());
            code::REQUESTED
        }
        _ => unreachable!("invariant: every other kind is written elsewhere"),
    }
}

/// Reads the record of a kind.
pub(super) fn read<'a>(kind: u8, envelope: &mut Reader<'a>, personal: &mut Reader<'a>) -> Option<Record<'a>> {
    Some(match kind {
        code::DELIVERED => Record::WebhookDelivered(WebhookDelivered {
            webhook: envelope.text()?,
            delivery: delivery(envelope)?,
            attempt: attempt(envelope)?,
        }),
        code::ANSWERED => Record::WebhookAnswered(WebhookAnswered {
            profile: ProfileId(envelope.varint()?.try_into().ok()?),
            run: envelope.varint()?,
            asked: Seq(envelope.varint()?),
            attempt: attempt(envelope)?,
            answer: Map::from_bytes(personal.bytes()?),
        }),
        code::FOLLOWED => Record::WebhookFollowed(WebhookFollowed {
            webhook: envelope.text()?,
            to: Seq(envelope.varint()?),
            followed_at: At(envelope.zigzag()?),
        }),
        _ => Record::DeliveryRequested(DeliveryRequested {
            webhook: envelope.text()?,
            delivery: delivery(envelope)?,
            requested_at: At(envelope.zigzag()?),
            operator: envelope.text()?,
        }),
    })
}

fn put_delivery(out: &mut Vec<u8>, delivery: Delivery) {
    put_varint(out, delivery.seq.0);
    put_varint(out, delivery.place.into());
}

fn delivery(reader: &mut Reader<'_>) -> Option<Delivery> {
    Some(Delivery { seq: Seq(reader.varint()?), place: reader.varint()?.try_into().ok()? })
}

fn put_attempt(out: &mut Vec<u8>, attempt: &WebhookAttempt<'_>) {
    out.extend_from_slice(&[attempt.attempt, attempt.outcome as u8]);
    put_varint(out, attempt.status.into());
    put_zigzag(out, attempt.ended_at.0);
    put_varint(out, attempt.took_ms.into());
    put_zigzag(out, attempt.not_before.0);
    put_bytes(out, attempt.reason.as_bytes());
}

fn attempt<'a>(reader: &mut Reader<'a>) -> Option<WebhookAttempt<'a>> {
    Some(WebhookAttempt {
        attempt: reader.byte()?,
        outcome: *WebhookOutcome::ALL.get(usize::from(reader.byte()?))?,
        status: reader.varint()?.try_into().ok()?,
        ended_at: At(reader.zigzag()?),
        took_ms: reader.varint()?.try_into().ok()?,
        not_before: At(reader.zigzag()?),
        reason: reader.text()?,
    })
}
