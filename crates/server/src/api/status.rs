//! How far the log and the engine have come, and what they hold.

use crate::hub::Hub;
use crate::lake::LakeStatus;
use axum::Json;
use axum::extract::State;
use engine::engine::Engine;
use engine::outbox::Status;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state of the server.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct StatusView {
    version: &'static str,
    /// Place of the newest record on the disk.
    durable_seq: u64,
    /// Place of the newest record that the engine has applied.
    applied_seq: u64,
    /// Records applied and not yet on the disk.
    lag: u64,
    /// Bytes of records that wait for the engine.
    queue_bytes: usize,
    /// Instant of the newest record.
    at: String,
    programme: ProgrammeStatus,
    /// What is being read from the log, since a programme or a preview asks it of the past.
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<ReadingView>,
    /// People who were erased and whom the disk still has.
    #[serde(skip_serializing_if = "Option::is_none")]
    erasures: Option<ErasuresView>,
    /// Opt-out registers that it is time to look at again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stale_registers: Vec<String>,
    lake: LakeStatus,
    counts: CountsView,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ErasuresView {
    pending: usize,
    /// When the first of them was erased.
    since: String,
}

#[derive(Serialize, utoipa::ToSchema)]
struct ReadingView {
    /// As `total` of "Order Completed".
    properties: Vec<String>,
    /// Of the records to be read, those that were.
    percent: u8,
}

/// Which programme is live, and how whoever shows something writes days and money.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ProgrammeStatus {
    name: String,
    /// How many programmes were applied; 0 before the first. What somebody holds of an older one is out of date.
    revision: u32,
    /// Name of the zone in which its days begin, such as `Europe/Rome`; `UTC` where it says none.
    timezone: String,
    /// Code of the currency in which its figures are added up, where it has one.
    currency: Option<String>,
}

impl ProgrammeStatus {
    pub(super) fn of(engine: &Engine) -> Self {
        let programme = engine.programme();
        Self {
            name: programme.name.clone(),
            revision: engine.programme_revision(),
            timezone: programme.timezone().iana_name().unwrap_or("UTC").to_owned(),
            currency: programme.currency.clone(),
        }
    }
}

/// Figures of the whole installation.
#[derive(Serialize, utoipa::ToSchema)]
struct CountsView {
    /// People, merged profiles counted once.
    profiles: u64,
    /// Those of them with a `user_id` or an email.
    identified: u64,
    /// Profiles ever found to be one person, those among them that operators parted again.
    merges: u64,
    merges_undone: u64,
    /// People who were erased.
    erased: u64,
    /// Events all of whose identifiers are blocked.
    nameless: u64,
    events: u64,
    bot_events: u64,
    rejects: u64,
    /// By status.
    sends: BTreeMap<&'static str, u64>,
}

fn stale(engine: &Engine) -> Vec<String> {
    let stale = engine.registers().iter().filter(|one| one.is_stale(crate::clock::now()));
    stale.map(|one| one.name.clone()).collect()
}

/// Progress and counts.
#[utoipa::path(get, path = "/api/v1/status", responses((status = 200, body = StatusView)))]
pub(super) async fn show(State(hub): State<Arc<Hub>>) -> Json<StatusView> {
    Json(now(&hub).await)
}

impl StatusView {
    pub(super) fn revision(&self) -> u32 {
        self.programme.revision
    }
}

/// How things stand.
pub(super) async fn now(hub: &Hub) -> StatusView {
    let runtime = hub.runtime.clone();
    let lake = hub.lake.status(*hub.runtime.durable().borrow());
    let read = move |engine: &Engine| {
        let progress = runtime.progress_of(engine);
        let counts = engine.counts();
        StatusView {
            version: env!("CARGO_PKG_VERSION"),
            durable_seq: progress.durable.0,
            applied_seq: progress.applied.0,
            lag: progress.lag(),
            queue_bytes: progress.waiting_bytes,
            at: engine.at().to_string(),
            programme: ProgrammeStatus::of(engine),
            reading: runtime.reading().map(|reading| ReadingView {
                properties: reading.properties.iter().map(ToString::to_string).collect(),
                percent: reading.percent,
            }),
            erasures: engine
                .erasures()
                .first()
                .map(|first| ErasuresView { pending: engine.erasures().len(), since: first.at.to_string() }),
            stale_registers: stale(engine),
            lake,
            counts: CountsView {
                profiles: counts.profiles,
                identified: counts.identified,
                merges: counts.merges,
                merges_undone: counts.merges_undone,
                erased: counts.erased,
                nameless: counts.nameless,
                events: counts.events,
                bot_events: counts.bot_events,
                rejects: counts.rejected,
                sends: Status::ALL.into_iter().map(|status| (status.name(), counts.sends(status))).collect(),
            },
        }
    };
    hub.runtime.read(read).await
}
