//! Event names, kept once and known by a small number everywhere else.

use crate::limits::EVENT_NAMES_MAX;
use crate::table::Table;
use borsh::{BorshDeserialize, BorshSerialize};

/// The number of an event name inside one installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) struct NameId(pub(crate) u32);

/// The name of events whose own names are too many.
const OTHER: &str = "(other)";

/// Every event name ever seen or mentioned, in order of appearance.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Names {
    texts: Vec<String>,
    ids: Table<String, NameId>,
}

impl Names {
    /// The number of a name that a rule mentions, given one if it is new.
    pub(crate) fn number(&mut self, text: &str) -> NameId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = NameId(u32::try_from(self.texts.len()).expect("invariant: names have a bound"));
        self.texts.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        id
    }

    /// The number of a name that an event has, given one if it is new. What comes when there are too many already is
    /// known by one name together: a sender that makes names up must not fill the memory.
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        if self.texts.len() < EVENT_NAMES_MAX || self.ids.get(text).is_some() {
            return self.number(text);
        }
        self.number(OTHER)
    }

    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The number of a name that has one.
    pub(crate) fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    pub(crate) fn text(&self, id: NameId) -> &str {
        &self.texts[id.0 as usize]
    }
}
