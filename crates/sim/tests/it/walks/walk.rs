//! One person's walk through the steps as they are written.

use std::collections::BTreeMap;

use engine::at::{At, Span};
use engine::programme::Step;
use serde_json::Value as Json;

use super::clock;

pub(super) struct Walk<'a> {
    steps: &'a [Step],
    traits: BTreeMap<String, Json>,
    run: Option<Run<'a>>,
    pub(super) sent: Vec<(At, String)>,
}

struct Run<'a> {
    event: Json,
    /// What is still to be done, the next at the end.
    left: Vec<&'a Step>,
    /// The wait that it is in.
    wait: Option<(&'a Step, At)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(steps: &'a [Step]) -> Self {
        Self { steps, traits: BTreeMap::new(), run: None, sent: Vec::new() }
    }

    pub(super) fn waits(&self) -> Option<At> {
        self.run.as_ref().and_then(|run| run.wait).map(|(_, until)| until)
    }

    pub(super) fn go(&mut self, now: At, event: &Json) {
        if self.run.is_none() {
            let left = self.steps.iter().rev().collect();
            self.run = Some(Run { event: event.clone(), left, wait: None });
            self.walk(now);
        }
    }

    pub(super) fn state(&mut self, now: At, name: &str, value: &Json) {
        if self.traits.insert(name.to_owned(), value.clone()).as_ref() != Some(value) {
            self.look_again(now, name);
        }
    }

    /// A trait that moves the wait was stated.
    fn look_again(&mut self, now: At, name: &str) {
        let Some((step, _)) = self.run.as_ref().and_then(|run| run.wait) else { return };
        let moves = match step {
            Step::WaitDate(until) => name == "timezone" || until.starts_with(&format!("trait.{name}")),
            Step::WaitLocal { .. } => name == "timezone",
            _ => false,
        };
        if moves {
            let until = self.until(step, now);
            self.run.as_mut().expect("it waits").wait = (until > now).then_some((step, until));
            if until <= now {
                self.walk(now);
            }
        }
    }

    pub(super) fn wait_until(&mut self, now: At) {
        while let Some(until) = self.waits().filter(|until| *until <= now) {
            self.run.as_mut().expect("it waits").wait = None;
            self.walk(until);
        }
    }

    fn walk(&mut self, now: At) {
        while let Some(step) = self.run.as_mut().and_then(|run| run.left.pop()) {
            match step {
                Step::Send { message, .. } => self.sent.push((now, message.clone())),
                Step::Update(traits) => {
                    for (name, value) in traits {
                        self.traits.insert(name.clone(), value.clone());
                    }
                }
                Step::Branch(arms) => {
                    let arm = arms.iter().find(|arm| arm.when.as_deref().is_none_or(|when| self.holds(when)));
                    let then = arm.map_or(&[][..], |arm| &arm.then);
                    self.run.as_mut().expect("it walks").left.extend(then.iter().rev());
                }
                wait => {
                    let until = self.until(wait, now);
                    if until > now {
                        self.run.as_mut().expect("it walks").wait = Some((wait, until));
                        return;
                    }
                }
            }
        }
        self.run = None;
    }

    /// When a wait that begins now is over.
    fn until(&self, wait: &Step, now: At) -> At {
        let zone = clock::zone(self.text("timezone"));
        match wait {
            Step::Wait(span) => now.plus(*span),
            Step::WaitLocal { time, weekdays } => clock::next(now, time.as_deref(), weekdays, &zone),
            Step::WaitDate(until) => {
                let (of, shift) = match until.split_once(' ') {
                    Some((of, shift)) => {
                        let span = Span::parse(&shift[1..]).expect("a length of time");
                        (of, if shift.starts_with('-') { Span(-span.0) } else { span })
                    }
                    None => (until.as_str(), Span(0)),
                };
                let date = match of.split_once('.') {
                    Some(("trait", name)) => self.text(name),
                    Some((_, name)) => self.run.as_ref().and_then(|run| run.event[name].as_str()),
                    None => Some(of),
                };
                let Some(date) = date else { return At::MIN };
                if let Ok(day) = date
                    .parse::<jiff::civil::Date>()
                    .map_err(drop)
                    .and_then(|day| (date.len() == 10).then_some(day).ok_or(()))
                {
                    let days = shift.0 / Span::DAY.0;
                    let (days, rest) =
                        if days * Span::DAY.0 == shift.0 { (days, Span(0)) } else { (0, shift) };
                    let day = day.checked_add(jiff::Span::new().days(days)).expect("a day near it");
                    return clock::begins(day, &zone).plus(rest);
                }
                At::parse(date).map_or(At::MIN, |at| at.plus(shift))
            }
            other => unreachable!("{other:?} is no wait"),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.traits.get(name).and_then(Json::as_str)
    }

    fn holds(&self, rule: &str) -> bool {
        let is = |name: &str, value: &str| self.text(name) == Some(value);
        match rule {
            "event.total > 5" => self
                .run
                .as_ref()
                .is_some_and(|run| run.event["total"].as_i64().is_some_and(|total| total > 5)),
            "trait.plan = \"a\"" => is("plan", "a"),
            "trait.stage = \"b\"" => is("stage", "b"),
            _ => is("stage", "b") && !is("plan", "a"),
        }
    }
}
