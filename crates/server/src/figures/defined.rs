//! What a key figure is: its row of the one table, with the SQL behind it in the days that are asked for.

use super::{Asked, Wrong};
use engine::programme::nearest;
use measure::kpi::table::{DEFINITIONS, Definition, definition};
use measure::kpi::target::{Bound, Growth};
use serde::{Deserialize, Serialize};

/// The days for which a figure's SQL is told.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfDays {
    /// From this day on, where the programme is: `2026-01-31`.
    pub from: Option<String>,
    /// Up to this day, the day itself among them.
    pub until: Option<String>,
}

/// The table of key figures.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeyFigureList {
    figures: Vec<KeyFigure>,
}

impl KeyFigureList {
    pub fn all() -> Self {
        Self { figures: DEFINITIONS.iter().map(KeyFigure::of).collect() }
    }
}

/// What a key figure is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct KeyFigure {
    name: &'static str,
    title: &'static str,
    formula: String,
    /// `money`, `share`, `ratio` or `count`.
    unit: &'static str,
    /// `at_least`, or of money that goes out `at_most`: which side of a target is the good one.
    bound: &'static str,
    /// `adds_up` over time, `of_length` (it is another figure for another length of time) or `steady`.
    growth: &'static str,
    /// How its interval is found.
    interval: &'static str,
    /// What it is told from.
    source: &'static str,
    /// What it is not.
    note: &'static str,
}

impl KeyFigure {
    fn of(figure: &Definition) -> Self {
        Self {
            name: figure.name,
            title: figure.title,
            formula: figure.formula(),
            unit: figure.unit.name(),
            bound: Bound::of(figure).name(),
            growth: Growth::of(figure).name(),
            interval: figure.interval.name(),
            source: figure.source,
            note: figure.note,
        }
    }
}

/// What a key figure is, and the SQL behind it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KeyFigureInSql {
    #[serde(flatten)]
    figure: KeyFigure,
    /// Of everybody in the days asked for, or ever; the lake answers it as it stands, and so does DuckDB.
    pub sql: String,
}

/// The figure of a name. The field at fault is `name` where there is none.
pub fn defined(name: &str, days: &OfDays) -> Result<KeyFigureInSql, Wrong> {
    let found = definition(name).ok_or_else(|| {
        let way_out = match nearest(name, DEFINITIONS.iter().map(|one| one.name)) {
            Some(near) => format!("did you mean {near}?"),
            None => "docs/reference/kpis.md has all of them".to_owned(),
        };
        Wrong { field: "name", reason: format!("there is no key figure \"{name}\": {way_out}") }
    })?;
    let asked = Asked { from: days.from.clone(), until: days.until.clone(), ..Asked::default() };
    Ok(KeyFigureInSql { figure: KeyFigure::of(found), sql: found.sql_of(asked.days()?) })
}
