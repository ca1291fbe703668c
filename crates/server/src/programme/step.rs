//! The steps of a journey, as they are written.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::{Content, Node};
use engine::at::Span;
use engine::local::TimeOfDay;
use engine::programme::{Appointment, Arm, Draw, Place, Step, Way, nearest};
use serde_json::Value as Json;
use std::collections::BTreeMap;

const STEPS: [&str; 9] = ["wait", "send", "branch", "split", "update", "start", "webhook", "offer", "exit"];
const STEP_FIELDS: [&str; 18] = [
    "wait", "send", "channels", "variant", "at", "branch", "split", "draw", "update", "start", "webhook",
    "body", "as", "at most", "else", "offer", "exit", "name",
];

impl Reading {
    pub(super) fn steps(&mut self, file: FileId, node: &Node, place: &Place) -> Vec<Step> {
        let steps = self.list(file, node, place, false);
        // A step that cannot be read leaves a harmless one, so that those after it keep their places.
        let unread = Step::Wait(Span::DAY);
        let steps = steps.iter().enumerate();
        steps
            .map(|(index, step)| self.step(file, step, &place.index(index)).unwrap_or(unread.clone()))
            .collect()
    }

    fn step(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Step> {
        if let Some(word) = node.text() {
            self.sources.note(place, file, node.at, None);
            if word == "exit" {
                return Some(Step::Exit);
            }
            let near = nearest(word, STEPS).map(|step| format!("did you mean `{step}`?"));
            self.mistake(file, node.at, place, format!("\"{word}\" is no step"), near);
            return None;
        }
        let fields = self.fields(file, node, place, &STEP_FIELDS)?;
        let named: Vec<&str> = STEPS.into_iter().filter(|step| fields.key(step).is_some()).collect();
        let [kind] = named[..] else {
            // A misspelt one has its own finding already.
            if fields.all().all(|(name, ..)| STEP_FIELDS.contains(&name)) {
                let suggestion = Some(format!("a step is one of: {}", STEPS.join(", ")));
                self.mistake(file, node.at, place, "expected exactly one thing to do in a step", suggestion);
            }
            return None;
        };
        for (field, of, whose) in [
            ("channels", "send", "a send has channels"),
            ("variant", "send", "a send has a variant"),
            ("at", "send", "a send waits for the best hour"),
            ("draw", "split", "a split draws"),
            ("body", "webhook", "a webhook is told something"),
            ("as", "webhook", "what a webhook answers has a name"),
            ("at most", "webhook", "a webhook's answer is waited for"),
            ("else", "webhook", "a webhook may not answer"),
        ] {
            if let Some(at) = fields.key(field).filter(|_| kind != of) {
                self.mistake(file, at, &place.field(field), format!("only {whose}"), None);
            }
        }
        let step = match kind {
            "wait" => self.wait(&fields)?,
            "send" => self.send(&fields),
            "branch" => {
                let arms = self.required(&fields, "branch", "[{ if: …, then: […] }, { else: […] }]")?;
                Step::Branch(self.arms(file, arms, &place.field("branch")))
            }
            "split" => self.split(&fields)?,
            "update" => self.update(&fields)?,
            "webhook" => Step::Webhook(self.webhook_step(&fields)),
            "start" => Step::Start(self.required_text(&fields, "start", "welcome")?),
            "offer" => Step::Offer(self.required_text(&fields, "offer", "welcome-gift")?),
            _ => Step::Exit,
        };
        Some(match self.optional_text(&fields, "name") {
            Some(name) => Step::Named { name, step: Box::new(step) },
            None => step,
        })
    }

    /// `wait: 1 hour`, or a group of fields that says until when.
    fn wait(&mut self, fields: &Fields<'_>) -> Option<Step> {
        let node = self.required(fields, "wait", "1 hour")?;
        if node.text().is_some() {
            return self.span(fields.file, node, &fields.place.field("wait")).map(Step::Wait);
        }
        let until = self.fields(fields.file, node, &fields.place, &["until", "at most", "weekday"])?;
        if let Some(days) = until.get("weekday") {
            return Some(self.wait_for_day(&until, days));
        }
        let text = self.required_text(&until, "until", "'did \"Message Clicked\"'");
        if let Some(text) = &text
            && let Some(step) = by_the_clock(text)
        {
            self.needs_no_bound(&until);
            return Some(step);
        }
        let at_most = self.required(&until, "at most", "1 day");
        let at_most = at_most.and_then(|node| self.span(until.file, node, &until.place.field("at_most")));
        Some(Step::WaitUntil { until: text.unwrap_or_default(), at_most: at_most.unwrap_or_default() })
    }

    /// `{ weekday: [monday, friday], until: "09:00" }`, with or without the time.
    fn wait_for_day(&mut self, until: &Fields<'_>, days: &Node) -> Step {
        self.needs_no_bound(until);
        let place = until.place.field("weekday");
        let mut weekdays = Vec::new();
        for (index, day) in self.list(until.file, days, &place, true).iter().enumerate() {
            weekdays.extend(self.text(until.file, day, &place.index(index)));
        }
        Step::WaitLocal { time: self.optional_text(until, "until"), weekdays }
    }

    fn needs_no_bound(&mut self, until: &Fields<'_>) {
        if let Some(at) = until.key("at most") {
            let suggestion = Some("leave `at most` out".to_owned());
            let message = "a date and a time of day come by themselves";
            self.mistake(until.file, at, &until.place.field("at_most"), message, suggestion);
        }
    }

    /// `send: cart-reminder`, with `channels: [push, email]`, one channel, or `best`, and what else it leaves open.
    fn send(&mut self, fields: &Fields<'_>) -> Step {
        let message = self.required_text(fields, "send", "welcome").unwrap_or_default();
        let (channels, is_best) = self.channels_or_best(fields);
        Step::Send { message, channels, choices: self.choices(fields, is_best) }
    }

    fn arms(&mut self, file: FileId, node: &Node, place: &Place) -> Vec<Arm> {
        let arms = self.list(file, node, place, false);
        let arms = arms.iter().enumerate();
        arms.map(|(index, arm)| self.arm(file, arm, &place.index(index)).unwrap_or_default()).collect()
    }

    /// `{ if: …, then: […] }`, or as the last `{ else: […] }`.
    fn arm(&mut self, file: FileId, node: &Node, place: &Place) -> Option<Arm> {
        let fields = self.fields(file, node, place, &["if", "then", "else"])?;
        if let Some(at) = fields.key("else") {
            if fields.key("if").is_some() || fields.key("then").is_some() {
                self.mistake(file, at, place, "`else` stands in an arm of its own", None);
            }
            let then = fields.get("else").map(|steps| self.steps(file, steps, &place.field("then")));
            return Some(Arm { when: None, then: then.unwrap_or_default() });
        }
        let condition = self.required(&fields, "if", "in segment \"vip\"");
        let when = condition.and_then(|node| self.text(file, node, &place.field("when")));
        let then = self.required(&fields, "then", "[{ send: vip-offer }]");
        let then = then.map(|steps| self.steps(file, steps, &place.field("then")));
        Some(Arm { when: Some(when.unwrap_or_default()), then: then.unwrap_or_default() })
    }

    /// `split: [{ share: 50%, then: […] }, …]`, with `draw: each run` where nobody is to get the same way again.
    fn split(&mut self, fields: &Fields<'_>) -> Option<Step> {
        let node = self.required(fields, "split", "[{ share: 50%, then: […] }, { share: 50%, then: [] }]")?;
        let place = fields.place.field("split");
        let ways = self.list(fields.file, node, &place, false).iter().enumerate();
        let ways = ways.map(|(index, way)| self.way(fields.file, way, &place.index(index))).collect();
        let draw = match self.optional_text(fields, "draw").as_deref() {
            None | Some("each person") => Draw::Person,
            Some("each run") => Draw::Run,
            Some(other) => {
                let message = format!("\"{other}\" does not say for whom a split draws");
                self.mistake_at(&fields.place.field("draw"), message, "write `each person` or `each run`");
                Draw::Person
            }
        };
        Some(Step::Split { draw, ways })
    }

    fn way(&mut self, file: FileId, node: &Node, place: &Place) -> Way {
        let Some(fields) = self.fields(file, node, place, &["share", "then"]) else { return Way::default() };
        let share = self.required_text(&fields, "share", "50%");
        let share_permille = share.map(|text| self.permille(&text, &place.field("share")));
        if share_permille.is_none() {
            self.spoil_around(place);
        }
        let then = self.required(&fields, "then", "[{ send: welcome }]");
        let then = then.map(|steps| self.steps(file, steps, &place.field("then")));
        Way { share_permille: share_permille.unwrap_or_default(), then: then.unwrap_or_default() }
    }

    /// The sum of all shares says nothing where one of them cannot be read.
    fn spoil_around(&mut self, place: &Place) {
        if let Some(cut) = place.0.rfind('[') {
            self.spoil(Place(place.0[..cut].to_owned()));
        }
    }

    /// `update: { stage: lead, score: 3, vip: true, coupon: null }`.
    fn update(&mut self, fields: &Fields<'_>) -> Option<Step> {
        let node = self.required(fields, "update", "{ stage: lead }")?;
        let place = fields.place.field("update");
        let entries = self.entries(fields.file, node, &place)?;
        let mut traits = BTreeMap::new();
        for (name, at, node) in entries.all() {
            let place = place.field(name);
            self.sources.note(&place, fields.file, at, None);
            match &node.content {
                Content::Nothing => _ = traits.insert(name.to_owned(), Json::Null),
                Content::Text(text) => _ = traits.insert(name.to_owned(), value(text, node.is_quoted)),
                Content::List(_) | Content::Map(_) => {
                    let message =
                        format!("a trait is a text, a number, true or false, and this is {}", node.kind());
                    self.mistake(fields.file, node.at, &place, message, None);
                    traits.insert(name.to_owned(), Json::Null);
                }
            }
        }
        Some(Step::Update(traits))
    }
}

/// The wait for a date or a time of day that a text names; `None` where it is an expression.
fn by_the_clock(text: &str) -> Option<Step> {
    let looks_like_a_time = |text: &str| {
        text.split_once(':')
            .is_some_and(|(hour, _)| !hour.is_empty() && hour.bytes().all(|b| b.is_ascii_digit()))
    };
    if TimeOfDay::parse(text).is_some() || looks_like_a_time(text) {
        return Some(Step::WaitLocal { time: Some(text.to_owned()), weekdays: Vec::new() });
    }
    let looks_like_a_date = text.len() >= 8 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    (Appointment::parse(text).is_some() || looks_like_a_date).then(|| Step::WaitDate(text.to_owned()))
}

/// What is not in quotes may be a number or a truth.
fn value(text: &str, is_quoted: bool) -> Json {
    let number = || text.parse::<serde_json::Number>().ok().map(Json::Number);
    match text {
        _ if is_quoted => text.into(),
        "true" => true.into(),
        "false" => false.into(),
        _ => number().unwrap_or_else(|| text.into()),
    }
}
