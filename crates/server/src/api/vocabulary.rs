//! What expressions can be made of: events, their properties and traits, with how often each occurs.

use crate::hub::Hub;
use crate::limits::{VOCABULARY_PEOPLE, VOCABULARY_VALUES};
use axum::Json;
use axum::extract::State;
use engine::engine::{Engine, Vocabulary, Word};
use serde::Serialize;
use std::cmp::Reverse;
use std::sync::Arc;

/// Words with how often each occurs, most frequent first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct VocabularyView {
    /// People who were looked at: all, or an even sample of them.
    asked: u64,
    people: u64,
    events: Vec<EventWord>,
    traits: Vec<TraitWord>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct EventWord {
    name: String,
    /// Of the people who were asked, those who did it.
    people: u64,
    /// How often they did.
    times: u64,
    /// Properties that a rule asks for: the log alone has the others.
    properties: Vec<PropertyWord>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct PropertyWord {
    path: String,
    /// Of the newest events; those that occur once only are left out.
    values: Vec<ValueWord>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct TraitWord {
    name: String,
    people: u64,
    /// Those that occur once only are left out: names and addresses are.
    values: Vec<ValueWord>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ValueWord {
    value: String,
    times: u64,
}

/// The words of expressions.
#[utoipa::path(get, path = "/api/v1/vocabulary", responses((status = 200, body = VocabularyView)))]
pub(super) async fn show(State(hub): State<Arc<Hub>>) -> Json<VocabularyView> {
    let found = hub.runtime.walk(|engine: &Engine| engine.vocabulary(VOCABULARY_PEOPLE)).await;
    let Vocabulary { asked, people, events, traits } = found;
    let mut events: Vec<EventWord> = events.into_iter().map(event).collect();
    events.sort_by_key(|word| Reverse(word.people));
    let mut traits: Vec<TraitWord> = traits.into_iter().map(of_trait).collect();
    traits.sort_by_key(|word| Reverse(word.people));
    Json(VocabularyView { asked, people, events, traits })
}

fn event((name, Word { people, times, values }): (String, Word)) -> EventWord {
    let property = |(path, counts)| PropertyWord { path, values: frequent(counts) };
    EventWord { name, people, times, properties: values.into_iter().map(property).collect() }
}

fn of_trait((name, Word { people, mut values, .. }): (String, Word)) -> TraitWord {
    TraitWord { name, people, values: frequent(values.remove("").unwrap_or_default()) }
}

fn frequent(counts: Vec<(String, u64)>) -> Vec<ValueWord> {
    let more_than_once = counts.into_iter().filter(|(_, times)| *times > 1);
    more_than_once.take(VOCABULARY_VALUES).map(|(value, times)| ValueWord { value, times }).collect()
}
