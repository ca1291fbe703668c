//! The governor's figures: what was wanted of late, what became of it, and how much people got.
//!
//! They are counted from the ledger, newest first, up to a bound; an answer says from when on it counts.

use super::extract::Query;
use crate::hub::Hub;
use crate::limits::PRESSURE_SENDS_MAX;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use engine::ProfileId;
use engine::at::{At, Span};
use engine::engine::Engine;
use engine::outbox::{Decision, Fate, Status};
use engine::programme::Channel;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// How the governor decided, and what people got.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PressureView {
    /// From when on sends are counted: so many days ago, or later where there are very many.
    since: String,
    until: String,
    total: DayView,
    /// By days of the programme, on which something was wanted.
    days: BTreeMap<String, DayView>,
    /// How many people were handed so many sends within the last seven days; nobody is listed under 0.
    pressure: BTreeMap<u64, u64>,
}

/// What was wanted: the other numbers add up to it.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
struct DayView {
    wanted: u64,
    /// Let go, whatever became of them.
    sent: u64,
    /// Those that wait now.
    deferred: u64,
    withheld: u64,
    /// Of the withheld, by reason.
    reasons: BTreeMap<&'static str, u64>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Lately {
    /// Of the last so many days; 30 when absent, 366 at most.
    days: Option<i64>,
}

const WEEK: Span = Span::DAY.times(7);

/// What was wanted, sent, deferred and withheld, and how many people got how much.
#[utoipa::path(
    get,
    path = "/api/v1/governor",
    params(Lately),
    responses((status = 200, body = PressureView), (status = 400, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Query(Lately { days }): Query<Lately>,
) -> Result<Json<PressureView>, Problem> {
    let days = days.unwrap_or(30);
    if !(1..=366).contains(&days) {
        return Err(Problem::bad_request("bad_parameter", "days", "it is a number from 1 to 366"));
    }
    let read = move |engine: &Engine| counted(engine, Span::DAY.times(days), PRESSURE_SENDS_MAX);
    Ok(Json(hub.runtime.walk(read).await))
}

/// The ledger is in the order of wishes, so the walk ends at the first that is too old.
fn counted(engine: &Engine, lately: Span, most: usize) -> PressureView {
    let (until, zone) = (engine.at(), engine.programme().timezone());
    let begin = At(until.0 - lately.0);
    let mut since = begin;
    let mut total = DayView::default();
    let mut days: BTreeMap<Date, DayView> = BTreeMap::new();
    let mut day = Day::of(until, &zone);
    let mut handed: HashMap<ProfileId, u64> = HashMap::new();
    for (number, fate) in engine.fates().enumerate() {
        let is_old = fate.wished_at < begin;
        let may_press = fate.wished_at.0 >= until.0 - WEEK.0 - Span::DAY.times(30).0;
        if number == most {
            since = fate.wished_at;
            break;
        }
        if is_old && !may_press {
            break;
        }
        if fate.attempted_at.is_some_and(|at| at.0 > until.0 - WEEK.0) && arrived(&fate) {
            *handed.entry(engine.canonical(fate.profile)).or_default() += 1;
        }
        if !is_old {
            total.add(fate.decision);
            if !day.has(fate.wished_at) {
                day = Day::of(fate.wished_at, &zone);
            }
            days.entry(day.date).or_default().add(fate.decision);
        }
    }
    let mut pressure: BTreeMap<u64, u64> = BTreeMap::new();
    for sends in handed.into_values() {
        *pressure.entry(sends).or_default() += 1;
    }
    let days = days.into_iter().map(|(date, view)| (date.to_string(), view)).collect();
    PressureView { since: since.to_string(), until: until.to_string(), total, days, pressure }
}

/// Whether it was sent to the person and they got it, as far as anybody knows.
fn arrived(fate: &Fate<'_>) -> bool {
    fate.channel != Some(Channel::Onsite) && !matches!(fate.status, Status::Bounced | Status::Failed)
}

/// The day that the walk is in: to find it for each send anew would take longer than the walk.
struct Day {
    date: Date,
    /// Its first instant, and the next day's.
    begins: i64,
    ends: i64,
}

impl Day {
    fn of(at: At, zone: &TimeZone) -> Self {
        let date = instant(at).to_zoned(zone.clone()).date();
        let first = |date: Date| -> Option<i64> {
            Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
        };
        let begins = first(date).unwrap_or(at.0);
        let ends = date.tomorrow().ok().and_then(first).unwrap_or(at.0 + 1);
        Self { date, begins, ends }
    }

    fn has(&self, at: At) -> bool {
        (self.begins..self.ends).contains(&at.0)
    }
}

fn instant(at: At) -> Timestamp {
    Timestamp::from_millisecond(at.0).expect("invariant: instants of the log are in range")
}

impl DayView {
    fn add(&mut self, decision: Decision) {
        self.wanted += 1;
        match decision {
            Decision::Send => self.sent += 1,
            Decision::Defer { .. } => self.deferred += 1,
            Decision::Drop { reason } => {
                self.withheld += 1;
                *self.reasons.entry(reason.name()).or_default() += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that goes back and one that goes on, the one of them at midnight, and a date that never was.
    #[test]
    fn a_day_has_the_instants_of_its_date_and_no_others() {
        for (zone, from) in [
            ("Europe/Rome", "2026-03-28T12:00:00Z"),
            ("Europe/Rome", "2026-10-24T12:00:00Z"),
            ("America/Sao_Paulo", "2018-11-03T12:00:00Z"),
            ("America/Sao_Paulo", "2018-02-17T12:00:00Z"),
            ("Pacific/Apia", "2011-12-29T00:00:00Z"),
        ] {
            let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).expect("it is bundled");
            let from = from.parse::<Timestamp>().expect("an instant").as_millisecond();
            let instants: Vec<At> = (0..3 * 24 * 60).map(|minutes| At(from + minutes * 60_000)).collect();
            let date = |at: At| instant(at).to_zoned(zone.clone()).date();
            for at in instants.iter().step_by(37) {
                let day = Day::of(*at, &zone);
                assert_eq!(day.date, date(*at));
                for other in &instants {
                    assert_eq!(day.has(*other), date(*other) == day.date, "{other} on {}", day.date);
                }
            }
        }
    }
}
