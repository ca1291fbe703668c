//! A journey as a file: entry, exit and goal. Its steps are read in a file of their own.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::at::Span;
use engine::programme::{Channel, Goal, Journey, OnChange, Place, Reenter, nearest};

const FIELDS: [&str; 10] =
    ["journey", "purpose", "enter", "for", "reenter", "exit", "goal", "holdout", "on change", "steps"];

impl Reading {
    /// The journey of one file, with its name.
    pub(super) fn journey(&mut self, file: FileId, node: &Node) -> Option<(String, Journey)> {
        let nowhere = Place("journeys".to_owned());
        let mut fields = self.fields(file, node, &nowhere, &FIELDS)?;
        let Some(name) = self.required_text(&fields, "journey", "cart-reminder") else {
            self.incomplete = true;
            return None;
        };
        let place = nowhere.field(&name);
        let at = fields.get("journey").map_or(node.at, |value| value.at);
        self.is_name(file, at, &place, &name);
        if self.sources.knows(&place) {
            self.mistake(file, at, &place, format!("a journey \"{name}\" is defined twice"), None);
            return None;
        }
        self.sources.note(&place, file, at, None);
        fields.place = place;
        let journey = Journey {
            purpose: self.required_text(&fields, "purpose", "offers").unwrap_or_default(),
            enter: self.enter(&fields).unwrap_or_default(),
            audience: self.optional_text(&fields, "for"),
            reenter: self.reenter(&fields),
            exit: self.optional_text(&fields, "exit"),
            goal: self.goal(&fields),
            holdout_permille: self.holdout(&fields),
            on_change: self.on_change(&fields),
            steps: match self.required(&fields, "steps", "[{ send: welcome }]") {
                Some(steps) => self.steps(file, steps, &fields.place.field("steps")),
                None => Vec::new(),
            },
        };
        Some((name, journey))
    }

    /// A text; or `{ on: trait.birthday, yearly, at: "09:00", before: 3 days }`, which is one in other words.
    fn enter(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = self.required(fields, "enter", "did \"Product Added\"")?;
        let place = fields.place.field("enter");
        if node.text().is_some() || !matches!(node.content, Content::Map(_)) {
            return self.text(fields.file, node, &place);
        }
        let date = self.fields(fields.file, node, &place, &["on", "yearly", "at", "before"])?;
        let on = self.required_text(&date, "on", "trait.birthday");
        let at = self.required_text(&date, "at", "\"09:00\"");
        let yearly = match date.get("yearly").and_then(Node::text) {
            None => date.key("yearly").is_some(),
            Some("true") => true,
            Some("false") => false,
            Some(other) => {
                let message = format!("\"{other}\" is neither true nor false");
                self.mistake_at(&place, message, "write `yearly` alone, or leave it out");
                false
            }
        };
        let before = self.optional_text(&date, "before");
        let (Some(on), Some(at)) = (on, at) else {
            self.spoil(place);
            return None;
        };
        let yearly = if yearly { " yearly" } else { "" };
        let before = before.map(|before| format!(" before {before}")).unwrap_or_default();
        Some(format!("on {on}{yearly} at {at}{before}"))
    }

    /// `finish`, `move` or `exit`.
    fn on_change(&mut self, fields: &Fields<'_>) -> OnChange {
        let Some(text) = self.optional_text(fields, "on change") else { return OnChange::default() };
        let known = OnChange::ALL.into_iter().find(|one| one.name() == text);
        known.unwrap_or_else(|| {
            let message = format!("\"{text}\" does not say what becomes of those on an older version");
            self.mistake_at(&fields.place.field("on change"), message, "write `finish`, `move` or `exit`");
            OnChange::default()
        })
    }

    /// `always`, `never` or `after 7 days`.
    fn reenter(&mut self, fields: &Fields<'_>) -> Reenter {
        let Some(text) = self.optional_text(fields, "reenter") else { return Reenter::default() };
        let after = text.strip_prefix("after ").and_then(Span::parse);
        match (text.as_str(), after) {
            ("always", _) => Reenter::Always,
            ("never", _) => Reenter::Never,
            (_, Some(span)) => Reenter::After(span),
            _ => {
                let message = format!("\"{text}\" does not say when somebody may enter again");
                let suggestion = "write `always`, `never` or, for example, `after 7 days`";
                self.mistake_at(&fields.place.field("reenter"), message, suggestion);
                Reenter::default()
            }
        }
    }

    fn goal(&mut self, fields: &Fields<'_>) -> Option<Goal> {
        let node = fields.get("goal")?;
        let goal = self.fields(fields.file, node, &fields.place.field("goal"), &["did", "within"])?;
        let did = self.required_text(&goal, "did", "'did \"Order Completed\"'");
        let within = self.required(&goal, "within", "3 days");
        let within = within.and_then(|node| self.span(goal.file, node, &goal.place.field("within")));
        Some(Goal { did: did.unwrap_or_default(), within: within.unwrap_or_default() })
    }

    /// `10%`, to a tenth of one.
    pub(super) fn holdout(&mut self, fields: &Fields<'_>) -> u16 {
        let Some(text) = self.optional_text(fields, "holdout") else { return 0 };
        self.permille(&text, &fields.place.field("holdout"))
    }

    /// A share of people, in thousandths.
    pub(super) fn permille(&mut self, text: &str, place: &Place) -> u16 {
        let percent = text.strip_suffix('%').and_then(|number| number.trim_end().parse::<f64>().ok());
        let permille = percent.map(|percent| percent * 10.0);
        match permille.filter(|permille| (0.0..=1000.0).contains(permille) && permille.fract() == 0.0) {
            Some(permille) => permille as u16,
            None => {
                let message = format!("\"{text}\" is no share of people");
                let suggestion = "write a percentage with at most one decimal, for example `10%`";
                self.mistake_at(place, message, suggestion);
                0
            }
        }
    }

    /// Channels by name: a list, or one alone.
    pub(super) fn channels(&mut self, file: FileId, node: &Node, place: &Place) -> Vec<Channel> {
        let mut channels = Vec::new();
        for (index, element) in self.list(file, node, place, true).iter().enumerate() {
            let place = place.index(index);
            let Some(name) = self.text(file, element, &place) else { continue };
            match Channel::parse(&name) {
                Some(channel) if channels.contains(&channel) => {
                    self.mistake(file, element.at, &place, format!("{name} is named twice"), None);
                }
                Some(channel) => channels.push(channel),
                None => {
                    let names = Channel::ALL.map(Channel::name);
                    let suggestion = match nearest(&name, names) {
                        Some(near) => format!("did you mean {near}?"),
                        None => format!("known channels: {}", names.join(", ")),
                    };
                    self.mistake(
                        file,
                        element.at,
                        &place,
                        format!("unknown channel \"{name}\""),
                        Some(suggestion),
                    );
                }
            }
        }
        channels
    }

    /// A mistake in the text that was noted at a place.
    pub(super) fn mistake_at(&mut self, place: &Place, message: String, suggestion: &str) {
        let (file, at) = self.sources.find(place, None);
        self.mistake(file, at, place, message, Some(suggestion.to_owned()));
    }
}
