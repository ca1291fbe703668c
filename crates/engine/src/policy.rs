//! The contact policy, ready to be asked: from which instant on it lets a send go.
//!
//! A window of a cap is half-open, (now − D, now]: what left exactly D ago is outside. A send that is on its way counts as
//! leaving now. All of it is a function of the claims of one person; how many those are is bounded by a cap that every
//! policy has.

use crate::SendId;
use crate::at::{At, Span};
use crate::claim::{Claim, Stage};
use crate::ledger::Ledger;
use crate::limits::{CAP_SENDS_MAX, CAPS_MAX};
use crate::outbox::Reason;
use crate::programme::{Cap, Channel, Exclusion, Programme, QuietHours, offered, timezone};
use crate::quiet::Hours;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// What a programme's contact policy was made into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// The programme's, then those of fatigue and of who asked for fewer, and last the one that bounds them all.
    caps: Vec<Cap>,
    fatigue: Option<Tiredness>,
    /// The place of the cap of whoever asked for fewer.
    fewer: Option<usize>,
    exclusions: Vec<Exclusion>,
    /// By message.
    offers: BTreeMap<String, String>,
    quiet: Option<Night>,
    holdout_permille: u16,
    longest: Span,
    /// A send waits for an hour that is best where the person is.
    chooses_hours: bool,
    is_empty: bool,
}

/// When fatigue begins, and the place of its cap.
#[derive(Clone, Copy, Debug)]
struct Tiredness {
    after: usize,
    within: Span,
    cap: usize,
}

#[derive(Clone, Debug)]
struct Night {
    hours: Hours,
    definition: QuietHours,
    zones_of_unknown: Vec<TimeZone>,
}

/// A send that the policy is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) now: At,
    /// The person's.
    pub(crate) claims: &'a [Claim],
    pub(crate) last_seen: At,
    /// The name of their time zone, where it is known.
    pub(crate) zone: Option<&'a str>,
    pub(crate) ledger: &'a Ledger,
    /// Where it is in the ledger already; a new one comes after all of them.
    pub(crate) send: Option<SendId>,
    pub(crate) message: &'a str,
    pub(crate) purpose: &'a str,
    pub(crate) channel: Channel,
    pub(crate) priority: u8,
    /// The person asked for fewer messages.
    pub(crate) fewer: bool,
    /// It has a place, and is about to leave.
    pub(crate) hands_over: bool,
}

impl Policy {
    pub(crate) fn of(programme: &Programme) -> Self {
        let definition = &programme.contact_policy;
        if definition.is_empty() {
            return Self { is_empty: true, chooses_hours: programme.asks_for_hours(), ..Self::default() };
        }
        let mut caps = definition.caps.clone();
        let fatigue = definition.fatigue.as_ref().map(|fatigue| {
            caps.push(fatigue.then.clone());
            Tiredness { after: fatigue.after as usize, within: fatigue.within, cap: caps.len() - 1 }
        });
        let fewer = definition.fewer.as_ref().map(|fewer| {
            caps.push(fewer.clone());
            caps.len() - 1
        });
        let windows = caps.iter().map(|cap| cap.within);
        let others = definition.exclusions.iter().map(|one| one.within);
        let longest = windows.chain(others).chain(fatigue.map(|fatigue| fatigue.within)).max();
        let longest = longest.unwrap_or_default();
        if longest > Span::default() {
            caps.push(Cap { at_most: CAP_SENDS_MAX, within: longest, ..Cap::default() });
        }
        let quiet = definition.quiet_hours.as_ref().map(|hours| Night {
            hours: Hours::of(hours),
            definition: hours.clone(),
            zones_of_unknown: programme.zones_of_unknown(hours),
        });
        let (holdout_permille, exclusions) = (definition.holdout_permille, definition.exclusions.clone());
        let messages = programme.messages.iter();
        let offers = messages.filter_map(|(name, one)| Some((name.clone(), one.offer.clone()?))).collect();
        let chooses_hours = programme.asks_for_hours();
        Self {
            caps,
            fatigue,
            fewer,
            exclusions,
            offers,
            quiet,
            holdout_permille,
            longest,
            chooses_hours,
            is_empty: false,
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// The same for people who are in no holdout.
    pub(crate) fn without_holdout(&self) -> Self {
        Self { holdout_permille: 0, ..self.clone() }
    }

    /// How far back it looks.
    pub(crate) fn longest(&self) -> Span {
        self.longest
    }

    pub(crate) fn holdout_permille(&self) -> u16 {
        self.holdout_permille
    }

    /// Whether it matters where on earth somebody is.
    pub(crate) fn asks_for_zones(&self) -> bool {
        self.quiet.is_some() || self.chooses_hours
    }

    /// Whether it is night for somebody who is to be sent something on a channel.
    pub(crate) fn is_quiet(&self, channel: Channel, at: At, zone: Option<&str>) -> bool {
        let night = self.quiet.as_ref().filter(|night| night.definition.holds_on(channel));
        night.is_some_and(|night| night.opens(at, zone) > at)
    }

    /// The caps under which a send counts, a bit each.
    pub(crate) fn caps_on(&self, channel: Channel, purpose: &str) -> u32 {
        let counts = |(index, cap): (usize, &Cap)| {
            let on_channel = match cap.channels.is_empty() {
                // A call of another program says nothing to anybody. Who comes to a page is not disturbed by it: what they
                // see there counts where a cap says so, and for the last one, which bounds what is looked at.
                true if channel == Channel::Onsite => index + 1 == self.caps.len(),
                true => channel != Channel::Webhook,
                false => cap.channels.contains(&channel),
            };
            on_channel && (cap.purposes.is_empty() || cap.purposes.iter().any(|one| one == purpose))
        };
        let bits = self.caps.iter().enumerate().map(|(index, cap)| u32::from(counts((index, cap))) << index);
        bits.fold(0, |caps, bit| caps | bit)
    }

    /// From when on a send may go, and why not now; `None` where it may.
    pub(crate) fn waits(&self, asking: &Asking<'_>) -> Option<(At, Reason)> {
        let now = asking.now;
        let mut until = now;
        let mut why = None;
        let mut wait = |opens: At, reason| {
            if opens > now {
                until = until.max(opens);
                why.get_or_insert(reason);
            }
        };
        wait(self.unlocks(asking), Reason::Excluded);
        let caps = self.caps_on(asking.channel, asking.purpose);
        let fatigue = self.fatigue.filter(|fatigue| fatigue.has_come(asking));
        for (index, cap) in self.caps.iter().enumerate().filter(|(index, _)| caps & (1 << index) != 0) {
            let reason = match self.fatigue.is_some_and(|fatigue| fatigue.cap == index) {
                true if fatigue.is_none() => continue,
                true => Reason::Fatigue,
                false if self.fewer == Some(index) && !asking.fewer => continue,
                false if self.fewer == Some(index) => Reason::Fewer,
                false => Reason::FrequencyCap,
            };
            wait(opens(cap, 1 << index, asking), reason);
        }
        if let Some(night) = self.quiet.as_ref().filter(|night| night.definition.holds_on(asking.channel)) {
            let opens = night.opens(until, asking.zone);
            if opens > until {
                until = opens;
                why.get_or_insert(Reason::QuietHours);
            }
        }
        why.map(|why| (until, why))
    }

    /// What an exclusion names a message by: itself, or the offer that it shows.
    fn named<'a>(&self, exclusion: &'a Exclusion, message: &str) -> Option<&'a str> {
        let offer = self.offers.get(message);
        let mut names = exclusion.only_one_of.iter().map(String::as_str);
        names.find(|name| *name == message || (offer.is_some() && offered(name) == offer.map(String::as_str)))
    }

    /// When no other message of an exclusion with this one is in its window any more.
    fn unlocks(&self, asking: &Asking<'_>) -> At {
        let mut until = asking.now;
        for exclusion in &self.exclusions {
            let Some(own) = self.named(exclusion, asking.message) else { continue };
            for claim in asking.claims {
                let Some(at) = asking.counts(claim) else { continue };
                let message = asking.ledger.message(claim.send).unwrap_or_default();
                if self.named(exclusion, message).is_some_and(|other| other != own) {
                    until = until.max(at.plus(exclusion.within));
                }
            }
        }
        until
    }
}

/// When a cap has room for one more.
fn opens(cap: &Cap, bit: u32, asking: &Asking<'_>) -> At {
    let oldest = asking.now.minus(cap.within);
    let counted = || {
        let under = asking.claims.iter().filter(|claim| claim.caps & bit != 0);
        under.filter_map(|claim| asking.counts(claim)).filter(|at| *at > oldest)
    };
    let at_most = cap.at_most as usize;
    let count = counted().count();
    let Some(over) = count.checked_sub(at_most) else { return asking.now };
    // As many as are too many, and one more, have to leave the window first.
    let mut times: Vec<At> = counted().collect();
    times.sort_unstable();
    times.get(over).map_or(At::MAX, |at| at.plus(cap.within))
}

impl Asking<'_> {
    /// When another send left, for one that counts against this one; now, where it is about to.
    ///
    /// A place that is kept counts, and so does one that somebody more important who waits would take now. At the
    /// hand-over, places that were given before one of two people became the other go to the more important.
    fn counts(&self, claim: &Claim) -> Option<At> {
        if Some(claim.send) == self.send {
            return None;
        }
        let outranks = claim.priority > self.priority
            || (claim.priority == self.priority && self.send.is_none_or(|send| claim.send < send));
        match claim.stage {
            Stage::Left => Some(claim.at),
            Stage::Held => (!self.hands_over || outranks).then_some(self.now),
            Stage::Waits => (!self.hands_over && outranks && claim.at <= self.now).then_some(self.now),
        }
    }
}

impl Tiredness {
    /// Whether so many sends left in a row, and the person neither answered one of them nor was seen since.
    fn has_come(self, asking: &Asking<'_>) -> bool {
        let left = || asking.claims.iter().filter(|claim| claim.stage == Stage::Left);
        let answered = left().filter(|claim| claim.answered).map(|claim| claim.at).max();
        let since = asking.last_seen.max(asking.now.minus(self.within)).max(answered.unwrap_or(At::MIN));
        left().filter(|claim| claim.at > since).count() >= self.after
    }
}

impl Night {
    /// The first instant from this one on at which it is not night for somebody.
    fn opens(&self, from: At, zone: Option<&str>) -> At {
        match zone.and_then(timezone) {
            Some(zone) => self.hours.opens(from, &zone),
            None => self.hours.opens_in_all(from, &self.zones_of_unknown),
        }
    }
}

const _: () = assert!(
    CAPS_MAX + 3 <= u32::BITS as usize,
    "each cap has a bit, those of fatigue, of fewer and the last one too"
);
