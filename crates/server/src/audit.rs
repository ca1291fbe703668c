//! The audit: for every change that an operator or a key makes, a record of who it was, and of what was before and after.
//!
//! What is told of a change is read off the record that makes it, here and nowhere else, and goes into the log with that
//! record: both are durable or neither is, and of what the engine refuses nothing is told. What is to be told of changes that
//! lie beside the log, such as those of keys, is kept with them until it is in the log ([`untold`]).

mod page;
mod untold;
mod what;

pub(crate) use page::{Filter, Page, Places, page};
pub(crate) use untold::{Untold, tell, tell_what_was_left};
pub(crate) use what::What;

use crate::clock;
use crate::keys::Holder;
use crate::runtime::{Entrance, NotTaken, Runtime};
use engine::engine::Engine;
use engine::identifier::KeyedHash;
use engine::limits::ACT_TEXT_BYTES_MAX;
use engine::record::{Identifier, OperatorActed, Record};
use eventlog::frame::push_record;
use eventlog::sequencer::Outcome;
use serde_json::{Map, Value, json};

/// Submits a record with who it is of, and waits until both are durable. The answer is the record's.
pub(crate) async fn recorded(
    runtime: &Runtime,
    by: &Holder,
    record: &Record<'_>,
) -> Result<Outcome, NotTaken> {
    let (mut bytes, by) = (Vec::new(), by.clone());
    record.encode(&mut bytes);
    let both = move |engine: &Engine| {
        let record = Record::decode(&bytes).expect("invariant: what was encoded can be decoded");
        let mut framed = Vec::new();
        push_record(&mut framed, &bytes);
        What::of(engine, &record).push(&by, &mut framed);
        framed
    };
    let framed = runtime.read(both).await;
    let answers = runtime.submit(Entrance::Inside, framed, 2)?;
    // Only a stop drops the question.
    let outcomes = answers.await.map_err(|_| NotTaken::Stopping)?;
    Ok(outcomes.into_iter().next().expect("invariant: one outcome a record"))
}

/// Tells of what somebody had done that changes nothing by a record of its own.
pub(crate) async fn noted(runtime: &Runtime, by: &Holder, what: What) -> Result<(), NotTaken> {
    let mut framed = Vec::new();
    what.push(by, &mut framed);
    let answers = runtime.submit(Entrance::Inside, framed, 1)?;
    answers.await.map_err(|_| NotTaken::Stopping).map(drop)
}

impl What {
    /// Adds the record of it to framed records.
    pub(crate) fn push(&self, by: &Holder, framed: &mut Vec<u8>) {
        let (before, after) = (bounded(&self.before), bounded(&self.after));
        let people = self.people.iter().map(|(kind, hash, value)| Identifier {
            kind: *kind,
            hash: KeyedHash(*hash),
            value,
        });
        let acted = OperatorActed {
            acted_at: clock::now(),
            operator: &by.name,
            role: by.rights.name(),
            act: &self.act,
            subject: &self.subject,
            people: people.collect(),
            before: &before,
            after: &after,
        };
        let mut bytes = Vec::new();
        Record::OperatorActed(acted).encode(&mut bytes);
        push_record(framed, &bytes);
    }
}

/// JSON that is short enough to be kept; of what is too long only the size. Nothing at all is an empty text.
fn bounded(value: &Value) -> String {
    if value.is_null() {
        return String::new();
    }
    let text = value.to_string();
    if text.len() <= ACT_TEXT_BYTES_MAX {
        return text;
    }
    let sizes = |entries: &Map<String, Value>| {
        let mut sizes: Vec<(usize, String)> =
            entries.iter().map(|(name, entry)| (entry.to_string().len(), name.clone())).collect();
        sizes.sort_unstable_by(|one, two| two.cmp(one));
        sizes
    };
    if let Value::Object(entries) = value {
        let mut cut = entries.clone();
        let mut length = text.len();
        for (size, name) in sizes(entries) {
            let instead = json!({ "bytes": size });
            length = (length + instead.to_string().len()).saturating_sub(size);
            cut.insert(name, instead);
            if length <= ACT_TEXT_BYTES_MAX {
                return Value::Object(cut).to_string();
            }
        }
    }
    json!({ "bytes": text.len() }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_told_by_its_size_the_longest_first() {
        assert_eq!(bounded(&Value::Null), "");
        assert_eq!(bounded(&json!({"a": 1})), r#"{"a":1}"#);
        let long = "x".repeat(ACT_TEXT_BYTES_MAX);
        let cut = bounded(&json!({"long": long, "short": "y"}));
        assert_eq!(cut, format!(r#"{{"long":{{"bytes":{}}},"short":"y"}}"#, ACT_TEXT_BYTES_MAX + 2));
        let many: Map<String, Value> = (0..5_000).map(|number| (number.to_string(), json!("z"))).collect();
        let text = Value::Object(many.clone()).to_string();
        assert_eq!(bounded(&Value::Object(many)), format!(r#"{{"bytes":{}}}"#, text.len()));
        for length in ACT_TEXT_BYTES_MAX - 20..ACT_TEXT_BYTES_MAX + 20 {
            let value = json!({"a": "x".repeat(length), "b": [1, 2, 3]});
            assert!(bounded(&value).len() <= ACT_TEXT_BYTES_MAX, "{length}");
        }
    }
}
