//! Who entered and left the segments that somebody listens to: page by page, or as it happens.
//!
//! Both walk the log and not the engine, so what is told is on the disk, in the order of the log, and told again in the
//! same way to whoever begins at the same place. A record is told whole or not at all: its place is where to go on.

use super::extract::{Limit, Query};
use super::person::PersonView;
use crate::hub::Hub;
use crate::limits::{CHANGES_WAITING, CHANGES_WALK_RECORDS_MAX, FOLLOWED_MAX, FOLLOWER_SILENCE_MAX};
use crate::problem::Problem;
use anyhow::Context;
use async_channel::Sender;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use engine::Seq;
use engine::change::Change;
use engine::engine::Engine;
use engine::record::Record;
use eventlog::sqlite::SqliteReader;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Somebody's entering or leaving of a segment.
#[derive(Serialize, utoipa::ToSchema)]
struct ChangeView {
    /// Place in the log of the record that tells of it; a record tells of many.
    seq: u64,
    /// Number of the profile.
    profile: u32,
    /// `entered`, `left`, `merged`: it was inside, and became part of another profile, for which everything that is told of
    /// that one holds; or `erased`: it was inside, and the person was erased.
    change: &'static str,
    since: String,
    /// Place in the log of the record from which it follows.
    cause: u64,
    /// Who that is now, merges followed; absent for somebody of whom no identifier is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonView>,
}

/// Changes of one segment, in the order of the log or against it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ChangeList {
    segment: String,
    /// Whether changes are recorded now: the programme says `record: changes`, or a journey begins with them.
    recorded: bool,
    changes: Vec<ChangeView>,
    /// Place up to which this answer knows all: ask with it for what comes behind it.
    after: u64,
    /// Whether the log goes on behind that.
    more: bool,
    /// Of the newest first: ask with it as `before` for what is older; absent where the log begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// Changes of one record, as the stream sends them: `id` is the record's place in the log, `event` is `changes`.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ChangesTold {
    segment: String,
    changes: Vec<ChangeView>,
}

/// From where on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Begin {
    /// Only what came after this place in the log; from the beginning, when absent.
    after: Option<u64>,
    /// `newest`: the newest first. `oldest` when absent.
    #[param(inline)]
    order: Option<ChangeOrder>,
    /// Only what came before this place, newest first: `next` of the page before.
    before: Option<u64>,
    /// About this many: records are told whole. 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// Which end of the log comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChangeOrder {
    Oldest,
    Newest,
}

/// What a stream tells.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Followed {
    /// Only this segment; every one, when absent.
    segment: Option<String>,
    /// Begin after this place in the log; a header `Last-Event-ID` counts more. From now on, when both are absent.
    after: Option<u64>,
}

/// Who entered and left a segment, oldest first or newest first. Where changes are rare a page may be short, or empty, and the
/// log still go on.
#[utoipa::path(
    get,
    path = "/api/v1/segments/{name}/changes",
    params(("name" = String, Path, description = "Its name in the programme, or in one of before"), Begin),
    responses(
        (status = 200, body = ChangeList),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 410, body = Problem)
    )
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(begin): Query<Begin>,
) -> Result<Json<ChangeList>, Problem> {
    let recorded = known(&hub, name.clone()).await?;
    let limit = Limit::new(begin.limit).count();
    if begin.before.is_some() || begin.order == Some(ChangeOrder::Newest) {
        if begin.after.is_some() || begin.order == Some(ChangeOrder::Oldest) {
            let message =
                "what came before a place is told newest first, and what came after it oldest first";
            return Err(Problem::bad_request("bad_parameter", "order", message));
        }
        let before = begin.before.map(Seq);
        let Older { changes, after, next } = walk_back(&hub, before, name.clone(), limit).await?;
        let (after, next) = (after.0, next.map(|next| next.0));
        return Ok(Json(ChangeList {
            segment: name,
            recorded,
            changes,
            after,
            more: before.is_some(),
            next,
        }));
    }
    let from = place(&hub.log, begin.after.map(Seq), "after")?.unwrap_or_default();
    let Walk { told, after, more } = walk(&hub, from, Some(name.clone()), limit).await?;
    let changes = told.into_iter().flat_map(|(_, one)| one.changes).collect();
    Ok(Json(ChangeList { segment: name, recorded, changes, after: after.0, more, next: None }))
}

/// Who enters and leaves segments, as it becomes durable: server-sent events, without an end. Whoever asks again with the
/// `id` of the last one as `Last-Event-ID` misses none and gets none twice.
#[utoipa::path(
    get,
    path = "/api/v1/segments/changes/stream",
    params(
        Followed,
        ("Last-Event-ID" = Option<u64>, Header, description = "The `id` of the last event that was taken in")
    ),
    responses(
        (status = 200, content_type = "text/event-stream", body = ChangesTold),
        (status = 400, body = Problem),
        (status = 404, body = Problem),
        (status = 410, body = Problem),
        (status = 503, body = Problem)
    )
)]
pub(super) async fn follow(
    State(hub): State<Arc<Hub>>,
    Query(followed): Query<Followed>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(segment) = &followed.segment {
        known(&hub, segment.clone()).await?;
    }
    let last = headers.get("last-event-id").map(|id| id.to_str().ok().and_then(|id| id.trim().parse().ok()));
    let from = match last {
        Some(None) => {
            let message = "it is the `id` of an event of this stream: a number";
            return Err(Problem::bad_request("bad_place", "Last-Event-ID", message));
        }
        Some(Some(last)) => place(&hub.log, Some(Seq(last)), "Last-Event-ID")?,
        None => place(&hub.log, followed.after.map(Seq), "after")?,
    };
    let from = from.unwrap_or_else(|| *hub.runtime.durable().borrow());
    let permit = Arc::clone(&hub.followers).try_acquire_owned().map_err(|_| {
        let message = "as many programs follow the changes as may; let one of them end";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_followers", message)
    })?;
    let (to_client, events) = async_channel::bounded(CHANGES_WAITING);
    tokio::spawn(send(hub, from, followed.segment, to_client, permit));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(FOLLOWER_SILENCE_MAX)).into_response())
}

/// Sends what becomes durable until the client has gone or the server stops. A client that is slow to read is waited for,
/// at its own place in the log.
async fn send(
    hub: Arc<Hub>,
    mut place: Seq,
    segment: Option<String>,
    to_client: Sender<Result<Event, Infallible>>,
    _permit: OwnedSemaphorePermit,
) {
    let (mut durable, mut stopping) = (hub.runtime.durable(), hub.stopping.subscribe());
    loop {
        let Ok(Walk { told, after, more }) = walk(&hub, place, segment.clone(), FOLLOWED_MAX).await else {
            return;
        };
        place = after;
        for (seq, changes) in told {
            let event = Event::default().id(seq.to_string()).event("changes").json_data(changes);
            let event = event.expect("invariant: changes are plain JSON");
            tokio::select! {
                sent = to_client.send(Ok(event)) => if sent.is_err() { return },
                _ = stopping.wait_for(|stopping| *stopping) => return,
            }
        }
        if more {
            continue;
        }
        tokio::select! {
            _ = durable.wait_for(|durable| *durable > place) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = to_client.closed() => return,
        }
    }
}

/// Whether changes of a segment are recorded; a problem where no programme ever had one of that name.
async fn known(hub: &Hub, name: String) -> Result<bool, Problem> {
    let read = move |engine: &Engine| {
        let unknown = || Problem::not_found(format!("no programme ever had a segment \"{name}\""));
        let is_recorded = || engine.segment(&name).is_some_and(|segment| segment.recorded);
        engine.had_segment(&name).then(is_recorded).ok_or_else(unknown)
    };
    hub.runtime.read(read).await
}

/// A place of the log, as it was given in a field.
fn place(log: &SqliteReader, given: Option<Seq>, field: &str) -> Result<Option<Seq>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let failed = |error: eventlog::Error| Problem::internal(&error.into());
    let last = log.last().map_err(failed)?.map_or(Seq(0), |(last, _)| last);
    let first = log.first().map_err(failed)?.unwrap_or(Seq(1));
    if given > last {
        let message = format!("the log ends at {last}: this place was given by another log");
        return Err(Problem::bad_request("bad_place", field, message));
    }
    if given > Seq(0) && given.next() < first {
        let message =
            format!("the log begins at {first}: what came before is trimmed; begin without a place");
        let problem = Problem::new(StatusCode::GONE, "trimmed", message);
        return Err(Problem { field: Some(field.into()), ..problem });
    }
    Ok(Some(given))
}

/// A part of the log, and what changes it tells.
struct Walk {
    told: Vec<(Seq, ChangesTold)>,
    after: Seq,
    more: bool,
}

/// Walks on from a place, until there are so many changes, or until enough was looked at.
async fn walk(hub: &Arc<Hub>, from: Seq, segment: Option<String>, limit: usize) -> Result<Walk, Problem> {
    let hub = Arc::clone(hub);
    let read = move || {
        let walk = walk_log(&hub, from, segment.as_deref(), limit);
        walk.context("the log could not be read for changes of segments")
    };
    let reading = tokio::task::spawn_blocking(read).await;
    reading.expect("invariant: a reader of the log does not panic").map_err(|error| Problem::internal(&error))
}

fn walk_log(hub: &Hub, from: Seq, segment: Option<&str>, limit: usize) -> Result<Walk, eventlog::Error> {
    let mut walk = Walk { told: Vec::new(), after: from, more: false };
    let (mut count, mut looks) = (0, 0);
    let first = hub.log.first()?.unwrap_or(Seq(1));
    for batch in hub.log.read(from.next().max(first))? {
        let batch = batch?;
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        for (seq, bytes) in records.filter(|(seq, _)| *seq > from) {
            if count >= limit || looks >= CHANGES_WALK_RECORDS_MAX {
                walk.more = true;
                return Ok(walk);
            }
            (walk.after, looks) = (seq, looks + 1);
            let Ok(Record::MembershipChanged(changed)) = Record::decode(bytes) else { continue };
            if segment.is_none_or(|name| name == changed.segment) {
                let changes = hub.runtime.read_blocking(|engine| {
                    changed.changes.iter().map(|change| view(engine, seq, &change)).collect()
                });
                count += changed.changes.count();
                walk.told.push((seq, ChangesTold { segment: changed.segment.to_owned(), changes }));
            }
        }
    }
    Ok(walk)
}

/// A part of the log that was walked backwards, and what changes it tells.
struct Older {
    changes: Vec<ChangeView>,
    /// The newest place that was looked at.
    after: Seq,
    /// What is older lies before it.
    next: Option<Seq>,
}

/// Walks back from a place, or from the end, until there are so many changes, or until enough was looked at.
async fn walk_back(
    hub: &Arc<Hub>,
    before: Option<Seq>,
    segment: String,
    limit: usize,
) -> Result<Older, Problem> {
    let hub = Arc::clone(hub);
    let read = move || {
        let walk = walk_log_back(&hub, before, &segment, limit);
        walk.context("the log could not be read back for changes of a segment")
    };
    let reading = tokio::task::spawn_blocking(read).await;
    reading.expect("invariant: a reader of the log does not panic").map_err(|error| Problem::internal(&error))
}

fn walk_log_back(
    hub: &Hub,
    before: Option<Seq>,
    segment: &str,
    limit: usize,
) -> Result<Older, eventlog::Error> {
    let last = hub.log.last()?.map_or(Seq(0), |(last, _)| last);
    let from = before.map_or(last, |before| Seq(before.0.saturating_sub(1)).min(last));
    let mut walk = Older { changes: Vec::new(), after: from, next: None };
    let mut place = from.next();
    for batch in hub.log.read_back(from)? {
        let batch = batch?;
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        let older: Vec<_> = records.take_while(|(seq, _)| *seq <= from).collect();
        for (seq, bytes) in older.into_iter().rev() {
            if walk.changes.len() >= limit || from.0 - seq.0 >= CHANGES_WALK_RECORDS_MAX as u64 {
                walk.next = Some(place);
                return Ok(walk);
            }
            place = seq;
            let Ok(Record::MembershipChanged(changed)) = Record::decode(bytes) else { continue };
            if segment == changed.segment {
                let first = walk.changes.len();
                walk.changes.extend(hub.runtime.read_blocking(|engine| {
                    changed.changes.iter().map(|change| view(engine, seq, &change)).collect::<Vec<_>>()
                }));
                walk.changes[first..].reverse();
            }
        }
    }
    Ok(walk)
}

fn view(engine: &Engine, seq: Seq, change: &Change) -> ChangeView {
    ChangeView {
        seq: seq.0,
        profile: change.profile.0,
        change: change.kind.name(),
        since: change.at.to_string(),
        cause: change.cause.0,
        person: PersonView::of(engine, change.profile),
    }
}
