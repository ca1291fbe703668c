//! Reports: figures that go to people of the company by email, by the calendar.

use super::enter::Enter;
use super::schedule::Schedule;
use super::{Mistake, Place, Programme};
use crate::identifier::{IdentifierKind, normalise};
use crate::limits::{REPORT_DAYS_MAX, REPORT_RECIPIENTS_MAX, REPORTS_MAX};
use serde::{Deserialize, Serialize};

/// A report. Its recipients are operators and no profiles: nobody is asked for a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// `Name <address>`.
    pub from: String,
    pub to: Vec<String>,
    /// `every monday at 08:00`, where the programme is.
    pub when: String,
    /// Whole days that it tells of, those just before its own.
    pub days: u32,
    /// The language that it is written in.
    pub language: String,
    /// What it tells, in this order.
    pub sections: Vec<ReportSection>,
}

/// A part of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportSection {
    /// Key figures beside those of as many days before.
    Figures,
    /// Visits, leads, orders and revenue day by day.
    Days,
    /// What channels cost and brought.
    Channels,
    /// The same of campaigns.
    Campaigns,
    /// What is to come.
    Forecast,
}

impl ReportSection {
    pub const ALL: [Self; 5] = [Self::Figures, Self::Days, Self::Channels, Self::Campaigns, Self::Forecast];

    pub fn name(self) -> &'static str {
        match self {
            Self::Figures => "figures",
            Self::Days => "days",
            Self::Channels => "channels",
            Self::Campaigns => "campaigns",
            Self::Forecast => "forecast",
        }
    }
}

/// Languages that reports are written in.
pub const REPORT_LANGUAGES: [&str; 3] = ["en", "it", "fr"];

impl Default for Report {
    fn default() -> Self {
        Self {
            from: String::new(),
            to: Vec::new(),
            when: "every monday at 08:00".to_owned(),
            days: 7,
            language: "en".to_owned(),
            sections: ReportSection::ALL.to_vec(),
        }
    }
}

impl Report {
    /// When it comes; `None` only where the programme has a mistake.
    pub(crate) fn schedule(&self) -> Option<Schedule> {
        match Enter::parse(&self.when) {
            Ok(Enter::Schedule(schedule)) => Some(schedule),
            _ => None,
        }
    }

    fn mistakes(&self, place: &Place, add: &mut impl FnMut(Place, String, &str)) {
        let is_address = |text: &str| {
            let bare = text.split_once('<').map_or(text, |(_, rest)| rest.strip_suffix('>').unwrap_or(""));
            normalise(IdentifierKind::Email, bare).is_ok()
        };
        if !is_address(&self.from) {
            let message = format!("\"{}\" is no email address", self.from);
            add(place.field("from"), message, "for example `Bottega <ciao@bottega.example>`");
        }
        if self.to.is_empty() || self.to.len() > REPORT_RECIPIENTS_MAX {
            let message = format!("a report goes to from 1 to {REPORT_RECIPIENTS_MAX} addresses");
            add(place.field("to"), message, "for example `[anna@bottega.example]`");
        }
        for (index, address) in self.to.iter().enumerate().filter(|(_, one)| !is_address(one)) {
            let message = format!("\"{address}\" is no email address");
            add(place.field("to").index(index), message, "for example `anna@bottega.example`");
        }
        if self.schedule().is_none() {
            let message = format!("\"{}\" is no time of the calendar", self.when);
            add(place.field("when"), message, "for example `every monday at 08:00`");
        }
        if !(1..=REPORT_DAYS_MAX).contains(&self.days) {
            let message = format!("a report tells of from 1 to {REPORT_DAYS_MAX} days");
            add(place.field("days"), message, "for example `7`");
        }
        if !REPORT_LANGUAGES.contains(&self.language.as_str()) {
            let message = format!("reports are not written in \"{}\"", self.language);
            add(place.field("language"), message, "write en, it or fr");
        }
        if self.sections.is_empty() {
            let message = "a report without a section tells nothing".to_owned();
            add(place.field("sections"), message, "leave it out for all of them");
        }
    }
}

impl Programme {
    /// What is wrong with its reports.
    pub(super) fn report_mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        let mut add = |place: Place, message: String, suggestion: &str| {
            let suggestion = Some(suggestion.to_owned());
            mistakes.push(Mistake { place, offset: None, message, suggestion });
        };
        let root = Place("reports".to_owned());
        if self.reports.len() > REPORTS_MAX {
            let message = format!("a programme has at most {REPORTS_MAX} reports");
            add(root.clone(), message, "let one go to several people");
        }
        for (name, report) in &self.reports {
            report.mistakes(&root.field(name), &mut add);
        }
        mistakes
    }
}
