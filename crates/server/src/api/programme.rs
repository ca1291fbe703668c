//! The programme that is live, its folder, and making another one live.

use super::extract::bytes;
use crate::audit::recorded;
use crate::clock;
use crate::deliver::render::Templates;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use crate::programme::target_mistakes;
use crate::runtime::Runtime;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use engine::Seq;
use engine::engine::{Engine, Refusal};
use engine::programme::Programme;
use engine::record::{ProgrammeApplied, Record};
use eventlog::sequencer::Outcome;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tar::{Builder, Header};

/// The live programme.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ProgrammeView {
    /// How many programmes were applied; 0 before the first.
    revision: u32,
    /// Its canonical form.
    #[schema(value_type = Object)]
    programme: Programme,
}

/// What came of applying.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct AppliedView {
    revision: u32,
    /// False when the same programme was live already.
    changed: bool,
    /// Its place in the log, if it changed.
    #[schema(value_type = Option<u64>)]
    seq: Option<u64>,
}

/// The programme that is live.
#[utoipa::path(get, path = "/api/v1/programme", responses((status = 200, body = ProgrammeView)))]
pub(super) async fn show(State(hub): State<Arc<Hub>>) -> Json<ProgrammeView> {
    let read = |engine: &Engine| ProgrammeView {
        revision: engine.programme_revision(),
        programme: Programme::clone(engine.programme()),
    };
    Json(hub.runtime.read(read).await)
}

/// The programme's folder, as it was written; what never was in files is printed.
#[utoipa::path(
    get,
    path = "/api/v1/programme/export",
    responses((status = 200, content_type = "application/gzip", body = Vec<u8>), (status = 404, body = Problem))
)]
pub(super) async fn export(State(hub): State<Arc<Hub>>) -> Result<Response, Problem> {
    let defined = hub.definitions.live(&hub.runtime).await;
    if defined.folder.texts.is_empty() {
        return Err(Problem::not_found("no programme was applied yet"));
    }
    let name = &defined.programme.name;
    let archive = archive(name, &defined.folder.texts).map_err(|error| Problem::internal(&error.into()))?;
    // A name of a programme may have letters that a header has no room for.
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let disposition = format!("attachment; filename=\"{plain}.tar.gz\"");
    let headers =
        [(header::CONTENT_TYPE, "application/gzip".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, archive).into_response())
}

/// The same bytes for the same folder.
fn archive(name: &str, texts: &BTreeMap<String, String>) -> std::io::Result<Vec<u8>> {
    let folder = if name.is_empty() || name.contains(['/', '\\']) { "programme" } else { name };
    let mut archive = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, text) in texts {
        let mut header = Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::Regular);
        archive.append_data(&mut header, format!("{folder}/{path}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()
}

/// Makes a programme live. It is checked whole; with a single mistake in it nothing changes.
#[utoipa::path(
    put,
    path = "/api/v1/programme",
    request_body(content = Object, description = "A programme in its canonical form", content_type = "application/json"),
    responses((status = 200, body = AppliedView), (status = 400, body = Problem), (status = 503, body = Problem))
)]
pub(super) async fn apply(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    request: Request,
) -> Result<Json<AppliedView>, Problem> {
    let body = bytes(request).await?;
    let programme: Programme = serde_json::from_slice(&body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "bad_programme", error.to_string()))?;
    let turn = hub.definitions.changing.lock().await;
    let seq = make_live(&hub.runtime, &programme, &holder).await?;
    drop(turn);
    let revision = hub.runtime.read(Engine::programme_revision).await;
    Ok(Json(AppliedView { revision, changed: seq.is_some(), seq: seq.map(|seq| seq.0) }))
}

/// Records a programme as live, at the place given back; nothing happens when it is live already.
pub(crate) async fn make_live(
    runtime: &Runtime,
    programme: &Programme,
    by: &Holder,
) -> Result<Option<Seq>, Problem> {
    Templates::compile(programme).map_err(Problem::programme)?;
    let mistaken = target_mistakes(programme);
    if !mistaken.is_empty() {
        return Err(Problem::programme(mistaken));
    }
    // Written anew, so that two ways of writing the same programme are the same definition.
    let definition = serde_json::to_string(programme).expect("invariant: a programme is plain JSON");
    let applied = ProgrammeApplied { applied_at: clock::now(), operator: &by.name, definition: &definition };
    let record = Record::ProgrammeApplied(applied);
    loop {
        return match recorded(runtime, by, &record).await? {
            Outcome::Applied(seq) => Ok(Some(seq)),
            Outcome::Duplicate => Ok(None),
            Outcome::Refused(Refusal::Unkept(properties)) => match runtime.bring_in(properties).await {
                Ok(()) => continue,
                Err(not_answered) => Err(Problem::not_answered("programme", not_answered)),
            },
            Outcome::Refused(Refusal::Programme(mistakes)) => Err(Problem::programme(mistakes)),
            Outcome::Refused(refusal) => {
                Err(Problem::new(StatusCode::BAD_REQUEST, "bad_programme", refusal.to_string()))
            }
            Outcome::Malformed(malformed) => panic!("invariant: our own record can be read: {malformed}"),
        };
    }
}
