//! What a key figure is: its row of the one table, with the SQL behind it in the days that are asked for.

use super::{Asked, Wrong};
use engine::programme::nearest;
use measure::kpi::table::{DEFINITIONS, Definition, definition};
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

/// What a key figure is, and the SQL behind it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct KpiDefinition {
    pub name: &'static str,
    pub title: &'static str,
    pub formula: String,
    pub unit: &'static str,
    /// How its interval is found.
    pub interval: &'static str,
    /// What it is told from.
    pub source: &'static str,
    /// What it is not.
    pub note: &'static str,
    /// Of everybody in the days asked for, or ever; the lake answers it as it stands, and so does DuckDB.
    pub sql: String,
}

/// The figure of a name. The field at fault is `name` where there is none.
pub fn defined(name: &str, days: &OfDays) -> Result<KpiDefinition, Wrong> {
    let found = definition(name).ok_or_else(|| {
        let way_out = match nearest(name, DEFINITIONS.iter().map(|one| one.name)) {
            Some(near) => format!("did you mean {near}?"),
            None => "docs/reference/kpis.md has all of them".to_owned(),
        };
        Wrong { field: "name", reason: format!("there is no key figure \"{name}\": {way_out}") }
    })?;
    let asked = Asked { from: days.from.clone(), until: days.until.clone(), ..Asked::default() };
    let Definition { name, title, unit, interval, source, note, .. } = *found;
    let (unit, interval) = (unit.name(), interval.name());
    let (formula, sql) = (found.formula(), found.sql_of(asked.days()?));
    Ok(KpiDefinition { name, title, formula, unit, interval, source, note, sql })
}
