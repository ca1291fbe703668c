//! What became of messages, channel by channel, counted from the ledger.

use crate::hub::Hub;
use crate::limits::LEDGER_LOOKED_THROUGH_MAX;
use axum::Json;
use axum::extract::State;
use engine::SendId;
use engine::engine::Engine;
use engine::outbox::{Fate, Status};
use engine::programme::Channel;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct FateList {
    /// How many sends were looked through: all, or the newest half million.
    sends: usize,
    /// When the oldest of them was wished for; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// That with most messages first.
    channels: Vec<FateView>,
}

/// What became of the messages of a channel. What was decided not to be sent is in none.
#[derive(Serialize, utoipa::ToSchema)]
struct FateView {
    channel: &'static str,
    messages: u64,
    /// How many of them are how far: `deferred`, `queued`, `attempted`, `accepted`, `bounced`, `failed`, `unknown`,
    /// `complained` or `dismissed`. What was opened or clicked was accepted.
    statuses: BTreeMap<&'static str, u64>,
    /// The newest that did not arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<LostView>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct LostView {
    id: u64,
    /// The provider's last words.
    reply: String,
    at: Option<String>,
}

/// What became of messages, channel by channel.
#[utoipa::path(get, path = "/api/v1/sends/channels", responses((status = 200, body = FateList)))]
pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<FateList> {
    Json(hub.runtime.walk(fates).await)
}

/// Of one channel.
#[derive(Default)]
struct Fates {
    messages: u64,
    statuses: BTreeMap<&'static str, u64>,
    lost: Option<SendId>,
}

fn fates(engine: &Engine) -> FateList {
    let (mut by_channel, mut sends, mut oldest) = (BTreeMap::<Channel, Fates>::new(), 0, None);
    for Fate { send: id, channel, status, .. } in engine.fates().take(LEDGER_LOOKED_THROUGH_MAX) {
        (sends, oldest) = (sends + 1, Some(id));
        let Some(channel) = channel.filter(|_| status != Status::Dropped) else { continue };
        let fate = by_channel.entry(channel).or_default();
        fate.messages += 1;
        *fate.statuses.entry(status.name()).or_default() += 1;
        if matches!(status, Status::Bounced | Status::Failed | Status::Unknown) {
            fate.lost.get_or_insert(id);
        }
    }
    let lost = |id: SendId| {
        let send = engine.send(id)?;
        Some(LostView { id: id.0, reply: send.reply, at: send.settled_at.map(|at| at.to_string()) })
    };
    let view = |(channel, fate): (Channel, Fates)| FateView {
        channel: channel.name(),
        messages: fate.messages,
        statuses: fate.statuses,
        lost: fate.lost.and_then(lost),
    };
    let mut channels: Vec<FateView> = by_channel.into_iter().map(view).collect();
    channels.sort_by_key(|fate| std::cmp::Reverse(fate.messages));
    let since = oldest.and_then(|id| engine.send(id)).map(|send| send.wished_at.to_string());
    FateList { sends, since, channels }
}
