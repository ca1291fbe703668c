//! What a person did and what happened to them, newest first. The engine knows when and where in the log; what it was,
//! the log says.

use super::address::Address;
use super::extract::{Limit, Query};
use crate::hub::Hub;
use crate::problem::Problem;
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
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Timeline {
    events: Vec<EventView>,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct EventView {
    name: String,
    occurred_at: String,
    /// Place in the log.
    seq: u64,
    #[schema(value_type = Object)]
    properties: Value,
}

/// Which events.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Those of this name alone, such as `Call Completed` for what came of calls.
    event: Option<String>,
}

/// A profile's events, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/profiles/{address}/timeline",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`"), Which, Limit),
    responses((status = 200, body = Timeline), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(address): Path<String>,
    Query(Which { event }): Query<Which>,
    Query(limit): Query<Limit>,
) -> Result<Json<Timeline>, Problem> {
    let address = Address::parse("address", &address)?;
    let read = move |engine: &Engine| {
        let looked_at = event.as_ref().map_or(limit.count(), |_| usize::MAX);
        let entries = engine.timeline(address.find(engine)?, looked_at).into_iter();
        let wanted = entries.filter(|entry| event.as_ref().is_none_or(|event| entry.name == event));
        Ok::<_, Problem>(wanted.take(limit.count()).map(|entry| entry.seq).collect::<BTreeSet<Seq>>())
    };
    let places = hub.runtime.read(read).await?;
    if let Some(newest) = places.last() {
        hub.runtime.durable_to(*newest).await;
    }
    let (log, runtime) = (hub.log.clone(), hub.runtime.clone());
    let read = move || {
        let batches =
            log.holding(places.iter().copied()).context("the log could not be read for a timeline")?;
        let events = runtime.read_blocking(|engine| events(engine, &batches, &places));
        Ok(Json(Timeline { events }))
    };
    let reading = tokio::task::spawn_blocking(read).await;
    reading.expect("invariant: a reader of the log does not panic").map_err(|error| Problem::internal(&error))
}

/// What the records at some places tell, newest first. One that an erasure sealed tells nothing any more.
pub(crate) fn events(engine: &Engine, batches: &[Batch], places: &BTreeSet<Seq>) -> Vec<EventView> {
    let mut events: Vec<(At, Seq, EventView)> = Vec::new();
    for batch in batches {
        let records = (batch.first.0..).map(Seq).zip(batch.records().map_while(Result::ok));
        for (seq, bytes) in records.filter(|(seq, _)| places.contains(seq)) {
            let Ok(record) = Record::decode(bytes) else { continue };
            let Some(happening) = record.happening(batch.at) else { continue };
            events.push((happening.occurred_at, seq, view(engine, seq, &happening)));
        }
    }
    events.sort_by_key(|(occurred_at, seq, _)| std::cmp::Reverse((*occurred_at, *seq)));
    events.into_iter().map(|(_, _, view)| view).collect()
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
    }
}
