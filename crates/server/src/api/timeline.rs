//! What a person did and what happened to them, newest first, page by page. The engine knows when and where in the log; what
//! it was, the log says. Of what the log no longer has, the time and the name are left.

use super::address::Address;
use super::extract::{Limit, Query};
use crate::hub::Hub;
use crate::problem::Problem;
use crate::runtime::Runtime;
use anyhow::Context;
use axum::Json;
use axum::extract::{Path, State};
use engine::Seq;
use engine::at::At;
use engine::engine::Engine;
use engine::happening::{About, Happening};
use engine::record::Record;
use engine::value::OwnedMap;
use eventlog::log::Batch;
use eventlog::sqlite::SqliteReader;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Timeline {
    events: Vec<EventView>,
    /// Ask with it as `before` for what is older; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct EventView {
    name: String,
    occurred_at: String,
    /// Place in the log.
    seq: u64,
    #[schema(value_type = Object)]
    properties: Value,
    /// The log was trimmed since: what it was is known no longer, and when only to the second.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    trimmed: bool,
}

/// Which part of a timeline.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Older {
    /// Events of this name alone, such as `Call Completed` for what came of calls.
    event: Option<String>,
    /// Only what is older: `next` of the page before.
    before: Option<String>,
    /// At most this many, newest first; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// A second and a place in the log. Written with a point between them, it is where the next page begins.
type Cursor = (u32, Seq);

fn cursor(text: &str) -> Option<Cursor> {
    let (second, seq) = text.split_once('.')?;
    Some((second.parse().ok()?, Seq(seq.parse().ok()?)))
}

/// What one page holds, as the engine knows it.
struct Found {
    entries: BTreeMap<Seq, (u32, String)>,
    next: Option<String>,
}

impl Found {
    fn of(
        engine: &Engine,
        address: &Address,
        before: Cursor,
        named: Option<&str>,
        limit: usize,
    ) -> Result<Self, Problem> {
        let mut page = engine.timeline_before(address.find(engine)?, before, named, limit + 1);
        let more = page.len() > limit;
        page.truncate(limit);
        let next = page.last().filter(|_| more).map(|last| format!("{}.{}", last.second, last.seq.0));
        let entries = page.into_iter().map(|one| (one.seq, (one.second, one.name.to_owned())));
        Ok(Self { entries: entries.collect(), next })
    }

    fn read(self, log: &SqliteReader, runtime: &Runtime) -> anyhow::Result<Timeline> {
        let places: BTreeSet<Seq> = self.entries.keys().copied().collect();
        let batches =
            log.holding(places.iter().copied()).context("the log could not be read for a timeline")?;
        let first = log.first().context("the log could not be read for its beginning")?.unwrap_or_default();
        let mut told = runtime.read_blocking(|engine| told(engine, &batches, &places));
        told.extend(self.entries.into_iter().filter(|(seq, _)| *seq < first).map(|(seq, (second, name))| {
            let occurred_at = At(i64::from(second) * 1_000);
            let (told_at, properties) = (occurred_at.to_string(), Value::Null);
            (occurred_at, EventView { name, occurred_at: told_at, seq: seq.0, properties, trimmed: true })
        }));
        Ok(Timeline { events: newest_first(told), next: self.next })
    }
}

/// A profile's events, newest first: what they did, and what became of every message to them on any channel.
#[utoipa::path(
    get,
    path = "/api/v1/profiles/{address}/timeline",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`"), Older),
    responses((status = 200, body = Timeline), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
    Query(older): Query<Older>,
) -> Result<Json<Timeline>, Problem> {
    let address = Address::parse("address", &address)?;
    let before = match older.before.as_deref() {
        None => (u32::MAX, Seq(u64::MAX)),
        Some(text) => cursor(text).ok_or_else(|| {
            Problem::bad_request("bad_place", "before", "it is `next` of the page before, as it was told")
        })?,
    };
    let limit = Limit::new(older.limit).count();
    let named = older.event;
    let found = move |engine: &Engine| Found::of(engine, &address, before, named.as_deref(), limit);
    let found = hub.runtime.read(found).await?;
    if let Some(newest) = found.entries.keys().next_back() {
        hub.runtime.durable_to(*newest).await;
    }
    let (log, runtime) = (hub.log.clone(), hub.runtime.clone());
    let reading = tokio::task::spawn_blocking(move || found.read(&log, &runtime)).await;
    let read = reading.expect("invariant: a reader of the log does not panic");
    read.map(Json).map_err(|error| Problem::internal(&error))
}

/// What the records at some places tell, newest first. One that an erasure sealed tells nothing any more.
pub(crate) fn events(engine: &Engine, batches: &[Batch], places: &BTreeSet<Seq>) -> Vec<EventView> {
    newest_first(told(engine, batches, places))
}

fn told(engine: &Engine, batches: &[Batch], places: &BTreeSet<Seq>) -> Vec<(At, EventView)> {
    let mut told = Vec::new();
    for batch in batches {
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        for (seq, bytes) in records.filter(|(seq, _)| places.contains(seq)) {
            let Ok(record) = Record::decode(bytes) else { continue };
            let Some(happening) = record.happening(batch.at) else { continue };
            told.push((happening.occurred_at, view(engine, seq, &happening)));
        }
    }
    told
}

fn newest_first(mut told: Vec<(At, EventView)>) -> Vec<EventView> {
    told.sort_by_key(|(occurred_at, view)| std::cmp::Reverse((*occurred_at, view.seq)));
    told.into_iter().map(|(_, view)| view).collect()
}

fn view(engine: &Engine, seq: Seq, happening: &Happening<'_>) -> EventView {
    let properties = match happening.about {
        About::Properties(properties) => properties.to_json(),
        About::Send { send, url } => {
            engine.properties_of(send, url).as_ref().map_or(Value::Null, |of| OwnedMap::as_map(of).to_json())
        }
    };
    EventView {
        name: happening.name.to_owned(),
        occurred_at: happening.occurred_at.to_string(),
        seq: seq.0,
        properties,
        trimmed: false,
    }
}
