//! Lists of people: all of them, those of a segment, or those of an expression; newest first, page by page. The count is exact.

use super::address::{IdentifierView, identifiers};
use super::extract::{Limit, Query};
use super::person::name;
use super::profiles::segments;
use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::runtime::scan;
use axum::Json;
use axum::extract::State;
use engine::ProfileId;
use engine::engine::{Engine, Unanswered};
use engine::identifier::IdentifierKind;
use engine::profile::Profile;
use engine::segment::scan::Members;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ProfileList {
    /// All that there are, and not only those of this page.
    count: u64,
    profiles: Vec<ProfileSummary>,
    /// Ask with it for the next page; absent on the last one.
    after: Option<u32>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ProfileSummary {
    id: u32,
    /// As the traits give it.
    name: Option<String>,
    email: Option<String>,
    /// The trait of that name.
    city: Option<String>,
    identifiers: Vec<IdentifierView>,
    segments: Vec<String>,
    /// Events of the programme's purchase.
    purchases: u64,
    /// Their amounts together; absent where no rule asks for the amount, so that it is only in the log.
    purchased: Option<f64>,
    first_seen: String,
    last_seen: String,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whom {
    /// Those of a segment.
    segment: Option<String>,
    /// Those for whom an expression holds now.
    expression: Option<String>,
    /// The page behind this profile, as the last answer named it.
    after: Option<u32>,
    /// At most this many; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// People, those who came last first.
#[utoipa::path(
    get,
    path = "/api/v1/profiles",
    params(Whom),
    responses(
        (status = 200, body = ProfileList),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(whom): Query<Whom>,
) -> Result<Json<ProfileList>, Problem> {
    let (after, limit) = (whom.after.unwrap_or(u32::MAX), Limit::new(whom.limit).count());
    let (expression, field) = match (whom.segment, whom.expression) {
        (None, None) => {
            let all = move |engine: &Engine| everybody(engine, after, limit);
            return Ok(Json(hub.runtime.read(all).await));
        }
        (None, Some(expression)) => (expression, "expression"),
        (Some(segment), None) => {
            let asked = segment.clone();
            let is_known = hub.runtime.read(move |engine| engine.segment(&asked).is_some()).await;
            if !is_known {
                return Err(Problem::not_found(format!("the programme has no segment \"{segment}\"")));
            }
            (format!("in segment {}", serde_json::Value::from(segment)), "segment")
        }
        (Some(_), Some(_)) => {
            let message = "name either a segment or an expression";
            return Err(Problem::bad_request("bad_parameter", "expression", message));
        }
    };
    let ask = move |engine: &Engine| {
        let members = scan::members(engine, &expression, clock::now().max(engine.at()))?;
        Ok::<_, Unanswered>(page(engine, &members, after, limit))
    };
    let answer = hub.runtime.ask(ask).await;
    answer.map(Json).map_err(|not_answered| Problem::not_answered(field, not_answered))
}

fn everybody(engine: &Engine, after: u32, limit: usize) -> ProfileList {
    let older = engine.profiles().rev().map(|(id, _)| id).skip_while(|id| id.0 >= after);
    listed(engine, engine.counts().profiles, older, limit)
}

fn page(engine: &Engine, members: &[Members], after: u32, limit: usize) -> ProfileList {
    let older = members.iter().rev().flat_map(|slice| {
        let mut ids: Vec<ProfileId> = slice.iter().collect();
        ids.reverse();
        ids
    });
    let count = members.iter().map(Members::count).sum();
    listed(engine, count, older.skip_while(|id| id.0 >= after), limit)
}

fn listed(
    engine: &Engine,
    count: u64,
    mut ids: impl Iterator<Item = ProfileId>,
    limit: usize,
) -> ProfileList {
    let page: Vec<ProfileId> = ids.by_ref().take(limit).collect();
    let more = ids.next().is_some();
    let summaries = page.iter().filter_map(|id| Some(summary(engine, *id, engine.profile(*id)?)));
    ProfileList { count, profiles: summaries.collect(), after: page.last().filter(|_| more).map(|id| id.0) }
}

fn summary(engine: &Engine, id: ProfileId, profile: &Profile) -> ProfileSummary {
    let text = |wanted: &str| {
        let found = profile.traits().find(|(name, _)| *name == wanted);
        found.and_then(|(_, value)| value.text().map(str::to_owned))
    };
    let email = profile.identifiers().iter().find(|one| one.kind == IdentifierKind::Email);
    let purchases = engine.purchases_of(id);
    ProfileSummary {
        id: id.0,
        name: name(profile),
        email: email.map(|one| one.value.to_string()).or_else(|| text("email")),
        city: text("city"),
        identifiers: identifiers(profile),
        segments: segments(engine, id),
        purchases: purchases.count,
        purchased: purchases.sum.map(|sum| sum as f64 / 1e6),
        first_seen: profile.first_seen().to_string(),
        last_seen: profile.last_seen().to_string(),
    }
}
