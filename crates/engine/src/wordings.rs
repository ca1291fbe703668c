//! Every wording that was ever live: who agreed to what can be answered in the very words, whatever the programme says
//! today.
//!
//! Owned by the state; a programme that becomes live adds to it. Nothing is taken away, since it is evidence.

use crate::Seq;
use crate::consent::Consent;
use crate::limits::WORDINGS_KEPT_MAX;
use crate::programme::{Localized, Mistake, Place, Programme};
use crate::record::ConsentState;
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Wordings {
    by_purpose: BTreeMap<String, Kept>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Kept {
    versions: BTreeMap<String, Localized>,
    /// Which one was shown, from which record on.
    shown: Vec<(Seq, String)>,
}

impl Wordings {
    /// The words of a version, by language.
    pub fn find(&self, purpose: &str, version: &str) -> Option<&Localized> {
        self.by_purpose.get(purpose)?.versions.get(version)
    }

    /// The version that was shown when a record came.
    pub fn shown_at(&self, purpose: &str, seq: Seq) -> Option<&str> {
        let shown = &self.by_purpose.get(purpose)?.shown;
        let before = shown.partition_point(|(since, _)| *since < seq);
        shown[..before].last().map(|(_, version)| version.as_str()).filter(|version| !version.is_empty())
    }

    /// Every purpose with its versions in their words, and which of them was shown from which record on; an empty one is none.
    pub fn all(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Localized>, &[(Seq, String)])> {
        self.by_purpose
            .iter()
            .map(|(purpose, kept)| (purpose.as_str(), &kept.versions, kept.shown.as_slice()))
    }

    /// The version in whose words a consent was given; none where the programme showed none, or it was said in others.
    pub fn of<'a>(&'a self, consent: &'a Consent) -> Option<&'a str> {
        match consent.wording.as_str() {
            "" if consent.state == ConsentState::Withdrawn => None,
            "" => self.shown_at(&consent.purpose, consent.seq),
            version => Some(version),
        }
    }

    /// Takes in the wordings of a programme that becomes live.
    pub(crate) fn keep(&mut self, programme: &Programme, seq: Seq) {
        for (name, purpose) in &programme.purposes {
            if purpose.wording.is_empty() && !self.by_purpose.contains_key(name) {
                continue;
            }
            let kept = self.by_purpose.entry(name.clone()).or_default();
            for wording in &purpose.wording {
                kept.versions.entry(wording.version.clone()).or_default().extend(wording.texts.clone());
            }
            let live = purpose.wording.last().map_or("", |wording| &wording.version);
            if kept.shown.last().map_or("", |(_, version)| version) != live {
                kept.shown.push((seq, live.to_owned()));
            }
        }
    }

    /// Words that a programme would change under a version that people may have agreed to already.
    pub(crate) fn changed_by(&self, programme: &Programme) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut new = 0;
        for (name, purpose) in &programme.purposes {
            let place = Place("purposes".to_owned()).field(name).field("wording");
            for (index, wording) in purpose.wording.iter().enumerate() {
                let Some(known) = self.find(name, &wording.version) else {
                    new += 1;
                    continue;
                };
                let other = |(language, text): &(&String, &String)| {
                    known.get(*language).is_some_and(|known| known != *text)
                };
                let version = &wording.version;
                mistakes.extend(wording.texts.iter().filter(other).map(|(language, _)| Mistake {
                    place: place.index(index).field(language),
                    offset: None,
                    message: format!("version {version} was live with other words in {language}"),
                    suggestion: Some("people agreed to those: give the new words a new version".to_owned()),
                }));
            }
        }
        let known: usize = self.by_purpose.values().map(|kept| kept.versions.len()).sum();
        if known + new > WORDINGS_KEPT_MAX {
            mistakes.push(Mistake {
                place: Place("purposes".to_owned()),
                offset: None,
                message: format!("over the years, there were more than {WORDINGS_KEPT_MAX} wordings"),
                suggestion: Some("use one of those that there are".to_owned()),
            });
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programme::{Purpose, Wording};

    fn programme(versions: &[(&str, &str, &str)]) -> Programme {
        let wording = versions.iter().map(|(version, language, text)| Wording {
            version: (*version).to_owned(),
            texts: [((*language).to_owned(), (*text).to_owned())].into(),
        });
        let purpose = Purpose { wording: wording.collect(), ..Purpose::default() };
        Programme { purposes: [("offers".to_owned(), purpose)].into(), ..Programme::default() }
    }

    #[test]
    fn words_stay_what_they_were_and_the_one_that_was_shown_is_known_by_place() {
        let mut wordings = Wordings::default();
        wordings.keep(&programme(&[("1", "en", "Yes to offers")]), Seq(10));
        assert_eq!(wordings.shown_at("offers", Seq(10)), None, "the record before was not asked by it");
        assert_eq!(wordings.shown_at("offers", Seq(11)), Some("1"));
        assert_eq!(wordings.changed_by(&programme(&[("1", "en", "Yes to all")])).len(), 1);
        assert_eq!(wordings.changed_by(&programme(&[("1", "it", "Sì alle offerte")])), [], "a translation");
        wordings.keep(&programme(&[("1", "it", "Sì"), ("2", "en", "Yes to all")]), Seq(20));
        let words = wordings.find("offers", "1").expect("it was live");
        assert_eq!((words["en"].as_str(), words["it"].as_str()), ("Yes to offers", "Sì"));
        assert_eq!(wordings.shown_at("offers", Seq(20)), Some("1"));
        assert_eq!(wordings.shown_at("offers", Seq(21)), Some("2"));
        wordings.keep(&programme(&[]), Seq(30));
        assert_eq!(wordings.shown_at("offers", Seq(31)), None, "nothing was shown any more");
        assert_eq!(wordings.changed_by(&programme(&[("2", "en", "Yes to some")])).len(), 1, "nor forgotten");
    }
}
