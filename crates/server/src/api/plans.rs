//! What making a programme live would change: told by a copy of the engine on which it is, so that nothing is guessed and
//! nobody notices.

use super::definitions::{NamedView, named};
use crate::programme::{Change, Kind, differences};
use engine::engine::{Engine, Refusal};
use engine::programme::{Journey, OnChange, Programme};
use engine::record::{ProgrammeApplied, Record};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What would become of definitions, segments, and people on their way.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PlanView {
    changes: Vec<DifferenceView>,
    /// Those into or out of which anybody would move.
    segments: Vec<MovedView>,
    /// Those that become others and have people inside.
    journeys: Vec<InsideView>,
}

/// How one definition differs.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct DifferenceView {
    #[serde(flatten)]
    named: NamedView,
    /// `added`, `removed` or `changed`.
    change: &'static str,
    /// Of a change: lines with `+`, `-` or a space before each, and `…` where unchanged ones are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
}

/// Who moves into a segment and out of it.
#[derive(Serialize, utoipa::ToSchema)]
struct MovedView {
    name: String,
    before: u64,
    after: u64,
    entered: u64,
    left: u64,
}

/// People on their way through a journey that becomes another.
#[derive(Serialize, utoipa::ToSchema)]
struct InsideView {
    name: String,
    people: u64,
    steps: Vec<StepView>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = PlannedStep)]
struct StepView {
    step: String,
    people: u64,
    /// `finish`: they go on as they began; `move`: to the same step of the new version; `exit`: their run ends.
    becomes: &'static str,
}

pub(super) fn difference_views(from: &Programme, to: &Programme, with_lines: bool) -> Vec<DifferenceView> {
    let view = |one: crate::programme::Difference| {
        let (change, lines) = match one.change {
            Change::Added => ("added", Vec::new()),
            Change::Removed => ("removed", Vec::new()),
            Change::Changed(lines) => ("changed", lines),
        };
        let lines = if with_lines { lines } else { Vec::new() };
        DifferenceView { named: named(one.kind, &one.name), change, lines }
    };
    differences(from, to).into_iter().map(view).collect()
}

/// What a programme would change if it were live now.
pub(super) fn foresee(engine: &Engine, programme: &Programme) -> Result<PlanView, Refusal> {
    let definition = serde_json::to_string(programme).expect("invariant: a programme is plain JSON");
    let applied = ProgrammeApplied { applied_at: engine.at(), operator: "", definition: &definition };
    let record = Record::ProgrammeApplied(applied);
    engine.check(&record)?;
    let mut copy = engine.clone();
    copy.apply(engine.seq().next(), engine.at(), &record, &mut Vec::new());
    let before = engine.programme();
    Ok(PlanView {
        changes: difference_views(before, programme, true),
        segments: segments(engine, &copy),
        journeys: journeys(engine, before, programme),
    })
}

fn segments(before: &Engine, after: &Engine) -> Vec<MovedView> {
    let counts = |engine: &Engine| -> BTreeMap<String, u64> {
        engine.segments().into_iter().map(|one| (one.name.to_owned(), one.count)).collect()
    };
    let (old, new) = (counts(before), counts(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let moved = names.into_iter().map(|name| MovedView {
        before: old.get(name).copied().unwrap_or_default(),
        after: new.get(name).copied().unwrap_or_default(),
        entered: after.inside_here_only(before, name),
        left: before.inside_here_only(after, name),
        name: name.clone(),
    });
    moved.filter(|one| one.entered + one.left > 0).collect()
}

fn journeys(engine: &Engine, before: &Programme, after: &Programme) -> Vec<InsideView> {
    let changed = differences(before, after).into_iter().filter(|one| one.kind == Kind::Journey);
    let old = changed.filter(|one| one.change != Change::Added);
    let inside = old.map(|one| {
        let journey = after.journeys.get(&one.name);
        let places = journey.map(Journey::places).unwrap_or_default();
        let becomes = |step: &str| match journey.map(|journey| journey.on_change) {
            Some(OnChange::Exit) => "exit",
            Some(OnChange::Move) if places.iter().any(|place| place == step) => "move",
            _ => "finish",
        };
        let mut by_step: BTreeMap<String, u64> = BTreeMap::new();
        for (step, people) in engine.versions_of(&one.name).into_iter().flat_map(|version| version.positions)
        {
            *by_step.entry(step.to_string()).or_default() += people;
        }
        let steps = by_step.into_iter();
        let steps: Vec<StepView> =
            steps.map(|(step, people)| StepView { becomes: becomes(&step), step, people }).collect();
        InsideView { name: one.name, people: steps.iter().map(|step| step.people).sum(), steps }
    });
    inside.filter(|journey| journey.people > 0).collect()
}
