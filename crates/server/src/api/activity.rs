//! What happens, as it happens: the newest records of the log that tell of people, with the person each is about.
//!
//! It reads the log and not the engine, so what is shown here is on the disk. Whoever watches asks again with the
//! place up to which they have seen.

use super::extract::{Limit, Query};
use super::person::PersonView;
use crate::hub::Hub;
use crate::limits::ACTIVITY_RECORDS_MAX;
use crate::problem::Problem;
use crate::wire::record_json;
use anyhow::Context;
use axum::Json;
use axum::extract::State;
use engine::engine::Engine;
use engine::record::{ConsentStated, Identifier, PreferenceStated, Record, Subject};
use engine::{ProfileId, SendId, Seq};
use eventlog::log::Batch;
use eventlog::sqlite::SqliteReader;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// One thing that happened.
#[derive(Serialize, utoipa::ToSchema)]
struct ActivityView {
    /// Absent where nobody is known: a refused event, a bot, somebody who was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonView>,
    /// The record, as `trama log export` writes it: `seq`, `at`, `kind` (`event`, `rejected`, `consent_stated`,
    /// `suppression_stated`, `engaged`, `profile_erased`), and what belongs to the kind.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    record: Value,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Activity {
    /// Place up to which this answer has looked: ask with it next time.
    seq: u64,
    /// Newest first.
    activity: Vec<ActivityView>,
}

/// From where on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Seen {
    /// Only what came after this place in the log; the newest there is, when absent.
    after: Option<u64>,
    /// At most this many, newest first; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// What happened last. Of a long absence only the newest part is told.
#[utoipa::path(get, path = "/api/v1/activity", params(Seen), responses((status = 200, body = Activity)))]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(seen): Query<Seen>,
) -> Result<Json<Activity>, Problem> {
    let after = Seq(seen.after.unwrap_or(0));
    let limit = Limit::new(seen.limit).count();
    let (log, runtime) = (hub.log.clone(), hub.runtime.clone());
    let read = move || {
        let (seq, batches) =
            newest(&log, after).context("the log could not be read for its newest events")?;
        let activity = runtime.read_blocking(|engine| {
            let views = batches.iter().flat_map(|batch| views(engine, batch));
            let mut views: Vec<_> = views.filter(|(seq, _)| *seq > after).map(|(_, view)| view).collect();
            views.reverse();
            views.truncate(limit);
            views
        });
        Ok(Json(Activity { seq: seq.0, activity }))
    };
    let reading = tokio::task::spawn_blocking(read).await;
    reading.expect("invariant: a reader of the log does not panic").map_err(|error| Problem::internal(&error))
}

/// The batches after a place, or the last ones where there are too many, and where the log ends.
fn newest(log: &SqliteReader, after: Seq) -> Result<(Seq, Vec<Batch>), eventlog::Error> {
    let Some((last, _)) = log.last()? else { return Ok((after, Vec::new())) };
    if last <= after {
        return Ok((last, Vec::new()));
    }
    let from = Seq(after.0.max(last.0.saturating_sub(ACTIVITY_RECORDS_MAX)) + 1);
    let from = log.first()?.map_or(from, |first| from.max(first));
    let batches: Vec<Batch> = log.read(from)?.collect::<Result<_, _>>()?;
    Ok((batches.last().map_or(last, Batch::last), batches))
}

/// What a batch tells of people, in order. A record that an erasure sealed tells nothing any more.
fn views(engine: &Engine, batch: &Batch) -> Vec<(Seq, ActivityView)> {
    let places = (batch.first.0..).map(Seq);
    let records = places.zip(batch.records().map_while(Result::ok));
    let read = records.filter_map(|(seq, bytes)| Some((seq, Record::decode(bytes).ok()?)));
    let of_people = read.filter_map(|(seq, record)| {
        let person = subject(engine, &record)?.and_then(|id| PersonView::of(engine, id));
        Some((seq, ActivityView { person, record: record_json(seq, batch.at, &record) }))
    });
    of_people.collect()
}

/// Whom a record is about; `None` where it is about our own work and not about people.
fn subject(engine: &Engine, record: &Record<'_>) -> Option<Option<ProfileId>> {
    let named = |one: &Identifier<'_>| engine.find(one.kind, one.value);
    let recipient = |send: SendId| engine.send(send).map(|send| engine.canonical(send.profile));
    match record {
        Record::Event(event) => Some(event.identifiers.iter().find_map(named)),
        Record::Rejected(_) => Some(None),
        Record::ConsentStated(ConsentStated { subject, .. })
        | Record::PreferenceStated(PreferenceStated { subject, .. }) => Some(match subject {
            Subject::Identifier(one) => named(one),
            Subject::Send(send) => recipient(*send),
        }),
        Record::SuppressionStated(suppression) => Some(named(&suppression.identifier)),
        Record::Returned(returned) => Some(recipient(returned.send)),
        Record::Engaged(engaged) => Some(recipient(engaged.send)),
        Record::ProfilesMerged(merged) => Some(named(&merged.into)),
        Record::MergeUndone(undone) => Some(engine.merge_of(undone.merge).map(|merge| merge.from)),
        Record::RunRequested(requested) => Some(named(&requested.identifier)),
        Record::OfferRedeemed(redeemed) => Some(redeemed.identifier.as_ref().and_then(named)),
        Record::OfferNoted(noted) => Some(named(&noted.identifier)),
        Record::Commanded(_)
        | Record::DeliveryRequested(_)
        | Record::CodesAdded(_)
        | Record::SpendRecorded(_)
        | Record::FlightRecorded(_) => Some(None),
        Record::IdentifierLifted(lifted) => Some(named(&lifted.identifier)),
        Record::ProfileErased(_) => Some(None),
        Record::Installed(_)
        | Record::LogRedacted(_)
        | Record::ProgrammeApplied(_)
        | Record::Attempted(_)
        | Record::Settled(_)
        | Record::CutoffsStated(_)
        | Record::MembershipChanged(_)
        | Record::Viewed(_)
        | Record::RegisterListed(_)
        | Record::RegisterChecked(_)
        | Record::ClustersStated(_)
        | Record::WebhookDelivered(_)
        | Record::WebhookAnswered(_)
        | Record::WebhookFollowed(_)
        | Record::ReportSent(_)
        | Record::OperatorActed(_)
        | Record::Tick => None,
    }
}
