//! `editorial.yaml`: spaces, contributors and pieces.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::Node;
use engine::at::Span;
use engine::programme::{Contributor, Editorial, Expertise, Intent, Piece, PieceState, Place, Space};
use std::collections::BTreeMap;

/// Most hours that anything takes: a year of them.
const HOURS_MAX: f64 = 8_784.0;

impl Reading {
    pub(super) fn editorial(&mut self, file: FileId, node: &Node) -> Editorial {
        let root = Place("editorial".into());
        let Some(fields) = self.fields(file, node, &root, &["spaces", "contributors", "pieces"]) else {
            return Editorial::default();
        };
        Editorial {
            spaces: self.named(&fields, "spaces", &["url", "every"], Self::space),
            contributors: self.named(
                &fields,
                "contributors",
                &["hours a week", "expertise"],
                Self::contributor,
            ),
            pieces: self.named(
                &fields,
                "pieces",
                &["title", "space", "by", "on", "hours", "expertise", "intent", "state"],
                Self::piece,
            ),
        }
    }

    /// A group of fields for each name.
    fn named<T>(
        &mut self,
        fields: &Fields<'_>,
        group: &str,
        known: &[&str],
        read: fn(&mut Self, &Fields<'_>) -> T,
    ) -> BTreeMap<String, T> {
        let mut named = BTreeMap::new();
        let Some(node) = fields.get(group) else { return named };
        let root = fields.place.field(group);
        let Some(entries) = self.entries(fields.file, node, &root) else { return named };
        for (name, at, node) in entries.all() {
            let place = root.field(name);
            self.is_name(fields.file, at, &place, name);
            self.sources.note(&place, fields.file, at, None);
            if let Some(fields) = self.fields(fields.file, node, &place, known) {
                named.insert(name.to_owned(), read(self, &fields));
            } else {
                self.spoil(place);
            }
        }
        named
    }

    fn space(&mut self, fields: &Fields<'_>) -> Space {
        let url = self.optional_text(fields, "url").unwrap_or_default();
        let place = fields.place.field("every_days");
        let every = self.required(fields, "every", "7 days");
        let span = every.and_then(|node| self.span(fields.file, node, &place));
        let every_days = span.and_then(|span| u16::try_from(span.0 / Span::DAY.0).ok());
        if every_days.is_none() {
            self.spoil(place.clone());
        }
        if let Some(node) = every
            && span.is_some_and(|span| span.0 % Span::DAY.0 != 0 || every_days.is_none())
        {
            let message = "a beat is so many whole days";
            self.mistake(fields.file, node.at, &place, message, Some("for example `every: 7 days`".into()));
        }
        Space { url, every_days: every_days.unwrap_or(1) }
    }

    fn contributor(&mut self, fields: &Fields<'_>) -> Contributor {
        Contributor {
            minutes_a_week: self.minutes(fields, "hours a week").unwrap_or_default(),
            expertise: self.one_of(fields, "expertise", Expertise::ALL.map(|one| (one.name(), one))),
        }
    }

    fn piece(&mut self, fields: &Fields<'_>) -> Piece {
        Piece {
            title: self.required_text(fields, "title", "How olives are picked").unwrap_or_default(),
            space: self.required_text(fields, "space", "journal").unwrap_or_default(),
            by: self.required_text(fields, "by", "giulia").unwrap_or_default(),
            on: self.required_text(fields, "on", "2026-10-12").unwrap_or_default(),
            minutes: self.minutes(fields, "hours").unwrap_or_default(),
            expertise: self.one_of(fields, "expertise", Expertise::ALL.map(|one| (one.name(), one))),
            intent: self.one_of(fields, "intent", Intent::ALL.map(|one| (one.name(), one))),
            state: self.one_of(fields, "state", PieceState::ALL.map(|one| (one.name(), one))),
        }
    }

    /// Hours, perhaps with a fraction, in minutes.
    fn minutes(&mut self, fields: &Fields<'_>, name: &str) -> Option<u32> {
        let node = fields.get(name)?;
        let place = fields.place.field(name);
        let text = self.text(fields.file, node, &place)?;
        let hours = text.parse::<f64>().ok().filter(|hours| (0.0..=HOURS_MAX).contains(hours));
        if hours.is_none() {
            let message = format!("\"{text}\" is no number of hours");
            self.mistake(fields.file, node.at, &place, message, Some("for example `2.5`".into()));
        }
        hours.map(|hours| (hours * 60.0).round() as u32)
    }

    /// One of a few words, or what is usual where none is written.
    fn one_of<T: Copy + Default, const N: usize>(
        &mut self,
        fields: &Fields<'_>,
        name: &str,
        words: [(&str, T); N],
    ) -> T {
        let Some(text) = self.optional_text(fields, name) else { return T::default() };
        if let Some((_, found)) = words.iter().find(|(word, _)| *word == text) {
            return *found;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let place = fields.place.field(name);
        let at = fields.get(name).map_or(fields.at, |node| node.at);
        let message = format!("\"{text}\" is none of the words that fit here");
        self.mistake(fields.file, at, &place, message, Some(format!("write {}", known.join(", "))));
        T::default()
    }
}
