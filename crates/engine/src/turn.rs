//! One profile's turn: what a record did to it, and what follows from that, at one instant.
//!
//! Changes are noted in [`Touched`]; [`Turn::settle`] then re-evaluates the segments that mention them, and moves the journeys.

mod best;
mod changes;
mod entries;
mod journeys;
mod memberships;
mod offers;
mod onsite;
mod sends;
mod steps;
mod webhooks;

pub(crate) use memberships::Ranks;
pub(crate) use steps::Follows;

use crate::at::{At, Span};
use crate::consent::Consent;
use crate::effect::Effect;
use crate::engine::{Engine, evidence, preferences, split_preference};
use crate::governor::{ZONE, is_address};
use crate::happening::Happening;
use crate::history::{Occurrence, Since};
use crate::identifier::{IdentifierKind, normalise};
use crate::identity::Resolved;
use crate::name::NameId;
use crate::profile::{Language, Profile};
use crate::programme::{Channel, OptIn, timezone};
use crate::record::{ConsentSource, ConsentState};
use crate::segment::eval::{Moment, Verdict, verdict};
use crate::segment::rule::{Mentions, Rule};
use crate::state::State;
use crate::timer::TimerKey;
use crate::value::{Map, OwnedValue, Value};
use crate::{ProfileId, Seq};
use std::sync::Arc;

pub(crate) struct Turn<'a> {
    pub(crate) engine: &'a mut Engine,
    pub(crate) id: ProfileId,
    /// The profile that the record's names were given to: this one, or one that it took in.
    pub(crate) about: ProfileId,
    pub(crate) touched: Touched,
    /// Of the event of this turn, if it is one.
    properties: Map<'a>,
    pub(crate) effects: &'a mut Vec<Effect>,
}

/// What changed about a profile in this turn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    /// Everything: the profile is new, or two became one.
    pub(crate) whole: bool,
    pub(crate) consent: bool,
    pub(crate) seen: bool,
    pub(crate) traits: Vec<String>,
    /// Events of this turn, each with its second.
    pub(crate) events: Vec<(NameId, u32)>,
    /// Other cut-offs were stated.
    pub(crate) cutoffs: bool,
    /// An offer was given, met or redeemed.
    pub(crate) offers: bool,
    /// Something that the contact policy counts: a place came free, or a message was answered.
    pub(crate) places: bool,
    /// A timer that came, and when it was due.
    pub(crate) timer: Option<(At, TimerKey)>,
    /// Segments whose membership changed.
    pub(crate) slots: Vec<u16>,
    /// It is history that arrives late or by import: it changes segments and ends runs, and starts none, since
    /// nobody wants a reminder of what they did last year.
    pub(crate) past: bool,
}

impl Touched {
    /// Forgets everything and keeps the room for the next turn.
    fn clear(&mut self) {
        let Self { whole, consent, seen, traits, events, cutoffs, offers, places, timer, slots, past } = self;
        (*whole, *consent, *seen, *cutoffs, *past) = (false, false, false, false, false);
        (*places, *offers) = (false, false);
        *timer = None;
        traits.clear();
        events.clear();
        slots.clear();
    }

    /// Whether a rule with these mentions may have changed its truth.
    pub(crate) fn concerns(&self, mentions: &Mentions) -> bool {
        self.whole
            || (self.consent && mentions.consent)
            || (self.seen && mentions.seen)
            || (self.cutoffs && mentions.cutoffs)
            || (self.offers && mentions.offers)
            || self.events.iter().any(|(name, _)| mentions.events.contains(name))
            || self.traits.iter().any(|name| mentions.traits.contains(name))
            || self.slots.iter().any(|slot| mentions.segments.contains(slot))
    }
}

impl<'a> Turn<'a> {
    pub(crate) fn begin(engine: &'a mut Engine, id: ProfileId, effects: &'a mut Vec<Effect>) -> Self {
        let profile = &engine.state.profiles[id.0 as usize];
        debug_assert!(profile.stands(), "invariant: only profiles that stand have turns");
        let touched = std::mem::take(&mut engine.touched);
        Self { engine, id, about: id, touched, properties: Map::default(), effects }
    }

    pub(crate) fn profile(&self) -> &Profile {
        &self.engine.state.profiles[self.id.0 as usize]
    }

    pub(crate) fn profile_mut(&mut self) -> &mut Profile {
        &mut self.engine.state.profiles[self.id.0 as usize]
    }

    pub(crate) fn now(&self) -> At {
        self.engine.state.at
    }

    pub(crate) fn seq(&self) -> Seq {
        self.engine.state.seq
    }

    /// Notes what finding the profile by its identifiers did to it.
    pub(crate) fn note_resolved(&mut self, resolved: &Resolved) {
        self.about = resolved.about;
        self.touched.whole = resolved.is_new;
        self.touched.consent |= resolved.is_addressed;
    }

    pub(crate) fn state_traits(&mut self, traits: Map<'_>, stated_at: At) {
        for (name, value) in traits.iter() {
            if self.profile_mut().state_trait(name, value, stated_at) {
                self.note_address(name, value);
                self.touched.traits.push(name.to_owned());
            }
        }
    }

    /// Remembers an address among the traits, unless it is an identifier of the profile.
    pub(crate) fn note_address(&mut self, name: &str, value: Value<'_>) {
        let kind = IdentifierKind::ALL.into_iter().find(|kind| is_address(*kind) && kind.name() == name);
        let Some(kind) = kind else { return };
        if let Some(address) = value.text().and_then(|text| normalise(kind, text).ok()) {
            let hash = self.engine.hash_key().identifier(kind, &address);
            let state = &mut self.engine.state;
            if state.directory.get(hash).map(|id| state.canonical(id)) != Some(self.id) {
                Arc::make_mut(state.addresses.of_mut(hash)).insert((hash, self.id));
            }
        }
    }

    /// Remembers every address among the traits: one may have been its identifier until now.
    pub(crate) fn note_addresses(&mut self) {
        for kind in IdentifierKind::ALL.into_iter().filter(|kind| is_address(*kind)) {
            if let Some(value) = self.profile().trait_value(kind.name()).map(OwnedValue::from) {
                self.note_address(kind.name(), value.as_value());
            }
        }
    }

    /// Consents that came inside an event.
    pub(crate) fn state_preferences(
        &mut self,
        context: Map<'_>,
        stated_at: At,
        counts: impl Fn(bool) -> bool,
    ) {
        for (name, granted) in preferences(context).filter(|(_, granted)| counts(*granted)) {
            let (purpose, channel) = split_preference(name);
            let shares = self.engine.programme.purposes.get(purpose).is_some_and(|one| one.third_party);
            if granted && shares && has_signal(context) {
                continue;
            }
            let (wording, language, proof) = evidence(context);
            let evidence = (wording.as_str(), language.as_str(), proof.as_str());
            self.state_consent(purpose, channel, granted, ConsentSource::Event, stated_at, evidence);
        }
    }

    /// Notes a consent. Under a double opt-in a grant waits until it is confirmed from the address itself, and the
    /// message that asks for that goes out now.
    pub(crate) fn state_consent(
        &mut self,
        purpose: &str,
        channel: Option<Channel>,
        granted: bool,
        source: ConsentSource,
        stated_at: At,
        (wording, language, proof): (&str, &str, &str),
    ) {
        let double = self.engine.programme.purposes.get(purpose).filter(|one| one.opt_in == OptIn::Double);
        let confirm = double.filter(|_| granted && source != ConsentSource::DoubleOptIn).cloned();
        let state = match (granted, &confirm) {
            (true, None) => ConsentState::Granted,
            (true, Some(_)) => ConsentState::Pending,
            (false, _) => ConsentState::Withdrawn,
        };
        let confirm =
            confirm.filter(|definition| self.is_unconfirmed(purpose, channel, &definition.channels));
        let stated_at = stated_at.min(self.now());
        let consent = Consent {
            purpose: purpose.to_owned(),
            channel,
            state,
            source,
            stated_at,
            seq: self.seq(),
            wording: wording.to_owned(),
            language: language.to_owned(),
            proof: proof.to_owned(),
            said: (stated_at, self.seq()),
        };
        let about = self.about;
        let profile = self.profile_mut();
        if let Some(own) = &mut profile.own {
            own.state_consent(&consent, about);
        }
        let changed = profile.consents.state_consent(consent);
        self.touched.consent |= changed;
        if let Some(message) = confirm.and_then(|purpose| purpose.confirm) {
            self.ask_to_confirm(purpose, &message);
        }
    }

    /// Global Privacy Control withdraws every consent to share. The signal speaks of all companies alike, and so it counts
    /// once: what the person says to us after it counts more than its repetition.
    pub(crate) fn note_signal(&mut self, context: Map<'_>, stated_at: At) {
        if !has_signal(context) {
            return;
        }
        let programme = Arc::clone(&self.engine.programme);
        for (name, _) in programme.purposes.iter().filter(|(_, purpose)| purpose.third_party) {
            let source = ConsentSource::PrivacySignal;
            let mut consents = self.profile().consents.all().iter();
            if !consents.any(|one| one.purpose == *name && one.source == source) {
                self.state_consent(name, None, false, source, stated_at, ("", "", "Sec-GPC: 1"));
            }
        }
    }

    /// Whether a grant names something that is not granted yet, and so has to be confirmed.
    fn is_unconfirmed(&self, purpose: &str, channel: Option<Channel>, offered: &[Channel]) -> bool {
        let consents = &self.profile().consents;
        let of_all = if channel.is_none() { offered } else { &[] };
        !consents.is_granted(purpose, channel)
            || of_all.iter().any(|one| !consents.is_granted(purpose, Some(*one)))
    }

    /// Remembers the language: what the person said, or what their browser says.
    pub(crate) fn note_language(&mut self, traits: Map<'_>, context: Map<'_>) {
        let stated = traits.get("language").or_else(|| traits.get("locale"));
        let profile = self.profile();
        let unknown = profile.language.is_unknown()
            || profile.own.as_ref().is_some_and(|own| own.language.is_unknown());
        let spoken = || context.get("locale").filter(|_| unknown);
        let text = stated.or_else(spoken).and_then(|value| value.text());
        if let Some(language) = text.and_then(Language::of_tag) {
            self.profile_mut().note_language(language, stated.is_some());
        }
    }

    /// Remembers the time zone of the person's device, where quiet hours ask for it: the newest of what was stated and what
    /// devices say counts.
    pub(crate) fn note_zone(&mut self, traits: Map<'_>, context: Map<'_>, occurred_at: At) {
        if !self.engine.policy.asks_for_zones() || traits.get(ZONE).is_some() {
            return;
        }
        let Some(name) = context.get(ZONE) else { return };
        let known = self.profile().trait_value(ZONE).and_then(|value| value.text());
        let is_zone = name.text().filter(|text| known != Some(text)).and_then(timezone).is_some();
        if is_zone && self.profile_mut().state_trait(ZONE, name, occurred_at) {
            self.touched.traits.push(ZONE.to_owned());
        }
    }

    pub(crate) fn note_seen(&mut self, occurred_at: At) {
        self.touched.seen |= self.profile_mut().note_seen(occurred_at);
    }

    /// Adds an event to the history. A turn has one at most.
    pub(crate) fn occur(&mut self, happening: &Happening<'_>, properties: Map<'a>) {
        let State { names, history, seq, .. } = &mut self.engine.state;
        let name = names.intern(happening.name);
        let second = happening.occurred_at.second();
        history.insert(name, self.id, &Occurrence { second, seq: *seq, properties });
        self.touched.events.push((name, second));
        self.properties = properties;
    }

    /// Brings memberships and journeys up to what was touched.
    pub(crate) fn settle(&mut self) {
        if self.touched.is_empty() {
            return;
        }
        self.refresh_memberships();
        self.reconsider_waiting();
        if !self.touched.past {
            self.enter_journeys();
        }
        self.follow_runs();
        self.follow_up();
    }

    /// Other cut-offs were stated, and memberships are up to them: runs go on or end by that, and none begins, since a run
    /// begins with something that happens to the person.
    pub(crate) fn follow_cutoffs(&mut self) {
        self.touched.cutoffs = true;
        self.follow_runs();
        self.follow_up();
    }

    /// Evaluates a journey's rule: everything in it counts after `since`, what says so since the run began, and `event` is
    /// what began it.
    pub(crate) fn evaluate(&self, rule: &Rule, since: Since, entry: Since, event: Map<'_>) -> Verdict {
        let moment = Moment::of(&self.engine.state, &self.engine.programme, self.id);
        verdict(rule, &Moment { since, entry, event, ..moment })
    }
}

/// Whether an event came with Global Privacy Control.
fn has_signal(context: Map<'_>) -> bool {
    matches!(context.get("gpc"), Some(Value::Bool(true) | Value::Text("1")))
}

/// How long Trama waits before it asks the same person again to confirm the same purpose, so that a form cannot be
/// used to flood somebody's mailbox.
pub(crate) const CONFIRM_AGAIN_AFTER: Span = Span::DAY;

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.touched.clear();
        std::mem::swap(&mut self.engine.touched, &mut self.touched);
    }
}
