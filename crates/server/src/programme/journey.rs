//! A journey as a file: entry, exit, goal and the steps between.

use super::reading::{Fields, Reading};
use super::source::FileId;
use super::yaml::Node;
use engine::at::Span;
use engine::programme::{Arm, Channel, Goal, Journey, Place, Reenter, Step, nearest};

const FIELDS: [&str; 8] = ["journey", "purpose", "enter", "reenter", "exit", "goal", "holdout", "steps"];
const STEPS: [&str; 4] = ["wait", "send", "branch", "exit"];
const STEP_FIELDS: [&str; 5] = ["wait", "send", "channels", "branch", "exit"];

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
            enter: self.required_text(&fields, "enter", "did \"Product Added\"").unwrap_or_default(),
            reenter: self.reenter(&fields),
            exit: self.optional_text(&fields, "exit"),
            goal: self.goal(&fields),
            holdout_permille: self.holdout(&fields),
            steps: match self.required(&fields, "steps", "[{ send: welcome }]") {
                Some(steps) => self.steps(file, steps, &fields.place.field("steps")),
                None => Vec::new(),
            },
        };
        Some((name, journey))
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
        let percent = text.strip_suffix('%').and_then(|number| number.trim_end().parse::<f64>().ok());
        let permille = percent.map(|percent| percent * 10.0);
        match permille.filter(|permille| (0.0..=1000.0).contains(permille) && permille.fract() == 0.0) {
            Some(permille) => permille as u16,
            None => {
                let message = format!("\"{text}\" is no share of people");
                let suggestion = "write a percentage with at most one decimal, for example `10%`";
                self.mistake_at(&fields.place.field("holdout"), message, suggestion);
                0
            }
        }
    }

    fn steps(&mut self, file: FileId, node: &Node, place: &Place) -> Vec<Step> {
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
        if kind != "send"
            && let Some(at) = fields.key("channels")
        {
            self.mistake(file, at, &place.field("channels"), "only a send has channels", None);
        }
        match kind {
            "wait" => self.wait(&fields),
            "send" => self.send(&fields),
            "branch" => {
                let arms = self.required(&fields, "branch", "[{ if: …, then: […] }, { else: […] }]")?;
                Some(Step::Branch(self.arms(file, arms, &place.field("branch"))))
            }
            _ => Some(Step::Exit),
        }
    }

    /// `wait: 1 hour`, or `wait: { until: …, at most: 1 day }`.
    fn wait(&mut self, fields: &Fields<'_>) -> Option<Step> {
        let node = self.required(fields, "wait", "1 hour")?;
        if node.text().is_some() {
            return self.span(fields.file, node, &fields.place.field("wait")).map(Step::Wait);
        }
        let until = self.fields(fields.file, node, &fields.place, &["until", "at most"])?;
        let expression = self.required_text(&until, "until", "'did \"Message Clicked\"'");
        let at_most = self.required(&until, "at most", "1 day");
        let at_most = at_most.and_then(|node| self.span(until.file, node, &until.place.field("at_most")));
        Some(Step::WaitUntil { until: expression.unwrap_or_default(), at_most: at_most.unwrap_or_default() })
    }

    /// `send: cart-reminder`, with `channels: [push, email]`, one channel, or `best`: whichever reaches the person.
    fn send(&mut self, fields: &Fields<'_>) -> Option<Step> {
        let message = self.required_text(fields, "send", "welcome").unwrap_or_default();
        let channels = match fields.get("channels") {
            Some(node) if node.text() == Some("best") => Vec::new(),
            Some(node) => self.channels(fields.file, node, &fields.place.field("channels")),
            None => Vec::new(),
        };
        Some(Step::Send { message, channels })
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
