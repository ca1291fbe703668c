//! Profiles: who is known, and what each one did.

use super::address::{Address, IdentifierView, identifiers};
use super::merges::{self, MergeView};
use super::person::name;
use crate::hub::Hub;
use crate::limits::LISTED_DEFAULT;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use engine::ProfileId;
use engine::engine::Engine;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Everything known about one person.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ProfileView {
    id: u32,
    /// As the traits give it.
    name: Option<String>,
    identifiers: Vec<IdentifierView>,
    #[schema(value_type = Object)]
    traits: Map<String, Value>,
    consents: Vec<ConsentView>,
    /// Names of the segments that the person is in.
    segments: Vec<String>,
    runs: Vec<RunView>,
    /// The merges that the profile had to do with, newest first.
    merges: Vec<MergeView>,
    language: String,
    /// Until when the person asked for a pause.
    paused_until: Option<String>,
    /// The person asked for fewer messages.
    fewer: bool,
    /// RFC 3339.
    first_seen: String,
    /// RFC 3339.
    last_seen: String,
}

/// One entry of a person's consents, with its evidence.
#[derive(Serialize, utoipa::ToSchema)]
struct ConsentView {
    purpose: String,
    /// Absent for every channel of the purpose.
    channel: Option<&'static str>,
    /// `granted`, `withdrawn` or `pending`.
    state: &'static str,
    source: &'static str,
    stated_at: String,
    wording: String,
    language: String,
    proof: String,
    /// Place in the log of the record that says so.
    seq: u64,
}

/// A passage through a journey.
#[derive(Serialize, utoipa::ToSchema)]
struct RunView {
    journey: String,
    version: u32,
    state: &'static str,
    entered_at: String,
    held_out: bool,
    reached_goal: bool,
    /// When time alone moves it on.
    due: Option<String>,
}

/// One profile, by any of its identifiers.
#[utoipa::path(
    get,
    path = "/api/v1/profiles/{address}",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`")),
    responses((status = 200, body = ProfileView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
) -> Result<Json<ProfileView>, Problem> {
    let address = Address::parse("address", &address)?;
    hub.runtime.read(move |engine| Ok(Json(whole(engine, address.find(engine)?)))).await
}

pub(crate) fn whole(engine: &Engine, id: ProfileId) -> ProfileView {
    let profile = engine.profile(id).expect("invariant: a profile that was found is there");
    let consents = profile.consents().iter().map(|consent| ConsentView {
        purpose: consent.purpose.clone(),
        channel: consent.channel.map(engine::programme::Channel::name),
        state: consent.state.name(),
        source: consent.source.name(),
        stated_at: consent.stated_at.to_string(),
        wording: consent.wording.clone(),
        language: consent.language.clone(),
        proof: consent.proof.clone(),
        seq: consent.seq.0,
    });
    let runs = engine.runs_of(id).into_iter().map(|run| RunView {
        journey: run.journey.to_owned(),
        version: run.version,
        state: run.state.name(),
        entered_at: run.entered_at.to_string(),
        held_out: run.held_out,
        reached_goal: run.reached_goal,
        due: run.due.map(|due| due.to_string()),
    });
    let merges = engine.merges_of(id).into_iter();
    ProfileView {
        id: id.0,
        name: name(profile),
        identifiers: identifiers(profile),
        traits: profile.traits().map(|(name, value)| (name.to_owned(), value.to_json())).collect(),
        consents: consents.collect(),
        segments: segments(engine, id),
        runs: runs.collect(),
        merges: merges
            .rev()
            .take(LISTED_DEFAULT)
            .map(|(id, merge)| merges::view(engine, id, merge))
            .collect(),
        paused_until: profile.preferences().paused_until(engine.at()).map(|until| until.to_string()),
        fewer: profile.preferences().fewer(),
        language: profile.language().to_owned(),
        first_seen: profile.first_seen().to_string(),
        last_seen: profile.last_seen().to_string(),
    }
}

pub(super) fn segments(engine: &Engine, id: ProfileId) -> Vec<String> {
    engine.memberships(id).into_iter().map(str::to_owned).collect()
}
