//! Who has an offer: everybody who was given it, by how far it came with them, page by page. The counts are those that the
//! offer itself is told with.

use super::extract::{Limit, Query, one_of};
use super::offers::HeldTimes;
use super::person::PersonView;
use crate::clock;
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use engine::ProfileId;
use engine::at::At;
use engine::engine::{Engine, HeldAs};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Somebody who was given an offer.
#[derive(Serialize, utoipa::ToSchema)]
struct HolderView {
    /// Absent for somebody of whom no identifier is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<PersonView>,
    /// `given`, `seen`, `clicked`, `redeemed`, or `expired`: it was over before they redeemed it.
    state: &'static str,
    #[serde(flatten)]
    came: HeldTimes,
}

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct HolderList {
    /// All whom the filter lets through, and not only those of this page.
    count: u64,
    people: Vec<HolderView>,
    /// Ask with it for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u32>,
}

/// Which of them.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Only those with whom it came so far, and no further: `given`, `seen`, `clicked`, `redeemed` or `expired`.
    state: Option<String>,
    /// The page behind this profile, as the last answer named it.
    after: Option<u32>,
    /// At most this many; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// Everybody who was given an offer and is known, those who came last first.
#[utoipa::path(
    get,
    path = "/api/v1/offers/{name}/people",
    params(("name" = String, Path, description = "Its name in the programme"), Wanted),
    responses((status = 200, body = HolderList), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<HolderList>, Problem> {
    let states = HeldAs::ALL.into_iter().map(|held| (held.name(), held));
    let state = one_of("state", wanted.state.as_deref(), states)?;
    let (after, limit) = (wanted.after.unwrap_or(u32::MAX), Limit::new(wanted.limit).count());
    let read = move |engine: &Engine| {
        let unknown = || Problem::not_found(format!("there is no offer \"{name}\""));
        engine.offer(&name).ok_or_else(unknown)?;
        let now = clock::now().max(engine.at());
        let holders = engine.offer_holders(&name, now);
        let mut fitting = holders.filter(|(_, held)| state.is_none_or(|state| state == *held));
        let (mut count, mut page) = (0, Vec::new());
        for (id, held) in fitting.by_ref() {
            count += 1;
            if id.0 < after && page.len() <= limit {
                page.push((id, held));
            }
        }
        let more = page.len() > limit;
        page.truncate(limit);
        let after = page.last().filter(|_| more).map(|(id, _)| id.0);
        let people = page.into_iter().filter_map(|(id, held)| view(engine, id, held, &name, now)).collect();
        Ok(Json(HolderList { count, people, after }))
    };
    hub.runtime.walk(read).await
}

fn view(engine: &Engine, id: ProfileId, held: HeldAs, name: &str, now: At) -> Option<HolderView> {
    let of_person = engine.offer_of(id, name, now)?;
    Some(HolderView {
        person: PersonView::of(engine, id),
        state: held.name(),
        came: HeldTimes::of(&of_person),
    })
}
