//! Definitions of the live programme, one at a time: as they are written, checked as `trama check` does, and made live as
//! a whole.

use super::drafts::{DefinitionGiven, FindingView, Laid, MistakenView, finding_view, laid, mistaken};
use super::extract::{Body, Query};
use super::plans::{PlanView, foresee};
use super::programme::make_live;
use super::versions::{self, VersionView};
use crate::defined::Defined;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use crate::programme::{Edit, Edited, Finding, Folder, Kind, Named, Node, Said, Written, owner};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::engine::{Engine, Refusal};
use engine::programme::{Mistake, Place, Programme};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DefinitionList {
    /// How many programmes were applied; 0 before the first.
    revision: u32,
    /// By kind and name.
    definitions: Vec<DefinitionSummary>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct DefinitionSummary {
    #[serde(flatten)]
    named: NamedView,
    /// Another one whenever anything of it is written otherwise.
    version: String,
    /// Path in the programme's folder.
    file: String,
    /// Those that would have a mistake without it.
    used_by: Vec<NamedView>,
}

/// The name of a definition.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct NamedView {
    /// `programme`, `contact_policy`, `purpose`, `segment`, `clusters`, `journey`, `broadcast`, `webhook`, `channels`,
    /// `offer`, `link`, `page`, `form`, `campaign`, `report`, `target`, `message`, `space`, `contributor` or `piece`.
    kind: &'static str,
    name: String,
}

/// A definition as it is written.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DefinitionView {
    #[serde(flatten)]
    named: NamedView,
    version: String,
    file: String,
    /// In which it begins.
    line: usize,
    /// Its part of the file, comments included.
    yaml: String,
    /// What that says; of an entry of a file that others share, its value.
    #[schema(value_type = Object)]
    definition: Node,
    /// Of a message, the files beside it by their names.
    templates: BTreeMap<String, String>,
    used_by: Vec<NamedView>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Dry {
    /// Changes nothing, and tells what would change.
    #[serde(default)]
    pub(super) dry: bool,
}

/// What came of a change, or would come of it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct EditView {
    revision: u32,
    /// False when the programme says this already.
    changed: bool,
    /// Its place in the log, if it changed.
    #[schema(value_type = Option<u64>)]
    seq: Option<u64>,
    /// Of the definition, as it is now; absent where it is gone.
    version: Option<String>,
    /// The definition as it is stored, or would be: read and written again, so that JSON has become text. Absent where it is
    /// gone.
    definition: Option<DefinitionView>,
    /// Of a dry change.
    plan: Option<PlanView>,
    /// What may be meant otherwise.
    findings: Vec<FindingView>,
}

/// Somebody else changed the definition meanwhile.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ConflictView {
    #[schema(value_type = String)]
    code: &'static str,
    message: String,
    /// As it is now; absent where it is gone.
    current: Option<DefinitionView>,
    /// The change that made it so, where it is one of the newest.
    change: Option<VersionView>,
}

/// Every definition of the live programme.
#[utoipa::path(get, path = "/api/v1/definitions", responses((status = 200, body = DefinitionList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<DefinitionList> {
    let defined = hub.definitions.live(&hub.runtime).await;
    let list = move || {
        let summary = |(kind, name): (Kind, &str)| {
            let written = defined.folder.written(kind, name)?;
            let (version, used_by) = (written.version(), used_by(&defined, kind, name));
            Some(DefinitionSummary { named: named(kind, name), version, file: written.path, used_by })
        };
        let definitions = defined.folder.names().filter_map(summary).collect();
        DefinitionList { revision: defined.revision, definitions }
    };
    Json(tokio::task::spawn_blocking(list).await.expect("invariant: definitions that are live can be read"))
}

/// One definition as it is written.
#[utoipa::path(
    get,
    path = "/api/v1/definitions/{kind}/{name}",
    params(
        ("kind" = String, Path, description = "Such as `segment`"),
        ("name" = String, Path, description = "Its name; of `contact_policy` and `channels`, the same word again")
    ),
    responses((status = 200, body = DefinitionView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path((kind, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let kind = parse_kind(&kind)?;
    let defined = hub.definitions.live(&hub.runtime).await;
    let found = view(&defined, kind, &name).await;
    let missing = || Problem::not_found(format!("the programme has no {} \"{name}\"", kind.name()));
    let found = found.ok_or_else(missing)?;
    let tag = [(header::ETAG, format!("\"{}\"", found.version))];
    Ok((tag, Json(found)).into_response())
}

/// Saves one definition: the programme with it is checked whole, and made live. One that exists is changed only by whoever
/// names its version in `If-Match`.
#[utoipa::path(
    put,
    path = "/api/v1/definitions/{kind}/{name}",
    params(
        ("kind" = String, Path, description = "Such as `segment`"),
        ("name" = String, Path, description = "Its name"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, or `*` for whatever it is; absent for a new one"),
        Dry
    ),
    request_body = DefinitionGiven,
    responses(
        (status = 200, body = EditView),
        (status = 400, body = MistakenView),
        (status = 404, body = Problem),
        (status = 412, body = ConflictView),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn save(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path((kind, name)): Path<(String, String)>,
    Query(Dry { dry }): Query<Dry>,
    headers: HeaderMap,
    Body(given): Body<DefinitionGiven>,
) -> Result<Response, Problem> {
    let kind = parse_kind(&kind)?;
    let edit = given.edit(kind, name)?;
    let turn = hub.definitions.changing.lock().await;
    let defined = hub.definitions.live(&hub.runtime).await;
    let conflict = conflict(&hub, &defined, (kind, &edit.name), seen(&headers), true).await?;
    if let Some(conflict) = conflict {
        return Ok(conflict);
    }
    let made = made(&hub, &defined, edit, &holder, dry).await;
    drop(turn);
    made
}

/// Takes one definition out, if nothing is built on it.
#[utoipa::path(
    delete,
    path = "/api/v1/definitions/{kind}/{name}",
    params(
        ("kind" = String, Path, description = "Such as `segment`"),
        ("name" = String, Path, description = "Its name"),
        ("If-Match" = Option<String>, Header, description = "The version that was seen; absent for whatever it is"),
        Dry
    ),
    responses(
        (status = 200, body = EditView),
        (status = 404, body = Problem),
        (status = 409, body = MistakenView),
        (status = 412, body = ConflictView),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn remove(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path((kind, name)): Path<(String, String)>,
    Query(Dry { dry }): Query<Dry>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = parse_kind(&kind)?;
    if kind == Kind::Programme {
        let message = "the programme itself stays; change what it says";
        return Err(Problem::bad_request("not_for_this", "kind", message));
    }
    let turn = hub.definitions.changing.lock().await;
    let defined = hub.definitions.live(&hub.runtime).await;
    if defined.folder.written(kind, &name).is_none() {
        return Err(Problem::not_found(format!("the programme has no {} \"{name}\"", kind.name())));
    }
    if let Some(conflict) = conflict(&hub, &defined, (kind, &name), seen(&headers), false).await? {
        return Ok(conflict);
    }
    let edit = Edit { kind, name, said: Said::Nothing, templates: BTreeMap::new() };
    let made = made(&hub, &defined, edit, &holder, dry).await;
    drop(turn);
    made
}

/// Makes a change, by whoever has the turn.
pub(super) async fn made(
    hub: &Arc<Hub>,
    defined: &Arc<Defined>,
    edit: Edit,
    by: &Holder,
    dry: bool,
) -> Result<Response, Problem> {
    let of = (edit.kind, edit.name.clone());
    match laid(defined, vec![edit]).await? {
        Laid::Fit(edited) => live(hub, defined, *edited, by, dry, Some(of)).await,
        Laid::Mistaken(answer) => Ok(answer),
    }
}

/// Makes a programme live that was checked, or tells what that would change.
pub(super) async fn live(
    hub: &Arc<Hub>,
    defined: &Arc<Defined>,
    edited: Edited,
    by: &Holder,
    dry: bool,
    of: Option<Named>,
) -> Result<Response, Problem> {
    let programme = edited.checked.programme.clone();
    let later = |mistakes: Vec<Mistake>| {
        let findings: Vec<Finding> = mistakes.iter().map(|one| edited.checked.sources.locate(one)).collect();
        mistaken(defined, &edited, &findings)
    };
    let (plan, seq) = if dry {
        match plan(hub, programme.clone()).await? {
            Ok(plan) => (Some(plan), None),
            Err(mistakes) => return Ok(later(mistakes)),
        }
    } else {
        match make_live(&hub.runtime, &programme, by).await {
            Ok(seq) => (None, seq),
            Err(problem) if !problem.mistakes.is_empty() => {
                let mistakes = problem.mistakes.into_iter().map(|one| Mistake {
                    place: Place(one.place),
                    offset: one.offset,
                    message: one.message,
                    suggestion: one.suggestion,
                });
                return Ok(later(mistakes.collect()));
            }
            Err(problem) => return Err(problem),
        }
    };
    let definition = of.and_then(|(kind, name)| {
        let written = Folder::of(&programme).written(kind, &name)?;
        Some(definition_view(written, kind, &name, used_by(defined, kind, &name)))
    });
    let view = EditView {
        revision: hub.runtime.read(Engine::programme_revision).await,
        changed: if dry { programme != *defined.programme } else { seq.is_some() },
        seq: seq.map(|seq| seq.0),
        version: definition.as_ref().map(|one| one.version.clone()),
        definition,
        plan,
        findings: edited.checked.findings.iter().map(|finding| finding_view(&edited, finding)).collect(),
    };
    Ok(Json(view).into_response())
}

/// What a programme would change; or its mistakes, which only the engine can see.
async fn plan(hub: &Hub, programme: Programme) -> Result<Result<PlanView, Vec<Mistake>>, Problem> {
    let programme = Arc::new(programme);
    loop {
        let asked = Arc::clone(&programme);
        return match hub.runtime.read(move |engine| foresee(engine, &asked)).await {
            Ok(plan) => Ok(Ok(plan)),
            Err(Refusal::Programme(mistakes)) => Ok(Err(mistakes)),
            Err(Refusal::Unkept(properties)) => match hub.runtime.bring_in(properties).await {
                Ok(()) => continue,
                Err(not_answered) => Err(Problem::not_answered("definition", not_answered)),
            },
            Err(refusal) => Err(Problem::new(StatusCode::BAD_REQUEST, "bad_programme", refusal.to_string())),
        };
    }
}

/// The version that somebody has seen, as `If-Match` says it.
fn seen(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(header::IF_MATCH)?.to_str().ok()?.trim();
    Some(tag.trim_start_matches("W/").trim_matches('"').to_owned())
}

/// The answer to whoever has not seen the definition as it is now; nothing where they have.
async fn conflict(
    hub: &Arc<Hub>,
    defined: &Arc<Defined>,
    (kind, name): (Kind, &str),
    seen: Option<String>,
    new_without: bool,
) -> Result<Option<Response>, Problem> {
    let current = view(defined, kind, name).await;
    let is_seen = match (&seen, &current) {
        (None, None) => true,
        (None, Some(_)) => !new_without,
        (Some(seen), Some(current)) => seen == "*" || *seen == current.version,
        (Some(_), None) => false,
    };
    if is_seen {
        return Ok(None);
    }
    let message = match (&seen, &current) {
        (None, _) => format!("there is a {} \"{name}\" already; say its version in If-Match", kind.name()),
        (Some(_), None) => "somebody else took it out meanwhile".to_owned(),
        (Some(_), Some(_)) => "somebody else changed it meanwhile".to_owned(),
    };
    let change = versions::newest_of(hub, kind, name.to_owned()).await?;
    let view = ConflictView { code: "changed_meanwhile", message, current, change };
    Ok(Some((StatusCode::PRECONDITION_FAILED, Json(view)).into_response()))
}

pub(super) fn parse_kind(kind: &str) -> Result<Kind, Problem> {
    let known = Kind::ALL.into_iter().find(|known| known.name() == kind);
    known.ok_or_else(|| {
        let names = Kind::ALL.map(Kind::name).join(", ");
        Problem::not_found(format!("there is no kind \"{kind}\" of definitions: {names}"))
    })
}

fn used_by(defined: &Defined, kind: Kind, name: &str) -> Vec<NamedView> {
    let users = defined.uses().get(&(kind, name.to_owned()));
    users.into_iter().flatten().map(|(kind, name)| named(*kind, name)).collect()
}

async fn view(defined: &Arc<Defined>, kind: Kind, name: &str) -> Option<DefinitionView> {
    let (defined, name) = (Arc::clone(defined), name.to_owned());
    let read = move || {
        let written = defined.folder.written(kind, &name)?;
        Some(definition_view(written, kind, &name, used_by(&defined, kind, &name)))
    };
    tokio::task::spawn_blocking(read).await.expect("invariant: definitions that are live can be read")
}

pub(super) fn definition_view(
    written: Written,
    kind: Kind,
    name: &str,
    used_by: Vec<NamedView>,
) -> DefinitionView {
    let version = written.version();
    let Written { path, line, yaml, node, templates } = written;
    DefinitionView {
        named: named(kind, name),
        version,
        file: path,
        line,
        yaml,
        definition: node,
        templates,
        used_by,
    }
}

pub(super) fn named(kind: Kind, name: &str) -> NamedView {
    NamedView { kind: kind.name(), name: name.to_owned() }
}

/// Whether a finding is about a definition that has a place of its own.
pub(super) fn owned_by(finding: &Finding, kind: Kind, name: &str) -> bool {
    let names = BTreeSet::from([(kind, name.to_owned())]);
    owner(&Place(finding.place.clone()), &names).is_some()
}
