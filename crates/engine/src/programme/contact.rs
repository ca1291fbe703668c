//! The contact policy: how often, at which hours and to whom a company speaks at all, whatever its journeys want.

use super::identity::within_ms;
use super::span_ms;
use super::{Channel, Mistake, OptIn, Place, Programme, Purpose, nearest, timezone};
use crate::at::{At, Span};
use crate::limits::{
    CAP_SENDS_MAX, CAPS_MAX, CONTACT_SPAN_MAX, EXCLUSIONS_MAX, PATIENCE_MAX, PATIENCE_USUAL, PRIORITY_MAX,
};
use crate::quiet::Hours;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactPolicy {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fatigue: Option<Fatigue>,
    /// What whoever asked for fewer messages gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fewer: Option<Cap>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Exclusion>,
    /// Share of people withheld from everything under the policy, in thousandths.
    pub holdout_permille: u16,
    /// How long a send may wait for the policy, where its message does not say.
    #[serde(with = "within_ms", skip_serializing_if = "Option::is_none")]
    pub patience: Option<Span>,
}

/// A frequency cap: so many sends to one person in any window of this length.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cap {
    pub at_most: u32,
    #[serde(with = "span_ms")]
    pub within: Span,
    /// Those that count; empty for all that speak to people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// The same for purposes; empty for all that are under the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<String>,
}

/// Hours of the night in which sends wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// Minute of the day on the person's clock.
    pub from: u16,
    /// The first minute that is not quiet any more.
    pub to: u16,
    /// Empty for all that may wake somebody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    /// IANA names, in all of which it must not be night for whoever's own zone is not known; empty for the programme's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_zone: Vec<String>,
}

/// Easing off people who stop responding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fatigue {
    /// So many sends in a row without any response.
    pub after: u32,
    #[serde(with = "span_ms")]
    pub within: Span,
    /// What they get from then on.
    pub then: Cap,
}

/// Messages, or `offer` and the name of an offer for every message that shows it, of which one person gets only one in any
/// window of this length, since they would contradict each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    pub only_one_of: Vec<String>,
    #[serde(with = "span_ms")]
    pub within: Span,
}

/// The offer that an exclusion names, and no message.
pub(crate) fn offered(name: &str) -> Option<&str> {
    name.strip_prefix("offer ").map(str::trim)
}

impl ContactPolicy {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Purpose {
    /// Whether what is sent for it is under the contact policy. What is part of a contract is not, unless it says so.
    pub fn is_under_policy(&self) -> bool {
        self.contact_policy.unwrap_or(self.opt_in != OptIn::None)
    }
}

impl Programme {
    /// How long a message may wait for the contact policy, counted from when it was wished for.
    pub fn patience(&self, message: &str) -> Span {
        let own = self.messages.get(message).and_then(|message| message.patience);
        own.or(self.contact_policy.patience).unwrap_or(PATIENCE_USUAL)
    }

    /// The zones in which it must not be night for whoever's own is not known.
    pub(crate) fn zones_of_unknown(&self, hours: &QuietHours) -> Vec<jiff::tz::TimeZone> {
        match hours.unknown_zone.is_empty() {
            true => vec![self.timezone()],
            false => hours.unknown_zone.iter().filter_map(|name| timezone(name)).collect(),
        }
    }

    /// What is wrong with the contact policy.
    pub(super) fn contact_mistakes(&self) -> Vec<Mistake> {
        let mut check =
            Check { programme: self, place: Place("contact_policy".to_owned()), found: Vec::new() };
        check.whole();
        check.found
    }
}

struct Check<'a> {
    programme: &'a Programme,
    place: Place,
    found: Vec<Mistake>,
}

impl Check<'_> {
    fn add(&mut self, place: &Place, message: impl Into<String>, suggestion: impl Into<Option<String>>) {
        let (message, suggestion) = (message.into(), suggestion.into());
        self.found.push(Mistake { place: place.clone(), offset: None, message, suggestion });
    }

    fn whole(&mut self) {
        let root = self.place.clone();
        let policy = &self.programme.contact_policy;
        if policy.caps.len() > CAPS_MAX {
            self.add(&root.field("caps"), format!("a contact policy has at most {CAPS_MAX} caps"), None);
        }
        for (index, cap) in policy.caps.iter().enumerate() {
            self.cap(&root.field("caps").index(index), cap);
        }
        if let Some(hours) = &policy.quiet_hours {
            self.quiet_hours(&root.field("quiet_hours"), hours);
        }
        if let Some(fatigue) = &policy.fatigue {
            self.fatigue(&root.field("fatigue"), fatigue);
        }
        if let Some(fewer) = &policy.fewer {
            self.cap(&root.field("fewer"), fewer);
        }
        if policy.exclusions.len() > EXCLUSIONS_MAX {
            let message = format!("a contact policy has at most {EXCLUSIONS_MAX} exclusions");
            self.add(&root.field("exclusions"), message, None);
        }
        for (index, exclusion) in policy.exclusions.iter().enumerate() {
            self.exclusion(&root.field("exclusions").index(index), exclusion);
        }
        if policy.holdout_permille > 1_000 {
            let suggestion = "write a share between 0% and 100%".to_owned();
            self.add(&root.field("holdout_permille"), "a holdout is at most everybody", suggestion);
        }
        self.patience(&root.field("patience"), policy.patience);
        for (name, message) in &self.programme.messages {
            let place = Place("messages".to_owned()).field(name);
            self.patience(&place.field("patience"), message.patience);
            if message.priority > PRIORITY_MAX {
                let suggestion = format!("write a number from 0 to {PRIORITY_MAX}; 0 is what others have");
                self.add(&place.field("priority"), "that is too high a priority", suggestion);
            }
        }
    }

    fn cap(&mut self, place: &Place, cap: &Cap) {
        if cap.at_most == 0 {
            let suggestion = "leave the cap out, or take the channel from its purposes".to_owned();
            self.add(&place.field("at_most"), "a cap of 0 never lets a message through", suggestion);
        }
        if cap.at_most > CAP_SENDS_MAX {
            let message = format!("a cap is at most {CAP_SENDS_MAX}: more than that nobody should get");
            self.add(&place.field("at_most"), message, None);
        }
        self.window(&place.field("within"), cap.within);
        for (index, purpose) in cap.purposes.iter().enumerate() {
            self.purpose(&place.field("purposes").index(index), purpose);
        }
    }

    fn purpose(&mut self, place: &Place, name: &str) {
        let purposes = &self.programme.purposes;
        match purposes.get(name) {
            None => {
                let suggestion = super::check::did_you_mean(name, purposes.keys());
                self.add(place, format!("there is no purpose \"{name}\""), suggestion);
            }
            Some(purpose) if !purpose.is_under_policy() => {
                let message = format!("the purpose \"{name}\" is not under the contact policy");
                let suggestion = format!("take it out, or write `contact_policy: applies` at `{name}`");
                self.add(place, message, suggestion);
            }
            Some(_) => {}
        }
    }

    fn window(&mut self, place: &Place, within: Span) {
        if within.0 <= 0 || within > CONTACT_SPAN_MAX {
            let message = format!("a window is at most {CONTACT_SPAN_MAX} long");
            self.add(place, message, "for example `7 days`".to_owned());
        }
    }

    fn patience(&mut self, place: &Place, patience: Option<Span>) {
        if patience.is_some_and(|patience| patience.0 <= 0 || patience > PATIENCE_MAX) {
            let message = format!("a message waits at most {PATIENCE_MAX}");
            self.add(place, message, "for example `6 hours`".to_owned());
        }
    }

    fn quiet_hours(&mut self, place: &Place, hours: &QuietHours) {
        if hours.from == hours.to {
            let suggestion = "for example `from: \"21:00\", to: \"08:00\"`".to_owned();
            return self.add(place, "quiet hours from a time to itself are the whole day", suggestion);
        }
        for (index, name) in hours.unknown_zone.iter().enumerate() {
            if timezone(name).is_none() {
                let names = jiff::tz::TimeZoneDatabase::bundled();
                let names: Vec<String> = names.available().map(|name| name.as_str().to_owned()).collect();
                let near = nearest(name, names.iter().map(String::as_str));
                let suggestion = near.map(|near| format!("did you mean {near}?"));
                let place = place.field("unknown_zone").index(index);
                return self.add(&place, format!("unknown time zone \"{name}\""), suggestion);
            }
        }
        // Zones are few hours wide in summer as in winter, so two days of the year speak for all.
        let zones = self.programme.zones_of_unknown(hours);
        let ever = Hours::of(hours);
        let opens = |start: At| ever.opens_in_all(start, &zones) < start.plus(Span::DAY.times(2));
        if !["2026-01-15", "2026-07-15"].iter().all(|day| At::parse(day).is_some_and(opens)) {
            let suggestion = "name fewer zones, or make the night shorter".to_owned();
            let message = "in one of these zones it is always night";
            self.add(&place.field("unknown_zone"), message, suggestion);
        }
    }

    fn fatigue(&mut self, place: &Place, fatigue: &Fatigue) {
        self.window(&place.field("within"), fatigue.within);
        self.cap(&place.field("then"), &fatigue.then);
        if fatigue.after == 0 || fatigue.after > CAP_SENDS_MAX {
            let message = format!("fatigue begins after 1 to {CAP_SENDS_MAX} sends without a response");
            self.add(&place.field("after"), message, "for example `after: 8`".to_owned());
        }
        // A cap over everything that lets so few through in that time that nobody ever gets tired.
        let caps = self.programme.contact_policy.caps.iter();
        let idle = caps.enumerate().find(|(_, cap)| {
            let windows = fatigue.within.0 / cap.within.0.max(1) + 1;
            cap.channels.is_empty()
                && cap.purposes.is_empty()
                && i64::from(cap.at_most) * windows < i64::from(fatigue.after)
        });
        if let Some((index, cap)) = idle {
            let message = format!(
                "nobody gets {} sends within {}: cap {} lets at most {} through within {}",
                fatigue.after,
                fatigue.within,
                index + 1,
                cap.at_most,
                cap.within
            );
            self.add(&place.field("after"), message, "lower it, or look back for longer".to_owned());
        }
    }

    fn exclusion(&mut self, place: &Place, exclusion: &Exclusion) {
        self.window(&place.field("within"), exclusion.within);
        let messages = &self.programme.messages;
        let mut seen = BTreeMap::new();
        for (index, name) in exclusion.only_one_of.iter().enumerate() {
            let place = place.field("only_one_of").index(index);
            if let Some(offer) = offered(name) {
                if !self.programme.offers.contains_key(offer) {
                    let suggestion = super::check::did_you_mean(offer, self.programme.offers.keys());
                    self.add(&place, format!("there is no offer \"{offer}\""), suggestion);
                }
            } else if !messages.contains_key(name) {
                let suggestion = super::check::did_you_mean(name, messages.keys());
                self.add(&place, format!("there is no message \"{name}\""), suggestion);
            }
            if seen.insert(name, index).is_some() {
                self.add(&place, format!("{name} is named twice"), "remove one of them".to_owned());
            }
        }
        if exclusion.only_one_of.len() < 2 {
            let message = "an exclusion names at least two messages or offers";
            self.add(&place.field("only_one_of"), message, None);
        }
    }
}
