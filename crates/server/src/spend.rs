//! What was spent, on its way into the log: from the API's JSON, from the files of ad platforms, from a simple form.
//!
//! Everything that is told has a key, given or made of what it is about, so that a file that is brought in twice counts once,
//! and one that was put right takes the place of the wrong one. What cannot be read is named, and the rest is taken.

pub mod entry;
pub mod flight;
pub mod form;
pub mod intake;
pub mod table;

use engine::record::Record;

/// Why something is not taken: the field, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub field: String,
    pub reason: String,
}

impl Fault {
    pub fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: reason.into() }
    }
}

/// Records as they are handed to the log together.
pub fn framed<'a>(records: impl Iterator<Item = Record<'a>>) -> (Vec<u8>, u32) {
    let (mut framed, mut bytes, mut count) = (Vec::new(), Vec::new(), 0);
    for record in records {
        bytes.clear();
        record.encode(&mut bytes);
        eventlog::frame::push_record(&mut framed, &bytes);
        count += 1;
    }
    (framed, count)
}
