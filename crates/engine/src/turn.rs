//! One profile's turn: what a record did to it, and what follows from that, at one instant.
//!
//! The profile is taken out of the engine for the length of the turn and put back at its end. Changes are noted in
//! [`Touched`]; [`Turn::settle`] then re-evaluates the segments that mention them, and moves the journeys.

mod journeys;
mod sends;

use crate::at::{At, Span};
use crate::consent::Consent;
use crate::effect::Effect;
use crate::engine::{Engine, evidence, preferences, send_properties, split_preference};
use crate::name::NameId;
use crate::profile::{Occurrence, Profile, Since};
use crate::programme::{Channel, OptIn};
use crate::record::{ConsentSource, ConsentState};
use crate::segment::eval::{Moment, Verdict, verdict};
use crate::segment::rule::{Mentions, Rule};
use crate::timer::TimerKey;
use crate::value::{Map, OwnedMap};
use crate::{ProfileId, SendId, Seq};
use std::collections::BTreeSet;

pub(crate) struct Turn<'a> {
    pub(crate) engine: &'a mut Engine,
    pub(crate) id: ProfileId,
    /// Empty in the engine while the turn lasts.
    pub(crate) profile: Profile,
    pub(crate) touched: Touched,
    pub(crate) effects: &'a mut Vec<Effect>,
}

/// What changed about a profile in this turn.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Everything: the profile is new, or two became one.
    pub(crate) whole: bool,
    pub(crate) consent: bool,
    pub(crate) seen: bool,
    pub(crate) traits: Vec<String>,
    /// Events of this turn, each with its point in history.
    pub(crate) events: Vec<(NameId, Since)>,
    /// Segments whose timer came, and later those whose membership changed.
    pub(crate) slots: Vec<u16>,
    /// It is history that arrives late or by import: it changes segments and ends runs, and starts none, since
    /// nobody wants a reminder of what they did last year.
    pub(crate) past: bool,
}

impl Touched {
    /// Whether a rule with these mentions may have changed its truth.
    pub(crate) fn concerns(&self, mentions: &Mentions) -> bool {
        self.whole
            || (self.consent && mentions.consent)
            || (self.seen && mentions.seen)
            || self.events.iter().any(|(name, _)| mentions.events.contains(name))
            || self.traits.iter().any(|name| mentions.traits.contains(name))
            || self.slots.iter().any(|slot| mentions.segments.contains(slot))
    }
}

impl<'a> Turn<'a> {
    pub(crate) fn begin(engine: &'a mut Engine, id: ProfileId, effects: &'a mut Vec<Effect>) -> Self {
        let profile = std::mem::take(&mut engine.state.profiles[id.0 as usize]);
        debug_assert!(profile.merged_into.is_none(), "invariant: only canonical profiles have turns");
        Self { engine, id, profile, touched: Touched::default(), effects }
    }

    pub(crate) fn now(&self) -> At {
        self.engine.state.at
    }

    pub(crate) fn seq(&self) -> Seq {
        self.engine.state.seq
    }

    pub(crate) fn state_traits(&mut self, traits: Map<'_>, stated_at: At) {
        for (name, value) in traits.iter() {
            if self.profile.state_trait(name, value, stated_at) {
                self.touched.traits.push(name.to_owned());
            }
        }
    }

    /// Consents that came inside an event.
    pub(crate) fn state_preferences(&mut self, context: Map<'_>, stated_at: At) {
        for (name, granted) in preferences(context) {
            let (purpose, channel) = split_preference(name);
            let (wording, proof) = evidence(context);
            let evidence = (wording.as_str(), proof.as_str());
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
        (wording, proof): (&str, &str),
    ) {
        let double = self.engine.programme.purposes.get(purpose).filter(|one| one.opt_in == OptIn::Double);
        let confirm = double.filter(|_| granted && source != ConsentSource::DoubleOptIn).cloned();
        let state = match (granted, &confirm) {
            (true, None) => ConsentState::Granted,
            (true, Some(_)) => ConsentState::Pending,
            (false, _) => ConsentState::Withdrawn,
        };
        let scopes = match &confirm {
            Some(definition) => self.unconfirmed(purpose, channel, &definition.channels),
            None => vec![channel],
        };
        if scopes.is_empty() {
            return;
        }
        for channel in scopes {
            let stated_at = stated_at.min(self.now());
            let consent = Consent {
                purpose: purpose.to_owned(),
                channel,
                state,
                source,
                stated_at,
                seq: self.seq(),
                wording: wording.to_owned(),
                proof: proof.to_owned(),
                said: (stated_at, self.seq()),
            };
            self.touched.consent |= self.profile.consents.state_consent(consent);
        }
        if let Some(message) = confirm.and_then(|purpose| purpose.confirm) {
            self.ask_to_confirm(purpose, &message);
        }
    }

    /// What a grant that waits for its confirmation speaks of: everything that it names and that is not granted yet.
    /// To ask once more takes nothing away from a consent that holds.
    fn unconfirmed(
        &self,
        purpose: &str,
        channel: Option<Channel>,
        offered: &[Channel],
    ) -> Vec<Option<Channel>> {
        let consents = &self.profile.consents;
        if !consents.is_granted(purpose, channel) {
            return vec![channel];
        }
        let of_all = if channel.is_none() { offered } else { &[] };
        of_all.iter().copied().map(Some).filter(|one| !consents.is_granted(purpose, *one)).collect()
    }

    /// Remembers the language: what the person said, or what their browser says.
    pub(crate) fn note_language(&mut self, traits: Map<'_>, context: Map<'_>) {
        let stated = traits.get("language").or_else(|| traits.get("locale"));
        let spoken = if self.profile.language.is_empty() { context.get("locale") } else { None };
        if let Some(text) = stated.or(spoken).and_then(|value| value.text()) {
            let language: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
            if (2..=3).contains(&language.len()) {
                self.profile.language = language.to_lowercase();
            }
        }
    }

    pub(crate) fn note_seen(&mut self, occurred_at: At) {
        let profile = &mut self.profile;
        let (first, last) = (profile.first_seen.min(occurred_at), profile.last_seen.max(occurred_at));
        self.touched.seen |= (first, last) != (profile.first_seen, profile.last_seen);
        (profile.first_seen, profile.last_seen) = (first, last);
    }

    /// Adds an event to the history.
    pub(crate) fn occur(&mut self, name: &str, at: At, properties: OwnedMap) {
        let name = self.engine.state.names.intern(name);
        let seq = self.seq();
        self.profile.history.insert(name, Occurrence { at, seq, properties });
        self.touched.events.push((name, Since { at, seq }));
    }

    /// Adds an event that Trama itself makes about a send.
    pub(crate) fn occur_of_send(&mut self, name: &str, send: SendId, url: &str) {
        let properties = send_properties(self.engine.state.send(send).expect("invariant: checked"), url);
        self.occur(name, self.now(), properties);
    }

    /// Brings memberships and journeys up to what was touched.
    pub(crate) fn settle(&mut self) {
        if self.touched.is_empty() {
            return;
        }
        self.refresh_segments();
        if !self.touched.past {
            self.enter_journeys();
        }
        self.follow_runs();
    }

    /// Re-evaluates every segment that what was touched mentions, each after those it is built on. Leaves in
    /// `touched.slots` the segments whose membership changed.
    fn refresh_segments(&mut self) {
        let mut ranks = self.concerned();
        self.touched.slots.clear();
        while let Some(rank) = ranks.pop_first() {
            let slot = self.engine.index.order[usize::from(rank)];
            if self.refresh(slot) {
                self.touched.slots.push(slot);
                let index = &self.engine.index;
                ranks.extend(
                    index.built_on[usize::from(slot)].iter().map(|next| index.rank[usize::from(*next)]),
                );
            }
        }
    }

    /// Ranks of the segments to be evaluated.
    fn concerned(&self) -> BTreeSet<u16> {
        let (index, touched) = (&self.engine.index, &self.touched);
        let rank = |slot: &u16| index.rank[usize::from(*slot)];
        if touched.whole {
            return (0..index.order.len() as u16).collect();
        }
        let mut ranks: BTreeSet<u16> = touched.slots.iter().map(rank).collect();
        for (name, _) in &touched.events {
            ranks.extend(index.by_event(*name).iter().map(rank));
        }
        for name in &touched.traits {
            ranks.extend(index.by_trait(name).iter().map(rank));
        }
        if touched.consent {
            ranks.extend(index.by_consent.iter().map(rank));
        }
        if touched.seen {
            ranks.extend(index.by_seen.iter().map(rank));
        }
        ranks
    }

    /// Evaluates one segment and sets the timer at which time alone may change it; whether membership changed.
    pub(crate) fn refresh(&mut self, slot: u16) -> bool {
        let Some(rule) = &self.engine.index.rules[usize::from(slot)] else { return false };
        let verdict = self.evaluate(rule, Since::EVER);
        let due = (verdict.until < At::MAX).then_some(verdict.until);
        let waiting = match due {
            Some(due) => self.profile.dues.insert(slot, due),
            None => self.profile.dues.remove(&slot),
        };
        if let Some(due) = due
            && waiting != Some(due)
        {
            assert!(due > self.now(), "invariant: a verdict holds until later than now");
            self.engine.state.timers.set(due, TimerKey::Segment { profile: self.id, slot });
        }
        let changed = self.profile.memberships.set(slot, verdict.holds);
        if changed {
            let segment = &mut self.engine.state.segments[usize::from(slot)];
            segment.count = if verdict.holds { segment.count + 1 } else { segment.count - 1 };
            self.engine.state.counts.membership_changes += 1;
        }
        changed
    }

    pub(crate) fn evaluate(&self, rule: &Rule, since: Since) -> Verdict {
        let governor = self.engine.governor();
        let reachable = |channel| governor.reaches(&self.profile, channel);
        verdict(rule, &Moment { profile: &self.profile, now: self.now(), since, reachable: &reachable })
    }
}

/// How long Trama waits before it asks the same person again to confirm the same purpose, so that a form cannot be
/// used to flood somebody's mailbox.
pub(crate) const CONFIRM_AGAIN_AFTER: Span = Span::DAY;

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.engine.state.profiles[self.id.0 as usize] = std::mem::take(&mut self.profile);
    }
}
