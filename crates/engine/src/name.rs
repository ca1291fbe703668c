//! Event names, kept once and known by a small number everywhere else.

use crate::limits::EVENT_NAMES_MAX;
use crate::table::Table;
use borsh::{BorshDeserialize, BorshSerialize};
use std::sync::Arc;

/// The number of an event name inside one installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) struct NameId(pub(crate) u32);

/// The name of events whose own names are too many.
const OTHER: &str = "(other)";

/// Every event name ever seen or mentioned, in order of appearance. A copy shares them until a new one comes.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Names(Arc<Known>);

#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
struct Known {
    texts: Vec<String>,
    ids: Table<String, NameId>,
}

impl Names {
    /// The number of a name that a rule mentions, given one if it is new.
    pub(crate) fn number(&mut self, text: &str) -> NameId {
        if let Some(id) = self.0.ids.get(text) {
            return *id;
        }
        let known = Arc::make_mut(&mut self.0);
        let id = NameId(u32::try_from(known.texts.len()).expect("invariant: names have a bound"));
        known.texts.push(text.to_owned());
        known.ids.insert(text.to_owned(), id);
        id
    }

    /// The number of a name that an event has, given one if it is new. What comes when there are too many already is
    /// known by one name together: a sender that makes names up must not fill the memory.
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        if self.0.texts.len() < EVENT_NAMES_MAX || self.0.ids.get(text).is_some() {
            return self.number(text);
        }
        self.number(OTHER)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.texts.len()
    }

    /// The number of a name that has one.
    pub(crate) fn find(&self, text: &str) -> Option<NameId> {
        self.0.ids.get(text).copied()
    }

    pub(crate) fn text(&self, id: NameId) -> &str {
        &self.0.texts[id.0 as usize]
    }
}
