//! Versions of the programme: each that was ever live is a record of the log, and can be live again, whole or one definition
//! of it. That is how a change is undone: by another one.

use super::definitions::{DefinitionView, Dry, EditView, definition_view, live, made, parse_kind};
use super::drafts::{MistakenView, mistaken};
use super::extract::Query;
use super::plans::{DifferenceView, difference_views};
use crate::hub::Hub;
use crate::keys::Holder;
use crate::limits::{LISTED_DEFAULT, VERSIONS_WALK_MAX};
use crate::problem::Problem;
use crate::programme::{Edit, Edited, Folder, Kind, Said, differences, texts};
use anyhow::Context;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use engine::Seq;
use engine::engine::Engine;
use engine::programme::Programme;
use engine::record::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct VersionList {
    versions: Vec<VersionView>,
    /// Ask with `before` of it for older ones; absent where there are none.
    before: Option<u32>,
}

/// A programme that was made live.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct VersionView {
    /// The first programme ever applied is 1.
    number: u32,
    /// Place in the log.
    seq: u64,
    at: String,
    /// The operator or key that applied it, or `start` for the folder of the settings.
    by: String,
    /// What became other than in the version before; absent where that is no more in the log.
    changes: Option<Vec<DifferenceView>>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct VersionDetail {
    #[serde(flatten)]
    version: VersionView,
    /// The definition that was asked for, as it was; absent where there was none.
    definition: Option<DefinitionView>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Walk {
    /// Only versions before this one; the newest, when absent.
    before: Option<u32>,
    /// At most this many; 100 when absent, and at most 100.
    limit: Option<usize>,
    /// With `name`: only versions that changed this definition.
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// With `name`: this definition alone.
    kind: Option<String>,
    name: Option<String>,
}

/// The versions of the programme, and what each of them changed.
#[utoipa::path(
    get,
    path = "/api/v1/programme/versions",
    params(Walk),
    responses((status = 200, body = VersionList), (status = 404, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(walk): Query<Walk>,
) -> Result<Json<VersionList>, Problem> {
    let of = which(walk.kind, walk.name)?;
    let limit = walk.limit.unwrap_or(LISTED_DEFAULT).min(LISTED_DEFAULT);
    Ok(Json(walked(&hub, walk.before, limit, of).await?))
}

/// One version of the programme; with `kind` and `name`, the definition as it was.
#[utoipa::path(
    get,
    path = "/api/v1/programme/versions/{number}",
    params(("number" = u32, Path, description = "1 for the first"), Which),
    responses((status = 200, body = VersionDetail), (status = 404, body = Problem), (status = 410, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<u32>,
    Query(Which { kind, name }): Query<Which>,
) -> Result<Json<VersionDetail>, Problem> {
    let of = which(kind, name)?;
    let pair = numbered(&hub, number).await?;
    let read = move || {
        let version = view(&pair, true);
        let definition = of.and_then(|(kind, name)| {
            let written = Folder::of(&pair.applied.programme).written(kind, &name)?;
            Some(definition_view(written, kind, &name, Vec::new()))
        });
        Json(VersionDetail { version, definition })
    };
    Ok(tokio::task::spawn_blocking(read).await.expect("invariant: a programme of the log can be read"))
}

/// Makes a version live again, or one definition of it: as a new version, checked like every other.
#[utoipa::path(
    post,
    path = "/api/v1/programme/versions/{number}/restore",
    params(("number" = u32, Path, description = "1 for the first"), Which, Dry),
    responses(
        (status = 200, body = EditView),
        (status = 400, body = MistakenView),
        (status = 404, body = Problem),
        (status = 409, body = MistakenView),
        (status = 410, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn restore(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(number): Path<u32>,
    Query(Which { kind, name }): Query<Which>,
    Query(Dry { dry }): Query<Dry>,
) -> Result<Response, Problem> {
    let of = which(kind, name)?;
    let then = numbered(&hub, number).await?.applied.programme;
    let turn = hub.definitions.changing.lock().await;
    let defined = hub.definitions.live(&hub.runtime).await;
    let restored = match of {
        None => {
            let check = move || Edited::whole(texts(&then));
            let edited = tokio::task::spawn_blocking(check).await.expect("invariant: a check does not panic");
            if edited.checked.errors() > 0 {
                return Ok(mistaken(&defined, &edited, &edited.checked.findings));
            }
            live(&hub, &defined, edited, &holder, dry, None).await
        }
        Some((kind, name)) => {
            let written = Folder::of(&then).written(kind, &name);
            let now = defined.folder.written(kind, &name);
            if written.is_none() && now.is_none() {
                let message = format!("there was no {} \"{name}\" in version {number}", kind.name());
                return Err(Problem::not_found(message));
            }
            let gone = now.into_iter().flat_map(|now| now.templates.into_keys()).map(|file| (file, None));
            let mut templates: BTreeMap<String, Option<String>> = gone.collect();
            let said = match written {
                None => Said::Nothing,
                Some(written) => {
                    let kept = written.templates.into_iter().map(|(file, text)| (file, Some(text)));
                    templates.extend(kept);
                    Said::Yaml(written.yaml)
                }
            };
            made(&hub, &defined, Edit { kind, name, said, templates }, &holder, dry).await
        }
    };
    drop(turn);
    restored
}

/// The newest version that changed a definition, among the last ones.
pub(super) async fn newest_of(
    hub: &Arc<Hub>,
    kind: Kind,
    name: String,
) -> Result<Option<VersionView>, Problem> {
    Ok(walked(hub, None, 1, Some((kind, name))).await?.versions.pop())
}

/// The newest programme that somebody applied, among the last ones.
pub(crate) async fn last_by(hub: &Arc<Hub>, operator: &'static str) -> anyhow::Result<Option<Programme>> {
    let hub = Arc::clone(hub);
    let read = move || -> anyhow::Result<Option<Programme>> {
        let places = |engine: &Engine| -> Vec<(u32, Seq)> { engine.programme_places().collect() };
        let places = hub.runtime.read_blocking(places);
        let mut applied = read_log(&hub, &places[places.len().saturating_sub(VERSIONS_WALK_MAX)..])?;
        applied.retain(|one| one.by == operator);
        Ok(applied.pop().map(|one| one.programme))
    };
    tokio::task::spawn_blocking(read).await.expect("invariant: a reader of the log does not panic")
}

/// Newer versions, as the stream tells of them.
pub(super) async fn newer_than(hub: &Arc<Hub>, number: u32) -> Result<Vec<VersionView>, Problem> {
    let mut newest = walked(hub, None, LISTED_DEFAULT, None).await?.versions;
    newest.retain(|version| version.number > number);
    newest.reverse();
    Ok(newest)
}

fn which(kind: Option<String>, name: Option<String>) -> Result<Option<(Kind, String)>, Problem> {
    match (kind, name) {
        (None, None) => Ok(None),
        (Some(kind), Some(name)) => Ok(Some((parse_kind(&kind)?, name))),
        (Some(_), None) => Err(Problem::bad_request("bad_parameter", "name", "say which one, with `name`")),
        (None, Some(_)) => Err(Problem::bad_request("bad_parameter", "kind", "say of what `kind` it is")),
    }
}

/// A programme of the log.
struct Applied {
    number: u32,
    seq: Seq,
    at: String,
    by: String,
    programme: Programme,
}

/// One with the one before; an empty one before the first.
struct Pair {
    applied: Applied,
    before: Option<Programme>,
}

async fn walked(
    hub: &Arc<Hub>,
    before: Option<u32>,
    limit: usize,
    of: Option<(Kind, String)>,
) -> Result<VersionList, Problem> {
    let hub = Arc::clone(hub);
    let read = move || -> anyhow::Result<VersionList> {
        let places = |engine: &Engine| -> Vec<(u32, Seq)> { engine.programme_places().collect() };
        let mut places = hub.runtime.read_blocking(places);
        places.retain(|(number, _)| before.is_none_or(|before| *number < before));
        let older = places.len().saturating_sub(VERSIONS_WALK_MAX);
        // One more, to compare the oldest with.
        let mut applied = read_log(&hub, &places[older.saturating_sub(1)..])?;
        let (mut versions, mut last) = (Vec::new(), None);
        while versions.len() < limit
            && let Some(one) = applied.pop().filter(|one| older == 0 || one.number > places[older - 1].0)
        {
            last = Some(one.number);
            let pair = paired(one, applied.last());
            let is_meant = of.as_ref().is_none_or(|of| changes(&pair, of));
            if is_meant {
                versions.push(view(&pair, false));
            }
        }
        let before = last.filter(|last| places.first().is_some_and(|(first, _)| first < last));
        Ok(VersionList { versions, before })
    };
    let reading = tokio::task::spawn_blocking(read).await;
    reading.expect("invariant: a reader of the log does not panic").map_err(|error| Problem::internal(&error))
}

async fn numbered(hub: &Arc<Hub>, number: u32) -> Result<Pair, Problem> {
    let hub = Arc::clone(hub);
    let read = move || {
        let places = |engine: &Engine| {
            let places = engine.programme_places();
            places.filter(|(one, _)| *one == number || one + 1 == number).collect::<Vec<(u32, Seq)>>()
        };
        read_log(&hub, &hub.runtime.read_blocking(places))
    };
    let reading = tokio::task::spawn_blocking(read).await;
    let read = reading.expect("invariant: a reader of the log does not panic");
    let mut applied = read.map_err(|error| Problem::internal(&error))?;
    match applied.pop().filter(|one| one.number == number) {
        Some(one) => Ok(paired(one, applied.last())),
        None => {
            let message = format!("version {number} is not in the log: it never was, or was trimmed");
            Err(Problem::new(StatusCode::GONE, "gone", message))
        }
    }
}

fn read_log(hub: &Hub, places: &[(u32, Seq)]) -> anyhow::Result<Vec<Applied>> {
    let batches = hub.log.holding(places.iter().map(|(_, seq)| *seq));
    let batches = batches.context("the log could not be read for the programmes of the past")?;
    let numbers: BTreeMap<Seq, u32> = places.iter().map(|(number, seq)| (*seq, *number)).collect();
    let mut found = Vec::new();
    for batch in &batches {
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        for (seq, bytes) in records.filter(|(seq, _)| numbers.contains_key(seq)) {
            let Ok(Record::ProgrammeApplied(applied)) = Record::decode(bytes) else { continue };
            let programme = serde_json::from_str(applied.definition)
                .with_context(|| format!("the programme at seq {seq} cannot be read"))?;
            let (number, by) = (numbers[&seq], applied.operator.to_owned());
            found.push(Applied { number, seq, at: applied.applied_at.to_string(), by, programme });
        }
    }
    Ok(found)
}

fn paired(applied: Applied, before: Option<&Applied>) -> Pair {
    let is_before = |one: &&Applied| one.number + 1 == applied.number;
    let before = before.filter(is_before).map(|one| one.programme.clone());
    let before = before.or_else(|| (applied.number == 1).then(Programme::default));
    Pair { applied, before }
}

fn changes(pair: &Pair, (kind, name): &(Kind, String)) -> bool {
    let Some(before) = &pair.before else { return false };
    let beside = format!("{name}/");
    differences(before, &pair.applied.programme).iter().any(|one| {
        (one.kind, &one.name) == (*kind, name)
            || *kind == Kind::Message && one.kind == Kind::Template && one.name.starts_with(&beside)
    })
}

fn view(pair: &Pair, with_lines: bool) -> VersionView {
    let Applied { number, seq, at, by, programme } = &pair.applied;
    let changes = pair.before.as_ref().map(|before| difference_views(before, programme, with_lines));
    VersionView { number: *number, seq: seq.0, at: at.clone(), by: by.clone(), changes }
}
