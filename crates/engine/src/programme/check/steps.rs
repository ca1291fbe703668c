//! What is wrong with the steps of a journey that wait by a clock, split, update and begin other journeys.

use super::{Check, did_you_mean};
use crate::limits::JOURNEY_STEPS_MAX;
use crate::local::{TimeOfDay, WEEKDAYS, Weekdays};
use crate::programme::webhook::wrong_wait;
use crate::programme::{Appointment, Place, Step, Way, WebhookStep, nearest};
use crate::segment::Expression;
use serde_json::Value as Json;
use std::collections::BTreeMap;

impl Check<'_> {
    pub(super) fn further_step(&mut self, place: &Place, step: &Step, purpose: &str) {
        match step {
            Step::WaitDate(until) => match Appointment::parse(until) {
                Some(Ok(_)) => {}
                Some(Err(wrong)) => self.mistakes.push(wrong.at(place.field("until"))),
                None => {
                    let suggestion = "write `2026-12-24`, or `trait.` and a name, perhaps with `- 7 days`";
                    self.add(
                        &place.field("until"),
                        format!("\"{until}\" is no date to wait for"),
                        Some(suggestion.to_owned()),
                    );
                }
            },
            Step::WaitLocal { time, weekdays } => self.local(place, time.as_deref(), weekdays),
            Step::Split { ways, .. } => self.split(&place.field("split"), ways, purpose),
            Step::Update(traits) => self.update(&place.field("update"), traits),
            Step::Webhook(asked) => self.webhook(place, asked, purpose),
            Step::Start(journey) => self.start(&place.field("start"), journey),
            Step::Offer(offer) => self.offer(&place.field("offer"), offer),
            Step::Named { name, step } => self.named(place, name, step, purpose),
            Step::Wait(_) | Step::WaitUntil { .. } | Step::Send { .. } | Step::Branch(_) | Step::Exit => {}
        }
    }

    fn named(&mut self, place: &Place, name: &str, step: &Step, purpose: &str) {
        // A number is the place of a step that has no name.
        if name.is_empty() || name == "end" || name.starts_with(|first: char| first.is_ascii_digit()) {
            let suggestion = Some("for example `first-letter`".to_owned());
            self.add(
                &place.field("name"),
                "a step's name begins with a letter, and is not `end`",
                suggestion,
            );
        }
        self.one_step(place, step, purpose);
    }

    fn local(&mut self, place: &Place, time: Option<&str>, weekdays: &[String]) {
        if let Some(time) = time.filter(|time| TimeOfDay::parse(time).is_none()) {
            let suggestion = Some("write it as `09:00`".to_owned());
            self.add(&place.field("until"), format!("\"{time}\" is no time of day"), suggestion);
        }
        for (index, name) in weekdays.iter().enumerate() {
            if Weekdays::default().with(name).is_none() {
                let suggestion = match nearest(&name.to_lowercase(), WEEKDAYS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("one of: {}", WEEKDAYS.join(", ")),
                };
                let place = place.field("weekday").index(index);
                self.add(&place, format!("\"{name}\" is no day of the week"), Some(suggestion));
            }
        }
        if time.is_none() && weekdays.is_empty() {
            let suggestion = Some("write `until: \"09:00\"` or `weekday: monday`".to_owned());
            self.add(place, "the wait says neither a time of day nor a day of the week", suggestion);
        }
    }

    fn split(&mut self, place: &Place, ways: &[Way], purpose: &str) {
        let shares: u32 = ways.iter().map(|way| u32::from(way.share_permille)).sum();
        if shares != 1_000 {
            let message =
                format!("the shares of a split come to 100%, and these to {}%", f64::from(shares) / 10.0);
            self.add(place, message, Some("for whoever gets nothing, add a way with `then: []`".to_owned()));
        }
        for (index, way) in ways.iter().enumerate() {
            let place = place.index(index);
            if way.share_permille == 0 {
                self.add(&place.field("share"), "nobody takes a way with a share of 0%", None);
            }
            self.steps(&place.field("then"), &way.then, purpose);
        }
    }

    fn update(&mut self, place: &Place, traits: &BTreeMap<String, Json>) {
        if traits.is_empty() {
            self.add(place, "the update changes nothing", Some("write `update: { stage: lead }`".to_owned()));
        }
        for (name, value) in traits {
            if name.trim().is_empty() {
                self.add(place, "a trait has a name", None);
            }
            if value.is_array() || value.is_object() {
                let message =
                    "an update states a text, a number, true, false, or null to take the trait away";
                self.add(&place.field(name), message, None);
            }
        }
    }

    fn webhook(&mut self, place: &Place, asked: &WebhookStep, purpose: &str) {
        if !self.programme.webhooks.contains_key(&asked.webhook) {
            let suggestion = did_you_mean(&asked.webhook, self.programme.webhooks.keys())
                .or_else(|| Some("describe it in webhooks.yaml".to_owned()));
            self.add(
                &place.field("webhook"),
                format!("there is no webhook \"{}\"", asked.webhook),
                suggestion,
            );
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if asked.name.is_empty() || !asked.name.chars().all(is_word) {
            let message = format!("\"{}\" is no name that later steps can ask for", asked.name);
            self.add(&place.field("as"), message, Some("use letters, digits and _".to_owned()));
        }
        if let Some(wrong) = wrong_wait(asked.at_most) {
            self.add(&place.field("at_most"), wrong, Some("for example `1 hour`".to_owned()));
        }
        self.steps(&place.field("else"), &asked.otherwise, purpose);
    }

    pub(super) fn start(&mut self, place: &Place, journey: &str) {
        if !self.programme.journeys.contains_key(journey) {
            let suggestion = did_you_mean(journey, self.programme.journeys.keys());
            self.add(place, format!("there is no journey \"{journey}\""), suggestion);
        }
    }

    fn offer(&mut self, place: &Place, offer: &str) {
        if !self.programme.offers.contains_key(offer) {
            let suggestion = did_you_mean(offer, self.programme.offers.keys());
            self.add(place, format!("there is no offer \"{offer}\""), suggestion);
        }
    }

    /// The goal of a run that is over is still looked for, and what began the run is forgotten by then.
    pub(super) fn goal(&mut self, place: &Place, expression: &Expression) {
        let mut asks = false;
        expression.walk(&mut |part| asks |= matches!(part, Expression::Event(_)));
        if asks {
            let suggestion = Some("ask for it in a branch, and begin a journey of its own there".to_owned());
            self.add(place, "a goal may be reached after the run, when its event is forgotten", suggestion);
        }
    }

    pub(super) fn length(&mut self, place: &Place, steps: &[Step]) {
        let count = count(steps);
        if count > JOURNEY_STEPS_MAX {
            let message = format!(
                "a journey has at most {JOURNEY_STEPS_MAX} steps, arms and ways, and this has {count}"
            );
            self.add(place, message, Some("let it `start:` another journey".to_owned()));
        }
    }
}

fn count(steps: &[Step]) -> usize {
    let of = |step: &Step| match step.named().0 {
        Step::Branch(arms) => arms.iter().map(|arm| 1 + count(&arm.then)).sum(),
        Step::Split { ways, .. } => ways.iter().map(|way| 1 + count(&way.then)).sum(),
        Step::Webhook(asked) => 1 + count(&asked.otherwise),
        _ => 0,
    };
    steps.iter().map(|step| 1 + of(step)).sum()
}
