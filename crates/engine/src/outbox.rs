//! A send: a decided message with its decision, its reason, its attempts and what came of them. The ledger keeps them.
//!
//! One that is queued or attempted is still owed to the world; that is all the outbox there is. Because it is
//! state, a replay finds it again after a crash.

use crate::at::At;
use crate::basis::Basis;
use crate::best::Chosen;
use crate::programme::Channel;
use crate::record::Verdict;
use crate::value::OwnedMap;
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};
use std::sync::Arc;

/// One decided message for one profile.
#[derive(Clone, Debug)]
pub struct Send {
    pub id: SendId,
    pub profile: ProfileId,
    pub message: Arc<str>,
    pub purpose: Arc<str>,
    /// Empty for a confirmation of consent.
    pub journey: Arc<str>,
    /// Which send of the journey it is, from 0.
    pub step: u16,
    pub run: u64,
    /// It asks the person to confirm a consent, and so goes out before there is one.
    pub confirms: bool,
    /// `None` where none could reach the person.
    pub channel: Option<Channel>,
    pub language: Arc<str>,
    /// Which of the message's wordings it has; empty where there is only one.
    pub variant: Arc<str>,
    /// How what its step left open was chosen.
    pub chosen: Chosen,
    pub address: Arc<str>,
    pub decision: Decision,
    /// On what ground it was let go.
    pub basis: Basis,
    pub status: Status,
    /// When somebody wanted to send it.
    pub wished_at: At,
    /// When it was decided, or let go after a wait: the date of the message.
    pub decided_at: At,
    /// Hand-overs begun.
    pub attempts: u8,
    pub attempted_at: Option<At>,
    pub settled_at: Option<At>,
    /// When it is tried again, while it waits for that.
    pub retry_at: Option<At>,
    /// The provider's last words.
    pub reply: String,
    pub opened_at: Option<At>,
    pub clicked_at: Option<At>,
    /// The hour of the person's day in which it left, once it arrived and counts as a trial of its arms.
    pub hour: Option<u8>,
    /// It was answered in time.
    pub responded: bool,
    /// What came back of it after its receipt, and when.
    pub returned: Option<(Verdict, At)>,
    pub(crate) event: OwnedMap,
}

impl Send {
    /// Takes out whatever leads to the person it was decided for: a message, its times and what became of it are left.
    pub(crate) fn forget_person(&mut self) {
        let Self { language, address, reply, event, run, .. } = self;
        (*language, *address, *run) = ("".into(), "".into(), 0);
        reply.clear();
        *event = OwnedMap::default();
    }
}

/// What became of a send, and no more of it: of millions it is told in a tenth of the time that the whole ones take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate<'a> {
    pub send: SendId,
    pub profile: ProfileId,
    pub message: &'a str,
    pub journey: &'a str,
    pub step: u16,
    /// `None` where none could reach the person.
    pub channel: Option<Channel>,
    pub decision: Decision,
    pub status: Status,
    pub wished_at: At,
    pub decided_at: At,
    pub attempted_at: Option<At>,
    pub settled_at: Option<At>,
    pub is_clicked: bool,
}

/// The governor's answer, with one reason where it is not simply yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Decision {
    Send,
    Defer { until: At, reason: Reason },
    Drop { reason: Reason },
}

impl Decision {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Defer { .. } => "defer",
            Self::Drop { .. } => "drop",
        }
    }

    pub fn reason(&self) -> Option<Reason> {
        match *self {
            Self::Send => None,
            Self::Defer { reason, .. } | Self::Drop { reason } => Some(reason),
        }
    }
}

/// How many sends were decided how. They add up to all that was wished for.
#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Decisions {
    pub wished: u64,
    pub send: u64,
    /// Those that wait now.
    pub defer: u64,
    drop: [u64; Reason::ALL.len()],
}

impl Decisions {
    /// Sends that were dropped for a reason.
    pub fn dropped(&self, reason: Reason) -> u64 {
        self.drop[reason as usize]
    }

    pub(crate) fn add(&mut self, decision: Decision) {
        self.wished += 1;
        *self.of(decision) += 1;
    }

    pub(crate) fn change(&mut self, before: Decision, after: Decision) {
        *self.of(before) -= 1;
        *self.of(after) += 1;
    }

    fn of(&mut self, decision: Decision) -> &mut u64 {
        match decision {
            Decision::Send => &mut self.send,
            Decision::Defer { .. } => &mut self.defer,
            Decision::Drop { reason } => &mut self.drop[reason as usize],
        }
    }
}

/// Why a message was not sent. The order is that of how far it came: a later reason is the more telling one when
/// several channels were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Reason {
    /// The programme no longer has the message.
    MessageMissing,
    /// The message has no rendering for any of the channels.
    NoRendering,
    /// The person has no address on any of the channels.
    Unreachable,
    /// The address is blocked: it bounced, complained, or an operator said so.
    Suppressed,
    /// Nobody ever gave this consent.
    NoConsent,
    /// Given, but not yet confirmed from the address.
    ConsentPending,
    ConsentWithdrawn,
    /// Withheld to measure what the journey brings.
    Holdout,
    /// Withheld to measure what all messages under the contact policy bring.
    GlobalHoldout,
    /// It contradicts another message that the person got or gets.
    Excluded,
    /// The person has not responded for so long that they get less.
    Fatigue,
    /// The person got as many messages as a cap allows.
    FrequencyCap,
    /// It is night where the person is.
    QuietHours,
    /// The person asked for fewer messages.
    Fewer,
    /// The person asked for a pause.
    Paused,
    /// There is nothing left to confirm.
    AlreadyConfirmed,
    /// It waited so long that its moment has gone.
    Expired,
    /// Its journey ended while it waited.
    JourneyEnded,
    /// The person was erased before it went out.
    Erased,
    /// The offer that it shows is for others.
    OfferIneligible,
    OfferNotBegun,
    OfferOutOfStock,
    OfferExpired,
    /// The person has redeemed the offer that it shows.
    OfferRedeemed,
}

impl Reason {
    pub const ALL: [Self; 24] = [
        Self::MessageMissing,
        Self::NoRendering,
        Self::Unreachable,
        Self::Suppressed,
        Self::NoConsent,
        Self::ConsentPending,
        Self::ConsentWithdrawn,
        Self::Holdout,
        Self::GlobalHoldout,
        Self::Excluded,
        Self::Fatigue,
        Self::FrequencyCap,
        Self::QuietHours,
        Self::Fewer,
        Self::Paused,
        Self::AlreadyConfirmed,
        Self::Expired,
        Self::JourneyEnded,
        Self::Erased,
        Self::OfferIneligible,
        Self::OfferNotBegun,
        Self::OfferOutOfStock,
        Self::OfferExpired,
        Self::OfferRedeemed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::MessageMissing => "message_missing",
            Self::NoRendering => "no_rendering",
            Self::Unreachable => "unreachable",
            Self::Suppressed => "suppressed",
            Self::NoConsent => "no_consent",
            Self::ConsentPending => "consent_pending",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::Holdout => "holdout",
            Self::GlobalHoldout => "global_holdout",
            Self::Excluded => "excluded",
            Self::Fatigue => "fatigue",
            Self::FrequencyCap => "frequency_cap",
            Self::QuietHours => "quiet_hours",
            Self::Fewer => "fewer",
            Self::Paused => "paused",
            Self::AlreadyConfirmed => "already_confirmed",
            Self::Expired => "expired",
            Self::JourneyEnded => "journey_ended",
            Self::Erased => "erased",
            Self::OfferIneligible => "offer_ineligible",
            Self::OfferNotBegun => "offer_not_begun",
            Self::OfferOutOfStock => "offer_out_of_stock",
            Self::OfferExpired => "offer_expired",
            Self::OfferRedeemed => "offer_redeemed",
        }
    }

    /// A sentence that anybody can read.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::MessageMissing => "The message is no longer part of the programme.",
            Self::NoRendering => "The message has no version for a channel that could be used.",
            Self::Unreachable => "No address is known for this person on the channels of the message.",
            Self::Suppressed => "The address is suppressed, so nothing is sent to it.",
            Self::NoConsent => "The person never consented to this purpose.",
            Self::ConsentPending => "The person has not yet confirmed the consent from their address.",
            Self::ConsentWithdrawn => "The person withdrew the consent to this purpose.",
            Self::Holdout => "The person belongs to the holdout that shows what the journey brings.",
            Self::GlobalHoldout => {
                "The person belongs to the holdout that shows what all messages together bring."
            }
            Self::Excluded => "It would contradict another message to the same person.",
            Self::Fatigue => "The person has not responded for a while, and so gets fewer messages.",
            Self::FrequencyCap => "The person got as many messages as the contact policy allows.",
            Self::QuietHours => "It is night where the person is.",
            Self::Fewer => "The person asked for fewer messages.",
            Self::Paused => "The person asked for a pause.",
            Self::AlreadyConfirmed => "The consent needs no confirmation any more.",
            Self::Expired => "The message waited longer than it is worth sending.",
            Self::JourneyEnded => "The journey ended while the message waited.",
            Self::Erased => "The person was erased before the message went out.",
            Self::OfferIneligible => "The offer in the message is for others.",
            Self::OfferNotBegun => "The offer in the message has not begun yet.",
            Self::OfferOutOfStock => "There is none left of the offer in the message.",
            Self::OfferExpired => "The offer in the message is over.",
            Self::OfferRedeemed => "The person has redeemed the offer in the message.",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub enum Status {
    /// The governor said no, at the decision or at the hand-over.
    Dropped,
    /// The governor said not yet: it is decided again when its time has come.
    Deferred,
    /// Decided; waiting to be handed over, for the first time or again.
    Queued,
    /// Being handed over.
    Attempted,
    /// The provider took responsibility.
    Accepted,
    /// It came back: at once since the address does not exist, or later.
    Bounced,
    /// Given up for another reason.
    Failed,
    /// In flight when the process died. It may have arrived; it is not sent again.
    Unknown,
    /// The recipient told their mail provider that it is spam.
    Complained,
    /// The recipient put it away: closed it on the page, or took it out of the inbox.
    Dismissed,
}

impl Status {
    pub const ALL: [Self; 10] = [
        Self::Dropped,
        Self::Deferred,
        Self::Queued,
        Self::Attempted,
        Self::Accepted,
        Self::Bounced,
        Self::Failed,
        Self::Unknown,
        Self::Complained,
        Self::Dismissed,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Deferred => "deferred",
            Self::Queued => "queued",
            Self::Attempted => "attempted",
            Self::Accepted => "accepted",
            Self::Bounced => "bounced",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Complained => "complained",
            Self::Dismissed => "dismissed",
        }
    }
}
