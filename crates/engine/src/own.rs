//! What a profile that has taken in others was told itself, so that each of them can go again.
//!
//! A profile that never took in another has none of this: all that it has is its own. Owned by the profile; the merge
//! that is its first makes it, and the end of the last one takes it away.

use crate::at::At;
use crate::consent::{Consent, Consents};
use crate::held::Held;
use crate::profile::{Language, Profile, StatedTrait};
use crate::record::ConsentState;
use crate::{MergeId, ProfileId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Own {
    pub(crate) traits: Held<BTreeMap<String, StatedTrait>>,
    /// As they were when the first merge came.
    pub(crate) consents: Consents,
    pub(crate) first_seen: At,
    pub(crate) last_seen: At,
    pub(crate) language: Language,
    /// Consents stated since, in the order of the log.
    pub(crate) stated: Vec<Stated>,
    /// The merges into it that stand, oldest first.
    pub(crate) merges: Vec<MergeId>,
    /// Place of the newest merge into it.
    pub(crate) merged: Seq,
}

/// A consent that was stated while several profiles were one.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Stated {
    pub(crate) consent: Consent,
    /// The profile whose identifier the record named.
    pub(crate) about: ProfileId,
}

impl Own {
    /// Of a profile that is about to take in its first.
    pub(crate) fn of(profile: &Profile) -> Self {
        Self {
            traits: profile.traits.clone(),
            consents: profile.consents.clone(),
            first_seen: profile.first_seen,
            last_seen: profile.last_seen,
            language: profile.language,
            stated: Vec::new(),
            merges: Vec::new(),
            merged: Seq(0),
        }
    }

    /// Keeps a consent that was stated. Page views repeat them, and what repeats what was said last, with no merge since,
    /// only makes that newer.
    pub(crate) fn state_consent(&mut self, consent: &Consent, about: ProfileId) {
        let (purpose, channel, merged) = (&consent.purpose, consent.channel, self.merged);
        let since = self.stated.iter_mut().rev().take_while(|one| one.consent.seq >= merged);
        let said = since.map(|one| (one.about, &mut one.consent));
        let mut said = said.filter(|(_, one)| one.purpose == *purpose && one.channel == channel);
        let mut last = said.by_ref().take_while(|(_, one)| one.state == consent.state);
        match last.find(|(of, one)| *of == about && one.is_said_as(consent)) {
            Some((_, known)) => known.said = known.said.max(consent.said),
            None => self.stated.push(Stated { consent: consent.clone(), about }),
        }
    }
}

impl Stated {
    /// Whether it holds for a profile that it may not have been about: only a withdrawal does.
    pub(crate) fn binds_everybody(&self) -> bool {
        self.consent.state == ConsentState::Withdrawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::ConsentSource;

    #[test]
    fn what_repeats_is_kept_once_and_each_merge_begins_anew() {
        use ConsentState::{Granted, Withdrawn};
        let mut own = Own::of(&Profile::default());
        let say = |own: &mut Own, at: i64, about: u32, state| {
            let consent = Consent {
                purpose: "offers".into(),
                channel: None,
                state,
                source: ConsentSource::Event,
                stated_at: At(at),
                seq: Seq(at as u64),
                wording: String::new(),
                language: String::new(),
                proof: String::new(),
                said: (At(at), Seq(at as u64)),
            };
            own.state_consent(&consent, ProfileId(about));
        };
        for at in (10..100).step_by(2) {
            say(&mut own, at, 1, Granted);
            say(&mut own, at + 1, 2, Granted);
        }
        assert_eq!(own.stated.len(), 2, "page views of two parts by turns");
        assert_eq!(own.stated[1].consent.said, (At(99), Seq(99)));
        say(&mut own, 100, 1, Withdrawn);
        say(&mut own, 101, 2, Granted);
        assert_eq!(own.stated.len(), 4, "a grant before a withdrawal is another than one after it");
        own.merged = Seq(150);
        say(&mut own, 151, 2, Granted);
        assert_eq!(own.stated.len(), 5, "and so is one before a merge");
    }
}
