//! The words that people's histories and traits are made of, with how often each occurs: for whoever writes an expression.
//!
//! They are counted over a sample of people that is spread evenly, so that an answer takes the same time however many there
//! are; where there are fewer, over everybody.

use super::Engine;
use crate::ProfileId;
use crate::name::NameId;
use std::collections::BTreeMap;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary {
    /// People who were looked at, of all.
    pub asked: u64,
    pub people: u64,
    /// By name of the event.
    pub events: BTreeMap<String, Word>,
    /// By name of the trait.
    pub traits: BTreeMap<String, Word>,
}

/// An event or a trait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Those of the people asked who have it.
    pub people: u64,
    /// Events of these; of a trait, people again.
    pub times: u64,
    /// Of a trait, its values; of an event, the values of properties that rules ask for, by their path.
    pub values: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Values of one word that are told apart; further ones are left out.
const VALUES_MAX: usize = 1_000;
/// Events of one person that are looked at for their properties.
const EVENTS_EACH: usize = 20;

/// What somebody bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchases {
    pub count: u64,
    /// In millionths; `None` where no rule asks for the amount, so that it is not kept.
    pub sum: Option<i128>,
}

impl Engine {
    /// How often somebody did what the programme calls a purchase, and for how much.
    pub fn purchases_of(&self, id: ProfileId) -> Purchases {
        let purchase = &self.programme.purchase;
        let Some(name) = self.state.names.find(&purchase.event) else {
            return Purchases { count: 0, sum: None };
        };
        let view = self.state.history.of(name, self.canonical(id));
        let column = self.state.history.column(name, &purchase.amount_path());
        let sum = column.map(|column| {
            let numbers = self.state.history.dictionary(name, column);
            let codes = (0..view.len()).map(|index| view.code(column, index));
            codes.flat_map(|code| numbers.numbers(code)).map(|number| i128::from(*number)).sum()
        });
        Purchases { count: view.len() as u64, sum }
    }

    /// The words of about so many people.
    pub fn vocabulary(&self, most: usize) -> Vocabulary {
        let mut found = Vocabulary { people: self.state.counts.profiles, ..Vocabulary::default() };
        let step = self.state.profiles.len().div_ceil(most.max(1)).max(1);
        for (id, profile) in self.profiles().filter(|(id, _)| (id.0 as usize).is_multiple_of(step)) {
            found.asked += 1;
            for (name, value) in profile.traits() {
                let word = found.traits.entry(name.to_owned()).or_default();
                word.people += 1;
                word.times += 1;
                add(word, "", &value.to_json());
            }
            for (name, view) in self.state.history.of_profile(id) {
                let word = found.events.entry(self.state.names.text(name).to_owned()).or_default();
                word.people += 1;
                word.times += view.len() as u64;
                self.add_properties(word, name, id);
            }
        }
        found
    }

    fn add_properties(&self, word: &mut Word, name: NameId, id: ProfileId) {
        let view = self.state.history.of(name, id);
        let newest = view.len().saturating_sub(EVENTS_EACH)..view.len();
        for (column, path) in self.state.history.kept(name) {
            for index in newest.clone() {
                let dictionary = self.state.history.dictionary(name, column);
                for value in dictionary.values(view.code(column, index)) {
                    add(word, &path.join("."), &value.to_json());
                }
            }
        }
    }
}

fn add(word: &mut Word, path: &str, value: &serde_json::Value) {
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => value.to_string(),
        _ => return,
    };
    let values = word.values.entry(path.to_owned()).or_default();
    if values.len() < VALUES_MAX || values.contains_key(&text) {
        *values.entry(text).or_default() += 1;
    }
}
