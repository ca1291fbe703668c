//! Merges: which profiles were found to be one person, and what operators say of that.

use super::address::{Address, IdentifierView};
use super::consents::{Recorded, hash};
use super::extract::{Body, Limit, Query};
use super::person::PersonView;
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::engine::Engine;
use engine::record::{Identifier, MergeUndone, ProfilesMerged, Record};
use engine::{Cause, Merge, MergeId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Two profiles found to be one person.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MergeView {
    number: u32,
    /// Number of the profile that was taken in.
    from: u32,
    /// Number of the one that took it in.
    into: u32,
    /// Who they are now; of a merge that was undone, who was taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonView>,
    at: String,
    /// Place in the log of the record that told.
    seq: u64,
    /// `named`, where a record named both, or `operator`.
    cause: &'static str,
    /// The key with which an operator said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    /// Those that came with it.
    identifiers: Vec<IdentifierView>,
    /// How many events came with it; 0 once it is undone.
    events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone: Option<UndoneView>,
}

/// The end of a merge.
#[derive(Serialize, utoipa::ToSchema)]
struct UndoneView {
    at: String,
    /// Place in the log.
    seq: u64,
    operator: String,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct MergeList {
    merges: Vec<MergeView>,
}

/// Which merges.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// `type:value`: only merges that this person's profile had to do with.
    profile: Option<String>,
    /// Only merges with a smaller number: the last one of the page before.
    before: Option<u64>,
    /// At most this many, newest first; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// Two profiles that are one person.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeStatement {
    /// `type:value` of the profile that is taken in.
    from: String,
    /// `type:value` of the one that stands.
    into: String,
}

/// Merges, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/merges",
    params(Filter),
    responses((status = 200, body = MergeList), (status = 404, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(filter): Query<Filter>,
) -> Result<Json<MergeList>, Problem> {
    let address = filter.profile.as_deref().map(|text| Address::parse("profile", text)).transpose()?;
    let limit = Limit::new(filter.limit).count();
    let before = filter.before.unwrap_or(u64::MAX);
    let read = move |engine: &Engine| {
        let merges = match address {
            Some(address) => {
                let merges = engine.merges_of(address.find(engine)?).into_iter().rev();
                let page = merges.filter(|(id, _)| u64::from(id.0) < before).take(limit);
                page.map(|(id, merge)| view(engine, id, merge)).collect()
            }
            None => {
                let end = usize::try_from(before).unwrap_or(usize::MAX).min(engine.merges().len());
                let page = engine.merges().take(end).rev().take(limit);
                page.map(|(id, merge)| view(engine, id, merge)).collect()
            }
        };
        Ok(Json(MergeList { merges }))
    };
    hub.runtime.read(read).await
}

/// Makes one profile of two, be both of them registered.
#[utoipa::path(
    post,
    path = "/api/v1/merges",
    request_body = MergeStatement,
    responses(
        (status = 200, body = Recorded),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn merge(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Body(statement): Body<MergeStatement>,
) -> Result<Json<Recorded>, Problem> {
    let from = Address::parse("from", &statement.from)?;
    let into = Address::parse("into", &statement.into)?;
    let [from_hash, into_hash] = [hash(&hub, &from).await, hash(&hub, &into).await];
    let merged = ProfilesMerged {
        from: Identifier { kind: from.kind, hash: from_hash, value: &from.value },
        into: Identifier { kind: into.kind, hash: into_hash, value: &into.value },
        merged_at: clock::now(),
        operator: &holder.name,
    };
    Ok(Recorded::at(hub.act(&holder, &Record::ProfilesMerged(merged)).await?))
}

/// Undoes a merge: the profile that was taken in lives again, and the two do not merge by themselves any more.
#[utoipa::path(
    post,
    path = "/api/v1/merges/{number}/undo",
    params(("number" = u32, Path, description = "The number of the merge")),
    responses((status = 200, body = Recorded), (status = 404, body = Problem), (status = 409, body = Problem))
)]
pub(super) async fn undo(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(number): Path<String>,
) -> Result<Json<Recorded>, Problem> {
    let merge = number.parse().map(MergeId).map_err(|_| {
        Problem::bad_request("bad_number", "number", format!("\"{number}\" is not the number of a merge"))
    })?;
    let undone = MergeUndone { merge, undone_at: clock::now(), operator: &holder.name };
    Ok(Recorded::at(hub.act(&holder, &Record::MergeUndone(undone)).await?))
}

pub(super) fn view(engine: &Engine, id: MergeId, merge: &Merge) -> MergeView {
    let (cause, operator) = match &merge.cause {
        Cause::Named => ("named", None),
        Cause::Operator(operator) => ("operator", Some(operator.clone())),
    };
    let identifiers = engine.identifiers_of(merge);
    MergeView {
        number: id.0,
        from: merge.from.0,
        into: merge.into.0,
        person: PersonView::of(engine, merge.from),
        at: merge.at.to_string(),
        seq: merge.seq.0,
        cause,
        operator,
        identifiers: identifiers.map(|one| IdentifierView::new(one.kind, &one.value)).collect(),
        events: engine.events_of(merge),
        undone: merge.undone.as_ref().map(|undone| UndoneView {
            at: undone.at.to_string(),
            seq: undone.seq.0,
            operator: undone.operator.clone(),
        }),
    }
}
