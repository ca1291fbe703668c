//! What is known about one person besides their events: identifiers, traits, consents, runs and sends.

use crate::at::At;
use crate::basis::Basis;
use crate::claim::Claims;
use crate::consent::Consents;
use crate::held::Held;
use crate::identifier::{IdentifierKind, KeyedHash};
use crate::journey::{Passage, Run};
use crate::limits::PROFILE_TRAITS_MAX;
use crate::offer::Holding;
use crate::own::Own;
use crate::preference::Preferences;
use crate::programme::Channel;
use crate::record::ConsentState;
use crate::value::{Map, OwnedMap, OwnedValue, Value, write_entry};
use crate::{ProfileId, SendId};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;

/// What every event asks for comes first and shares a line of the cache.
#[derive(Clone, Debug, Default, BorshSerialize, BorshDeserialize)]
#[repr(C, align(64))]
pub struct Profile {
    pub(crate) first_seen: At,
    pub(crate) last_seen: At,
    /// Where this profile went, if it was found to be the same person as another.
    pub(crate) merged_into: Option<ProfileId>,
    /// The second for which the timer waits that looks again at what depends on the clock and on no event: when the person
    /// was seen, and dates among the traits.
    pub(crate) due: u32,
    pub(crate) language: Language,
    /// Nothing is known of it any more, and nothing will be.
    pub(crate) erased: bool,
    /// Passages that go on, in order of their numbers.
    pub(crate) runs: Vec<Run>,
    /// Those that ended, as far as they are remembered.
    pub(crate) past: Held<Vec<Passage>>,
    /// Profiles that were taken in, those that they had taken in before among them.
    pub(crate) merges: u32,
    /// What it was told itself, where it has taken in others.
    pub(crate) own: Option<Box<Own>>,
    pub(crate) identifiers: Held<Vec<StoredIdentifier>>,
    pub(crate) traits: Held<BTreeMap<String, StatedTrait>>,
    pub(crate) consents: Consents,
    pub(crate) preferences: Preferences,
    /// Those that it was given, in that order.
    pub(crate) offers: Held<Vec<Holding>>,
    /// The newest of its sends, from which the ledger leads to the others.
    pub(crate) newest_send: Option<SendId>,
    /// What they take up under the contact policy.
    pub(crate) claims: Claims,
}

const _: () =
    assert!(std::mem::offset_of!(Profile, past) <= 64, "runs and what comes before them share a line");

#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct StoredIdentifier {
    pub kind: IdentifierKind,
    pub value: Box<str>,
    pub(crate) hash: KeyedHash,
    /// The profile that it was given to, whatever that has been merged into since.
    pub(crate) origin: ProfileId,
    /// The second at which it was.
    pub(crate) since: u32,
}

/// Code of a language, two or three small letters; none where it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Language([u8; 3]);

impl Language {
    /// The language that a tag such as `it-IT` begins with.
    pub(crate) fn of_tag(tag: &str) -> Option<Self> {
        let letters = tag.bytes().take_while(u8::is_ascii_alphabetic).count();
        if !(2..=3).contains(&letters) {
            return None;
        }
        let mut code = [0; 3];
        code[..letters].copy_from_slice(&tag.as_bytes()[..letters]);
        code.make_ascii_lowercase();
        Some(Self(code))
    }

    pub(crate) fn is_unknown(self) -> bool {
        self.0[0] == 0
    }

    pub(crate) fn as_str(&self) -> &str {
        let letters = self.0.iter().take_while(|letter| **letter != 0).count();
        std::str::from_utf8(&self.0[..letters]).expect("invariant: letters are text")
    }
}

/// A trait and when it was stated, so that an old statement that arrives late does not undo a newer one.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct StatedTrait {
    pub(crate) value: OwnedValue,
    pub(crate) stated_at: At,
}

impl Profile {
    /// Whether it stands for a person: it was neither taken in by another nor erased.
    pub(crate) fn stands(&self) -> bool {
        self.merged_into.is_none() && !self.erased
    }

    pub fn identifiers(&self) -> &[StoredIdentifier] {
        &self.identifiers
    }

    pub fn traits(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        let all = self.traits.iter().map(|(name, stated)| (name.as_str(), stated.value.as_value()));
        all.filter(|(_, value)| !value.is_null())
    }

    /// Reads what a look at any trait has to read first, for nothing but to have it near.
    pub(crate) fn touch_traits(&self) -> u8 {
        self.traits.keys().next().map_or(0, |name| name.as_bytes().first().copied().unwrap_or(0))
    }

    /// The same of consents.
    pub(crate) fn touch_consents(&self) -> u8 {
        let first = |one: &crate::consent::Consent| one.purpose.as_bytes().first().copied().unwrap_or(0);
        self.consents.all().iter().fold(0, |sum: u8, one| sum.wrapping_add(first(one)))
    }

    pub fn consents(&self) -> &[crate::consent::Consent] {
        self.consents.all()
    }

    /// How they want to be written to.
    pub fn preferences(&self) -> &Preferences {
        &self.preferences
    }

    /// The statement that decides for a purpose on a channel.
    pub fn decisive(&self, purpose: &str, channel: Channel) -> Option<&crate::consent::Consent> {
        self.consents.current(purpose, Some(channel))
    }

    /// On what consent the person may be written to for a purpose on a channel.
    pub fn basis(&self, purpose: &str, channel: Channel) -> Basis {
        Basis::of_consent(&self.consents, purpose, channel)
    }

    /// What holds for a purpose on a channel; `None` where nobody ever said anything about it.
    pub fn consent(&self, purpose: &str, channel: Channel) -> Option<ConsentState> {
        self.consents.state(purpose, Some(channel))
    }

    pub fn first_seen(&self) -> At {
        self.first_seen
    }

    pub fn last_seen(&self) -> At {
        self.last_seen
    }

    /// Language code last seen for the person; empty where none was.
    pub fn language(&self) -> &str {
        self.language.as_str()
    }

    pub(crate) fn has(&self, kind: IdentifierKind) -> bool {
        self.identifiers.iter().any(|identifier| identifier.kind == kind)
    }

    pub fn trait_value(&self, name: &str) -> Option<Value<'_>> {
        self.traits.get(name).map(|stated| stated.value.as_value()).filter(|value| !value.is_null())
    }

    /// Whether there is room for traits of these names. One that was taken away keeps its place.
    pub fn has_room_for<'n>(&self, names: impl Iterator<Item = &'n str>) -> bool {
        let more = names.filter(|name| !self.traits.contains_key(*name)).count();
        self.traits.len() + more <= PROFILE_TRAITS_MAX
    }

    /// The values of a trait, or of what lies below it.
    pub(crate) fn find_trait(&self, path: &[String], found: &mut impl FnMut(Value<'_>)) {
        if let Some((first, rest)) = path.split_first()
            && let Some(value) = self.trait_value(first)
        {
            value.find(rest, &mut |value| found(value));
        }
    }

    /// States a trait; whether it changed. `null` takes the trait away, as in the tracking API, and is kept as what was
    /// said last.
    pub(crate) fn state_trait(&mut self, name: &str, value: Value<'_>, stated_at: At) -> bool {
        if let Some(own) = &mut self.own {
            state_trait(&mut own.traits, name, value, stated_at);
        }
        state_trait(&mut self.traits, name, value, stated_at)
    }

    /// Notes when the person was seen; whether that was earlier or later than ever.
    pub(crate) fn note_seen(&mut self, at: At) -> bool {
        if let Some(own) = &mut self.own {
            (own.first_seen, own.last_seen) = (own.first_seen.min(at), own.last_seen.max(at));
        }
        let before = (self.first_seen, self.last_seen);
        (self.first_seen, self.last_seen) = (before.0.min(at), before.1.max(at));
        before != (self.first_seen, self.last_seen)
    }

    /// Notes a language that the person stated, or one that their browser speaks, which counts where nothing else does.
    pub(crate) fn note_language(&mut self, language: Language, stated: bool) {
        let own = self.own.as_mut().map(|own| &mut own.language);
        for known in own.into_iter().chain([&mut self.language]) {
            if stated || known.is_unknown() {
                *known = language;
            }
        }
    }

    /// All traits as one map, as they are at this moment.
    pub fn traits_map(&self) -> OwnedMap {
        let mut bytes = Vec::new();
        let held = self.traits.iter().filter(|(_, stated)| !stated.value.as_value().is_null());
        for (name, stated) in held {
            write_entry(&mut bytes, name, &stated.value);
        }
        Map::from_bytes(&bytes).into()
    }
}

fn state_trait(
    traits: &mut BTreeMap<String, StatedTrait>,
    name: &str,
    value: Value<'_>,
    stated_at: At,
) -> bool {
    let full = traits.len() >= PROFILE_TRAITS_MAX;
    match traits.get_mut(name) {
        Some(stated) if stated.stated_at > stated_at => false,
        Some(stated) => {
            let value = OwnedValue::from(value);
            let changed = stated.value != value;
            *stated = StatedTrait { value, stated_at };
            changed
        }
        None if full => false,
        None => {
            let stated = StatedTrait { value: value.into(), stated_at };
            traits.insert(name.to_owned(), stated);
            !value.is_null()
        }
    }
}
