//! Call lists: who of a segment may be telephoned for a purpose, now. Outcomes come back as events, `Call Completed`.

use super::extract::Query;
use super::person::name;
use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use engine::engine::{CallListRefusal, Callee, Engine};
use engine::identifier::IdentifierKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whom a list is of.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// A segment of the programme.
    segment: String,
    /// What they are telephoned for: a purpose with `call` among its channels.
    purpose: String,
    /// Traits that whoever calls is told, with commas between them; a person's name is told anyhow.
    traits: Option<String>,
    /// `true` where a look at an opt-out register may be older than it is good for.
    old_registers: Option<bool>,
}

/// Who may be telephoned.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct CallListView {
    as_of: String,
    segment: String,
    purpose: String,
    callees: Vec<CalleeView>,
    /// How many of the segment are not on it, by reason.
    #[schema(value_type = Object)]
    held_back: BTreeMap<&'static str, u64>,
    /// How many have a number that is on it already.
    repeated: u64,
}

/// Somebody to telephone.
#[derive(Serialize, utoipa::ToSchema)]
struct CalleeView {
    /// Number of the profile.
    profile: u32,
    phone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// On what ground: `consent`, `confirmed_consent`, …
    basis: &'static str,
    #[schema(value_type = Object)]
    traits: BTreeMap<String, Value>,
}

/// Who of a segment may be telephoned for a purpose, now: consents, opt-out registers, suppressions, pauses and the global
/// holdout are looked at for each of them.
#[utoipa::path(
    get,
    path = "/api/v1/calls",
    params(Wanted),
    responses(
        (status = 200, body = CallListView),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<CallListView>, Problem> {
    let traits: Vec<String> = wanted
        .traits
        .iter()
        .flat_map(|traits| traits.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let read = move |engine: &Engine| {
        let old = wanted.old_registers.unwrap_or(false);
        let list = engine
            .call_list(&wanted.segment, &wanted.purpose, old, clock::now())
            .map_err(|refusal| problem(&refusal))?;
        let callees = list.callees.iter().map(|callee| CalleeView::of(engine, callee, &traits)).collect();
        Ok(CallListView {
            as_of: engine.at().to_string(),
            segment: wanted.segment,
            purpose: wanted.purpose,
            callees,
            held_back: list.held_back,
            repeated: list.repeated,
        })
    };
    hub.runtime.read(read).await.map(Json)
}

impl CalleeView {
    fn of(engine: &Engine, callee: &Callee, traits: &[String]) -> Self {
        let profile = engine.profile(callee.profile).expect("invariant: it is on the list");
        let user = profile.identifiers().iter().find(|one| one.kind == IdentifierKind::UserId);
        let stated = |wanted: &String| {
            let found = profile.traits().find(|(name, _)| name == wanted);
            found.map(|(name, value)| (name.to_owned(), value.to_json()))
        };
        Self {
            profile: callee.profile.0,
            phone: callee.phone.clone(),
            user_id: user.map(|one| one.value.to_string()),
            name: name(profile),
            basis: callee.basis.name(),
            traits: traits.iter().filter_map(stated).collect(),
        }
    }
}

fn problem(refusal: &CallListRefusal) -> Problem {
    let message = refusal.to_string();
    let of = |field: &str, problem: Problem| Problem { field: Some(field.into()), ..problem };
    match refusal {
        CallListRefusal::NoSuchSegment => of("segment", Problem::not_found(message)),
        CallListRefusal::NoSuchPurpose => of("purpose", Problem::not_found(message)),
        CallListRefusal::NotForCalls => Problem::bad_request("not_for_calls", "purpose", message),
        CallListRefusal::Stale(_) => {
            of("old_registers", Problem::new(axum::http::StatusCode::CONFLICT, "stale_register", message))
        }
    }
}
