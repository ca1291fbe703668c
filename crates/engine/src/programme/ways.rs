//! A journey by the places of its steps: which step is where, and what led from one to another.

use super::{Journey, Step, add_places, step_place, way_place};

impl Journey {
    /// The step at a place.
    pub fn step(&self, place: &str) -> Option<&Step> {
        find(&self.steps, "", place)
    }

    /// The places of the steps that send something, in the order in which the ledger counts them.
    pub fn sending(&self) -> Vec<String> {
        let mut places = self.places();
        places.retain(|place| matches!(self.step(place), Some(Step::Send { .. })));
        places
    }

    /// What led somebody from a step to another, where that is said in a rule or is the nature of the step.
    pub fn led(&self, from: &str, to: &str) -> Option<Led> {
        let leads = |number: usize, then: &[Step]| {
            let mut places = Vec::new();
            add_places(then, &way_place(from, number), &mut places);
            places.iter().any(|place| place == to)
        };
        match self.step(from)? {
            Step::Branch(arms) => {
                let arm = arms.iter().enumerate().find(|(number, arm)| leads(*number, &arm.then));
                Some(arm.and_then(|(_, arm)| arm.when.clone()).map_or(Led::Otherwise, Led::Rule))
            }
            Step::Split { .. } => Some(Led::Draw),
            Step::WaitUntil { until, .. } => Some(Led::Until(until.clone())),
            Step::Webhook(asked) if leads(0, &asked.otherwise) => Some(Led::NoAnswer),
            Step::Wait(_) | Step::WaitDate(_) | Step::WaitLocal { .. } => Some(Led::Waited),
            _ => None,
        }
    }
}

/// What led somebody from a step to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Led {
    /// This held.
    Rule(String),
    /// No rule of the branch that leads elsewhere held.
    Otherwise,
    /// The split drew it.
    Draw,
    /// This held, or the longest time was over.
    Until(String),
    /// The wait was over.
    Waited,
    /// No answer of the webhook came in time.
    NoAnswer,
}

fn find<'s>(steps: &'s [Step], outer: &str, wanted: &str) -> Option<&'s Step> {
    for (index, step) in steps.iter().enumerate() {
        let (step, name) = step.named();
        let place = step_place(outer, index, name);
        if place == wanted {
            return Some(step);
        }
        let found = step.ways().into_iter().enumerate();
        let mut found = found.filter_map(|(number, then)| find(then, &way_place(&place, number), wanted));
        if let Some(found) = found.next() {
            return Some(found);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::at::Span;
    use crate::programme::{Arm, Choices};

    fn send(message: &str) -> Step {
        Step::Send { message: message.to_owned(), channels: Vec::new(), choices: Choices::default() }
    }

    #[test]
    fn each_place_has_its_step_and_each_way_what_leads_there() {
        let named = Step::Named { name: "other".to_owned(), step: Box::new(send("b")) };
        let vip = Arm { when: Some("trait.vip = true".to_owned()), then: vec![send("a")] };
        let rest = Arm { when: None, then: vec![named, Step::Exit] };
        let steps = vec![Step::Wait(Span::DAY), Step::Branch(vec![vip, rest]), send("c")];
        let journey = Journey { steps, ..Journey::default() };
        assert_eq!(journey.places(), ["1", "2", "2a.1", "other", "2b.2", "3"]);
        assert_eq!(journey.step("2b.2"), Some(&Step::Exit));
        assert_eq!(journey.step("other"), Some(&send("b")), "without its name");
        assert_eq!(journey.sending(), ["2a.1", "other", "3"]);
        assert!(journey.step("end").is_none() && journey.step("9").is_none());
        for (from, to, expected) in [
            ("1", "2", Some(Led::Waited)),
            ("2", "2a.1", Some(Led::Rule("trait.vip = true".to_owned()))),
            ("2", "other", Some(Led::Otherwise)),
            ("2", "3", Some(Led::Otherwise)),
            ("2a.1", "3", None),
        ] {
            assert_eq!(journey.led(from, to), expected, "{from} to {to}");
        }
    }
}
