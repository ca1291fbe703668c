//! `reports:` of `programme.yaml`.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::Node;
use engine::programme::{Place, Report, ReportSection, nearest};
use std::collections::BTreeMap;

impl Reading {
    pub(super) fn reports(&mut self, fields: &Fields<'_>) -> BTreeMap<String, Report> {
        let mut reports = BTreeMap::new();
        let Some(node) = fields.get("reports") else { return reports };
        let place = Place("reports".into());
        let Some(entries) = self.entries(fields.file, node, &place) else { return reports };
        for (name, at, node) in entries.all() {
            let place = place.field(name);
            self.is_name(fields.file, at, &place, name);
            match self.report(fields.file, node, &place) {
                Some(report) => _ = reports.insert(name.to_owned(), report),
                None => self.spoil(place),
            }
        }
        reports
    }

    fn report(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Report> {
        let known = ["from", "to", "when", "days", "language", "sections"];
        let fields = self.fields(file, node, place, &known)?;
        let usual = Report::default();
        let from = self.required_text(&fields, "from", "\"Bottega <ciao@bottega.example>\"");
        if from.is_none() {
            self.spoil(place.field("from"));
        }
        let to = self.required(&fields, "to", "[anna@bottega.example]");
        if to.is_none() {
            self.spoil(place.field("to"));
        }
        let to = to.map(|node| self.names(file, node, &place.field("to")));
        let days = fields.get("days").and_then(|_| self.required_count(&fields, "days", "days", "7"));
        let sections = fields.get("sections").map(|node| self.report_sections(file, node, place));
        Some(Report {
            from: from.unwrap_or_default(),
            to: to.unwrap_or_default(),
            when: self.optional_text(&fields, "when").unwrap_or(usual.when),
            days: days.unwrap_or(usual.days),
            language: self.optional_text(&fields, "language").unwrap_or(usual.language),
            sections: sections.unwrap_or(usual.sections),
        })
    }

    fn report_sections(&mut self, file: FileId, node: &Node, place: &Place) -> Vec<ReportSection> {
        let place = place.field("sections");
        let mut sections = Vec::new();
        for (index, name) in self.names(file, node, &place).into_iter().enumerate() {
            match ReportSection::ALL.into_iter().find(|one| one.name() == name) {
                Some(section) => sections.push(section),
                None => {
                    let names = ReportSection::ALL.map(ReportSection::name);
                    let suggestion = match nearest(&name, names) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("one of: {}", names.join(", ")),
                    };
                    let message = format!("\"{name}\" is no section of a report");
                    self.mistake_at(&place.index(index), message, &suggestion);
                }
            }
        }
        sections
    }
}
