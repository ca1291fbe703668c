//! Consents of one profile: what was granted and withdrawn, for which purpose, on which channel, on what evidence.
//!
//! The list only grows, since it is evidence. What holds now is the newest entry about a purpose and channel; where
//! nothing was ever said, nothing is granted. A yes that somebody repeats under double opt-in is an entry of its own, which
//! takes nothing away: it is there for a no that was said before it and arrives after it.

use crate::Seq;
use crate::at::At;
use crate::held::Held;
use crate::programme::Channel;
use crate::record::{ConsentSource, ConsentState};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeSet;

/// One entry of the evidence.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Consent {
    pub purpose: String,
    /// `None` for every channel of the purpose.
    pub channel: Option<Channel>,
    pub state: ConsentState,
    pub source: ConsentSource,
    pub stated_at: At,
    /// The record that holds the whole evidence.
    pub seq: Seq,
    /// Version of the wording that was shown, and its language; both empty where nobody said.
    pub wording: String,
    pub language: String,
    pub proof: String,
    /// When it was last said, and by which record: what decides which of two entries is the newer. Saying the same
    /// again moves only this, so that an older opposite that arrives late does not win over what was repeated since.
    pub(crate) said: (At, Seq),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Consents(Held<Vec<Consent>>);

impl Consent {
    /// Whether it is a yes that waits for its confirmation, as somebody said it.
    fn is_question(&self) -> bool {
        self.state == ConsentState::Pending && self.source != ConsentSource::Merge
    }

    /// Whether it says the same in the same words.
    pub(crate) fn is_said_as(&self, other: &Self) -> bool {
        (self.state, &self.wording, &self.language) == (other.state, &other.wording, &other.language)
    }
}

impl Consents {
    pub(crate) fn all(&self) -> &[Consent] {
        &self.0
    }

    /// The entry that decides for a purpose on a channel; `None` asks for the purpose as a whole. It is the newest, save
    /// that asking somebody once more who has agreed takes nothing away: only a merge does.
    pub(crate) fn current(&self, purpose: &str, channel: Option<Channel>) -> Option<&Consent> {
        // Of one record's `offers` and `offers.email` the more particular one counts.
        let newest = |one: &&Consent| (one.said, one.channel.is_some());
        let answers = self.about(purpose, channel).filter(|one| !one.is_question());
        let answer = answers.max_by_key(newest);
        let is_yes = answer.is_some_and(|answer| answer.state == ConsentState::Granted);
        if is_yes { answer } else { self.about(purpose, channel).max_by_key(newest) }
    }

    fn about(&self, purpose: &str, channel: Option<Channel>) -> impl Iterator<Item = &Consent> {
        self.0.iter().filter(move |consent| {
            consent.purpose == purpose && (consent.channel.is_none() || consent.channel == channel)
        })
    }

    pub(crate) fn state(&self, purpose: &str, channel: Option<Channel>) -> Option<ConsentState> {
        self.current(purpose, channel).map(|consent| consent.state)
    }

    /// Granted on the channel; or, with no channel, on any.
    pub(crate) fn is_granted(&self, purpose: &str, channel: Option<Channel>) -> bool {
        let granted = |channel| self.state(purpose, channel) == Some(ConsentState::Granted);
        match channel {
            Some(channel) => granted(Some(channel)),
            None => Channel::ALL.into_iter().any(|channel| granted(Some(channel))),
        }
    }

    /// Whether somebody ever said no to a purpose on a channel, whatever was said since.
    pub(crate) fn was_refused(&self, purpose: &str, channel: Channel) -> bool {
        self.about(purpose, Some(channel)).any(|consent| consent.state == ConsentState::Withdrawn)
    }

    /// Adds an entry; whether what holds now changed. An entry older than what it speaks against is kept as
    /// evidence, and decides nothing. One that repeats what was said in the same words since the last opposite is not kept
    /// beside it.
    pub(crate) fn state_consent(&mut self, consent: Consent) -> bool {
        let purpose = consent.purpose.clone();
        let before = Channel::ALL.map(|channel| self.state(&purpose, Some(channel)));
        let about_the_same = |one: &&mut Consent| one.purpose == purpose && one.channel == consent.channel;
        let newest = self.0.iter_mut().filter(about_the_same).max_by_key(|one| one.said);
        let repeats = newest.is_some_and(|newest| newest.state == consent.state);
        let opposite = self.0.iter_mut().filter(about_the_same).filter(|one| one.state != consent.state);
        let opposite = opposite.map(|one| one.said).max();
        let known = self.0.iter_mut().filter(about_the_same).find(|one| {
            repeats && one.is_said_as(&consent) && opposite.is_none_or(|opposite| one.said > opposite)
        });
        match known {
            Some(known) => known.said = known.said.max(consent.said),
            None => self.0.push(consent),
        }
        before != Channel::ALL.map(|channel| self.state(&purpose, Some(channel)))
    }

    /// Joins the consents of a profile found to be the same person. The stricter statement wins, until something
    /// newer than both is said, be it by the very record that told that they are one. A grant does not spread to an
    /// address that it was not given for: `foreign` says, for a channel, whether the other profile has an address that
    /// this one has not, and whether this one has an address that the other has not.
    pub(crate) fn absorb(
        &mut self,
        other: Self,
        foreign: impl Fn(Channel) -> (bool, bool),
        at: At,
        seq: Seq,
    ) {
        let mine = self.0.take();
        let (mine, other) = (Self(mine.into()), other);
        let purposes: BTreeSet<String> =
            mine.0.iter().chain(other.0.iter()).map(|consent| consent.purpose.clone()).collect();
        self.0 = mine.0.clone();
        self.0.extend(other.0.iter().cloned());
        for purpose in purposes {
            for channel in Channel::ALL {
                let one = mine.state(&purpose, Some(channel));
                let two = other.state(&purpose, Some(channel));
                let strict = stricter(one, two, foreign(channel));
                let joined = self.state(&purpose, Some(channel));
                let said = self.about(&purpose, Some(channel)).map(|one| one.said).max();
                if let (Some(joined), Some(strict), Some(said)) = (joined, strict, said)
                    && joined != strict
                {
                    let wording = String::new();
                    let proof = "the stricter of two merged profiles".to_owned();
                    self.0.push(Consent {
                        purpose: purpose.clone(),
                        channel: Some(channel),
                        state: strict,
                        source: ConsentSource::Merge,
                        stated_at: at,
                        seq,
                        wording,
                        language: String::new(),
                        proof,
                        said,
                    });
                }
            }
        }
    }
}

/// What may be said of two profiles that are one person.
fn stricter(
    one: Option<ConsentState>,
    two: Option<ConsentState>,
    (theirs, mine): (bool, bool),
) -> Option<ConsentState> {
    use ConsentState::{Granted, Pending, Withdrawn};
    match (one, two) {
        (None, None) => None,
        (Some(Withdrawn), _) | (_, Some(Withdrawn)) => Some(Withdrawn),
        (Some(Granted), Some(Granted)) => Some(Granted),
        (Some(Granted | Pending), Some(Granted | Pending)) => Some(Pending),
        (Some(_), None) if theirs => Some(Withdrawn),
        (None, Some(_)) if mine => Some(Withdrawn),
        (Some(state), None) | (None, Some(state)) => Some(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(channel: Option<Channel>, state: ConsentState, at: i64) -> Consent {
        Consent {
            purpose: "offers".into(),
            channel,
            state,
            source: ConsentSource::Api,
            stated_at: At(at),
            seq: Seq(at as u64),
            wording: String::new(),
            language: String::new(),
            proof: String::new(),
            said: (At(at), Seq(at as u64)),
        }
    }

    #[test]
    fn the_newest_statement_decides_and_nothing_is_granted_by_silence() {
        use ConsentState::{Granted, Withdrawn};
        let mut consents = Consents::default();
        assert!(!consents.is_granted("offers", None));
        assert!(consents.state_consent(consent(None, Granted, 10)));
        assert!(!consents.state_consent(consent(Some(Channel::Email), Granted, 11)), "repeats what holds");
        assert!(consents.state_consent(consent(Some(Channel::Sms), Withdrawn, 20)));
        assert!(consents.is_granted("offers", Some(Channel::Email)));
        assert!(!consents.is_granted("offers", Some(Channel::Sms)));
        assert!(
            !consents.state_consent(consent(Some(Channel::Sms), Granted, 15)),
            "older than the withdrawal"
        );
        assert!(!consents.is_granted("offers", Some(Channel::Sms)));
        assert!(consents.state_consent(consent(None, Withdrawn, 30)));
        assert!(!consents.is_granted("offers", None));
        assert!(!consents.is_granted("newsletter", None));
    }

    #[test]
    fn what_was_repeated_is_newer_than_an_old_opposite_that_arrives_late() {
        use ConsentState::{Granted, Withdrawn};
        for channel in [None, Some(Channel::Email)] {
            let mut consents = Consents::default();
            consents.state_consent(consent(None, Withdrawn, 10));
            assert!(!consents.state_consent(consent(channel, Withdrawn, 30)));
            assert!(
                !consents.state_consent(consent(channel, Granted, 20)),
                "said before the second withdrawal"
            );
            assert!(!consents.is_granted("offers", Some(Channel::Email)));
        }
        let mut consents = Consents::default();
        for at in [10, 20] {
            consents.state_consent(consent(Some(Channel::Email), Withdrawn, at));
            consents.state_consent(consent(None, Granted, at));
            assert!(!consents.is_granted("offers", Some(Channel::Email)), "the particular one counts");
        }
        let mut consents = Consents::default();
        for at in 10..100 {
            consents.state_consent(consent(None, Granted, at));
        }
        assert_eq!(consents.all().len(), 1, "every page view may repeat it");
    }

    /// In whatever order they arrive, what was said counts in the order in which it was said.
    #[test]
    fn a_yes_that_was_repeated_is_newer_than_a_no_that_arrives_late() {
        use ConsentState::{Granted, Pending, Withdrawn};
        let email = Some(Channel::Email);
        let said = [(None, Pending, 10), (email, Granted, 20), (None, Withdrawn, 30), (None, Pending, 40)];
        for order in [[0, 1, 2, 3], [0, 1, 3, 2], [0, 2, 1, 3], [0, 2, 3, 1], [0, 3, 1, 2], [0, 3, 2, 1]] {
            let mut consents = Consents::default();
            for place in order {
                let (channel, state, at) = said[place];
                consents.state_consent(consent(channel, state, at));
            }
            assert_eq!(consents.state("offers", email), Some(Pending), "{order:?}");
        }
        let mut consents = Consents::default();
        for (channel, state, at) in [said[0], said[1], said[3]] {
            consents.state_consent(consent(channel, state, at));
        }
        assert_eq!(consents.state("offers", email), Some(Granted), "to be asked again takes nothing away");
        assert_eq!(consents.state("offers", Some(Channel::Sms)), Some(Pending));
        let no = Consents(vec![consent(email, Withdrawn, 5)].into());
        consents.absorb(no, |_| (false, false), At(50), Seq(50));
        assert_eq!(
            consents.state("offers", email),
            Some(Withdrawn),
            "a merge takes the yes and the question"
        );
    }

    #[test]
    fn what_the_record_of_a_merge_says_is_newer_than_the_merge() {
        use ConsentState::{Granted, Pending, Withdrawn};
        let mut consents = Consents(vec![consent(None, Granted, 10)].into());
        consents.absorb(
            Consents(vec![consent(None, Pending, 5)].into()),
            |_| (false, false),
            At(30),
            Seq(30),
        );
        assert_eq!(consents.state("offers", Some(Channel::Email)), Some(Pending), "the stricter of two");
        consents.state_consent(consent(None, Withdrawn, 29));
        assert_eq!(consents.state("offers", Some(Channel::Email)), Some(Withdrawn));
    }

    #[test]
    fn a_merge_never_widens() {
        use ConsentState::{Granted, Pending, Withdrawn};
        let states = [None, Some(Granted), Some(Withdrawn), Some(Pending)];
        for one in states {
            for two in states {
                for (theirs, mine) in [(false, false), (false, true), (true, false), (true, true)] {
                    let make = |state: Option<ConsentState>, at| {
                        Consents(
                            state
                                .map(|state| consent(Some(Channel::Email), state, at))
                                .into_iter()
                                .collect::<Vec<_>>()
                                .into(),
                        )
                    };
                    let mut joined = make(one, 10);
                    joined.absorb(make(two, 20), |_| (theirs, mine), At(30), Seq(30));
                    let granted = joined.is_granted("offers", Some(Channel::Email));
                    let both = one == Some(Granted) && two == Some(Granted);
                    let carried = (one, two) == (Some(Granted), None) && !theirs
                        || (one, two) == (None, Some(Granted)) && !mine;
                    assert_eq!(granted, both || carried, "{one:?} {two:?} theirs={theirs} mine={mine}");
                }
            }
        }
    }
}
