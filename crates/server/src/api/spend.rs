//! What was spent and what was done outside of the net: taken line by line, told back with its sums.

use super::extract::{Body, Limit, Query};
use crate::hub::Hub;
use crate::keys::Holder;
use crate::limits::SPEND_LINES_AT_ONCE_MAX;
use crate::problem::Problem;
use crate::spend::entry::SpendEntry;
use crate::spend::flight::FlightEntry;
use crate::spend::intake::{self, LinesTaken};
use axum::extract::State;
use axum::{Extension, Json};
use engine::day::Day;
use engine::engine::Engine;
use engine::programme::decimal;
use engine::spend::{Flight, SpendLine};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines of what was spent.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SpendLines {
    /// 1,000 at most.
    lines: Vec<SpendEntry>,
}

/// Things done outside of the net.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Flights {
    /// 1,000 at most.
    flights: Vec<FlightEntry>,
}

/// Which lines.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Of this campaign alone, whatever a platform calls it.
    campaign: Option<String>,
    /// Of this channel alone.
    channel: Option<String>,
    /// What was spent from this day on: `2026-01-31`.
    from: Option<String>,
    /// Up to this day, the day itself among them.
    until: Option<String>,
    /// At most this many, newest days first; 100 when absent, 1,000 at most.
    limit: Option<usize>,
}

/// What was spent: told by files and programs, by flights, and by the programme's campaigns.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SpendList {
    lines: Vec<SpendEntry>,
    /// How many there are, the listed ones among them.
    count: usize,
    /// What they come to on the days that were asked for, by currency; never added across currencies.
    totals: BTreeMap<String, String>,
}

/// What was done outside of the net, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct FlightList {
    flights: Vec<FlightEntry>,
    count: usize,
}

/// Takes lines of what was spent. A line with a key that is known takes the place of the one before.
#[utoipa::path(
    post,
    path = "/api/v1/spend",
    request_body = SpendLines,
    responses((status = 200, body = LinesTaken), (status = 400, body = Problem))
)]
pub(super) async fn take(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Body(told): Body<SpendLines>,
) -> Result<Json<LinesTaken>, Problem> {
    not_too_many("lines", told.lines.len())?;
    Ok(Json(intake::lines(&hub.runtime, &told.lines, &holder).await?))
}

/// Takes what was done outside of the net. A flight with a key that is known takes the place of the one before.
#[utoipa::path(
    post,
    path = "/api/v1/flights",
    request_body = Flights,
    responses((status = 200, body = LinesTaken), (status = 400, body = Problem))
)]
pub(super) async fn take_flights(
    State(hub): State<Arc<Hub>>,
    Extension(holder): Extension<Holder>,
    Body(told): Body<Flights>,
) -> Result<Json<LinesTaken>, Problem> {
    not_too_many("flights", told.flights.len())?;
    Ok(Json(intake::flights(&hub.runtime, &told.flights, &holder).await?))
}

/// What was spent, newest days first.
#[utoipa::path(
    get,
    path = "/api/v1/spend",
    params(Which),
    responses((status = 200, body = SpendList), (status = 400, body = Problem))
)]
pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    Query(which): Query<Which>,
) -> Result<Json<SpendList>, Problem> {
    let (from, until) = (day("from", which.from.as_ref())?, day("until", which.until.as_ref())?);
    let (from, until) = (from.unwrap_or(Day(i32::MIN)), until.unwrap_or(Day(i32::MAX)));
    let limit = Limit::new(which.limit).count();
    let read = move |engine: &Engine| {
        let programme = engine.programme();
        let called = |line: &SpendLine| {
            let own = programme.campaign_called(&line.campaign).unwrap_or(&line.campaign);
            which.campaign.as_deref().is_none_or(|campaign| own == campaign)
        };
        let is_wanted = |line: &SpendLine| {
            let on_channel = which.channel.as_ref().is_none_or(|channel| line.channel == *channel);
            on_channel && line.from <= until && line.until >= from && called(line)
        };
        let mut lines: Vec<SpendLine> = engine.costs().into_iter().filter(is_wanted).collect();
        let mut totals: BTreeMap<String, i128> = BTreeMap::new();
        for line in &lines {
            let within = line.by_day().filter(|(day, _)| from <= *day && *day <= until);
            let total: i128 = within.map(|(_, one)| i128::from(one)).sum();
            *totals.entry(line.money.currency.clone()).or_default() += total;
        }
        lines.sort_by(|one, two| (two.from, &two.key).cmp(&(one.from, &one.key)));
        SpendList {
            count: lines.len(),
            lines: lines.iter().take(limit).map(SpendEntry::from).collect(),
            totals: totals.into_iter().map(|(currency, total)| (currency, decimal(total))).collect(),
        }
    };
    Ok(Json(hub.runtime.read(read).await))
}

/// What was done outside of the net, newest first.
#[utoipa::path(get, path = "/api/v1/flights", params(Limit), responses((status = 200, body = FlightList)))]
pub(super) async fn list_flights(
    State(hub): State<Arc<Hub>>,
    Query(limit): Query<Limit>,
) -> Json<FlightList> {
    let read = move |engine: &Engine| {
        let mut flights: Vec<&Flight> = engine.flights().collect();
        flights.sort_by(|one, two| (two.from, &two.key).cmp(&(one.from, &one.key)));
        let count = flights.len();
        FlightList {
            flights: flights.into_iter().take(limit.count()).map(FlightEntry::from).collect(),
            count,
        }
    };
    Json(hub.runtime.read(read).await)
}

fn not_too_many(field: &str, count: usize) -> Result<(), Problem> {
    if count <= SPEND_LINES_AT_ONCE_MAX {
        return Ok(());
    }
    let message = format!("at most {SPEND_LINES_AT_ONCE_MAX} at once");
    Err(Problem::bad_request("too_many", field, message))
}

fn day(field: &str, text: Option<&String>) -> Result<Option<Day>, Problem> {
    let wrong = || Problem::bad_request("bad_day", field, "write the day as 2026-01-31");
    text.map(|text| Day::parse(text).ok_or_else(wrong)).transpose()
}
