//! The one place that decides a send: between *wants to send* and *may send*.
//!
//! It runs twice for each send, at the decision and at the hand-over, with the same rules; and once more whenever a send
//! has waited long enough. It always gives a reason.
//!
//! What every send needs comes first: a rendering, an address that is not suppressed, a consent. What the contact policy
//! says comes after that, and is for what asks for a consent: see [`crate::policy`].

use crate::at::At;
use crate::basis::{Basis, SoftOptIns};
use crate::identifier::{HashKey, IdentifierKind, KeyedHash, normalise};
use crate::outbox::Reason;
use crate::parts::Parts;
use crate::policy::{Asking, Policy};
use crate::profile::{Profile, StatedTrait, StoredIdentifier};
use crate::programme::{Channel, Message, OptIn, Programme, Purpose};
use crate::record::ConsentState;
use crate::register::Registers;
use crate::state::State;
use crate::{ProfileId, SendId};
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
    pub(crate) soft_opt_ins: &'a SoftOptIns,
    pub(crate) registers: &'a Registers,
    /// When it is asked: the engine's instant, or a later one where nothing happened since.
    pub(crate) now: At,
}

/// A message that somebody wants to send.
pub(crate) struct Wish<'a> {
    pub(crate) message: &'a str,
    pub(crate) purpose: &'a str,
    /// In order of preference; empty for every channel that the message has.
    pub(crate) channels: &'a [Channel],
    pub(crate) held_out: bool,
    pub(crate) confirms: bool,
    /// When it was wished for, and its number, where it is in the ledger already.
    pub(crate) waits: Option<(At, SendId)>,
    /// It was let go before, and is about to leave.
    pub(crate) hands_over: bool,
    /// Why the person may not have the offer that it shows.
    pub(crate) barred: Option<Reason>,
}

impl<'a> Wish<'a> {
    /// One that nothing is known of yet.
    pub(crate) fn plain(message: &'a str, purpose: &'a str, channels: &'a [Channel]) -> Self {
        Self {
            message,
            purpose,
            channels,
            held_out: false,
            confirms: false,
            waits: None,
            hands_over: false,
            barred: None,
        }
    }
}

/// What the governor says of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Send { channel: Channel, address: String, basis: Basis },
    Defer { channel: Channel, address: String, until: At, reason: Reason },
    Drop { reason: Reason },
}

impl Governor<'_> {
    /// The first channel on which the message may go now, with the address there; or else the one on which it may go first,
    /// or the most telling reason against all.
    pub(crate) fn decide(&self, state: &State, policy: &Policy, id: ProfileId, wish: &Wish<'_>) -> Answer {
        let purpose = self.programme.purposes.get(wish.purpose);
        let policy = Some(policy).filter(|policy| {
            !policy.is_empty() && !wish.confirms && purpose.is_some_and(|one| one.is_under_policy())
        });
        let drop = |reason| Answer::Drop { reason };
        if policy.is_some_and(|policy| is_drawn(state, id, GLOBAL, policy.holdout_permille())) {
            return drop(Reason::GlobalHoldout);
        }
        if wish.held_out {
            return drop(Reason::Holdout);
        }
        let Some(message) = self.programme.messages.get(wish.message) else {
            return drop(Reason::MessageMissing);
        };
        let profile = &state.profiles[id.0 as usize];
        // What is on a page waits for the person to come; nothing is sent there.
        let channels = if wish.channels.is_empty() { &Channel::SENT[..] } else { wish.channels };
        let mut telling = Reason::NoRendering;
        let mut first: Option<Answer> = None;
        for channel in channels {
            let (address, basis) = match self.try_channel(state, id, wish, message, *channel) {
                Ok(found) => found,
                Err(reason) => {
                    telling = telling.max(reason);
                    continue;
                }
            };
            let waits = policy.and_then(|policy| {
                policy.waits(&asking((state, self.now), profile, wish, message.priority, *channel))
            });
            match self.pause(profile, wish).or(waits) {
                None => return Answer::Send { channel: *channel, address, basis },
                Some((until, reason)) if until > self.patience_ends(wish) => {
                    telling = telling.max(reason);
                }
                Some((until, reason)) => {
                    let is_first = first.as_ref().is_none_or(|one| until < one.until());
                    if is_first {
                        first = Some(Answer::Defer { channel: *channel, address, until, reason });
                    }
                }
            }
        }
        first.unwrap_or(drop(telling))
    }

    /// The channels on which a message may reach a person, in order of preference, whatever the contact policy says of now.
    pub(crate) fn reaching(&self, state: &State, id: ProfileId, wish: &Wish<'_>) -> Vec<Channel> {
        let Some(message) = self.programme.messages.get(wish.message) else { return Vec::new() };
        let channels = if wish.channels.is_empty() { &Channel::SENT[..] } else { wish.channels };
        let reaches = |channel: &Channel| self.try_channel(state, id, wish, message, *channel).is_ok();
        channels.iter().copied().filter(reaches).collect()
    }

    /// Until when a wish may wait.
    fn patience_ends(&self, wish: &Wish<'_>) -> At {
        let wished_at = wish.waits.map_or(self.now, |(wished_at, _)| wished_at);
        wished_at.plus(self.programme.patience(wish.message))
    }

    /// Until when the person wants nothing that asks for a consent. Whatever the contact policy says is asked again then.
    fn pause(&self, profile: &Profile, wish: &Wish<'_>) -> Option<(At, Reason)> {
        let asks = |purpose: &Purpose| purpose.opt_in != OptIn::None;
        let is_bound = !wish.confirms && self.programme.purposes.get(wish.purpose).is_none_or(asks);
        let until = profile.preferences.paused_until(self.now).filter(|_| is_bound)?;
        Some((until, Reason::Paused))
    }

    fn try_channel(
        &self,
        state: &State,
        id: ProfileId,
        wish: &Wish<'_>,
        message: &Message,
        channel: Channel,
    ) -> Result<(String, Basis), Reason> {
        if !message.has(channel) {
            return Err(Reason::NoRendering);
        }
        let found = self.reach(state, id, wish, channel)?;
        wish.barred.map_or(Ok(found), Err)
    }

    /// Where a channel finds somebody who may be addressed on it, and on what ground.
    fn reach(
        &self,
        state: &State,
        id: ProfileId,
        wish: &Wish<'_>,
        channel: Channel,
    ) -> Result<(String, Basis), Reason> {
        let profile = &state.profiles[id.0 as usize];
        let address = match address_kind(channel) {
            Some(_) => address(profile, channel).ok_or(Reason::Unreachable)?,
            // What waits for the person in a place of their own needs no address.
            None => String::new(),
        };
        let is_in_register = || self.registers.forbids_hashed(&self.hash_key, &address, channel);
        if self.is_suppressed(channel, &address) || is_in_register() {
            return Err(Reason::Suppressed);
        }
        let basis = self.basis(state, id, wish, (channel, &address))?;
        Ok((address, basis))
    }

    /// Where people may telephone somebody for a purpose, and on what ground; or why they may not, now.
    pub(crate) fn may_call(
        &self,
        state: &State,
        id: ProfileId,
        purpose: &str,
    ) -> Result<(String, Basis), Reason> {
        let withheld = self.programme.contact_policy.holdout_permille;
        let is_bound = self.programme.purposes.get(purpose).is_some_and(Purpose::is_under_policy);
        if is_bound && is_drawn(state, id, GLOBAL, withheld) {
            return Err(Reason::GlobalHoldout);
        }
        let wish = Wish {
            message: "",
            purpose,
            channels: &[Channel::Call],
            held_out: false,
            confirms: false,
            waits: None,
            hands_over: false,
            barred: None,
        };
        let found = self.reach(state, id, &wish, Channel::Call)?;
        match self.pause(&state.profiles[id.0 as usize], &wish) {
            Some((_, reason)) => Err(reason),
            None => Ok(found),
        }
    }

    /// On what ground the message may go to an address.
    fn basis(
        &self,
        state: &State,
        id: ProfileId,
        wish: &Wish<'_>,
        (channel, address): (Channel, &str),
    ) -> Result<Basis, Reason> {
        let profile = &state.profiles[id.0 as usize];
        let purpose = self.programme.purposes.get(wish.purpose);
        let consent = profile.consents.state(wish.purpose, Some(channel));
        if wish.confirms {
            return match consent {
                Some(ConsentState::Pending) => Ok(Basis::None),
                Some(ConsentState::Withdrawn) => Err(Reason::ConsentWithdrawn),
                Some(ConsentState::Granted) => Err(Reason::AlreadyConfirmed),
                None => Err(Reason::NoConsent),
            };
        }
        let Some(purpose) = purpose else { return Err(Reason::NoConsent) };
        if purpose.opt_in == OptIn::None {
            return Ok(Basis::None);
        }
        let as_customer = || {
            let about = (wish.purpose, channel, address);
            self.soft_opt_ins.until(state, self.programme, id, about).is_some()
        };
        match consent {
            _ if !purpose.channels.contains(&channel) => Err(Reason::NoConsent),
            Some(ConsentState::Granted) => Ok(Basis::of_consent(&profile.consents, wish.purpose, channel)),
            Some(ConsentState::Pending) | None if as_customer() => Ok(Basis::SoftOptIn),
            Some(ConsentState::Withdrawn) => Err(Reason::ConsentWithdrawn),
            Some(ConsentState::Pending) => Err(Reason::ConsentPending),
            None => Err(Reason::NoConsent),
        }
    }

    pub(crate) fn is_suppressed(&self, channel: Channel, address: &str) -> bool {
        address_kind(channel).is_some_and(|kind| {
            let hash = self.hash_key.identifier(kind, address);
            self.suppressions.of(hash).contains_key(&hash) || self.registers.forbids(hash, channel)
        })
    }

    /// Whether the person has an address on the channel that is not suppressed.
    pub(crate) fn reaches(&self, profile: &Profile, channel: Channel) -> bool {
        address(profile, channel).is_some_and(|address| !self.is_suppressed(channel, &address))
    }
}

/// What the contact policy is to be asked about a wish.
fn asking<'a>(
    (state, now): (&'a State, At),
    profile: &'a Profile,
    wish: &Wish<'a>,
    priority: u8,
    channel: Channel,
) -> Asking<'a> {
    Asking {
        now,
        claims: &profile.claims,
        last_seen: profile.last_seen,
        zone: profile.trait_value(ZONE).and_then(|value| value.text()),
        ledger: &state.sends,
        send: wish.waits.map(|(_, send)| send),
        message: wish.message,
        purpose: wish.purpose,
        channel,
        priority,
        fewer: profile.preferences.fewer,
        hands_over: wish.hands_over,
    }
}

/// The trait that names somebody's time zone.
pub(crate) const ZONE: &str = "timezone";

/// What the draw of the global holdout is named; no journey has such a name.
const GLOBAL: &str = "";

/// Whether a holdout draws a person. The same answer for the same person and name, always.
pub(crate) fn is_drawn(state: &State, id: ProfileId, name: &str, permille: u16) -> bool {
    if permille == 0 {
        return false;
    }
    let seed = state.installed.as_ref().map_or(0, |installed| installed.seed);
    let draw = [&id.0.to_le_bytes()[..], name.as_bytes()].concat();
    xxhash_rust::xxh3::xxh3_64_with_seed(&draw, seed) % 1_000 < u64::from(permille)
}

impl Answer {
    /// By which it may go, now or later.
    pub(crate) fn channel(&self) -> Option<Channel> {
        match self {
            Self::Send { channel, .. } | Self::Defer { channel, .. } => Some(*channel),
            Self::Drop { .. } => None,
        }
    }

    fn until(&self) -> At {
        match self {
            Self::Defer { until, .. } => *until,
            Self::Send { .. } | Self::Drop { .. } => At::MAX,
        }
    }
}

impl Message {
    pub fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::InApp => self.in_app.is_some(),
            Channel::Onsite => self.onsite.is_some(),
            Channel::Sms | Channel::Push | Channel::WebPush | Channel::Webhook | Channel::Call => false,
        }
    }
}

/// The kind of identifier that a channel sends to.
pub fn address_kind(channel: Channel) -> Option<IdentifierKind> {
    match channel {
        Channel::Email => Some(IdentifierKind::Email),
        Channel::Sms | Channel::Call => Some(IdentifierKind::Phone),
        Channel::Push | Channel::WebPush => Some(IdentifierKind::DeviceToken),
        Channel::InApp | Channel::Webhook | Channel::Onsite => None,
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
