//! The one place that decides a send: between *wants to send* and *may send*.
//!
//! It runs twice for each send, at the decision and at the hand-over, with the same rules. It always gives a reason.

use crate::at::At;
use crate::identifier::{HashKey, IdentifierKind, KeyedHash, normalise};
use crate::outbox::Reason;
use crate::parts::Parts;
use crate::profile::{Profile, StatedTrait, StoredIdentifier};
use crate::programme::{Channel, Message, OptIn, Programme};
use crate::record::ConsentState;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A hard block on an address, whatever the consent.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Suppression {
    pub kind: IdentifierKind,
    pub value: String,
    pub reason: String,
    pub stated_at: At,
}

/// Blocked addresses, by their hashes.
pub(crate) type Suppressions = Parts<Arc<BTreeMap<KeyedHash, Suppression>>, 1024>;

/// What the governor looks at besides the profile.
#[derive(Clone, Copy)]
pub(crate) struct Governor<'a> {
    pub(crate) programme: &'a Programme,
    pub(crate) hash_key: HashKey,
    pub(crate) suppressions: &'a Suppressions,
}

/// A message that somebody wants to send.
pub(crate) struct Wish<'a> {
    pub(crate) message: &'a str,
    pub(crate) purpose: &'a str,
    /// In order of preference; empty for every channel that the message has.
    pub(crate) channels: &'a [Channel],
    pub(crate) held_out: bool,
    pub(crate) confirms: bool,
}

impl Governor<'_> {
    /// The first channel that may reach the person and the address there, or the most telling reason against all.
    pub(crate) fn decide(&self, profile: &Profile, wish: &Wish<'_>) -> Result<(Channel, String), Reason> {
        if wish.held_out {
            return Err(Reason::Holdout);
        }
        let message = self.programme.messages.get(wish.message).ok_or(Reason::MessageMissing)?;
        let every = Channel::ALL;
        let channels = if wish.channels.is_empty() { &every[..] } else { wish.channels };
        let mut telling = Reason::NoRendering;
        for channel in channels {
            match self.try_channel(profile, wish, message, *channel) {
                Ok(address) => return Ok((*channel, address)),
                Err(reason) => telling = telling.max(reason),
            }
        }
        Err(telling)
    }

    fn try_channel(
        &self,
        profile: &Profile,
        wish: &Wish<'_>,
        message: &Message,
        channel: Channel,
    ) -> Result<String, Reason> {
        if !message.has(channel) {
            return Err(Reason::NoRendering);
        }
        let address = address(profile, channel).ok_or(Reason::Unreachable)?;
        if self.is_suppressed(channel, &address) {
            return Err(Reason::Suppressed);
        }
        self.check_consent(profile, wish, channel)?;
        Ok(address)
    }

    fn check_consent(&self, profile: &Profile, wish: &Wish<'_>, channel: Channel) -> Result<(), Reason> {
        let purpose = self.programme.purposes.get(wish.purpose);
        let state = profile.consents.state(wish.purpose, Some(channel));
        if wish.confirms {
            return match state {
                Some(ConsentState::Pending) => Ok(()),
                Some(ConsentState::Withdrawn) => Err(Reason::ConsentWithdrawn),
                Some(ConsentState::Granted) => Err(Reason::AlreadyConfirmed),
                None => Err(Reason::NoConsent),
            };
        }
        let Some(purpose) = purpose else { return Err(Reason::NoConsent) };
        if purpose.opt_in == OptIn::None {
            return Ok(());
        }
        match state {
            _ if !purpose.channels.contains(&channel) => Err(Reason::NoConsent),
            Some(ConsentState::Granted) => Ok(()),
            Some(ConsentState::Withdrawn) => Err(Reason::ConsentWithdrawn),
            Some(ConsentState::Pending) => Err(Reason::ConsentPending),
            None => Err(Reason::NoConsent),
        }
    }

    pub(crate) fn is_suppressed(&self, channel: Channel, address: &str) -> bool {
        address_kind(channel).is_some_and(|kind| {
            let hash = self.hash_key.identifier(kind, address);
            self.suppressions.of(hash).contains_key(&hash)
        })
    }

    /// Whether the person has an address on the channel that is not suppressed.
    pub(crate) fn reaches(&self, profile: &Profile, channel: Channel) -> bool {
        address(profile, channel).is_some_and(|address| !self.is_suppressed(channel, &address))
    }
}

impl Message {
    pub fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::Sms | Channel::Push | Channel::WebPush | Channel::InApp | Channel::Webhook => false,
        }
    }
}

/// The kind of identifier that a channel sends to.
pub fn address_kind(channel: Channel) -> Option<IdentifierKind> {
    match channel {
        Channel::Email => Some(IdentifierKind::Email),
        Channel::Sms => Some(IdentifierKind::Phone),
        Channel::Push | Channel::WebPush => Some(IdentifierKind::DeviceToken),
        Channel::InApp | Channel::Webhook => None,
    }
}

/// Whether channels may send to identifiers of the kind.
pub(crate) fn is_address(kind: IdentifierKind) -> bool {
    Channel::ALL.into_iter().any(|channel| address_kind(channel) == Some(kind))
}

/// Where a channel finds the person: what the traits say now, or else the newest identifier of the right kind.
pub(crate) fn address(profile: &Profile, channel: Channel) -> Option<String> {
    address_among(&profile.traits, profile.identifiers.iter(), channel)
}

/// The same for some of a profile's traits and identifiers.
pub(crate) fn address_among<'a>(
    traits: &BTreeMap<String, StatedTrait>,
    identifiers: impl DoubleEndedIterator<Item = &'a StoredIdentifier>,
    channel: Channel,
) -> Option<String> {
    let kind = address_kind(channel)?;
    let stated = traits.get(kind.name()).map(|stated| stated.value.as_value());
    let stated = stated.and_then(|value| normalise(kind, value.text()?).ok());
    let known = || identifiers.rev().find(|one| one.kind == kind).map(|one| one.value.to_string());
    stated.or_else(known)
}
