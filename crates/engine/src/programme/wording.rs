//! What people are asked, in the very words: the versions of a purpose's wording, and what is known of those that were live
//! before.

use super::{Localized, Mistake, Place, Programme};
use crate::limits::{WORDING_BYTES_MAX, WORDING_VERSION_BYTES_MAX, WORDINGS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One version of a purpose's wording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    pub version: String,
    /// By language.
    pub texts: Localized,
}

impl Programme {
    /// The wording that is shown now: the last one that the purpose names.
    pub fn wording(&self, purpose: &str) -> Option<&Wording> {
        self.purposes.get(purpose)?.wording.last()
    }

    /// What is wrong with wordings, so far as one programme shows it.
    pub(super) fn wording_mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (name, purpose) in &self.purposes {
            let place = Place("purposes".to_owned()).field(name).field("wording");
            let mut add = |place: Place, message: String, suggestion: Option<String>| {
                mistakes.push(Mistake { place, offset: None, message, suggestion });
            };
            if purpose.wording.len() > WORDINGS_MAX {
                let suggestion = "leave out the oldest: they stay known".to_owned();
                let message = format!("a purpose has at most {WORDINGS_MAX} versions of its wording");
                add(place.clone(), message, Some(suggestion));
            }
            let mut seen = BTreeSet::new();
            for (index, wording) in purpose.wording.iter().enumerate() {
                let place = place.index(index);
                let version = &wording.version;
                if version.is_empty() || version.len() > WORDING_VERSION_BYTES_MAX {
                    let message =
                        format!("a version has a name of at most {WORDING_VERSION_BYTES_MAX} bytes");
                    add(place.field("version"), message, Some("for example `version: 2`".to_owned()));
                }
                if !seen.insert(version) {
                    let message = format!("the version {version} is written twice");
                    add(
                        place.field("version"),
                        message,
                        Some("give the newer one a version of its own".to_owned()),
                    );
                }
                if wording.texts.is_empty() {
                    let message = format!("the version {version} has no words");
                    add(place.clone(), message, Some("write them by language: `en: …`".to_owned()));
                }
                for (language, _) in wording.texts.iter().filter(|(_, text)| text.len() > WORDING_BYTES_MAX) {
                    let message = format!("a wording is at most {WORDING_BYTES_MAX} bytes long");
                    add(place.field(language), message, Some("nobody reads more before a box".to_owned()));
                }
            }
        }
        mistakes
    }
}
