//! The words that people's histories and traits are made of, with how often each occurs: for whoever writes an expression.
//!
//! They are counted over a sample of people that is spread evenly, so that an answer takes the same time however many there
//! are; where there are fewer, over everybody.

use super::Engine;
use crate::ProfileId;
use crate::name::NameId;
use crate::value::Value;
use std::borrow::Cow;
use std::cmp::Reverse;
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
    /// Of a trait, its values; of an event, the values of properties that rules ask for, by their path. Each with how often
    /// it occurs, most frequent first.
    pub values: BTreeMap<String, Vec<(String, u64)>>,
}

/// Values of one word that are told apart: the most frequent.
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
        let step = self.state.profiles.len().div_ceil(most.max(1)).max(1);
        let asked: Vec<ProfileId> =
            self.profiles().map(|(id, _)| id).filter(|id| (id.0 as usize).is_multiple_of(step)).collect();
        Vocabulary {
            asked: asked.len() as u64,
            people: self.state.counts.profiles,
            events: self.event_words(&asked),
            traits: self.trait_words(&asked),
        }
    }

    fn event_words(&self, asked: &[ProfileId]) -> BTreeMap<String, Word> {
        let mut words = BTreeMap::new();
        for name in (0..self.state.names.len() as u32).map(NameId) {
            let mut word = Word::default();
            let mut codes: Vec<(u16, Vec<u32>)> =
                self.state.history.kept(name).map(|(column, _)| (column, Vec::new())).collect();
            let views = asked.iter().map(|id| self.state.history.of(name, *id));
            for view in views.filter(|view| !view.is_empty()) {
                word.people += 1;
                word.times += view.len() as u64;
                let newest = view.len().saturating_sub(EVENTS_EACH)..view.len();
                for (column, codes) in &mut codes {
                    codes.extend(newest.clone().map(|index| view.code(*column, index)));
                }
            }
            if word.people > 0 {
                for ((column, codes), (_, path)) in codes.into_iter().zip(self.state.history.kept(name)) {
                    word.values.insert(path.join("."), self.values_under(name, column, codes));
                }
                words.insert(self.state.names.text(name).to_owned(), word);
            }
        }
        words
    }

    fn values_under(&self, name: NameId, column: u16, codes: Vec<u32>) -> Vec<(String, u64)> {
        let dictionary = self.state.history.dictionary(name, column);
        let texts = counted(codes).into_iter().flat_map(|(code, times)| {
            dictionary.values(code).filter_map(text).map(move |text| (text, times))
        });
        most_frequent(texts.collect())
    }

    fn trait_words(&self, asked: &[ProfileId]) -> BTreeMap<String, Word> {
        let mut values: BTreeMap<&str, Vec<Value<'_>>> = BTreeMap::new();
        for (name, value) in asked.iter().flat_map(|id| self.state.profiles[id.0 as usize].traits()) {
            values.entry(name).or_default().push(value);
        }
        let word = |values: Vec<Value<'_>>| {
            let people = values.len() as u64;
            let texts = values.into_iter().filter_map(text).map(|text| (text, 1));
            let values = BTreeMap::from([(String::new(), most_frequent(texts.collect()))]);
            Word { people, times: people, values }
        };
        values.into_iter().map(|(name, values)| (name.to_owned(), word(values))).collect()
    }
}

/// As people write it; a list and a map are no value of a rule.
fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Float(_) => {
            Some(Cow::Owned(value.to_json().to_string()))
        }
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

/// Each with how often it occurs.
fn counted<T: Ord>(mut all: Vec<T>) -> Vec<(T, u64)> {
    all.sort_unstable();
    let mut counts: Vec<(T, u64)> = Vec::new();
    for one in all {
        match counts.last_mut().filter(|(known, _)| *known == one) {
            Some((_, times)) => *times += 1,
            None => counts.push((one, 1)),
        }
    }
    counts
}

/// Adds up what occurs more than once, and keeps what occurs most.
fn most_frequent(mut counts: Vec<(Cow<'_, str>, u64)>) -> Vec<(String, u64)> {
    counts.sort_unstable();
    counts.dedup_by(|(later, times), (kept, sum)| {
        let same = later == kept;
        *sum += if same { *times } else { 0 };
        same
    });
    // Those that occur as often stay in their order.
    counts.sort_by_key(|(_, times)| Reverse(*times));
    counts.truncate(VALUES_MAX);
    counts.into_iter().map(|(text, times)| (text.into_owned(), times)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_occurs_most_comes_first_and_stays() {
        let counts = |texts: &[(&'static str, u64)]| {
            most_frequent(texts.iter().map(|(text, times)| (Cow::Borrowed(*text), *times)).collect())
        };
        let told = |texts: &[(&str, u64)]| -> Vec<(String, u64)> {
            texts.iter().map(|(text, times)| ((*text).to_owned(), *times)).collect()
        };
        // One value may lie under two codes: by itself, and in a list.
        assert_eq!(counts(&[("red", 2), ("blue", 3), ("red", 2)]), told(&[("red", 4), ("blue", 3)]));
        assert_eq!(counts(&[("b", 1), ("a", 1), ("c", 2)]), told(&[("c", 2), ("a", 1), ("b", 1)]));
        assert_eq!(counted(vec![7, 3, 7]), [(3, 1), (7, 2)]);

        let many = (0..=VALUES_MAX as u64).map(|number| (Cow::Owned(format!("{number:04}")), 1 + number));
        let kept = most_frequent(many.collect());
        assert_eq!((kept.len(), &kept[0].0[..]), (VALUES_MAX, "1000"));
        assert!(kept.iter().all(|(text, _)| text != "0000"), "what occurs least is left out");
    }
}
