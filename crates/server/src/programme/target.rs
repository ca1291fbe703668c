//! `targets:` of `programme.yaml`, by the names of the [table of key figures](measure::kpi::table): read, checked against the
//! table, and written.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::write::scalar;
use super::yaml::Node;
use crate::amount::scaled;
use engine::programme::{Mistake, Place, Programme, Target, TargetPeriod, decimal, is_currency, nearest};
use measure::kpi::table::{DEFINITIONS, Definition, Unit, definition};
use measure::kpi::target::Growth;
use std::collections::BTreeMap;
use std::fmt::Write;

impl Reading {
    pub(super) fn targets(&mut self, fields: &Fields<'_>) -> BTreeMap<String, Target> {
        let mut targets = BTreeMap::new();
        let Some(node) = fields.get("targets") else { return targets };
        let own = self.optional_text(fields, "currency");
        let root = Place("targets".into());
        let Some(entries) = self.entries(fields.file, node, &root) else { return targets };
        for (name, at, node) in entries.all() {
            let place = root.field(name);
            self.sources.note(&place, fields.file, at, None);
            match self.target(fields.file, node, &place, (definition(name), own.as_deref())) {
                Some(target) => _ = targets.insert(name.to_owned(), target),
                None => self.spoil(place),
            }
        }
        targets
    }

    fn target(
        &mut self,
        file: FileId,
        node: &Node,
        place: &Place,
        (figure, own): (Option<&Definition>, Option<&str>),
    ) -> Option<Target> {
        let fields = self.fields(file, node, place, &["value", "currency", "per"])?;
        let unit = figure.map(|figure| figure.unit);
        self.required(&fields, "value", example(unit))?;
        let text = self.optional_text(&fields, "value")?;
        let millionths = match text.strip_suffix('%') {
            Some(_) if unit.is_some_and(|unit| unit != Unit::Share) => None,
            Some(percent) => scaled(percent, 4),
            None => scaled(&text, 6),
        };
        let Some(millionths) = millionths else {
            let what = if unit == Some(Unit::Share) { "share" } else { "number" };
            let suggestion = format!("for example `value: {}`", example(unit));
            self.mistake_at(&place.field("value"), format!("\"{text}\" is no {what}"), &suggestion);
            return None;
        };
        let own = own.filter(|_| unit == Some(Unit::Money)).map(str::to_owned);
        Some(Target {
            millionths,
            currency: self.optional_text(&fields, "currency").or(own),
            per: self.word(&fields, "per", &TargetPeriod::ALL.map(|period| (period.name(), period))),
        })
    }
}

fn example(unit: Option<Unit>) -> &'static str {
    match unit {
        Some(Unit::Share) => "4%",
        Some(Unit::Ratio) => "3.5",
        Some(Unit::Money | Unit::Count) | None => "1200",
    }
}

/// Targets that the table of figures does not bear out.
pub(crate) fn mistakes(programme: &Programme) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut add = |place: Place, message: String, suggestion: String| {
        mistakes.push(Mistake { place, offset: None, message, suggestion: Some(suggestion) });
    };
    for (name, target) in &programme.targets {
        let place = Place("targets".to_owned()).field(name);
        let Some(figure) = definition(name) else {
            let names = DEFINITIONS.iter().map(|figure| figure.name);
            let suggestion = match nearest(name, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the figures are: {}", names.collect::<Vec<_>>().join(", ")),
            };
            add(place, format!("there is no key figure \"{name}\""), suggestion);
            continue;
        };
        if let Some((message, suggestion)) = wrong_value(figure, target) {
            add(place.field("value"), message, suggestion);
        }
        if let Some((message, suggestion)) = wrong_currency(figure, target, programme.currency.as_deref()) {
            add(place.field("currency"), message, suggestion);
        }
        if let Some((message, suggestion)) = wrong_period(figure, target) {
            add(place.field("per"), message, suggestion);
        }
    }
    mistakes
}

type Wrong = Option<(String, String)>;

fn wrong_value(figure: &Definition, target: &Target) -> Wrong {
    let example = example(Some(figure.unit));
    if target.millionths <= 0 {
        let message = "a target is more than nothing".to_owned();
        return Some((message, format!("for example `value: {example}`")));
    }
    let is_too_much = figure.unit == Unit::Share && target.millionths > 1_000_000;
    is_too_much.then(|| {
        let percent = decimal(target.millionths.into());
        let message = format!("{} is a share, between 0 and 1, or up to 100%", figure.name);
        (message, format!("did you mean `value: {}%`?", trimmed(&percent)))
    })
}

fn wrong_currency(figure: &Definition, target: &Target, own: Option<&str>) -> Wrong {
    match (figure.unit, target.currency.as_deref(), own) {
        (Unit::Money, None, _) => {
            let suggestion = "add `currency: EUR` here, or to programme.yaml for all amounts";
            Some(("nobody says in which currency this is".to_owned(), suggestion.to_owned()))
        }
        (Unit::Money, Some(said), _) if !is_currency(said) => {
            Some((format!("\"{said}\" is no currency"), "write its three letters, such as `EUR`".to_owned()))
        }
        (Unit::Money, Some(said), Some(own)) if said != own => {
            let message = format!("figures of this programme are in {own}, and this is in {said}");
            Some((message, format!("write the target in {own}")))
        }
        (Unit::Money, ..) | (_, None, _) => None,
        (_, Some(_), _) => {
            let message = format!("{} is no money, and has no currency", figure.name);
            Some((message, "leave `currency` out".to_owned()))
        }
    }
}

fn wrong_period(figure: &Definition, target: &Target) -> Wrong {
    match (Growth::of(figure), target.per) {
        (Growth::AddsUp, None) => {
            let message = format!("nobody says in how long a time {} is to come to this", figure.name);
            Some((message, "write `per: week`, `per: month` or `per: quarter`".to_owned()))
        }
        (Growth::OfLength, None) => {
            let message = format!("{} is another figure for a week than for a month", figure.name);
            Some((message, "write `per: week`, `per: month` or `per: quarter`".to_owned()))
        }
        (Growth::Steady, Some(_)) => {
            let message = format!("{} does not add up, and its target is the same for any time", figure.name);
            Some((message, "leave `per` out".to_owned()))
        }
        _ => None,
    }
}

/// A target as its entry says it.
pub(super) fn written(name: &str, target: &Target) -> String {
    let Target { millionths, currency, per } = target;
    let millionths = i128::from(*millionths);
    let value = match definition(name).map(|figure| figure.unit) {
        Some(Unit::Share) => format!("{}%", trimmed(&decimal(millionths * 100))),
        _ => trimmed(&decimal(millionths)).to_owned(),
    };
    let mut text = format!("{name}:\n  value: {value}\n");
    if let Some(currency) = currency {
        let _ = writeln!(text, "  currency: {}", scalar(currency));
    }
    if let Some(per) = per {
        let _ = writeln!(text, "  per: {}", per.name());
    }
    text
}

/// `300` and not `300.00`; money keeps the decimals that it has.
fn trimmed(decimal: &str) -> &str {
    decimal.strip_suffix(".00").unwrap_or(decimal)
}
