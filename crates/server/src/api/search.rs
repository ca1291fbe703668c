//! One field to find anything: somebody by any identifier, or by the beginning of a name, and definitions by theirs.
//!
//! Identifiers are found by their keyed hashes, so at once and only whole; beginnings are looked for among the newest people.

use super::address::Address;
use super::definitions::{NamedView, named};
use super::extract::Query;
use super::person::{PersonView, name};
use crate::hub::Hub;
use crate::limits::{SEARCH_FOUND_MAX, SEARCH_PEOPLE_MAX};
use axum::Json;
use axum::extract::State;
use engine::ProfileId;
use engine::engine::Engine;
use engine::identifier::IdentifierKind;
use engine::profile::Profile;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Found {
    /// Whoever has the text as an identifier first; then those of whom a name or identifier begins with it.
    people: Vec<PersonView>,
    /// How many of the newest people were looked at for beginnings.
    looked_at: usize,
    /// Definitions with the text in their names.
    definitions: Vec<NamedView>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Sought {
    /// What is looked for: `ada@example.com`, `user_id:u1`, `Ada`, `welcome`.
    q: String,
}

/// People and definitions by a text; ten of each at most.
#[utoipa::path(get, path = "/api/v1/search", params(Sought), responses((status = 200, body = Found)))]
pub(super) async fn find(State(hub): State<Arc<Hub>>, Query(Sought { q }): Query<Sought>) -> Json<Found> {
    let text = q.trim().to_owned();
    if text.is_empty() {
        return Json(Found { people: Vec::new(), looked_at: 0, definitions: Vec::new() });
    }
    let (defined, lower) = (hub.definitions.live(&hub.runtime).await, text.to_lowercase());
    let matching = defined.folder.names().filter(|(_, name)| name.to_lowercase().contains(&lower));
    let definitions = matching.take(SEARCH_FOUND_MAX).map(|(kind, name)| named(kind, name)).collect();
    let read = move |engine: &Engine| people(engine, &text);
    let (people, looked_at) = hub.runtime.walk(read).await;
    Json(Found { people, looked_at, definitions })
}

fn people(engine: &Engine, text: &str) -> (Vec<PersonView>, usize) {
    let lower = text.to_lowercase();
    let mut found: Vec<ProfileId> = Vec::new();
    let kinds = [
        IdentifierKind::UserId,
        IdentifierKind::Email,
        IdentifierKind::Phone,
        IdentifierKind::AnonymousId,
        IdentifierKind::DeviceToken,
    ];
    let guesses = kinds.iter().map(|kind| format!("{}:{text}", kind.name()));
    let addresses = std::iter::once(text.to_owned()).chain(guesses);
    let named = addresses.filter_map(|address| Address::parse("q", &address).ok()?.find(engine).ok());
    named.for_each(|id| add(&mut found, id));
    let mut looked_at = 0;
    for (id, profile) in engine.profiles().rev().take(SEARCH_PEOPLE_MAX) {
        if found.len() >= SEARCH_FOUND_MAX {
            break;
        }
        looked_at += 1;
        if begins(profile, &lower) {
            add(&mut found, id);
        }
    }
    (found.into_iter().filter_map(|id| PersonView::of(engine, id)).collect(), looked_at)
}

fn add(found: &mut Vec<ProfileId>, id: ProfileId) {
    if !found.contains(&id) {
        found.push(id);
    }
}

/// Whether a word of the name, or an identifier, begins with a text in small letters.
fn begins(profile: &Profile, lower: &str) -> bool {
    let named = name(profile).is_some_and(|name| {
        let name = name.to_lowercase();
        name.starts_with(lower) || name.split_whitespace().any(|word| word.starts_with(lower))
    });
    named || profile.identifiers().iter().any(|one| one.value.to_lowercase().starts_with(lower))
}
