//! What a run asks a webhook: part of the run, so that it ends with it, moves with it and is erased with it.

use crate::at::At;
use crate::value::{Map, OwnedMap, ValueWriter};
use crate::{ProfileId, Seq};
use borsh::{BorshDeserialize, BorshSerialize};
use std::collections::BTreeMap;

/// The name under which answers lie beside what the event said, each under the name of its step.
pub const CALL_ROOT: &str = "webhook";

/// One question and what became of it.
#[derive(Clone, Debug, BorshSerialize, BorshDeserialize)]
pub(crate) struct Call {
    /// The record at which the run asked; with the run's number, the question's name.
    pub(crate) asked: Seq,
    pub(crate) asked_at: At,
    /// How many failed.
    pub(crate) attempts: u8,
    /// When it is asked again; `At::MAX` while somebody is at it.
    pub(crate) due: At,
    pub(crate) state: CallState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) enum CallState {
    Owed,
    /// The answer lies with the run.
    Answered,
    /// There will be none.
    Refused,
}

/// All that is needed to ask.
#[derive(Clone, Debug)]
pub struct AskedWebhook {
    pub profile: ProfileId,
    pub run: u64,
    pub asked: Seq,
    pub asked_at: At,
    /// 1 for the first.
    pub attempt: u8,
    /// When the run stops waiting.
    pub ends_at: At,
    pub webhook: String,
    pub journey: String,
    /// Liquid, by name of the field.
    pub body: BTreeMap<String, String>,
    /// The profile's traits now.
    pub traits: OwnedMap,
    /// Properties of the event that started the run, and what webhooks answered.
    pub event: OwnedMap,
}

/// What a run knows, with an answer added under its name.
pub(super) fn with_answer(event: Map<'_>, name: &str, answer: Map<'_>) -> OwnedMap {
    let mut writer = ValueWriter::new();
    for (key, value) in event.iter().filter(|(key, _)| *key != CALL_ROOT) {
        writer.key(key);
        value.write(&mut writer);
    }
    writer.key(CALL_ROOT);
    let answers = writer.begin_map();
    let before = event.get(CALL_ROOT).and_then(|value| value.map()).unwrap_or_default();
    for (key, value) in before.iter().filter(|(key, _)| *key != name) {
        writer.key(key);
        value.write(&mut writer);
    }
    writer.key(name);
    let own = writer.begin_map();
    for (key, value) in answer.iter() {
        writer.key(key);
        value.write(&mut writer);
    }
    writer.end(own);
    writer.end(answers);
    Map::from_bytes(&writer.into_bytes()).into()
}

impl super::Run {
    pub(crate) fn take_answer(&mut self, name: &str, answer: Map<'_>) {
        self.event = with_answer(self.event.as_map(), name, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_lie_under_their_names_and_a_later_one_of_the_same_name_counts() {
        let map = |json| OwnedMap::from_json(&json).unwrap();
        let event = map(json!({ "total": 12.5, "webhook": "the event's own", "items": [1, 2] }));
        let first = with_answer(event.as_map(), "loyalty", map(json!({ "points": 120 })).as_map());
        let both = with_answer(first.as_map(), "stock", map(json!({ "left": { "oil": 3 } })).as_map());
        let again = with_answer(both.as_map(), "loyalty", map(json!({ "points": 90.25 })).as_map());
        let expected = json!({
            "total": 12.5,
            "items": [1, 2],
            "webhook": { "stock": { "left": { "oil": 3 } }, "loyalty": { "points": 90.25 } },
        });
        assert_eq!(again.as_map().to_json(), expected);
    }
}
