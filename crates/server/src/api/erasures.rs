//! Erasing a person: what there was of them, and whether the disk has forgotten them too.

use super::address::Address;
use crate::clock;
use crate::hub::Hub;
use crate::keys::Holder;
use crate::problem::Problem;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use engine::ProfileId;
use engine::engine::Engine;
use engine::record::{ProfileErased, Record};
use serde::Serialize;
use std::sync::Arc;

/// What there was of a person who was erased.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ErasedView {
    /// Place in the log.
    seq: u64,
    /// The number that the profile had.
    profile: u32,
    /// Profiles that had been merged into it, and went with it.
    merged: usize,
    identifiers: usize,
    events: u64,
    /// They stay in the ledger, and lead to nobody.
    sends: usize,
    /// `done`, or `pending` while the log and the snapshots still have the person: the server goes on with that by itself.
    disk: &'static str,
}

impl ErasedView {
    /// What there is of a person who is about to be erased.
    pub(crate) fn of(engine: &Engine, id: ProfileId) -> Self {
        let profile = engine.profile(id);
        Self {
            seq: 0,
            profile: engine.canonical(id).0,
            merged: engine.merges_of(id).iter().filter(|(_, merge)| merge.undone.is_none()).count(),
            identifiers: profile.map_or(0, |profile| profile.identifiers().len()),
            events: engine.events_of_profile(id),
            sends: engine.sends_of(id).count(),
            disk: "pending",
        }
    }

    pub(crate) fn erased(mut self, seq: engine::Seq, is_redacted: bool) -> Self {
        (self.seq, self.disk) = (seq.0, if is_redacted { "done" } else { "pending" });
        self
    }
}

/// Erases a person, by any of their identifiers: the profile with all that were merged into it, and what the log and the
/// snapshots have of them. It cannot be undone. Suppressions of their addresses stay, so that they are not written to if
/// somebody imports them again; backups made before keep what they have.
#[utoipa::path(
    delete,
    path = "/api/v1/profiles/{address}",
    params(("address" = String, Path, description = "`type:value`, such as `email:ada@example.com`")),
    responses((status = 200, body = ErasedView), (status = 404, body = Problem))
)]
pub(super) async fn erase(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Path(address): Path<String>,
) -> Result<Json<ErasedView>, Problem> {
    let address = Address::parse("address", &address)?;
    let read = move |engine: &Engine| {
        let profile = address.find(engine)?;
        Ok::<_, Problem>((profile, ErasedView::of(engine, profile)))
    };
    let (profile, view) = hub.runtime.read(read).await?;
    let erased = ProfileErased { profile, erased_at: clock::now(), operator: &holder.name };
    let seq = hub.act(&holder, &Record::ProfileErased(erased)).await?;
    Ok(Json(view.erased(seq, hub.runtime.redacted(seq).await)))
}
