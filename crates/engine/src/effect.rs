//! The door out: everything that the engine can ask of the world.
//!
//! Effects leave the sequencer only after the records that caused them are durable. Replay makes them again, byte for
//! byte; whoever replays drops them, and asks [`crate::engine::Engine::outstanding`] what is still to be done.

use crate::at::At;
use crate::programme::Channel;
use crate::value::OwnedMap;
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Effect {
    /// Render the send and get a place at the provider, then submit `Attempted`.
    Prepare(Box<Prepare>),
    /// The attempt is recorded and still allowed: hand it over now, then submit `Settled`.
    HandOver { send: SendId, attempt: u8 },
    /// A run asks a webhook: see [`crate::engine::Engine::asked_webhook`], then submit `WebhookAnswered`.
    Call { profile: ProfileId, run: u64 },
    /// The attempt is no longer allowed; let go of what was prepared. The ledger has the reason.
    Release { send: SendId, attempt: u8 },
}

/// What a person's own is of an offer that is shown to them; its words are the programme's.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct OfferShown {
    /// Its name in the programme.
    pub offer: String,
    /// Empty where it has none.
    pub code: String,
    /// When it is over for the person.
    pub until: Option<At>,
}

/// All that is needed to render and address one send.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Prepare {
    pub send: SendId,
    /// 1 for the first.
    pub attempt: u8,
    /// When the message was decided: its date, whichever attempt brings it.
    pub decided_at: At,
    pub profile: ProfileId,
    pub channel: Channel,
    /// Where to: an email address, a phone number, a device token.
    pub address: String,
    /// Name of the message in the programme.
    pub message: String,
    /// Which of its wordings; empty where there is only one.
    pub variant: String,
    /// Language of the rendering, one of the programme's.
    pub language: String,
    pub purpose: String,
    /// Name of the journey, or empty for a confirmation of consent.
    pub journey: String,
    /// The profile's traits at the moment of the decision.
    pub traits: OwnedMap,
    /// Properties of the event that started the run.
    pub event: OwnedMap,
    /// The offer that the message shows.
    pub offer: Option<OfferShown>,
}

impl Prepare {
    /// The number of what is written for somebody to look at, and is no send: none has it.
    pub const UNSENT: SendId = SendId(u64::MAX);
}
