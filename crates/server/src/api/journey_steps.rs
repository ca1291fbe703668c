//! How people went through the steps of a journey in some days.

use super::extract::Query;
use crate::hub::Hub;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use engine::engine::{Engine, VersionView as Inside};
use engine::programme::{Journey, Step as Defined};
use eventlog::Error;
use jiff::civil::Date;
use measure::steps::{Step, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which days.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct During {
    /// From this day on, where the programme is: `2026-01-31`. From the first record on, when absent.
    from: Option<String>,
    /// Up to this day, the day itself among them.
    until: Option<String>,
}

/// How people went through each step of a journey.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct JourneySteps {
    journey: String,
    from: Option<String>,
    until: Option<String>,
    /// Up to which instant, and which place, the log was read.
    as_of: String,
    seq: u64,
    /// Times in which nothing could be counted, since somebody was erased and the log from before is no longer told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<GapView>,
    /// Those in which anybody moved or is, and the live one; by their numbers.
    versions: Vec<VersionSteps>,
}

#[derive(Serialize, utoipa::ToSchema)]
struct GapView {
    from: String,
    to: String,
}

#[derive(Serialize, utoipa::ToSchema)]
struct VersionSteps {
    version: u32,
    live: bool,
    /// Runs that began.
    entered: u64,
    /// Of those: withheld to measure the journey's effect. They pass every step, and nothing is done in it.
    held_out: u64,
    /// Runs that reached the goal, wherever they were, or after they had ended.
    reached_goal: u64,
    /// In their order; `end` is behind the last one.
    steps: Vec<StepFigures>,
}

/// What happened at one step. Of those who ever came in, each has gone on, has left, or is there now.
#[derive(Serialize, utoipa::ToSchema)]
struct StepFigures {
    /// Its name, or its number: `2`, and inside the second way of a branch or a split `2b.1`.
    step: String,
    /// Of a step that sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    came_in: u64,
    /// Of those who came in.
    held_out: u64,
    /// By the step that they went on to, which is the way that a branch or a split led them.
    went_on: BTreeMap<String, u64>,
    /// Runs that ended here: `end` of the steps, by the `exit_rule`, `merged` with a run of the same person, as the journey was
    /// `changed`, to go on in a `newer` version, or as the person was `erased`.
    left: BTreeMap<&'static str, u64>,
    /// Reached the goal while they were here.
    reached_goal: u64,
    /// Who is there at this moment, whenever they came.
    here_now: u64,
}

/// What happened at each step of a journey within some days: who came in, went on and where to, and left and why; and who is
/// there now. It is counted from the log, so the first answer of a process takes a while.
#[utoipa::path(
    get,
    path = "/api/v1/journeys/{name}/steps",
    params(("name" = String, Path, description = "Its name in the programme"), During),
    responses((status = 200, body = JourneySteps), (status = 400, body = Problem), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(name): Path<String>,
    Query(During { from, until }): Query<During>,
) -> Result<Json<JourneySteps>, Problem> {
    let days = (day("from", from.as_deref())?, day("until", until.as_deref())?);
    if let (Some(from), Some(until)) = days
        && until < from
    {
        return Err(Problem::bad_request("bad_days", "until", "the last day lies before the first"));
    }
    let known = name.clone();
    let read = move |engine: &Engine| {
        let definitions: BTreeMap<u32, Journey> = engine.definitions_of(&known).collect();
        (definitions, engine.versions_of(&known), engine.programme().timezone.clone())
    };
    let (definitions, inside, zone) = hub.runtime.read(read).await;
    if definitions.is_empty() {
        return Err(Problem::not_found(format!("there is no journey \"{name}\"")));
    }
    let asked = Arc::clone(&hub);
    let count = move || asked.steps.of((&asked.log, &asked.data), &zone, days);
    let told = hub.patient.spawn_blocking(count).await.expect("invariant: counting does not panic");
    let told = told.map_err(|error: Error| Problem::internal(&error.into()))?;
    let counted: BTreeMap<u32, &Version> = told.counted.of(&name).collect();
    let none = Version::default();
    let versions = definitions.iter().filter_map(|(number, definition)| {
        let here = inside.iter().find(|one| one.version == *number);
        let of = counted.get(number).copied();
        (here.is_some() || of.is_some()).then(|| version(*number, definition, of.unwrap_or(&none), here))
    });
    Ok(Json(JourneySteps {
        versions: versions.collect(),
        journey: name,
        from,
        until,
        as_of: told.at.to_string(),
        seq: told.seq.0,
        gaps: told
            .gaps
            .iter()
            .map(|gap| GapView { from: gap.from.to_string(), to: gap.to.to_string() })
            .collect(),
    }))
}

fn day(field: &'static str, text: Option<&str>) -> Result<Option<Date>, Problem> {
    let wrong = |text| {
        let message = format!("\"{text}\" is no day: write it as 2026-01-31");
        Problem::bad_request("bad_day", field, message)
    };
    text.map(|text| text.parse().map_err(|_| wrong(text))).transpose()
}

fn version(number: u32, definition: &Journey, of: &Version, inside: Option<&Inside>) -> VersionSteps {
    let here = inside.into_iter().flat_map(|one| &one.positions);
    let here: BTreeMap<&str, u64> = here.map(|(place, people)| (&**place, *people)).collect();
    let none = Step::default();
    let places = definition.places().into_iter().chain([END.to_owned()]);
    let steps = places.map(|place| {
        let step = of.steps.get(&*place).unwrap_or(&none);
        let message = definition.step(&place).and_then(|step| match step {
            Defined::Send { message, .. } => Some(message.clone()),
            _ => None,
        });
        StepFigures {
            message,
            came_in: step.came_in,
            held_out: step.held_out,
            went_on: step.went_on.iter().map(|(to, people)| (to.to_string(), *people)).collect(),
            left: step.left.iter().map(|(by, people)| (by.name(), *people)).collect(),
            reached_goal: step.reached_goal,
            here_now: here.get(place.as_str()).copied().unwrap_or_default(),
            step: place,
        }
    });
    VersionSteps {
        version: number,
        live: inside.is_some_and(|one| one.live),
        entered: of.entered,
        held_out: of.held_out,
        reached_goal: of.reached_goal,
        steps: steps.collect(),
    }
}

/// The place behind the last step.
const END: &str = "end";
