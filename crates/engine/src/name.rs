//! Event names, kept once and known by a small number everywhere else.

use crate::table::Table;
use borsh::{BorshDeserialize, BorshSerialize};

/// The number of an event name inside one installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(crate) struct NameId(pub(crate) u32);

/// Every event name ever seen or mentioned, in order of appearance.
#[derive(Clone, Default, BorshSerialize, BorshDeserialize)]
pub(crate) struct Names {
    texts: Vec<String>,
    ids: Table<String, NameId>,
}

impl Names {
    /// The number of a name, given one if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = NameId(u32::try_from(self.texts.len()).expect("invariant: fewer than 2^32 event names"));
        self.texts.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        id
    }

    pub(crate) fn text(&self, id: NameId) -> &str {
        &self.texts[id.0 as usize]
    }
}
